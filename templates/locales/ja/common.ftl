# 複数のページで使う語と文。

sign-in = サインイン
sign-out = サインアウト
cancel = キャンセル
continue = 続ける
username = ユーザー名
password = パスワード
email-address = メールアドレス
privacy-policy = プライバシーポリシー
terms-of-service = 利用規約
opens-in-a-new-tab = (新しいタブで開きます)
try-again = もう一度試す
signed-in-as = <strong><bdi>{ $name }</bdi></strong> としてサインインしています。

# すべてのページの枠
imprint = { $brand } は、パスワードを渡すことなくアプリケーションへのサインインを行います。
languages-label = 言語
development-label = 開発モード
development-notice = <strong>開発モードです。</strong>実際のアカウントには使用しないでください。

# 要求元のアプリケーション
client-asked-for-by = 要求元
client-links-label = アプリケーションについて
client-about = <bdi>{ $name }</bdi> について
client-website = ウェブサイト

# 時間の長さ。$unit は second、minute、hour、day のいずれか。
span-in =
    { $unit ->
        [second] { $count } 秒後に
        [minute] { $count } 分後に
        [day] { $count } 日後に
       *[hour] { $count } 時間後に
    }
