# 新しいパスワードのページと、拒否される理由。

new-password-heading = 新しいパスワードを選んでください
new-password-reason = 現在のパスワードは別の人が設定したものです。続けるには、ご本人だけが知るパスワードを選んでください。
new-password-label = 新しいパスワード
new-password-hint = { $count }～128 文字。あまり使われない単語をいくつか並べると、記号より覚えやすく、推測されにくくなります。
new-password-submit = 保存して続ける
new-password-late = 新しいパスワードを選ぶ時間が過ぎました。もう一度サインインしてください。
password-too-short = パスワードは { $count } 文字以上にしてください。
password-too-long = パスワードは 128 文字以内にしてください。
password-common = このパスワードはよく使われているため使用できません。
password-personal = お名前やメールアドレス、またはそれに近いものはパスワードに使用できません。
password-guessable = このパスワードは推測されやすすぎます。単語を増やすか、あまり使われない単語にしてください。
password-breached = このパスワードは漏えいしたデータに含まれています。別のものを選んでください。
password-unchanged = 新しいパスワードは以前のものと異なる必要があります。
password-live-short = 短すぎます
password-live-plain = 推測されやすいパスワードです
password-live-good = 長さは十分です。保存時に確認されます。
change-password-heading = パスワードの変更
change-password-note = この端末ではサインインしたままです。ほかのセッションはすべて終了し、アプリケーションでは再度サインインが必要になります。
change-password-submit = パスワードを変更
change-password-done = パスワードを変更しました。ほかのセッションはすべて終了しました。
change-password-paused = 失敗した試行が多すぎます。{ span-in }もう一度お試しください。
current-password-label = 現在のパスワード
current-password-wrong = 現在のパスワードと一致しません。
