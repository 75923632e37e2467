# كلمات وجمل تستخدمها عدة صفحات.

sign-in = تسجيل الدخول
sign-out = تسجيل الخروج
cancel = إلغاء
continue = متابعة
username = اسم المستخدم
password = كلمة المرور
email-address = عنوان البريد الإلكتروني
privacy-policy = سياسة الخصوصية
terms-of-service = شروط الخدمة
opens-in-a-new-tab = (يُفتح في علامة تبويب جديدة)
try-again = إعادة المحاولة
signed-in-as = تم تسجيل دخولك باسم <strong><bdi>{ $name }</bdi></strong>.

# إطار كل صفحة
imprint = يتيح لك { $brand } تسجيل الدخول إلى التطبيقات دون إعطائها كلمة مرورك.
languages-label = اللغة
development-label = وضع التطوير
development-notice = <strong>وضع التطوير.</strong> غير مخصص للحسابات الحقيقية.

# التطبيق صاحب الطلب
client-asked-for-by = بطلب من
client-links-label = حول التطبيق
client-about = حول <bdi>{ $name }</bdi>
client-website = الموقع الإلكتروني

# المدد الزمنية. قيمة $unit هي second أو minute أو hour أو day.
span-in =
    { $unit ->
        [second] { $count ->
            [one] بعد ثانية واحدة
            [two] بعد ثانيتين
            [few] بعد { $count } ثوانٍ
           *[other] بعد { $count } ثانية
        }
        [minute] { $count ->
            [one] بعد دقيقة واحدة
            [two] بعد دقيقتين
            [few] بعد { $count } دقائق
           *[other] بعد { $count } دقيقة
        }
        [day] { $count ->
            [one] بعد يوم واحد
            [two] بعد يومين
            [few] بعد { $count } أيام
           *[other] بعد { $count } يومًا
        }
       *[hour] { $count ->
            [one] بعد ساعة واحدة
            [two] بعد ساعتين
            [few] بعد { $count } ساعات
           *[other] بعد { $count } ساعة
        }
    }
