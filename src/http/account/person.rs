//! The signed-in person of a page of the console. A browser without a sufficient session is sent to the sign-in page,
//! and returns from there.

use axum::response::Response;

use crate::flows::account::person::{self, Assurance, FreshPerson, Person};
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::http::sign_in::for_account::Wanted;
use signet_protocol::endpoint::Endpoint;

/// The person who opens this page.
pub async fn signed_in(call: &Call, page: &'static Endpoint) -> Result<Person, Box<Response>> {
    match person::signed_in(&call.app.provider, &call.context, call.browser).await {
        Ok(Some(person)) => {
            call.learned.note_locale(person.user.claims.get("locale"));
            Ok(person)
        }
        Ok(None) => Err(sign_in(call, page, Assurance::Session)),
        Err(failure) => Err(Box::new(html::failed(call, failure))),
    }
}

/// The person who opens this page, if the authentication is fresh.
pub async fn fresh(call: &Call, page: &'static Endpoint) -> Result<FreshPerson, Box<Response>> {
    let person = signed_in(call, page).await?;
    person.into_fresh(call.context.now).ok_or_else(|| sign_in(call, page, Assurance::Fresh))
}

fn sign_in(call: &Call, page: &'static Endpoint, assurance: Assurance) -> Box<Response> {
    Box::new(html::see_other(&Wanted::new(page, assurance).url(call.app.base_path())))
}
