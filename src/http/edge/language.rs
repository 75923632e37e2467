//! The language menu of the pages: it keeps a choice in a cookie and leads back to the page.

use axum::http::header;
use axum::response::Response;
use url::Url;

use super::call::Call;
use super::{cookies, html};
use crate::app::App;
use signet_protocol::endpoint;
use signet_protocol::language::{Choice, Language};

/// `GET /language`
pub async fn get(call: Call) -> Response {
    let query = call.query().unwrap_or_default();
    let back = query.get("at").and_then(|address| own_page(&call.app, address));
    let mut response = html::see_other(&back.unwrap_or_else(|| format!("{}/", call.app.base_path())));
    if let Some(language) = query.get("to").and_then(Language::of_tag) {
        let cookie = cookies::of(&call.app).choose_language(Choice { language, at: call.context.now });
        response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    }
    response
}

/// The address as a path and query of this server, if a page is there. Browsers must not read it as another host.
fn own_page(app: &App, address: &str) -> Option<String> {
    let base = Url::parse(&app.settings.issuer).ok()?;
    let url = base.join(address).ok().filter(|url| url.origin() == base.origin())?;
    let is_plain = address.starts_with('/') && url.username().is_empty() && url.password().is_none();
    let is_page = endpoint::at(app.base_path(), url.path()).is_page();
    let path = url.path();
    let below = path.strip_prefix(app.base_path()).is_some_and(|rest| rest.starts_with('/') && !rest.starts_with("//"));
    if !is_plain || !is_page || !below || path.starts_with("//") {
        return None;
    }
    Some(url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
}
