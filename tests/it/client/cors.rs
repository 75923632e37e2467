//! Cross-origin requests: discovery for all origins, the token endpoints for registered ones, pages for none.

use reqwest::header::ORIGIN;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use signet_store::client::clients::Standing;

use crate::client::registration;
use crate::support::{Reply, TestServer};

const SPA: &str = "https://spa.example";
const ALLOW: &str = "access-control-allow-origin";

async fn send(request: RequestBuilder) -> Reply {
    Reply::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn token_endpoints_answer_scripts_of_registered_origins_only() {
    let server = TestServer::start().await;
    server.client("spa", json!({ "cors_origins": [SPA], "token_endpoint_auth_method": "none" })).await;
    let origins = [
        (SPA, true),
        ("https://SPA.example", false),
        ("https://spa.example:8443", false),
        ("http://spa.example", false),
        ("https://spa.example.evil.example", false),
        ("https://evil.example", false),
        ("https://spa.example/", false),
        ("null", false),
        ("*", false),
        ("https://rp.example", false),
    ];
    for path in ["/token", "/userinfo", "/revoke"] {
        for (origin, known) in origins {
            let expected = known.then_some(origin);
            let reply = send(server.http.post(server.url(path)).header(ORIGIN, origin)).await;
            assert_eq!(reply.header(ALLOW), expected, "POST {path} from {origin}");
            assert!(
                reply.header("vary").unwrap().contains("Origin"),
                "{path} from {origin}: caches distinguish origins"
            );
            assert_eq!(reply.header("access-control-allow-credentials"), None, "{path} from {origin}");

            let preflight = server.http.request(Method::OPTIONS, server.url(path)).header(ORIGIN, origin);
            let preflight = send(preflight.header("access-control-request-method", "POST")).await;
            assert_eq!(preflight.header(ALLOW), expected, "OPTIONS {path} from {origin}");
            assert_eq!(preflight.header("access-control-max-age"), known.then_some("3600"), "{path} from {origin}");
            assert_eq!(preflight.header("access-control-allow-methods").is_some(), known, "{path} from {origin}");
            assert_eq!(preflight.header("access-control-allow-credentials"), None, "{path} from {origin}");
        }
        let same = send(server.http.post(server.url(path))).await;
        assert_eq!(same.header(ALLOW), None, "{path} without an origin");
    }
    let challenge = send(server.http.get(server.url("/userinfo")).header(ORIGIN, SPA)).await;
    let exposed = challenge.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("www-authenticate"), "a script can read why it was refused: {exposed}");
}

#[tokio::test]
async fn a_client_in_a_browser_registers_from_any_origin_and_reads_the_answer() {
    let server = registration::open_with(|_| {}).await;
    for origin in ["https://inspector.example", "http://localhost:6274"] {
        let preflight = server.http.request(Method::OPTIONS, server.url("/register")).header(ORIGIN, origin);
        let preflight = send(preflight.header("access-control-request-method", "POST")).await;
        assert_eq!((preflight.status.as_u16(), preflight.header(ALLOW)), (204, Some("*")), "{preflight:?}");
        assert_eq!(preflight.header("access-control-allow-methods"), Some("POST"));
        let headers = preflight.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("authorization") && headers.contains('*'), "{headers}");
        assert_eq!(preflight.header("access-control-allow-credentials"), None, "no cookie counts there");

        let body = json!({"redirect_uris": [format!("{origin}/cb")], "token_endpoint_auth_method": "none"});
        let reply = send(server.http.post(server.url("/register")).header(ORIGIN, origin).json(&body)).await;
        assert_eq!((reply.status.as_u16(), reply.header(ALLOW)), (201, Some("*")), "{reply:?}");
        let refused = send(server.http.post(server.url("/register")).header(ORIGIN, origin).json(&json!([]))).await;
        assert_eq!((refused.status.as_u16(), refused.header(ALLOW)), (400, Some("*")), "{refused:?}");
    }
    let managed = server.http.request(Method::OPTIONS, server.url("/register/x")).header(ORIGIN, "https://a.example");
    assert_eq!(send(managed).await.header(ALLOW), None, "a registration is managed by servers");
    let off = TestServer::start().await;
    let preflight = send(off.http.request(Method::OPTIONS, off.url("/register"))).await;
    assert_eq!((preflight.status.as_u16(), preflight.header(ALLOW)), (404, None), "there is no registration");
}

