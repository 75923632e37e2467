# The sign-in page and the start page.

login-client = 続行先
login-confirm-it-is-you = <strong>ご本人であることを確認してください。</strong>すでにサインインしています。続けるにはパスワードをもう一度入力してください。
login-username = ユーザー名またはメールアドレス
login-remember = この端末でサインインしたままにする
login-failed = ユーザー名またはパスワードが正しくありません。
login-paused = 失敗した試行が多すぎます。{ span-in }もう一度お試しください。
login-imprint = パスワードはここで確認され、アプリケーションに渡されることはありません。入力する前にアドレスバーを確認してください。

choose-account-heading = アカウントを選択
choose-account-signed-in = サインイン済み
choose-account-signed-out = パスワードが必要です
choose-account-forget = この一覧から削除
choose-account-other = 別のアカウントを使用
choose-account-imprint = この端末でサインインしたままにすることを選んだアカウントが表示されます。

# The start page
home-heading = このサーバーでサインインします
home-lead = アプリケーションはサインインのためにこのページへご案内します。{ $brand } はご本人であることを確認し、共有する内容をお尋ねしたうえで、元のアプリケーションにお戻しします。パスワードはここに留まります。
home-signed-out = サインインしていません。アプリケーションにサインインするには、そのアプリケーションから始めてください。ここからアカウントにサインインすることもできます。
home-sign-in = アカウントにサインイン
home-account = アカウント
home-developers = 開発者の方へ
home-developers-lead = OAuth 2.0 および OpenID Connect の認可サーバーです。ライブラリに必要なのは発行者だけで、残りはディスカバリーで見つかります。
home-issuer = 発行者
home-version = バージョン
home-discovery = OpenID Connect ディスカバリードキュメント
home-keys = 公開鍵 (JWKS)
