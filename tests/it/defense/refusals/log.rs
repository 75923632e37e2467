//! Log lines of refusals: limited for each client, without secrets.

use serde_json::json;
use signet_protocol::time::Span;

use super::{behind_proxy, explain, flush, latest, stranger};
use crate::support::TestServer;
use crate::support::log::{listen, logged};

#[tokio::test]
async fn a_flood_of_refusals_is_five_log_lines_and_a_count() {
    listen();
    let server = TestServer::stopped_with(behind_proxy).await;
    server.relying_party().await;
    for _ in 0..40 {
        stranger(&server, "203.0.113.1", "rp", "a").await;
    }
    server.clock.advance(Span::from_secs(61));
    flush(&server).await;
    let text = logged();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("event=\"refusal\"")).collect();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    let cause = "cause=\"client registered for client_secret_basic, used none\"";
    let parts = ["INFO", "request_id=", "endpoint=\"/token\"", "client_id=\"rp\"", "error=\"invalid_client\"", cause];
    assert!(parts.iter().all(|part| lines[0].contains(part)), "{}", lines[0]);
    let ended = text.lines().find(|line| line.contains("event=\"refusals_suppressed\""));
    assert!(ended.is_some_and(|line| line.contains("suppressed=35")), "{ended:?}");
    let metrics = server.app.provider.metrics.encode().unwrap();
    assert!(metrics.contains("signet_refusals_suppressed_total 35"), "{metrics}");
}

#[tokio::test]
async fn a_secret_sent_as_client_id_is_shown_nowhere() {
    let server = TestServer::start().await;
    let secrets = ["sgcs.fr~48c.0dBjft~eZ4C.P-mB92K27uh", "123e4567-e89b-12d3-a456-426614174000", "hunter-22"];
    for secret in secrets {
        listen();
        let refused = stranger(&server, "203.0.113.1", secret, "a").await;
        let explanation = explain(&server, refused.header("x-request-id").unwrap()).await.unwrap();
        let shown = explanation.client.unwrap().id;
        assert!(shown.ends_with(&format!("…({})", secret.len())), "{shown}");
        assert_eq!(latest(&server, secret).await.len(), 1, "the operator finds it by the id that was sent");
        assert_eq!(latest(&server, &shown).await.len(), 1, "and by what is shown");
        let log = logged();
        assert!(log.contains(&format!("client_id=\"{shown}\"")) && !log.contains(secret), "{log}");
        let stored = server.database().dump().await;
        assert!(stored.iter().all(|(_, value)| !String::from_utf8_lossy(value).contains(secret)), "{secret}");
    }
}

#[tokio::test]
async fn registered_clients_with_long_ids_are_logged_each_by_its_own() {
    listen();
    let server = TestServer::start().await;
    let ids = ["acme-customer-portal-production-eu-2", "acme-customer-billing-production-eu-2"];
    for id in ids {
        let mut client = server.client(id, json!({})).await;
        client.secret = Some("not the secret of this client at all".to_owned());
        for _ in 0..6 {
            client.redeem("a").await.assert_error(401, "invalid_client");
        }
    }
    let log = logged();
    for id in ids {
        let client = format!("client_id=\"{id}\"");
        let lines = log.lines().filter(|line| line.contains("event=\"refusal\"") && line.contains(&client));
        assert_eq!(lines.count(), 5, "{id}");
    }
}

#[tokio::test]
async fn expected_answers_to_prompt_none_displace_no_refusal() {
    listen();
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let answer = async |changes: &[(&str, &str)]| {
        let page = server.browser().get(&rp.authorization_url(changes)).await;
        let request_id = page.header("x-request-id").unwrap().to_owned();
        (page.header("location").unwrap().to_owned(), explain(&server, &request_id).await)
    };
    let (location, probe) = answer(&[("prompt", "none")]).await;
    assert!(location.contains("error=login_required") && probe.is_none(), "{location}: {probe:?}");
    assert!(!logged().contains("event=\"refusal\""));
    let (location, refused) = answer(&[("prompt", "none"), ("scope", "openid admin")]).await;
    assert!(location.contains("error=invalid_scope") && refused.is_some(), "{location}: other refusals are noted");
}
