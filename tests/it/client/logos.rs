//! The logos of clients: images from this server's own origin, and nothing but images.

use serde_json::json;
use signet::config::Settings;
use signet::flows::admin::ClientsError;
use signet::http::edge::tls;
use signet_protocol::client::logo::MAX_LOGO;
use signet_protocol::ids::ClientId;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::client::registration::{client, open_with, register, with};
use crate::support::upstream::{Script, Upstream};
use crate::support::{Reply, TestServer};

pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe rest of a picture";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0the rest of a picture";

async fn set(server: &TestServer, id: &str, image: &[u8]) -> Result<(), ClientsError> {
    let id = ClientId::parse(id).unwrap();
    let done = server.operator(&server.context()).clients().set_logo(id, image.to_vec()).await;
    server.app.follow().await.unwrap();
    done
}

/// The address of the logo on a page.
pub fn shown(body: &str) -> Option<&str> {
    let image = body.split("<img class=\"client-logo\" src=\"").nth(1)?;
    image.split('"').next()
}

#[tokio::test]
async fn a_logo_is_shown_from_our_own_origin_as_a_picture_only() {
    let server = TestServer::start().await;
    let rp = server.client("rp/1?x", json!({"logo_uri": "https://canary.example/logo.png"})).await;
    let browser = server.browser();
    let login = browser.visit(&rp.authorization_url(&[])).await;
    assert_eq!(shown(&login.body), None, "without a logo there is the common sign");
    set(&server, "rp/1?x", PNG).await.unwrap();
    let login = browser.visit(&rp.authorization_url(&[])).await;
    let consent = browser.sign_in(&login, "alice").await;
    let src = shown(&login.body).expect("a logo").to_owned();
    assert_eq!(shown(&consent.body), Some(src.as_str()));
    for page in [&login, &consent] {
        assert!(!page.has("canary") && page.header("content-security-policy").unwrap().contains("img-src 'self'"));
    }
    assert!(src.starts_with("/clients/rp%2F1%3Fx/logo?"), "{src}");
    let logo = server.get(&src).await;
    let headers = logo.headers().clone();
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "public, max-age=86400"),
    ] {
        assert_eq!(header(name), Some(value), "{name}");
    }
    assert_eq!(logo.status(), 200);
    assert_eq!(logo.bytes().await.unwrap(), PNG);
    let again = server.http.get(server.url(&src)).header("if-none-match", header("etag").unwrap());
    assert_eq!(again.send().await.unwrap().status(), 304);
    server.advance(Span::from_secs(1)).await;
    set(&server, "rp/1?x", JPEG).await.unwrap();
    let login = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    let next = shown(&login.body).unwrap().to_owned();
    assert_ne!(next, src, "another picture has another address");
    let again = server.http.get(server.url(&next)).header("if-none-match", header("etag").unwrap());
    let again = again.send().await.unwrap();
    assert_eq!((again.status().as_u16(), again.headers()["content-type"].to_str().unwrap()), (200, "image/jpeg"));
}

#[tokio::test]
async fn only_small_pictures_of_known_kinds_are_logos() {
    let server = TestServer::start().await;
    server.relying_party().await;
    for (rule, image) in [
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec()),
        ("HTML", b"<!doctype html>".to_vec()),
        ("nothing", Vec::new()),
        ("GIF", b"GIF89a........".to_vec()),
        ("too large", [PNG, &vec![0; MAX_LOGO]].concat()),
    ] {
        assert!(matches!(set(&server, "rp", &image).await, Err(ClientsError::Logo(_))), "{rule}");
        assert_eq!(server.get("/clients/rp/logo").await.status(), 404, "{rule}");
    }
    assert!(matches!(set(&server, "nobody", PNG).await, Err(ClientsError::NotFound(_))));
}

#[tokio::test]
async fn clients_that_are_unknown_or_disabled_have_no_logo() {
    let server = TestServer::start().await;
    server.relying_party().await;
    set(&server, "rp", PNG).await.unwrap();
    assert_eq!(server.get("/clients/rp/logo").await.status(), 200);
    server.set_client_standing("rp", Standing::Disabled).await;
    for path in ["/clients/rp/logo", "/clients/nobody/logo", "/clients/a%20b/logo", "/clients/%00/logo"] {
        let reply = Reply::of(server.get(path).await).await;
        assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (404, Some("no-store")), "{path}");
    }
}

