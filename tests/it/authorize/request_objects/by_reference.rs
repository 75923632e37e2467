//! Request objects by reference (OpenID Connect Core §6.2).

use serde_json::json;
use signet_protocol::time::Span;

use super::{UNSIGNED, signer};
use crate::support::TestServer;
use crate::support::keys::KeyPair;
use crate::support::upstream::{Script, Upstream};

#[tokio::test]
async fn an_object_is_fetched_from_where_the_client_has_registered_it_and_nowhere_else() {
    let server = TestServer::start_with(|settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()]).await;
    let host = Upstream::http(Script::raw("")).await;
    let uris = ["/object#first", "/plain"].map(|path| host.url(path));
    let signer = signer(&server, "rp", json!({"request_uris": uris})).await;
    let object = signer.object(json!({}));
    for (uri, media_type) in uris.iter().zip(["application/oauth-authz-req+jwt", "application/jwt"]) {
        host.play(Script::ok(media_type, &format!("{object}\n")));
        let page = signer.browser.get(&signer.open(&[("request_uri", uri)])).await;
        assert_eq!(page.parameter("state").as_deref(), Some("signed-state"), "{uri}");
    }
    assert!(host.requests().iter().all(|head| !head.contains('#')), "the fragment stays here");
    let fetched = host.connections();
    let unregistered = "request_uri is not registered for this application.";
    let strangers = [
        host.url("/object"),
        host.url("/object#other"),
        host.url("/plain?x=1"),
        host.url("/"),
        "http://169.254.169.254/".to_owned(),
    ];
    for uri in strangers {
        signer.browser.get(&signer.open(&[("request_uri", &uri)])).await.assert_rejected(&uri, 400, unregistered);
    }
    assert_eq!(host.connections(), fetched, "nothing else is asked for");
    let lost = "request_uri could not be read.";
    let broken = [
        Script::raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        Script::ok("text/html", &object),
        Script::raw(""),
    ];
    for script in broken {
        host.play(script);
        server.advance(Span::from_secs(40)).await;
        signer.browser.get(&signer.open(&[("request_uri", &uris[1])])).await.assert_rejected("no object", 400, lost);
    }
    host.play(Script::ok("application/jwt", &KeyPair::generate("ES256").sign(&json!({}), &signer.claims(json!({})))));
    let asked = host.connections();
    signer.browser.get(&signer.open(&[("request_uri", &uris[1])])).await.assert_rejected("too soon", 400, lost);
    assert_eq!(host.connections(), asked, "it is not asked for again within seconds");
    server.advance(Span::from_secs(40)).await;
    signer.browser.get(&signer.open(&[("request_uri", &uris[1])])).await.assert_rejected("forged", 400, UNSIGNED);
    signer.rp.post("/par", &[("request_uri", &uris[1])]).await.assert_error(400, "invalid_request");
}
