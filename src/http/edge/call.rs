//! A parsed request: its context, the browser's cookies, and its parameters, each read once and within limits.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::http::{HeaderMap, Method, Request as HttpRequest, StatusCode, Uri};
use axum::response::Response;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body as HttpBody;
use tower::BoxError;

use super::arrived::Arrived;
use super::viewer::{Head, Learned, Viewer};
use super::{cookies, error};
use crate::app::App;
use crate::flows::client::register;
use crate::flows::session::Browser;
use crate::flows::{Context, FlowError};
use signet_protocol::cause::Cause;
use signet_protocol::client::credentials::{self, Authorization};
use signet_protocol::error::OAuthError;
use signet_protocol::params::Params;
use signet_store::events::audit::Origin;

/// The maximum stored length of the User-Agent, in characters.
const MAX_USER_AGENT: usize = 500;

pub struct Call {
    pub app: Arc<App>,
    /// The request-scoped inputs of the flows.
    pub context: Context,
    /// The browser's cookies, as digests.
    pub browser: Browser,
    pub headers: HeaderMap,
    pub method: Method,
    /// The wishes about the language of pages that the handler has learned.
    pub learned: Learned,
    uri: Uri,
    body: Bytes,
}

impl FromRequest<Arc<App>> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let arrived = match request.extensions().get::<Arrived>() {
            Some(arrived) => arrived.clone(),
            None => Arrived::now(app, &request),
        };
        Self::of(request, app, arrived).await
    }
}

