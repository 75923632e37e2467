//! One request and its response on a connection of its own (RFC 9112). The caller bounds the time.

use futures_util::future::{Either, select};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{CallError, Cause, FetchError, MAX_BODY};
use signet_protocol::defense::outbound::OutboundUrl;
use signet_protocol::defense::outbound::UrlRefusal;

/// The maximum size of a response head: bytes and number of fields.
const MAX_HEAD: (usize, usize) = (16_384, 64);
/// The `User-Agent` (RFC 9110 §10.1.5), without a version.
const USER_AGENT: &str = "Signet";

/// The media type of error reasons.
const JSON: &str = "application/json";

/// The request to make.
pub(super) enum Call<'a> {
    /// Gets a document of one of these media types.
    Get { accept: &'a [&'a str] },
    /// Posts a document of this media type.
    Post { content_type: &'a str, body: String },
}

/// The response. Only those to a GET with status 200 and to a POST with status 400 have a type and a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    const fn bare(status: u16) -> Self {
        Self { status, content_type: String::new(), body: Vec::new() }
    }
}

/// Sends the request and reads the response.
pub(super) async fn run<S>(stream: S, url: &OutboundUrl, call: Call<'_>) -> Result<Answer, CallError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = request(url, &call).ok_or(CallError::Public(FetchError::NotPermitted(UrlRefusal::Malformed)))?;
    let (bytes, fields) = MAX_HEAD;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(bytes).max_headers(fields);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(Cause::Http)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(Cause::Http)?;
        read(response, &call).await
    };
    // The connection moves the bytes. It may end while data that it has read is still unread by the exchange.
    match select(Box::pin(exchange), connection).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, exchange)) => exchange.await,
    }
}

fn request(url: &OutboundUrl, call: &Call<'_>) -> Option<Request<Full<Bytes>>> {
    let builder = Request::builder()
        .uri(url.path_and_query())
        .header(header::HOST, url.authority())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close");
    let request = match call {
        Call::Get { accept } => builder.method("GET").header(header::ACCEPT, accept.join(", ")).body(Full::default()),
        Call::Post { content_type, body } => builder
            .method("POST")
            .header(header::CONTENT_TYPE, *content_type)
            .header(header::ACCEPT, JSON)
            .body(Full::from(body.clone())),
    };
    request.ok()
}

async fn read(response: Response<Incoming>, call: &Call<'_>) -> Result<Answer, CallError> {
    let status = response.status().as_u16();
    match call {
        Call::Get { accept } if status == 200 => document(response, accept).await,
        // A refusal may have a reason (RFC 8935 §2.3), but does not need one.
        Call::Post { .. } if status == 400 => Ok(document(response, &[JSON]).await.unwrap_or(Answer::bare(status))),
        Call::Get { .. } | Call::Post { .. } => Ok(Answer::bare(status)),
    }
}

/// Reads the document of a response, of one of these media types.
async fn document(response: Response<Incoming>, accept: &[&str]) -> Result<Answer, CallError> {
    let status = response.status().as_u16();
    let content_type = media_type(response.headers());
    let encoded = text(response.headers(), header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    if encoded || !accept.contains(&content_type.as_str()) {
        return Err(CallError::Public(FetchError::WrongType));
    }
    let body = read_body(response.into_body()).await?;
    Ok(Answer { status, content_type, body })
}

/// Reads the body up to its limit, announced or not.
async fn read_body(mut body: Incoming) -> Result<Vec<u8>, CallError> {
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(CallError::Public(FetchError::TooLarge));
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(Cause::Http)?.into_data() else { continue };
        if bytes.len() + data.len() > MAX_BODY {
            return Err(CallError::Public(FetchError::TooLarge));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Returns the media type without its parameters, in lower case (RFC 9110 §8.3.1).
fn media_type(headers: &HeaderMap) -> String {
    let whole = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns the text of a field that occurs once. Anything else yields a value that matches nothing.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    match (first.to_str(), values.next()) {
        (Ok(value), None) => Some(value.trim().to_ascii_lowercase()),
        (Ok(_) | Err(_), _) => Some("*".to_owned()),
    }
}
