# The demo application.

demo-title = تطبيق تجريبي
demo-foot = تطبيق صغير لتجربة { $brand }. لا يحتفظ بأي شيء عند إيقافه.
demo-heading = جرّب تسجيل الدخول
demo-lead = تمثّل هذه الصفحة أي تطبيق يتيح تسجيل الدخول عبر { $brand }. ترسلك إلى الخادم، ثم يعيدك الخادم مع إثبات هويتك.
demo-sign-in = تسجيل الدخول عبر { $brand }
demo-account = استخدم هذا الحساب
demo-server = الخادم
demo-steps = ما الذي سيحدث
demo-step-1 = ينتقل متصفحك إلى { $brand } بطلب تفويض محمي بتقنية PKCE.
demo-step-2 = تسجّل الدخول هناك وتختار ما إذا كنت ستشارك ملفك الشخصي.
demo-step-3 = تعود إلى هنا برمز يعمل مرة واحدة. يستبدله التطبيق برموز وصول، ويتحقق من رمز الهوية، ويعرض لك ما عرفه.

# After the sign-in
demo-signed-in = تم تسجيل الدخول
demo-welcome = مرحبًا، <bdi>{ $name }</bdi>
demo-it-worked = نجح الأمر. سجّلت الدخول عبر { $brand } وتحقّق هذا التطبيق من ذلك. يعرفك التطبيق بالمعرّف
demo-verified = تم التحقق
demo-signature = التوقيع
demo-signature-valid = صالح، بمفتاح من مجموعة JWKS الخاصة بالمُصدِر
demo-checks = الجمهور وnonce وانتهاء الصلاحية وat_hash
demo-valid = صالحة
demo-valid-until = صالح حتى
demo-refresh-token = رمز التحديث
demo-yes = نعم
demo-no = لا
demo-refresh = تحديث الرموز
demo-refreshed = تم تحديث الرموز: قارن بين iat وexp.
demo-received = ما استلمه التطبيق
demo-id-token = رمز الهوية
demo-userinfo = معلومات المستخدم
demo-access-token = رمز الوصول
demo-next = ما التالي
demo-discovery = مستند الاكتشاف
demo-start-page = صفحة بداية الخادم

# After a failure
demo-failure-heading = لم يكتمل تسجيل الدخول
demo-not-started = تعذّر بدء تسجيل الدخول
demo-not-signed-in = لم يتم تسجيل دخولك
demo-not-refreshed = تعذّر تحديث الرموز
