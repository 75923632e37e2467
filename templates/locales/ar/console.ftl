# إطار صفحات الحساب.

console-label = الحساب
console-overview = نظرة عامة
console-security = الأمان
console-sessions = الجلسات
console-applications = التطبيقات
console-activity = النشاط
console-unknown = غير معروف
console-unknown-browser = متصفح غير معروف
console-address = عنوان IP

# رسائل بعد إرسال نموذج.
flash-session-ended = تم إنهاء الجلسة.
flash-others-ended = تم إنهاء جميع الجلسات الأخرى.
flash-no-such-session = كانت هذه الجلسة قد انتهت بالفعل.
flash-application-removed = لم يعد للتطبيق وصول إلى حسابك.
flash-no-such-application = لم يكن لهذا التطبيق وصول إلى حسابك.
flash-disputed = تم إنهاء جميع الجلسات الأخرى. غيّر كلمة المرور الآن حتى لا يتمكن أي شخص آخر من تسجيل الدخول بها.

# النظرة العامة.
overview-heading = حسابك
overview-last-sign-in = تسجيل الدخول السابق
overview-previous = كان تسجيل الدخول السابق في <bdi>{ $time }</bdi>.
overview-check-list = فحص الأمان
overview-review = مراجعة
console-email-verified = تم التحقق
console-email-unverified = لم يتم التحقق
advice-email-verified = تم التحقق من عنوان بريدك الإلكتروني.
advice-email-unverified = لم يتم التحقق من عنوان بريدك الإلكتروني، لذلك لا يمكن أن تصلك الإشعارات المتعلقة بحسابك.
advice-email-missing = لا يوجد عنوان بريد إلكتروني لحسابك، لذلك لا يمكن أن تصلك الإشعارات.
advice-password-recent = تم تغيير كلمة المرور خلال العامين الماضيين.
advice-password-old = مضى على كلمة المرور أكثر من عامين. غيّرها إذا كنت تستخدمها في مكان آخر.
advice-other-sessions =
    { $count ->
        [0] لم تسجّل الدخول في أي مكان آخر.
        [one] سجّلت الدخول في متصفح آخر واحد ({ $count }).
        [two] سجّلت الدخول في متصفحين آخرين ({ $count }).
        [few] سجّلت الدخول في { $count } متصفحات أخرى.
       *[other] سجّلت الدخول في { $count } متصفحًا آخر.
    }
advice-applications =
    { $count ->
        [0] لا يوجد تطبيق لديه وصول إلى حسابك بموافقتك.
        [one] لدى تطبيق واحد ({ $count }) وصول إلى حسابك بموافقتك.
        [two] لدى تطبيقين ({ $count }) وصول إلى حسابك بموافقتك.
        [few] لدى { $count } تطبيقات وصول إلى حسابك بموافقتك.
       *[other] لدى { $count } تطبيقًا وصول إلى حسابك بموافقتك.
    }

# الأمان.
security-password-set = آخر تغيير لكلمة المرور كان في <bdi>{ $time }</bdi>.
security-password-none = لا توجد كلمة مرور لحسابك.
security-change-password = تغيير كلمة المرور
security-show-sessions = عرض الجلسات

# الجلسات.
sessions-about = المتصفحات التي سجّلت الدخول فيها. أنهِ أي جلسة لا تعرفها وغيّر كلمة المرور.
sessions-this = هذه الجلسة
sessions-same-network = نفس شبكة هذا المتصفح
sessions-other-network = شبكة أخرى غير شبكة هذا المتصفح
sessions-signed-in = تسجيل الدخول
sessions-seen = آخر نشاط
sessions-expires = تنتهي
sessions-applications = التطبيقات
sessions-end-others = تسجيل الخروج من الجلسات الأخرى
sessions-end-all = تسجيل الخروج من كل مكان
sessions-end-all-hint = تسجيل الخروج من كل مكان ينهي أيضًا وصول جميع التطبيقات وهذه الجلسة.
method-password = بكلمة المرور
method-code = برمز لمرة واحدة
method-passkey = بمفتاح مرور

