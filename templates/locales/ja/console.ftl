# アカウント画面の枠。

console-label = アカウント
console-overview = 概要
console-security = セキュリティ
console-sessions = セッション
console-applications = アプリケーション
console-activity = アクティビティ
console-unknown = 不明
console-unknown-browser = 不明なブラウザー
console-address = IP アドレス

# フォーム送信後のメッセージ。
flash-session-ended = セッションを終了しました。
flash-others-ended = ほかのすべてのセッションを終了しました。
flash-no-such-session = このセッションはすでに終了しています。
flash-application-removed = アプリケーションはアカウントにアクセスできなくなりました。
flash-no-such-application = このアプリケーションにはアクセス権がありませんでした。
flash-disputed = ほかのすべてのセッションを終了しました。ほかの人がサインインできないように、今すぐパスワードを変更してください。

# 概要。
overview-heading = お客様のアカウント
overview-last-sign-in = 前回のサインイン
overview-previous = 前回のサインイン: <bdi>{ $time }</bdi>。
overview-check-list = セキュリティの確認
overview-review = 確認する
console-email-verified = 確認済み
console-email-unverified = 未確認
advice-email-verified = メールアドレスは確認済みです。
advice-email-unverified = メールアドレスが未確認のため、アカウントに関するお知らせを受け取れません。
advice-email-missing = アカウントにメールアドレスがないため、お知らせを受け取れません。
advice-password-recent = パスワードは過去 2 年以内に変更されています。
advice-password-old = パスワードは 2 年以上変更されていません。ほかでも使用している場合は変更してください。
advice-other-sessions =
    { $count ->
        [0] ほかのブラウザーではサインインしていません。
       *[other] ほかに { $count } 個のブラウザーでサインインしています。
    }
advice-applications =
    { $count ->
        [0] 同意によりアカウントにアクセスできるアプリケーションはありません。
       *[other] { $count } 個のアプリケーションが同意によりアカウントにアクセスできます。
    }

# セキュリティ。
security-password-set = パスワードの最終変更: <bdi>{ $time }</bdi>。
security-password-none = アカウントにパスワードは設定されていません。
security-change-password = パスワードを変更
security-show-sessions = セッションを表示

# セッション。
sessions-about = サインインしているブラウザーの一覧です。心当たりのないセッションは終了し、パスワードを変更してください。
sessions-this = 現在のセッション
sessions-same-network = このブラウザーと同じネットワーク
sessions-other-network = このブラウザーとは別のネットワーク
sessions-signed-in = サインイン
sessions-seen = 最終利用
sessions-expires = 終了予定
sessions-applications = アプリケーション
sessions-end-others = ほかをすべてサインアウト
sessions-end-all = すべてからサインアウト
sessions-end-all-hint = すべてからサインアウトすると、すべてのアプリケーションのアクセスと現在のセッションも終了します。
method-password = パスワードによる
method-code = ワンタイムコードによる
method-passkey = パスキーによる

# アプリケーション。
applications-about = アカウントを利用できるアプリケーションです。削除すると、アクセスは直ちに停止します。
applications-none = アカウントにアクセスできるアプリケーションはありません。
applications-dynamic = 自己登録
applications-dynamic-hint = このアプリケーションの名前は、サービスの運営者によって確認されていません。
applications-may = 許可内容
applications-may-nothing = サインインしたことを知るのみ
applications-resources = サービス
applications-duration = アクセス
applications-offline = サインアウト後も継続
applications-online = セッションが終了するまで
applications-since = 開始
applications-used = 最終利用
applications-remove = アクセスを削除

# アクティビティ。
activity-about = アカウントで起きたことを新しい順に表示します。サービスの管理者も閲覧できます。
activity-none = アクティビティはありません。
activity-older = 以前のアクティビティ
activity-not-me = 心当たりがない
activity-signed-in = サインイン
activity-sign-in-failed = サインイン失敗
activity-new-browser = 新しいブラウザーでのサインイン
activity-signed-out = サインアウト
activity-session-ended = セッションの終了
activity-signed-out-everywhere = すべてからサインアウト
activity-locked = 失敗が続いたためサインインを一時停止
activity-consent-given = アクセスを許可
activity-consent-denied = アクセスを拒否
activity-consent-withdrawn = アクセスを削除
activity-device-allowed = デバイスを接続
activity-device-denied = デバイスを拒否
activity-access-revoked = アクセスの終了
activity-code-replayed = サインインコードが 2 回使われたため、アクセスを終了
activity-token-reused = アプリケーションの古いキーが使われたため、アクセスを終了
activity-account-created = アカウントの作成
activity-profile-changed = プロフィールの変更
activity-email-changed = メールアドレスの変更
activity-roles-changed = 権限の変更
activity-password-changed = パスワードの変更
activity-disabled = アカウントの無効化
activity-enabled = アカウントの有効化
activity-exported = アカウントデータのダウンロード
activity-disputed = 心当たりのないアクティビティの報告
activity-token-created = 個人用アクセストークンの作成
activity-token-revoked = 個人用アクセストークンの取り消し
actor-browser = ブラウザー
actor-application = アプリケーション
actor-server = このサービス
actor-administrator = 管理者
dispute-heading = 心当たりがありませんか？
dispute-about = このセッション以外をすべて終了し、新しいパスワードを設定します。すべてのアプリケーションのアクセスも終了します。
dispute-confirm = ほかのセッションを終了

