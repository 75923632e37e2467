//! The plan for logins initiated by a third party (OpenID Connect Core §4): the client's URL for them is stored, and
//! must be an https one.

use serde_json::json;

use super::Variant;
use super::run::Run;
use crate::support::Reply;

const URI: &str = "https://suite.example/test/a/signet/initiate-login";

#[tokio::test]
async fn oidcc_3rdparty_init_login() {
    for response_type in ["code", "id_token", "code id_token token"] {
        let run = Run::start(Variant::of(response_type)).await;
        let client = run.register_with(json!({"initiate_login_uri": URI})).await;
        assert_eq!(client.information["initiate_login_uri"], URI, "{response_type}");
        let read = run.server.http.get(client.information["registration_client_uri"].as_str().unwrap());
        let token = client.information["registration_access_token"].as_str().unwrap();
        let reply = Reply::of(read.bearer_auth(token).send().await.unwrap()).await;
        assert_eq!(reply.status, 200, "{response_type}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "{response_type}");
        assert_eq!(reply.json()["initiate_login_uri"], URI, "{response_type}");
        run.flow(&client, &run.request(&client)).await;
    }
}

#[tokio::test]
async fn oidcc_3rdparty_init_login_nohttps() {
    for response_type in ["code", "id_token", "code id_token token"] {
        let run = Run::start(Variant::of(response_type)).await;
        let reply = run.try_register(json!({"initiate_login_uri": URI.replace("https", "http")})).await;
        reply.assert_error(400, "invalid_client_metadata");
    }
}