# التطبيقات.
applications-about = التطبيقات التي يمكنها استخدام حسابك. عند إزالة أحدها يتوقف وصوله فورًا.
applications-none = لا يوجد تطبيق لديه وصول إلى حسابك.
applications-dynamic = سجّل نفسه
applications-dynamic-hint = لم يتحقق مشغّلو هذه الخدمة من اسم هذا التطبيق.
applications-may = يمكنه
applications-may-nothing = معرفة أنك سجّلت الدخول فقط
applications-resources = الخدمات
applications-duration = الوصول
applications-offline = حتى بعد تسجيل خروجك
applications-online = حتى تنتهي جلستك
applications-since = منذ
applications-used = آخر استخدام
applications-remove = إزالة الوصول

# النشاط.
activity-about = ما حدث في حسابك، الأحدث أولاً. يراه أيضًا مسؤولو هذه الخدمة.
activity-none = لا يوجد نشاط.
activity-older = نشاط أقدم
activity-not-me = لم أكن أنا
activity-signed-in = تسجيل دخول
activity-sign-in-failed = فشل تسجيل الدخول
activity-new-browser = تسجيل دخول من متصفح جديد
activity-signed-out = تسجيل خروج
activity-session-ended = تم إنهاء جلسة
activity-signed-out-everywhere = تسجيل خروج من كل مكان
activity-locked = تم إيقاف تسجيل الدخول مؤقتًا بعد محاولات فاشلة كثيرة
activity-consent-given = تم السماح بالوصول
activity-consent-denied = تم رفض الوصول
activity-consent-withdrawn = تمت إزالة الوصول
activity-device-allowed = تم توصيل جهاز
activity-device-denied = تم رفض جهاز
activity-access-revoked = تم إنهاء الوصول
activity-code-replayed = تم استخدام رمز دخول مرتين، فأُنهي وصوله
activity-token-reused = تم استخدام مفتاح قديم لتطبيق، فأُنهي وصوله
activity-account-created = تم إنشاء الحساب
activity-profile-changed = تم تغيير الملف الشخصي
activity-email-changed = تم تغيير عنوان البريد الإلكتروني
activity-roles-changed = تم تغيير أذوناتك
activity-password-changed = تم تغيير كلمة المرور
activity-disabled = تم تعطيل الحساب
activity-enabled = تم تفعيل الحساب
activity-exported = تم تنزيل بيانات الحساب
activity-disputed = تم الإبلاغ عن نشاط ليس لك
activity-token-created = تم إنشاء رمز وصول شخصي
activity-token-revoked = تم إلغاء رمز وصول شخصي
actor-browser = في متصفح
actor-application = بواسطة تطبيق
actor-server = بواسطة هذه الخدمة
actor-administrator = بواسطة مسؤول
dispute-heading = لم تكن أنت؟
dispute-about = سيتم إنهاء جميع الجلسات ما عدا هذه، ثم تختار كلمة مرور جديدة. ينهي ذلك أيضًا وصول جميع التطبيقات.
dispute-confirm = إنهاء الجلسات الأخرى

# الملف الشخصي.
console-profile = الملف الشخصي
profile-about = لا ترى التطبيقات هذه البيانات إلا بموافقتك.
profile-save = حفظ
flash-profile-saved = تم حفظ ملفك الشخصي.
flash-profile-unchanged = لم يتغير شيء.
profile-check = لم يُحفظ شيء. راجع الحقول المحددة.
profile-stale = تغيّر ملفك الشخصي في هذه الأثناء. راجع القيم الحالية أدناه واحفظ مرة أخرى.
profile-name = الاسم الكامل
profile-given-name = الاسم الأول
profile-middle-name = الاسم الأوسط
profile-family-name = اسم العائلة
profile-nickname = اللقب
profile-preferred-username = الاسم المعروض
profile-phone = رقم الهاتف
profile-phone-hint = مثال: ‎+49 30 123456
profile-locale = اللغة
profile-locale-hint = رمز لغة، مثل ar أو fr-CA
profile-zoneinfo = المنطقة الزمنية
profile-zoneinfo-hint = مثال: Asia/Riyadh
profile-birthdate = تاريخ الميلاد
profile-birthdate-hint = مثال: 1990-01-31
profile-gender = الجنس
profile-picture = الصورة
profile-website = الموقع الإلكتروني
profile-page = صفحة الملف الشخصي
profile-url-hint = عنوان ويب يبدأ بـ https://
profile-street = الشارع والرقم
profile-postal-code = الرمز البريدي
profile-locality = المدينة
profile-region = الولاية أو المنطقة
profile-country = البلد
profile-error-length = النص طويل جدًا أو فارغ.
profile-error-character = يحتوي النص على رمز لا يمكن استخدامه.
profile-error-space = يجب ألا توجد مسافة في البداية أو النهاية.
profile-error-url = هذا ليس عنوان ويب.
profile-error-birthdate = هذا ليس تاريخًا مثل 1990-01-31.
profile-error-zoneinfo = هذه ليست منطقة زمنية مثل Asia/Riyadh.
profile-error-locale = هذا ليس رمز لغة مثل ar أو fr-CA.
profile-error-phone = هذا ليس رقم هاتف.
profile-error-at = يجب ألا يحتوي اسم المستخدم على @.
profile-error-taken = اسم المستخدم هذا مستخدم.

