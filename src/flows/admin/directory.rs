//! Pages of people.

use super::people::{People, PeopleError};
use signet_protocol::account::person::lookup_key;
use signet_store::account::directory::{self, Listed, Page, Wanted};

/// The selection of a page of people.
pub struct UserQuery<'a> {
    /// A text that the name or the address contains, ignoring case; empty for all.
    pub containing: &'a str,
    /// The name after which the page begins; empty for the first page.
    pub after: &'a str,
    pub standing: Wanted,
    /// The maximum number of people.
    pub limit: u32,
}

/// A page of people, by name.
#[derive(Debug)]
pub struct UserPage {
    pub users: Vec<Listed>,
    /// The name after which the next page begins; `None` on the last page.
    pub next: Option<String>,
}

impl People<'_> {
    pub async fn list(&self, query: &UserQuery<'_>) -> Result<UserPage, PeopleError> {
        let key = |text: &str| match text {
            "" => Ok(String::new()),
            text => lookup_key(text).ok_or(PeopleError::Query),
        };
        let after = key(query.after)?;
        let containing = key(query.containing)?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let page = Page {
            after: &after,
            containing: &containing,
            standing: query.standing,
            // One row more than the page shows if there is a next one.
            limit: i64::from(query.limit).saturating_add(1),
        };
        let mut tx = self.operator.store.read().await?;
        let mut users = directory::page(&mut tx, self.operator.realm(), &page).await?;
        let more = users.len() > limit;
        users.truncate(limit);
        let next = users.last().filter(|_| more).map(|user| user.username.clone());
        Ok(UserPage { users, next })
    }
}
