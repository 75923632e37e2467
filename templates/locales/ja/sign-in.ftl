# サインインページとトップページ。

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
