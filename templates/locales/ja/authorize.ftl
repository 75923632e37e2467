# 同意と端末。

device-confirm-client = 端末がアクセスを求めています。使用中のアプリケーション:
