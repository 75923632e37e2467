# Mails to people. A mail greets, says what happened, lists facts, and advises.

mail-greeting = { $name } 様
mail-closing = これは自動送信されたセキュリティ通知です。パスワードやコードをメールでお尋ねすることはありません。
mail-contact = お心当たりがない場合は、このサービスの運営者にお問い合わせください。
mail-contact-at-once = お心当たりがない場合は、すぐにこのサービスの運営者にお問い合わせください。

# Labels of facts
mail-account = アカウント:
mail-time = 日時:
mail-application = アプリケーション:
mail-browser = ブラウザー:
mail-address = アドレス:
mail-code = または、開始した画面で次のコードを入力してください:

# Security events
mail-new-device-subject = アカウントへの新しいサインイン
mail-new-device-what = これまで使用されたことのないブラウザーから、お客様のアカウントへのサインインがありました。
mail-new-device-advice = ご本人によるものであれば、このメールは無視してかまいません。そうでない場合は、他の人がパスワードを知っています。パスワードを変更し、すべての場所からのサインアウトをこのサービスの運営者に依頼してください。
mail-soft-locked-subject = アカウントへのサインインの失敗
mail-soft-locked-what = お客様のアカウントへのサインインが複数回失敗しました。これまでサインインしたことのないブラウザーからの試行は、しばらくの間制限されます。
mail-soft-locked-advice = ご本人によるものであれば、しばらくお待ちください。そうでない場合も、侵入されてはいません。ほかで使っていない長いパスワードが推測されることはありません。このような試行のない日が一日続くまで、このメールは再送されません。
mail-password-set-subject = パスワードが変更されました
mail-password-set-what = お客様のアカウントのパスワードが変更されました。
mail-email-changed-subject = アカウントのメールアドレスが変更されました
mail-email-changed-what = お客様のアカウントのメールアドレスが変更されました。このメールは、ご本人のものと確認済みの場合、以前のアドレスと新しいアドレスの両方に送信されます。
mail-refresh-reuse-subject = アプリケーションがアカウントへのアクセスを失いました
mail-refresh-reuse-what = アプリケーションが、すでに置き換えられたキーをお客様のアカウントに使用しました。キーがコピーされた可能性があるため、アプリケーションのアクセスを終了しました。
mail-refresh-reuse-advice = このアプリケーションをお使いの場合は、もう一度サインインしてください。お心当たりがない場合や、このメールが再び届いた場合は、このサービスの運営者にお問い合わせください。
mail-disabled-subject = アカウントが無効になりました
mail-disabled-what = 管理者がお客様のアカウントを無効にしました。すべての場所からサインアウトされ、サインインできません。
mail-signed-out-subject = すべての場所からサインアウトされました
mail-signed-out-what = 管理者がお客様のアカウントのすべてのセッションと、アプリケーションのアクセスを終了しました。
mail-signed-out-advice = 再びサインインできます。お心当たりがない場合は、このサービスの運営者にお問い合わせください。
