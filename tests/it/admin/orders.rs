//! Orders of operators that have no effect: they are refused by kind, and leave neither an audit record nor a change
//! for other nodes.

use signet::flows::admin::{Kind, NewMapper, NewWebhook, RoomError, WebhookChange};
use signet_protocol::client::resource::{HeaderChoice, Resource};
use signet_protocol::defense::address_block::parse_network;
use signet_protocol::ids::{ClientId, FamilyId, KeyId, SessionId, WebhookId};
use signet_store::client::clients::Standing;

use crate::client::logos::PNG;
use crate::support::TestServer;

/// The rows of the audit log and of the change sequence.
async fn traces(server: &TestServer) -> (usize, usize) {
    let records = server.database().query("SELECT id FROM audit_events").await.len();
    let changes = server.database().query("SELECT seq FROM changes").await.len();
    (records, changes)
}

#[tokio::test]
async fn an_order_about_nothing_is_not_found_and_leaves_no_trace() {
    let mut server = TestServer::stopped_with(|_| {}).await;
    server.stop_jobs().await;
    let context = server.context();
    let operator = server.operator(&context);
    let client = || ClientId::parse("nobody").unwrap();
    let network = parse_network("192.0.2.0/24").unwrap();
    let webhook = WebhookId::parse("nothing").unwrap();
    let resource = Resource { uri: "urn:nothing".to_owned(), header: HeaderChoice::default() };
    let key = KeyId::from_stored("nothing".to_owned());
    let keys = operator.keys(&server.app.provider.keys);
    let before = traces(&server).await;
    let refused: [(&str, Box<dyn RoomError>); 15] = [
        ("client remove", Box::new(operator.clients().remove(client()).await.unwrap_err())),
        ("client logo", Box::new(operator.clients().set_logo(client(), PNG.to_vec()).await.unwrap_err())),
        ("client disable", Box::new(operator.clients().set_standing(client(), Standing::Disabled).await.unwrap_err())),
        ("client sign-out", Box::new(operator.revocations().sign_out_client(&client()).await.unwrap_err())),
        ("user remove", Box::new(operator.people().remove("nobody").await.unwrap_err())),
        ("user disable", Box::new(operator.people().set_standing("nobody", Standing::Disabled).await.unwrap_err())),
        ("user sign-out", Box::new(operator.revocations().sign_out_user("nobody", None).await.unwrap_err())),
        ("session end", Box::new(operator.revocations().end_session(&session()).await.unwrap_err())),
        ("grant revoke", Box::new(operator.revocations().revoke_grant(&grant()).await.unwrap_err())),
        ("mapper remove", Box::new(operator.mappers().remove("nothing".to_owned()).await.unwrap_err())),
        ("resource update", Box::new(operator.resources().update(resource, &[]).await.unwrap_err())),
        ("resource remove", Box::new(operator.resources().remove("urn:nothing".to_owned()).await.unwrap_err())),
        ("block remove", Box::new(operator.blocks().remove(network).await.unwrap_err())),
        ("webhook remove", Box::new(operator.webhooks().change(&webhook, WebhookChange::Remove).await.unwrap_err())),
        ("keys compromise", Box::new(keys.compromise(&key).await.unwrap_err())),
    ];
    for (order, error) in &refused {
        assert!(matches!(error.kind(), Kind::NotFound), "{order}: {error}");
    }
    assert_eq!(traces(&server).await, before);
}

fn session() -> SessionId {
    SessionId::from_stored("nothing".to_owned())
}

fn grant() -> FamilyId {
    FamilyId::from_stored("nothing".to_owned())
}

#[tokio::test]
async fn an_order_that_changes_nothing_or_contradicts_what_is_stored_leaves_no_trace() {
    let mut server = TestServer::stopped_with(|_| {}).await;
    server.stop_jobs().await;
    let context = server.context();
    let operator = server.operator(&context);
    let url = "https://siem.example/events".to_owned();
    let webhook = NewWebhook { id: "siem".to_owned(), url, audience: None, events: Vec::new() };
    let id = operator.webhooks().add(webhook.clone()).await.unwrap();
    let claim = serde_json::json!({"claim": "tier", "source": {"static": 1}, "targets": ["userinfo"]});
    let mapper = NewMapper { id: "tier".to_owned(), client: None, mapper: serde_json::from_value(claim).unwrap() };
    operator.mappers().add(mapper.clone()).await.unwrap();
    let before = traces(&server).await;
    for change in [WebhookChange::Enable, WebhookChange::Retry] {
        operator.webhooks().change(&id, change).await.unwrap();
    }
    let again = operator.webhooks().add(webhook).await.unwrap_err();
    assert!(matches!(again.kind(), Kind::Conflict), "{again}");
    let again = operator.mappers().add(mapper).await.unwrap_err();
    assert!(matches!(again.kind(), Kind::Conflict), "{again}");
    assert_eq!(traces(&server).await, before);
}
