# Words and sentences that several rooms use.

sign-in = サインイン
sign-out = サインアウト
cancel = キャンセル
continue = 続ける
try-again = もう一度試す
username = ユーザー名
password = パスワード
email-address = メールアドレス
privacy-policy = プライバシーポリシー
terms-of-service = 利用規約
opens-in-a-new-tab = (新しいタブで開きます)
signed-in-as = <strong><bdi>{ $name }</bdi></strong> としてサインインしています。
not-you = ご本人ではありませんか？
do-not-allow = 許可しない

# The frame of every page
imprint = { $brand } は、パスワードを渡すことなくアプリケーションへのサインインを行います。
languages-label = 言語
legal-label = 法的情報
legal-imprint = 運営者情報
legal-contact = お問い合わせ
development-label = 開発モード
development-notice = <strong>開発モードです。</strong>実際のアカウントには使用しないでください。

# The application that asks
client-asked-for-by = 要求元
client-links-label = アプリケーションについて
client-about = <bdi>{ $name }</bdi> について
client-website = ウェブサイト
client-back-to = { $name } に戻る

# Spans of time. $unit is second, minute, hour or day.
span-in =
    { $unit ->
        [second] { $count } 秒後に
        [minute] { $count } 分後に
        [day] { $count } 日後に
       *[hour] { $count } 時間後に
    }
span-length =
    { $unit ->
        [second] { $count } 秒間
        [minute] { $count } 分間
        [day] { $count } 日間
       *[hour] { $count } 時間
    }
span-ago =
    { $unit ->
        [second] { $count } 秒前
        [minute] { $count } 分前
        [day] { $count } 日前
       *[hour] { $count } 時間前
    }
