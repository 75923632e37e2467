//! `GET /account`: the overview of the account console.

use axum::response::Response;

use super::{frame, person};
use crate::flows::account::overview::{self, Summary};
use crate::flows::account::person::Person;
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::pages::account::{Address, Advice, OverviewPage};
use signet_protocol::endpoint;
use signet_protocol::time::{Span, Timestamp};

/// The age from which on the check-list mentions a password.
const OLD_PASSWORD: Span = Span::from_days(2 * 365);

pub async fn get(call: Call) -> Response {
    let person = match person::signed_in(&call, &endpoint::ACCOUNT).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let summary = match overview::load(&call.app.provider, &call.context, &person).await {
        Ok(summary) => summary,
        Err(failure) => return html::failed(&call, failure),
    };
    let email = person.user.email.clone().map(|(address, is_verified)| Address { address, is_verified });
    let template = OverviewPage {
        page: html::page(&call),
        console: frame::console(&call, &person, &endpoint::ACCOUNT),
        email,
        previous: summary.previous_sign_in.map(Into::into),
        advice: advice(&summary, &person, call.app.base_path(), call.context.now),
    };
    frame::render(&call, &template)
}

/// The security check-list.
fn advice(summary: &Summary, person: &Person, base: &str, now: Timestamp) -> Vec<Advice> {
    let url = |path: &str| Some(format!("{base}{path}"));
    let others = summary.holdings.sessions.saturating_sub(1);
    let applications = summary.holdings.consents;
    let mut advice = Vec::new();
    match &person.user.email {
        Some((_, true)) => advice.push(fine("advice-email-verified", None)),
        Some((_, false)) => advice.push(Advice { is_fine: false, ..fine("advice-email-unverified", None) }),
        None => advice.push(Advice { is_fine: false, ..fine("advice-email-missing", None) }),
    }
    if let Some(set_at) = summary.password_set_at {
        let is_old = now.since(set_at) > OLD_PASSWORD;
        let key = if is_old { "advice-password-old" } else { "advice-password-recent" };
        advice.push(Advice { is_fine: !is_old, ..fine(key, url(endpoint::ACCOUNT_SECURITY.path)) });
    }
    let sessions = fine("advice-other-sessions", url(endpoint::ACCOUNT_SESSIONS.path));
    advice.push(Advice { count: others, is_fine: others == 0, ..sessions });
    let access = fine("advice-applications", url(endpoint::ACCOUNT_APPLICATIONS.path));
    advice.push(Advice { count: applications, ..access });
    advice
}

/// A line about which nothing is to be done.
const fn fine(key: &'static str, href: Option<String>) -> Advice {
    Advice { key, count: 0, is_fine: true, href }
}
