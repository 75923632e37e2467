# Sentences of the protocol whose wording in English is fixed; each is one line.

refusal-client = アプリケーションが不明か無効です: client_id が登録されていません。
refusal-redirect-uri = redirect_uri はこのアプリケーションに登録されていません。
refusal-redirect-uri-missing = redirect_uri は必須です。
refusal-request-uri = request_uri はこのアプリケーションに登録されていません。
refusal-request-uri-expired = request_uri は有効期限が切れているか、すでに使用されています。
refusal-response-type = response_type は必須です。
refusal-withdrawn = アプリケーションはこの要求をもう行えません。
refusal-sign-in-unknown = このサインインはこのブラウザーで開始されたものではないか、有効期限が切れています。
refusal-sign-in-expired = このサインインの有効期限が切れました。
refusal-sign-in-answered = このサインインはすでに完了しています。
refusal-form = フォームに未入力の項目があります。
refusal-malformed = リクエストの形式が正しくありません。
refusal-repeated = パラメーターが重複しています。
refusal-logout-uri = post_logout_redirect_uri はこのアプリケーションに登録されていません。
refusal-hint = id_token_hint は有効ではありません。
refusal-no-page = このアドレスにページはありません。
refusal-large = リクエストが大きすぎます。
refusal-slow = リクエストに時間がかかりすぎました。
refusal-long = アドレスが長すぎます。
refusal-host = このサーバーはこのホストに対応していません。
refusal-https = このサーバーは https でのみ利用できます。
refusal-internal = このサーバーで問題が発生しました。
