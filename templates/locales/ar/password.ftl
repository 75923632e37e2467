# صفحات كلمة المرور الجديدة وأسباب رفضها.

new-password-heading = اختر كلمة مرور جديدة
new-password-reason = لقد عيّن شخص آخر كلمة مرورك. للمتابعة، اختر كلمة لا يعرفها سواك.
new-password-label = كلمة المرور الجديدة
new-password-hint = من { $count } إلى 128 حرفًا. عدة كلمات غير شائعة أسهل في التذكّر من الرموز وأصعب في التخمين.
new-password-submit = حفظ ومتابعة
new-password-late = انتهى الوقت المتاح لاختيار كلمة مرور جديدة. يُرجى تسجيل الدخول مرة أخرى.
password-too-short = يجب ألا يقل عدد أحرف كلمة المرور عن { $count }.
password-too-long = يجب ألا يزيد عدد أحرف كلمة المرور عن 128.
password-common = كلمة المرور هذه شائعة جدًا.
password-personal = يجب ألا تكون كلمة المرور اسمك أو عنوان بريدك الإلكتروني أو قريبة من أحدهما.
password-guessable = كلمة المرور هذه سهلة التخمين. استخدم كلمات أكثر أو أقل شيوعًا.
password-breached = كلمة المرور هذه معروفة من تسريب بيانات. اختر كلمة أخرى.
password-unchanged = يجب أن تختلف كلمة المرور الجديدة عن القديمة.
password-live-short = قصيرة جدًا
password-live-plain = سهلة التخمين
password-live-good = الطول كافٍ؛ سيتم التحقق منها عند الحفظ.
change-password-heading = تغيير كلمة المرور
change-password-note = ستبقى مسجّلًا هنا. تنتهي جميع الجلسات الأخرى، وستطلب منك التطبيقات تسجيل الدخول مرة أخرى.
change-password-submit = تغيير كلمة المرور
change-password-done = تم تغيير كلمة مرورك. انتهت جميع الجلسات الأخرى.
change-password-paused = هناك عدد كبير من المحاولات الفاشلة. يُرجى إعادة المحاولة { span-in }.
current-password-label = كلمة المرور الحالية
current-password-wrong = هذه ليست كلمة مرورك الحالية.
