//! Explanations of refused requests, for operators.

use serde::Serialize;

use crate::flows::{Context, FlowError};
use signet_protocol::cause::Shown;
use signet_protocol::ids::ClientId;
use signet_store::client::clients;
use signet_store::defense::refusals::{self, Refusal};
use signet_store::{Store, Tx};

/// A refused request, explained.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The request id in the answer.
    pub request_id: String,
    /// The time, in seconds.
    pub at: i64,
    pub endpoint: String,
    /// The client that the request named. Another party may have sent the request.
    pub client: Option<Named>,
    pub answer: Answer,
    pub cause: String,
    /// The change that would let the request pass.
    pub hint: Option<String>,
}

/// A client that a request named.
#[derive(Clone, Debug, Serialize)]
pub struct Named {
    /// The id; only its beginning and length if it is not registered.
    pub id: String,
    /// The name; `None` if the client is not registered.
    pub name: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    pub status: i64,
    /// The member `error`.
    pub error: String,
    /// The member `error_description`, or the sentence of the page.
    pub description: String,
}

/// Explains the request with this id, if it was refused within a day and its refusal was stored.
pub async fn explain(store: &Store, context: &Context, request_id: &str) -> Result<Option<Explanation>, FlowError> {
    let mut tx = store.read().await?;
    match refusals::find(&mut tx, &context.realm.id, request_id).await? {
        Some(refusal) => Ok(Some(explained(&mut tx, context, refusal).await?)),
        None => Ok(None),
    }
}

/// Explains the latest refusals of requests that named this client, newest first. Unregistered ids with the same
/// beginning and length count as one.
pub async fn latest(store: &Store, context: &Context, client: &str, most: i64) -> Result<Vec<Explanation>, FlowError> {
    let mut tx = store.read().await?;
    let realm = &context.realm.id;
    let mut found = refusals::of_client(&mut tx, realm, client, most).await?;
    if found.is_empty() {
        let shown = Shown::unregistered_client(client);
        found = refusals::of_client(&mut tx, realm, shown.as_str(), most).await?;
    }
    let mut explanations = Vec::new();
    for refusal in found {
        explanations.push(explained(&mut tx, context, refusal).await?);
    }
    Ok(explanations)
}

async fn explained(tx: &mut Tx, context: &Context, refusal: Refusal) -> Result<Explanation, FlowError> {
    let id = ClientId::parse(&refusal.client_id);
    let client = match id.filter(|_| refusal.client_existed) {
        Some(id) => clients::find(tx, &context.realm.id, &id).await?,
        None => None,
    };
    let name = client.map(|client| client.name().to_owned());
    let hint = refusal.hint.map(|hint| match &name {
        Some(_) => hint.replace("CLIENT", &refusal.client_id),
        None => hint,
    });
    Ok(Explanation {
        request_id: refusal.request_id,
        at: refusal.at.as_secs(),
        endpoint: refusal.endpoint,
        client: (!refusal.client_id.is_empty()).then_some(Named { id: refusal.client_id, name }),
        answer: Answer { status: refusal.status, error: refusal.error, description: refusal.description },
        cause: refusal.cause,
        hint,
    })
}
