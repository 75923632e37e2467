# The sign-in page and the start page.

login-client = للمتابعة إلى
login-confirm-it-is-you = <strong>يُرجى تأكيد هويتك.</strong> لقد سجّلت الدخول بالفعل؛ أدخل كلمة مرورك مرة أخرى للمتابعة.
login-username = اسم المستخدم أو البريد الإلكتروني
login-remember = البقاء مسجّلًا على هذا الجهاز
login-failed = اسم المستخدم أو كلمة المرور غير صحيحة.
login-paused = هناك عدد كبير من المحاولات الفاشلة. يُرجى إعادة المحاولة { span-in }.
login-imprint = يتم التحقق من كلمة مرورك هنا ولا تُعرض أبدًا على التطبيق. قبل كتابتها، انظر إلى شريط العنوان.

choose-account-heading = اختر حسابًا
choose-account-signed-in = تم تسجيل الدخول
choose-account-signed-out = كلمة المرور مطلوبة
choose-account-forget = إزالة من هذه القائمة
choose-account-other = استخدام حساب آخر
choose-account-imprint = تظهر الحسابات هنا إذا اخترت البقاء مسجَّل الدخول على هذا الجهاز.

# The start page
home-heading = هذا الخادم يسجّل دخولك
home-lead = ترسلك التطبيقات إلى هنا لتسجيل الدخول. يتحقق { $brand } من هويتك، ويسألك عمّا تريد مشاركته، ثم يعيدك إليها. تبقى كلمة مرورك هنا.
home-signed-out = لم تسجّل الدخول. لتسجيل الدخول إلى تطبيق، ابدأ منه. ويمكنك أيضًا تسجيل الدخول إلى حسابك من هنا.
home-sign-in = تسجيل الدخول إلى حسابك
home-account = حسابك
home-developers = للمطوّرين
home-developers-lead = خادم تفويض لبروتوكولي OAuth 2.0 وOpenID Connect. لا تحتاج المكتبات إلا إلى المُصدِر، وتجد الباقي بالاكتشاف.
home-issuer = المُصدِر
home-version = الإصدار
home-discovery = مستند الاكتشاف لبروتوكول OpenID Connect
home-keys = المفاتيح العامة (JWKS)
