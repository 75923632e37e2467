# Signing out, and the way back to applications.

logout-heading = هل تريد تسجيل الخروج؟
logout-sentence = يؤدي تسجيل الخروج إلى إنهاء جلستك على هذا الجهاز. قد تظل مسجّلًا في التطبيقات حتى تسجّل الخروج منها أيضًا.
logout-cancel = البقاء مسجّلًا
signed-out-heading = تم تسجيل خروجك
signed-out-here = انتهت جلستك على هذا الجهاز. إذا كان الحاسوب مشتركًا، فأغلق المتصفح أيضًا.
signed-out-named = انتهت الجلسة التي حدّدها التطبيق. لم تكن هناك جلسة على هذا الجهاز.
signed-out-nothing = لم تكن هناك جلسة على هذا الجهاز.
signed-out-frame = جارٍ تسجيل الخروج

# The way back to the application
returning-heading = العودة إلى التطبيق
returning-sentence = تتم إعادتك إلى التطبيق. إذا لم يحدث شيء، فاختر «متابعة».
returning-without-script = النصوص البرمجية معطّلة في هذا المتصفح، لذا اختر «متابعة».