# رموز الوصول الشخصية.
console-tokens = رموز الوصول
tokens-about = يتيح رمز الوصول الشخصي لبرنامج خاص بك استخدام خدمة باسمك. ينتهي عند تغيير كلمة المرور.
tokens-new = رمز جديد
tokens-no-resource = لا توجد في هذا الخادم خدمات تقبل رموز الوصول الشخصية.
tokens-name = الاسم
tokens-scopes = الأذونات
tokens-lifetime = صالح لمدة
tokens-days =
    { $count ->
        [one] يوم واحد ({ $count })
        [two] يومان ({ $count })
        [few] { $count } أيام
       *[other] { $count } يومًا
    }
tokens-hours =
    { $count ->
        [one] ساعة واحدة ({ $count })
        [two] ساعتان ({ $count })
        [few] { $count } ساعات
       *[other] { $count } ساعة
    }
tokens-create = إنشاء رمز
tokens-created = رمزك الجديد
tokens-once = انسخه الآن. لن يُعرض مرة أخرى.
tokens-next = يمكن إنشاء الرمز التالي في <bdi>{ $time }</bdi>.
tokens-too-many = لا يمكنك إنشاء رمز آخر بعد.
tokens-error-name = أدخل اسمًا لا يزيد عن 100 رمز، دون مسافات حوله.
tokens-error-resource = اختر خدمة واحدة على الأقل.
tokens-error-scope = اختر أذونات من القائمة فقط.
tokens-error-lifetime = اختر مدة من القائمة.
tokens-list = رموزك
tokens-none = ليس لديك رموز.
tokens-made = أُنشئ
tokens-never = أبدًا
tokens-revoke = إلغاء
flash-token-revoked = تم إلغاء الرمز.
flash-no-such-token = كان هذا الرمز قد انتهى بالفعل.

# بيانات الحساب وحذفه.
console-data = بياناتك
data-download = تنزيل
data-about = ملف يضم ملفك الشخصي وموافقاتك وجلساتك ورموز الوصول ونشاطك. لا يحتوي على كلمات مرور أو مفاتيح.
data-export = تنزيل بياناتك
delete-heading = حذف حسابك
delete-short = ينتهي حسابك وكل وصول إليه فورًا ولا يمكن استعادته.
delete-about = تتم إزالة ملفك الشخصي وجلساتك وموافقاتك ورموز الوصول، ويتم تسجيل خروجك من جميع التطبيقات. لا يمكن التراجع عن ذلك. لا يتأثر ما خزّنته التطبيقات بنفسها.
delete-log = يحتفظ سجل الأمان بقيوده لمدة محدودة، ولا تحتوي على اسمك أو عنوان بريدك.
delete-name = اكتب اسم المستخدم للتأكيد
delete-other-name = هذا ليس اسم حسابك. لم يُحذف شيء.
delete-confirm = حذف الحساب
deleted-heading = تم حذف حسابك
deleted-about = تم تسجيل خروجك. يمكنك إغلاق هذه الصفحة.