#[tokio::test]
async fn pages_and_the_endpoints_of_servers_answer_no_foreign_script() {
    let server = TestServer::start().await;
    server.client("spa", json!({ "cors_origins": [SPA] })).await;
    for path in ["/", "/authorize", "/login", "/consent", "/logout", "/introspect", "/nowhere"] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let reply = send(server.http.request(method.clone(), server.url(path)).header(ORIGIN, SPA)).await;
            let allowed = reply.headers.keys().filter(|name| name.as_str().starts_with("access-control")).count();
            assert_eq!(allowed, 0, "{method} {path}: {reply:?}");
            assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn scripts_of_all_origins_may_read_discovery() {
    let server = TestServer::start().await;
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/.well-known/jwks.json",
        "/jwks",
    ] {
        for origin in ["https://any.example", "null"] {
            for method in [Method::GET, Method::OPTIONS] {
                let reply = send(server.http.request(method.clone(), server.url(path)).header(ORIGIN, origin)).await;
                assert_eq!(reply.header(ALLOW), Some("*"), "{method} {path} from {origin}");
                assert_eq!(reply.header("access-control-allow-credentials"), None, "{method} {path} from {origin}");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_origin_costs_no_statement() {
    let server = TestServer::start().await;
    server.client("spa", json!({ "cors_origins": [SPA] })).await;
    let preflight = async |origin: &str| {
        let request = server.http.request(Method::OPTIONS, server.url("/token")).header(ORIGIN, origin);
        send(request).await
    };
    let ((), statements) = server
        .statements(async {
            for number in 0..50 {
                let reply = preflight(&format!("https://{number}.evil.example")).await;
                assert_eq!((reply.status.as_u16(), reply.header(ALLOW)), (204, None));
            }
            let long = format!("https://{}.example", "x".repeat(15_000));
            assert_eq!(preflight(&long).await.header(ALLOW), None, "of the length that headers may have");
        })
        .await;
    assert_eq!(statements, 0, "strangers choose the origin");
}

#[tokio::test]
async fn every_node_follows_the_origins_of_a_client() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let allowed = async |node: &TestServer| {
        node.app.follow().await.unwrap();
        send(node.http.post(node.url("/token")).header(ORIGIN, SPA)).await.header(ALLOW).is_some()
    };
    assert!(!allowed(&twin).await);
    server.client("spa", json!({ "cors_origins": [SPA] })).await;
    assert!(allowed(&server).await && allowed(&twin).await, "added");
    server.set_client_standing("spa", Standing::Disabled).await;
    assert!(!allowed(&server).await && !allowed(&twin).await, "disabled");
    let late = server.twin().await;
    assert!(!allowed(&late).await, "read at the start");
    server.set_client_standing("spa", Standing::Enabled).await;
    assert!(allowed(&late).await && allowed(&twin).await, "enabled");
}

#[tokio::test]
async fn the_origins_of_a_disabled_client_are_forgotten() {
    let server = TestServer::start().await;
    server.client("spa", json!({ "cors_origins": [SPA] })).await;
    let allowed =
        || async { send(server.http.post(server.url("/token")).header(ORIGIN, SPA)).await.header(ALLOW).is_some() };
    assert!(allowed().await);
    server.set_client_standing("spa", Standing::Disabled).await;
    assert!(!allowed().await);
    server.set_client_standing("spa", Standing::Enabled).await;
    assert!(allowed().await);
}