# プロフィール。
console-profile = プロフィール
profile-about = アプリケーションは、お客様の同意がある場合にのみこれらの情報を見ることができます。
profile-save = 保存
flash-profile-saved = プロフィールを保存しました。
flash-profile-unchanged = 変更はありません。
profile-check = 保存されていません。印のある項目を確認してください。
profile-stale = その間にプロフィールが変更されました。以下の現在の値を確認し、もう一度保存してください。
profile-name = 氏名
profile-given-name = 名
profile-middle-name = ミドルネーム
profile-family-name = 姓
profile-nickname = ニックネーム
profile-preferred-username = 表示名
profile-phone = 電話番号
profile-phone-hint = 例: +49 30 123456
profile-locale = 言語
profile-locale-hint = 言語タグ (例: ja、fr-CA)
profile-zoneinfo = タイムゾーン
profile-zoneinfo-hint = 例: Asia/Tokyo
profile-birthdate = 生年月日
profile-birthdate-hint = 例: 1990-01-31
profile-gender = 性別
profile-picture = 写真
profile-website = ウェブサイト
profile-page = プロフィールページ
profile-url-hint = https:// で始まるウェブアドレス
profile-street = 番地
profile-postal-code = 郵便番号
profile-locality = 市区町村
profile-region = 都道府県
profile-country = 国
profile-error-length = 長すぎるか、空です。
profile-error-character = 使用できない文字が含まれています。
profile-error-space = 先頭や末尾に空白を入れないでください。
profile-error-url = ウェブアドレスではありません。
profile-error-birthdate = 1990-01-31 のような日付ではありません。
profile-error-zoneinfo = Asia/Tokyo のようなタイムゾーンではありません。
profile-error-locale = ja や fr-CA のような言語タグではありません。
profile-error-phone = 電話番号ではありません。
profile-error-at = ユーザー名に @ は使えません。
profile-error-taken = このユーザー名は使用されています。

# 個人用アクセストークン。
console-tokens = アクセストークン
tokens-about = 個人用アクセストークンを使うと、スクリプトがお客様の名前でサービスを利用できます。パスワードを変更すると無効になります。
tokens-new = 新しいトークン
tokens-no-resource = 個人用アクセストークンを受け付けるサービスはありません。
tokens-name = 名前
tokens-scopes = 権限
tokens-lifetime = 有効期間
tokens-days = { $count } 日間
tokens-hours = { $count } 時間
tokens-create = トークンを作成
tokens-created = 新しいトークン
tokens-once = 今すぐコピーしてください。再表示されません。
tokens-next = 次のトークンを作成できる日時: <bdi>{ $time }</bdi>。
tokens-too-many = まだ別のトークンを作成できません。
tokens-error-name = 前後に空白のない 100 文字以内の名前を入力してください。
tokens-error-resource = サービスを 1 つ以上選択してください。
tokens-error-scope = 一覧の権限のみを選択してください。
tokens-error-lifetime = 一覧から期間を選択してください。
tokens-list = お客様のトークン
tokens-none = トークンはありません。
tokens-made = 作成
tokens-never = 未使用
tokens-revoke = 取り消す
flash-token-revoked = トークンを取り消しました。
flash-no-such-token = このトークンはすでに無効です。

# アカウントのデータと削除。
console-data = お客様のデータ
data-download = ダウンロード
data-about = プロフィール、同意、セッション、アクセストークン、アクティビティを含むファイルです。パスワードやキーは含まれません。
data-export = データをダウンロード
delete-heading = アカウントを削除
delete-short = アカウントとすべてのアクセスは直ちに終了し、復元できません。
delete-about = プロフィール、セッション、同意、アクセストークンが削除され、すべてのアプリケーションからサインアウトします。この操作は取り消せません。アプリケーション側に保存されたデータには影響しません。
delete-log = セキュリティログの記録は一定期間保存されますが、氏名やメールアドレスは含まれません。
delete-name = 確認のためユーザー名を入力してください
delete-other-name = アカウントのユーザー名と一致しません。削除されていません。
delete-confirm = アカウントを削除する
deleted-heading = アカウントを削除しました
deleted-about = サインアウトしました。このページを閉じてかまいません。