impl Call {
    /// Builds a call from a request whose body has been read.
    pub async fn of<B>(request: HttpRequest<B>, app: &Arc<App>, arrived: Arrived) -> Result<Self, Response>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>>,
    {
        let (parts, body) = request.into_parts();
        let read = Limited::new(body, app.settings.limits.body_bytes).collect().await;
        let too_large = |_| error::plain(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large.");
        let body = read.map_err(too_large)?.to_bytes();
        arrived.note_read();
        let context = Context {
            realm: app.realm.clone(),
            now: app.clock.now(),
            entropy: app.entropy.clone(),
            origin: Origin {
                address: arrived.shown.unwrap_or_default(),
                user_agent: user_agent(&parts.headers),
                request_id: arrived.id,
                operator: String::new(),
            },
        };
        Ok(Self {
            app: app.clone(),
            context,
            browser: cookies::of(app).read(&parts.headers),
            uri: parts.uri,
            headers: parts.headers,
            method: parts.method,
            learned: Learned::default(),
            body,
        })
    }

    /// Counts the outcome of a token operation, and writes it to the security log if it changed something or was
    /// refused. Successful reads, which programs make continuously, have only the log line of the request.
    pub fn count<T>(&self, operation: &'static str, answer: &Result<T, FlowError>) {
        let outcome = answer.as_ref().err().map_or("success", FlowError::outcome);
        self.app.provider.count_operation(operation, outcome);
        match answer {
            Ok(_) if !matches!(operation, "token" | "revoke") => {}
            // The refusal's own log line has the outcome and the cause.
            Err(FlowError::Refused(_)) if operation == "userinfo" => {
                tracing::debug!(target: "security", event = "access_denied", operation, outcome, "refused a token");
            }
            Err(FlowError::Refused(_)) => {
                tracing::debug!(target: "security", event = "token_operation", operation, success = false, outcome);
            }
            Ok(_) => {
                // The line of the request has the same facts, and there are many such requests.
                tracing::debug!(target: "security", event = "token_operation", operation, success = true, outcome);
            }
            Err(_) => {
                tracing::info!(target: "security", event = "token_operation", operation, success = false, outcome);
            }
        }
    }

    /// The endpoint: the first segment of the path below the issuer, such as `/token`.
    pub fn endpoint(&self) -> &str {
        let path = self.path();
        let end = path.char_indices().skip(1).find(|(_, c)| *c == '/').map_or(path.len(), |(end, _)| end);
        path.get(..end).unwrap_or(path)
    }

    /// The client id in the path of a registration (RFC 7592 §2).
    pub fn registered_client(&self) -> Option<String> {
        let rest = self.path().strip_prefix(register::PATH)?;
        rest.strip_prefix('/').map(str::to_owned)
    }

    /// The path below the issuer's, which the router may already have removed.
    pub fn path(&self) -> &str {
        let path = self.uri.path();
        path.strip_prefix(self.app.base_path()).filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }

    /// The URL as the caller used it, without the query: with the scheme of the issuer, because a proxy may have
    /// terminated TLS, and the host of the request, which the guard has checked.
    pub fn url(&self) -> String {
        let issuer = self.app.realm.issuer.as_str();
        let scheme = issuer.split_once("://").map_or("https", |(scheme, _)| scheme);
        let named = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = self.uri.authority().map(|authority| authority.as_str()).or(named).unwrap_or_default();
        format!("{scheme}://{host}{}{}", self.app.base_path(), self.path())
    }

    /// The person who sees the page that answers this call.
    pub fn viewer(&self) -> Viewer {
        self.learned.viewer(&self.app, Head { headers: &self.headers, path: self.path(), query: self.uri.query() })
    }

    /// The query as it was sent, to repeat it in a URL of this server.
    pub fn query_text(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// The query parameters. One that is malformed or repeated is `invalid_request`.
    pub fn query(&self) -> Result<Params, OAuthError> {
        Params::parse(self.query_text().as_bytes())
    }

    /// The parameters of query and form together. Malformed ones are `invalid_request`; repetitions are recorded but
    /// not refused.
    pub fn query_and_form(&self) -> Result<Params, OAuthError> {
        let mut params = Params::default();
        params.extend(self.query_text().as_bytes())?;
        if !self.body.is_empty() {
            params.extend(self.form_body()?)?;
        }
        Ok(params)
    }

    /// Query and form as one query; `None` if there is no form, or it is not encoded as browsers do it.
    pub fn as_query(&self) -> Option<String> {
        let form = std::str::from_utf8(self.form_body().ok()?).ok()?;
        let parts: Vec<&str> = [self.query_text(), form].into_iter().filter(|part| !part.is_empty()).collect();
        let query = parts.join("&");
        query.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*-._~+%&=".contains(&byte)).then_some(query)
    }

    /// The form parameters. A missing or malformed form, or a repeated parameter, is `invalid_request`.
    pub fn form(&self) -> Result<Params, OAuthError> {
        Params::parse(self.form_body()?)
    }

    /// The form parameters of an endpoint that accepts none in the query (RFC 6749 §3.2).
    pub fn form_only(&self) -> Result<Params, OAuthError> {
        if !self.query_text().is_empty() {
            return Err(OAuthError::invalid_request("Parameters belong in the body of the request."));
        }
        self.form()
    }

    /// True if the media type of the body is that of a form.
    pub fn has_form(&self) -> bool {
        !self.body.is_empty() && self.form_body().is_ok()
    }

    /// The parsed `Authorization` header, or an error of RFC 6749 or RFC 6750 if it is malformed or repeated.
    pub fn authorization(&self) -> Result<Authorization, OAuthError> {
        let values: Vec<&[u8]> = self.headers.get_all(header::AUTHORIZATION).iter().map(|v| v.as_bytes()).collect();
        credentials::parse(&values)
    }

    /// The `Authorization` header of an endpoint with client authentication. A repeated one is `invalid_request`, any
    /// other that cannot be used is `invalid_client` (RFC 6749 §5.2).
    pub fn client_authorization(&self) -> Result<Authorization, OAuthError> {
        let several = self.headers.get_all(header::AUTHORIZATION).iter().count() > 1;
        self.authorization().map_err(|error| if several { error } else { Cause::AuthorizationUnusable.into() })
    }

    /// The body of a JSON endpoint. A body of another type is `invalid_client_metadata`, as registration requires;
    /// other endpoints map that to their own error.
    pub fn json_body(&self) -> Result<&[u8], OAuthError> {
        match self.media_type().as_deref() {
            Some("application/json") => Ok(&self.body),
            _ => Err(OAuthError::invalid_client_metadata("The body must be application/json.")),
        }
    }

    fn form_body(&self) -> Result<&[u8], OAuthError> {
        match self.media_type().as_deref() {
            Some("application/x-www-form-urlencoded") => Ok(&self.body),
            _ => Err(OAuthError::invalid_request("The body must be application/x-www-form-urlencoded.")),
        }
    }

    /// The media type of the body, without parameters.
    fn media_type(&self) -> Option<String> {
        let content_type = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        content_type.map(|text| text.split(';').next().unwrap_or(text).trim().to_ascii_lowercase())
    }
}

/// The User-Agent, truncated, without control characters.
fn user_agent(headers: &HeaderMap) -> String {
    let Some(raw) = headers.get(header::USER_AGENT) else { return String::new() };
    match raw.to_str() {
        // The fast path: almost all values are printable ASCII.
        Ok(plain) if plain.len() <= MAX_USER_AGENT && !plain.contains('\t') => plain.to_owned(),
        Ok(_) | Err(_) => {
            let text = String::from_utf8_lossy(raw.as_bytes());
            text.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect()
        }
    }
}
