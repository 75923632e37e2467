# Consent and devices.

consent-heading = アクセスを許可しますか？
consent-nothing = アプリケーションに伝わるのは、サインインしたことだけです。
consent-scopes = 許可すると、アプリケーションは次のことができます
consent-allow = 許可する
consent-imprint = 許可するまで何も共有されません。パスワードが共有されることはありません。
consent-until-sign-out = アプリケーションは、ここでのセッションが終了するまでアクセスできます。
consent-after-sign-out = アプリケーションは、サインアウト後も最長 { span-length }アクセスを保持します。

# Scopes and claims
scope-new = 新規
scope-technical-names = 技術的な名前
scope-openid-title = ご本人であることの確認
scope-openid-detail = このアプリケーションで使う、変わることのない識別子です。
scope-profile-title = プロフィールの参照
scope-profile-detail = 名前、写真、言語などの情報です。
scope-email-title = メールアドレスの参照
scope-email-detail = 確認済みかどうかも含みます。
scope-address-title = 住所の参照
scope-address-detail = プロフィールに登録されている住所です。
scope-phone-title = 電話番号の参照
scope-phone-detail = 確認済みかどうかも含みます。
scope-offline-access-title = 不在時の接続の維持
scope-offline-access-detail = アプリケーションが毎回サインインを求める必要がなくなります。
scope-other-title = 「{ $name }」の使用
scope-other-detail = このアプリケーションが利用するサービスの権限です。
claim-title =
    { $claim ->
        [name] 氏名の参照
        [given_name] 名の参照
        [family_name] 姓の参照
        [middle_name] ミドルネームの参照
        [nickname] ニックネームの参照
        [preferred_username] 希望するユーザー名の参照
        [profile] プロフィールページの参照
        [picture] 写真の参照
        [website] ウェブサイトの参照
        [gender] 性別の参照
        [birthdate] 生年月日の参照
        [zoneinfo] タイムゾーンの参照
        [locale] 言語の参照
        [updated_at] プロフィールの最終更新日時の参照
        [email] メールアドレスの参照
        [email_verified] メールアドレスが確認済みかどうかの参照
        [address] 住所の参照
        [phone_number] 電話番号の参照
        [phone_number_verified] 電話番号が確認済みかどうかの参照
       *[other] 「{ $name }」の参照
    }
claim-detail = プロフィールのこの部分だけです。

# Devices
device-heading = 端末を接続する
device-lead = 端末に表示されているコードを入力してください。
device-code = コード
device-unknown-code = このコードを待っている端末はありません。コードを確認するか、端末でもう一度始めてください。
device-imprint = ご自分の端末で始めた場合にのみコードを入力してください。サポート担当者がコードを必要とすることはありません。
device-confirm-heading = これはご自分の端末ですか？
device-confirm-client = 端末が次のアプリケーションでアクセスを求めています
device-confirm-code = 端末に次のコードが表示されている必要があります:
device-confirm-nothing = アプリケーションに伝わるのは、サインインしたことだけです。
device-confirm-scopes = 許可すると、その端末のアプリケーションは次のことができます
device-confirm-allow = 自分の端末なので許可する
device-confirm-imprint = 目の前にない端末や、他の人から許可を求められた端末は許可しないでください。
device-place-same = 端末はこのブラウザーと同じネットワークにあります。
device-place-elsewhere = 端末はこのブラウザーとは別のネットワーク ({ $network }) にあります。目の前にない場合は許可しないでください。
device-place-unknown = 端末がどのネットワークから要求したかは不明です。
device-asked = { span-ago }に要求しました。
device-allowed-heading = 端末が接続されました
device-allowed-sentence = 端末に戻ってください。数秒以内に自動的に続行されます。このページは閉じてかまいません。
device-denied-heading = 端末にはアクセスが許可されません
device-denied-sentence = ご自分で始めたものでない場合は、他の人がコードを送った可能性があります。このページは閉じてかまいません。
device-left-heading = サインインしませんでした
device-left-sentence = コードの有効期限が切れるまで、端末は待ち続けます。このページは閉じてかまいません。
