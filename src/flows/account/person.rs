//! The person who is signed in to the account console. Changes of credentials and exports need a [`FreshPerson`], so
//! that an unattended browser or a stolen session cookie is not enough for them (NIST SP 800-63B §5.2).

use std::sync::Arc;

use crate::flows::session::{self, Browser};
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::time::{Span, Timestamp};
use signet_store::account::users::User;
use signet_store::session::sessions::Session;

/// The time after an authentication for which it counts as fresh.
const FRESH: Span = Span::from_minutes(10);
/// The tolerated difference to the clock of another node that wrote the session.
const SKEW: Span = Span::from_secs(-60);

/// A signed-in person.
#[derive(Clone, Debug)]
pub struct Person {
    pub session: Session,
    pub user: Arc<User>,
}

/// A signed-in person who has authenticated in the last ten minutes.
#[derive(Clone, Debug)]
pub struct FreshPerson(Person);

/// The assurance that a page requires of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assurance {
    /// Any live session.
    Session,
    /// A session with an authentication in the last ten minutes.
    Fresh,
}

/// The person whose session the browser holds. Records the use of the session.
pub async fn signed_in(provider: &Provider, context: &Context, browser: Browser) -> Result<Option<Person>, FlowError> {
    let Some(session) = session::current(provider, context, browser).await? else { return Ok(None) };
    let Some(user) = provider.view.user(&context.realm.id, &session.user_id).await? else { return Ok(None) };
    session::record_use(provider, context, &session).await?;
    Ok(Some(Person { session, user }))
}

impl Person {
    /// True if the session has the assurance.
    pub fn has(&self, required: Assurance, now: Timestamp) -> bool {
        required == Assurance::Session || is_fresh(self.session.authentication.time, now)
    }

    /// The same person, if the authentication is fresh.
    pub fn into_fresh(self, now: Timestamp) -> Option<FreshPerson> {
        let is_fresh = self.has(Assurance::Fresh, now);
        is_fresh.then_some(FreshPerson(self))
    }
}

impl FreshPerson {
    pub const fn person(&self) -> &Person {
        &self.0
    }
}

/// A time of authentication in the future comes from a clock that was set back, and proves nothing.
fn is_fresh(authenticated_at: Timestamp, now: Timestamp) -> bool {
    let age = now.since(authenticated_at);
    SKEW <= age && age <= FRESH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authentication_is_fresh_for_ten_minutes() {
        let rows = [(-61, false), (-60, true), (0, true), (600, true), (601, false), (86_400, false)];
        for (age, expected) in rows {
            let now = Timestamp::from_secs(1_000_000);
            assert_eq!(is_fresh(now.plus(Span::from_secs(-age)), now), expected, "{age} s");
        }
    }
}
