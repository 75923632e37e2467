# Consent and devices.

consent-heading = هل تسمح بالوصول؟
consent-nothing = لن يعرف التطبيق سوى أنك سجّلت الدخول.
consent-scopes = إذا سمحت بذلك، فسيتمكن التطبيق من
consent-allow = السماح
consent-imprint = لا يُشارَك أي شيء قبل أن تسمح به. ولا تُشارَك كلمة مرورك أبدًا.
consent-until-sign-out = يظل للتطبيق حق الوصول حتى تنتهي جلستك هنا.
consent-after-sign-out = يحتفظ التطبيق بحق الوصول بعد تسجيل خروجك، لمدة أقصاها { span-length }.

# Scopes and claims
scope-new = جديد
scope-technical-names = الأسماء التقنية
scope-openid-title = معرفة أنك أنت
scope-openid-detail = معرّف ثابت لك لدى هذا التطبيق.
scope-profile-title = الاطلاع على ملفك الشخصي
scope-profile-detail = اسمك وصورتك ولغتك وبيانات مشابهة.
scope-email-title = الاطلاع على عنوان بريدك الإلكتروني
scope-email-detail = ومعرفة ما إذا كان مؤكدًا.
scope-address-title = الاطلاع على عنوانك البريدي
scope-address-detail = كما هو محفوظ في ملفك الشخصي.
scope-phone-title = الاطلاع على رقم هاتفك
scope-phone-detail = ومعرفة ما إذا كان مؤكدًا.
scope-offline-access-title = البقاء متصلًا أثناء غيابك
scope-offline-access-detail = لن يحتاج التطبيق إلى أن يطلب منك تسجيل الدخول في كل مرة.
scope-other-title = استخدام «⁨{ $name }⁩»
scope-other-detail = إذن خاص بخدمة يستخدمها هذا التطبيق.
claim-title =
    { $claim ->
        [name] الاطلاع على اسمك
        [given_name] الاطلاع على اسمك الأول
        [family_name] الاطلاع على اسم عائلتك
        [middle_name] الاطلاع على اسمك الأوسط
        [nickname] الاطلاع على لقبك
        [preferred_username] الاطلاع على اسم المستخدم المفضّل لديك
        [profile] الاطلاع على صفحة ملفك الشخصي
        [picture] الاطلاع على صورتك
        [website] الاطلاع على موقعك الإلكتروني
        [gender] الاطلاع على جنسك
        [birthdate] الاطلاع على تاريخ ميلادك
        [zoneinfo] الاطلاع على منطقتك الزمنية
        [locale] الاطلاع على لغتك
        [updated_at] الاطلاع على وقت آخر تعديل لملفك الشخصي
        [email] الاطلاع على عنوان بريدك الإلكتروني
        [email_verified] معرفة ما إذا كان بريدك الإلكتروني مؤكدًا
        [address] الاطلاع على عنوانك البريدي
        [phone_number] الاطلاع على رقم هاتفك
        [phone_number_verified] معرفة ما إذا كان رقم هاتفك مؤكدًا
       *[other] الاطلاع على بيانك «⁨{ $name }⁩»
    }
claim-detail = هذا الجزء من ملفك الشخصي فقط.

# Devices
device-heading = توصيل جهاز
device-lead = أدخل الرمز الذي يعرضه جهازك.
device-code = الرمز
device-unknown-code = لا يوجد جهاز ينتظر هذا الرمز. تحقّق منه أو ابدأ من جديد على الجهاز.
device-imprint = لا تُدخل رمزًا إلا إذا بدأت هذا على جهاز يخصّك. لا يحتاجه موظفو الدعم أبدًا.
device-confirm-heading = هل هذا جهازك؟
device-confirm-client = يطلب جهاز الوصول باستخدام
device-confirm-code = يجب أن يعرض جهازك هذا الرمز:
device-confirm-nothing = سيعرف التطبيق أنك سجّلت الدخول ولا شيء غير ذلك.
device-confirm-scopes = إذا سمحت بذلك، فسيتمكن التطبيق على ذلك الجهاز من
device-confirm-allow = إنه جهازي: السماح
device-confirm-imprint = لا تسمح لجهاز لا تراه أو طلب منك شخص آخر السماح له.
device-place-same = الجهاز متصل بالشبكة نفسها التي يتصل بها هذا المتصفح.
device-place-elsewhere = الجهاز متصل بشبكة أخرى (⁨{ $network }⁩) غير شبكة هذا المتصفح. إذا لم يكن أمامك، فلا تسمح له.
device-place-unknown = لا تُعرف الشبكة التي أرسل منها الجهاز طلبه.
device-asked = أرسل الطلب { span-ago }.
device-allowed-heading = تم توصيل جهازك
device-allowed-sentence = عُد إلى الجهاز. سيتابع تلقائيًا خلال بضع ثوانٍ. يمكنك إغلاق هذه الصفحة.
device-denied-heading = لن يحصل الجهاز على حق الوصول
device-denied-sentence = إذا لم تبدأ هذا بنفسك، فربما أرسل إليك شخص آخر الرمز. يمكنك إغلاق هذه الصفحة.
device-left-heading = لم تسجّل الدخول
device-left-sentence = يظل الجهاز منتظرًا حتى تنتهي صلاحية رمزه. يمكنك إغلاق هذه الصفحة.