/// A server that fetches logos, and a publisher of one at https.
pub async fn publisher(
    script: Script,
    change: impl FnOnce(&mut Settings),
) -> (TestServer, Upstream, tempfile::TempDir) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let cert = files.path().join("cert.pem");
    let key = files.path().join("key.pem");
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    crate::support::server::install_crypto();
    let upstream = Upstream::https(script, tls::acceptor(&cert, &key).unwrap()).await;
    let server = open_with(|settings| {
        settings.registration.fetch_logos = true;
        settings.outbound.allow_hosts = vec!["localhost".to_owned()];
        settings.outbound.extra_ca = Some(cert);
        change(settings);
    })
    .await;
    (server, upstream, files)
}

pub fn picture(content_type: &str, image: &[u8]) -> Script {
    let length = image.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n");
    Script::Answer([head.as_bytes(), image].concat())
}

fn naming(upstream: &Upstream) -> serde_json::Value {
    with(json!({"logo_uri": format!("https://localhost:{}/logo", upstream.port)}))
}

#[tokio::test]
async fn a_named_logo_is_fetched_once_where_the_settings_say_so() {
    let (server, upstream, _files) = publisher(picture("image/png", PNG), |_| {}).await;
    let information = register(&server, &naming(&upstream)).await;
    let rp = client(&server, &information);
    for _ in 0..3 {
        let login = server.browser().visit(&rp.authorization_url(&[])).await;
        let src = shown(&login.body).expect("a logo").to_owned();
        assert!(!login.has("localhost:"), "never hot-linked");
        assert_eq!(server.get(&src).await.bytes().await.unwrap(), PNG);
    }
    assert_eq!(upstream.connections(), 1);
    let uri = information["registration_client_uri"].as_str().unwrap();
    let token = information["registration_access_token"].as_str().unwrap();
    let mut same = naming(&upstream);
    same["client_id"] = information["client_id"].clone();
    let put = server.http.put(uri).bearer_auth(token).json(&same).send().await.unwrap();
    assert_eq!((put.status().as_u16(), upstream.connections()), (200, 1), "it is the one that it was");
    let without = with(json!({"client_id": information["client_id"]}));
    let put = server.http.put(uri).bearer_auth(token).json(&without).send().await.unwrap();
    assert_eq!(put.status(), 200);
    let login = server.browser().visit(&rp.authorization_url(&[])).await;
    assert_eq!(shown(&login.body), None, "gone with its name");
}

#[tokio::test]
async fn without_a_logo_the_registration_goes_on() {
    let rows = [
        ("not found", Script::raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")),
        ("a page that says it is a picture", picture("image/png", b"<script>alert(1)</script>")),
        ("SVG", picture("image/svg+xml", b"<svg/>")),
        ("a picture that says it is a page", picture("text/html", PNG)),
        ("too large", picture("image/png", &[PNG, &vec![0; MAX_LOGO]].concat())),
    ];
    for (rule, script) in rows {
        let (server, upstream, _files) = publisher(script, |_| {}).await;
        let information = register(&server, &naming(&upstream)).await;
        assert_eq!(upstream.connections(), 1, "{rule}");
        let login = server.browser().visit(&client(&server, &information).authorization_url(&[])).await;
        assert_eq!(shown(&login.body), None, "{rule}");
    }
}

#[tokio::test]
async fn nothing_is_fetched_where_the_settings_do_not_say_so() {
    let off = |settings: &mut Settings| settings.registration.fetch_logos = false;
    let (server, upstream, _files) = publisher(picture("image/png", PNG), off).await;
    let information = register(&server, &naming(&upstream)).await;
    assert!(information["logo_uri"].is_string());
    let login = server.browser().visit(&client(&server, &information).authorization_url(&[])).await;
    assert_eq!((shown(&login.body), login.has("localhost:"), upstream.connections()), (None, false, 0));
}
