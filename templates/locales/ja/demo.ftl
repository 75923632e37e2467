# The demo application.

demo-title = デモアプリケーション
demo-foot = { $brand } を試すための小さなアプリケーションです。停止すると何も残りません。
demo-heading = サインインを試す
demo-lead = このページは、{ $brand } でサインインできるアプリケーションの一例です。サーバーへご案内し、サーバーはご本人であることの証明とともにここへお戻しします。
demo-sign-in = { $brand } でサインイン
demo-account = このアカウントを使ってください
demo-server = サーバー
demo-steps = これから起こること
demo-step-1 = ブラウザーが、PKCE で保護された認可リクエストを持って { $brand } に移動します。
demo-step-2 = そこでサインインし、プロフィールを共有するかどうかを選びます。
demo-step-3 = 一度だけ使えるコードを持ってここに戻ります。アプリケーションはコードをトークンに引き換え、ID トークンを検証し、得られた情報を表示します。

# After the sign-in
demo-signed-in = サインイン済み
demo-welcome = ようこそ、<bdi>{ $name }</bdi> さん
demo-it-worked = 成功しました。{ $brand } でサインインし、このアプリケーションがそれを検証しました。あなたは次のサブジェクトとして識別されています:
demo-verified = 検証結果
demo-signature = 署名
demo-signature-valid = 有効 (発行者の JWKS にある鍵による)
demo-checks = 対象者、nonce、有効期限、at_hash
demo-valid = 有効
demo-valid-until = 有効期限
demo-refresh-token = リフレッシュトークン
demo-yes = あり
demo-no = なし
demo-refresh = トークンを更新
demo-refreshed = トークンが更新されました。iat と exp を比べてください。
demo-received = アプリケーションが受け取ったもの
demo-id-token = ID トークン
demo-userinfo = ユーザー情報
demo-access-token = アクセストークン
demo-next = 次にできること
demo-discovery = ディスカバリードキュメント
demo-start-page = サーバーのトップページ

# After a failure
demo-failure-heading = サインインが完了しませんでした
demo-not-started = サインインを開始できませんでした
demo-not-signed-in = サインインできませんでした
demo-not-refreshed = トークンを更新できませんでした
