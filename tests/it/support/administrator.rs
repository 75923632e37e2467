//! A client that administers the server over its API, like an operator's own tool.

use serde_json::{Value, json};

use super::{RelyingParty, Reply, TestServer};

/// A client with the scopes of the administration.
pub struct Administrator {
    pub client: RelyingParty,
    pub resource: String,
}

impl Administrator {
    /// Registers a client with all scopes.
    pub async fn of(server: &TestServer) -> Self {
        Self::with_scope(server, "ops", "signet:read signet:revoke").await
    }

    /// Registers a client with these scopes.
    pub async fn with_scope(server: &TestServer, id: &str, scope: &str) -> Self {
        let resource = format!("{}/api/v1", server.app.settings.issuer);
        let metadata = json!({
            "grant_types": ["client_credentials"], "redirect_uris": [], "scope": scope, "audiences": [resource],
        });
        Self { client: server.client(id, metadata).await, resource }
    }

    /// A token for the API.
    pub async fn token(&self) -> String {
        self.client.client_credentials(&[("resource", &self.resource)]).await.tokens().access_token
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Reply {
        let request = self.client.http.post(format!("{}/api/v1{path}", self.client.issuer));
        Reply::of(request.bearer_auth(token).json(body).send().await.unwrap()).await
    }

    /// A GET.
    pub async fn get(&self, path: &str, token: &str) -> Reply {
        let request = self.client.http.get(format!("{}/api/v1{path}", self.client.issuer));
        Reply::of(request.bearer_auth(token).send().await.unwrap()).await
    }

    /// Sends a revocation order with a new token.
    pub async fn order(&self, body: Value) -> Reply {
        self.post("/revocations", &self.token().await, &body).await
    }

    /// Sends a revocation order, which must succeed, and returns the counts of what has ended.
    pub async fn revoke(&self, body: Value) -> Value {
        let reply = self.order(body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// The response of the API to a GET.
    pub async fn read(&self, path: &str) -> Value {
        let reply = self.get(path, &self.token().await).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }
}

impl Reply {
    /// Problem details of this status (RFC 9457).
    #[track_caller]
    pub fn assert_problem(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(self.header("access-control-allow-origin"), None, "{self:?}");
        let body = self.json();
        assert_eq!((&body["type"], &body["status"]), (&json!("about:blank"), &json!(status)), "{self:?}");
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{self:?}");
    }
}
