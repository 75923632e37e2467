# Sentences of the protocol whose wording in English is fixed; each is one line.

refusal-client = التطبيق غير معروف أو معطّل: client_id غير مسجّل.
refusal-redirect-uri = redirect_uri غير مسجّل لهذا التطبيق.
refusal-redirect-uri-missing = redirect_uri مطلوب.
refusal-request-uri = request_uri غير مسجّل لهذا التطبيق.
refusal-request-uri-expired = انتهت صلاحية request_uri أو استُخدم من قبل.
refusal-response-type = response_type مطلوب.
refusal-withdrawn = لم يعد يحق للتطبيق طلب ذلك.
refusal-sign-in-unknown = لم يبدأ تسجيل الدخول هذا في هذا المتصفح، أو انتهت صلاحيته.
refusal-sign-in-expired = انتهت صلاحية تسجيل الدخول هذا.
refusal-sign-in-answered = تم تسجيل الدخول هذا بالفعل.
refusal-form = النموذج غير مكتمل.
refusal-malformed = صيغة الطلب غير صحيحة.
refusal-repeated = هناك معامل مكرّر.
refusal-logout-uri = post_logout_redirect_uri غير مسجّل لهذا التطبيق.
refusal-hint = id_token_hint غير صالح.
refusal-no-page = لا توجد صفحة على هذا العنوان.
refusal-large = الطلب كبير جدًا.
refusal-slow = استغرق الطلب وقتًا طويلًا.
refusal-long = العنوان طويل جدًا.
refusal-host = لا يخدم هذا الخادم هذا المضيف.
refusal-https = هذا الخادم متاح عبر https فقط.
refusal-internal = حدث خطأ ما في هذا الخادم.
