# الموافقة والأجهزة.

device-confirm-client = يطلب جهاز الوصول عبر
