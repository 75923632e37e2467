# Signing out, and the way back to applications.

logout-heading = サインアウトしますか？
logout-sentence = サインアウトすると、この端末でのセッションが終了します。アプリケーション側でもサインアウトするまでは、そこではサインインしたままの場合があります。
logout-cancel = サインインしたままにする
signed-out-heading = サインアウトしました
signed-out-here = この端末でのセッションは終了しました。共用のコンピューターでは、ブラウザーも閉じてください。
signed-out-named = アプリケーションが指定したセッションは終了しました。この端末にはセッションがありませんでした。
signed-out-nothing = この端末にはセッションがありませんでした。
signed-out-frame = サインアウトしています

# The way back to the application
returning-heading = アプリケーションに戻ります
returning-sentence = アプリケーションに戻っています。何も起こらない場合は「続ける」を選んでください。
returning-without-script = このブラウザーではスクリプトが無効になっているため、「続ける」を選んでください。
