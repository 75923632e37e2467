//! Snapshots of what other programs and people read: the discovery document, the bodies of errors, and a page. A change
//! of any is seen in review; `INSTA_UPDATE=always cargo test --test it -- snapshots::` accepts it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::TestServer;

/// The text without what differs from run to run.
fn settled(text: &str, server: &TestServer, id: &str) -> String {
    text.replace(&server.issuer, "https://op.example").replace(id, "REQUEST-ID")
}

#[tokio::test]
async fn the_discovery_document() {
    let server = TestServer::start().await;
    let text = server.get("/.well-known/openid-configuration").await.text().await.unwrap();
    let document: BTreeMap<String, Value> = serde_json::from_str(&settled(&text, &server, "-")).unwrap();
    insta::assert_json_snapshot!(document);
}

#[tokio::test]
async fn the_bodies_of_errors() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let mut bodies = BTreeMap::new();
    for (name, reply) in [
        ("a code that was never issued", rp.redeem("sgac_AAAA").await),
        ("a refresh token that was never issued", rp.refresh("sgrt_AAAA").await),
        ("a grant type that does not exist", rp.post("/token", &[("grant_type", "password")]).await),
        ("no grant type", rp.post("/token", &[]).await),
        ("a grant type that the client may not use", rp.client_credentials(&[]).await),
    ] {
        bodies.insert(name, (reply.status.as_u16(), reply.json()));
    }
    let wrong = server.http.post(server.url("/token")).basic_auth("rp", Some("wrong"));
    let reply = wrong.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    bodies.insert("a wrong secret", (reply.status().as_u16(), reply.json().await.unwrap()));
    insta::assert_json_snapshot!(bodies);
}

#[tokio::test]
async fn the_page_of_an_address_that_does_not_exist() {
    let server = TestServer::start().await;
    let page = server.browser().get_with(&[("accept", "text/html")], "/nothing").await;
    let main = page.body.split_once("<main").unwrap().1.split_once("</main>").unwrap().0;
    insta::assert_snapshot!(settled(main, &server, page.header("x-request-id").unwrap()));
}
