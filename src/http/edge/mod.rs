//! Around every endpoint: the accept loop and TLS, limits, headers, cookies, CORS, error rendering.

pub(crate) mod arrived;
pub(crate) mod assets;
pub(crate) mod call;
pub(crate) mod client_endpoint;
pub(crate) mod cookies;
pub(crate) mod cors;
pub(crate) mod csrf;
pub(crate) mod entrance;
pub(crate) mod error;
pub(crate) mod fault;
pub mod guard;
pub(crate) mod html;
pub(crate) mod language;
pub(crate) mod limits;
pub(crate) mod mount;
pub(crate) mod oauth_error;
pub(crate) mod peer;
pub(crate) mod peers;
pub(crate) mod refusal;
pub(crate) mod retry;
pub mod serve;
pub mod tls;
pub(crate) mod trace;
pub(crate) mod viewer;
