# Words and sentences that several rooms use.

sign-in = تسجيل الدخول
sign-out = تسجيل الخروج
cancel = إلغاء
continue = متابعة
try-again = إعادة المحاولة
username = اسم المستخدم
password = كلمة المرور
email-address = عنوان البريد الإلكتروني
privacy-policy = سياسة الخصوصية
terms-of-service = شروط الخدمة
opens-in-a-new-tab = (يُفتح في علامة تبويب جديدة)
signed-in-as = تم تسجيل دخولك باسم <strong><bdi>{ $name }</bdi></strong>.
not-you = هل هذا ليس أنت؟
do-not-allow = عدم السماح

# The frame of every page
imprint = يتيح لك { $brand } تسجيل الدخول إلى التطبيقات دون إعطائها كلمة مرورك.
languages-label = اللغة
legal-label = معلومات قانونية
legal-imprint = بيانات الناشر
legal-contact = اتصل بنا
development-label = وضع التطوير
development-notice = <strong>وضع التطوير.</strong> غير مخصص للحسابات الحقيقية.

# The application that asks
client-asked-for-by = بطلب من
client-links-label = حول التطبيق
client-about = حول <bdi>{ $name }</bdi>
client-website = الموقع الإلكتروني
client-back-to = العودة إلى ⁨{ $name }⁩

# Spans of time. $unit is second, minute, hour or day.
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
span-length =
    { $unit ->
        [second] { $count ->
            [one] ثانية واحدة
            [two] ثانيتين
            [few] { $count } ثوانٍ
           *[other] { $count } ثانية
        }
        [minute] { $count ->
            [one] دقيقة واحدة
            [two] دقيقتين
            [few] { $count } دقائق
           *[other] { $count } دقيقة
        }
        [day] { $count ->
            [one] يوم واحد
            [two] يومين
            [few] { $count } أيام
           *[other] { $count } يومًا
        }
       *[hour] { $count ->
            [one] ساعة واحدة
            [two] ساعتين
            [few] { $count } ساعات
           *[other] { $count } ساعة
        }
    }
span-ago =
    { $unit ->
        [second] { $count ->
            [one] قبل ثانية واحدة
            [two] قبل ثانيتين
            [few] قبل { $count } ثوانٍ
           *[other] قبل { $count } ثانية
        }
        [minute] { $count ->
            [one] قبل دقيقة واحدة
            [two] قبل دقيقتين
            [few] قبل { $count } دقائق
           *[other] قبل { $count } دقيقة
        }
        [day] { $count ->
            [one] قبل يوم واحد
            [two] قبل يومين
            [few] قبل { $count } أيام
           *[other] قبل { $count } يومًا
        }
       *[hour] { $count ->
            [one] قبل ساعة واحدة
            [two] قبل ساعتين
            [few] قبل { $count } ساعات
           *[other] قبل { $count } ساعة
        }
    }
