//! Pages of people.

use super::AdminError;
use crate::flows::Context;
use crate::protocol::person::lookup_key;
use crate::store::Store;
use crate::store::directory::{self, Listed, Page, Wanted};

/// The people of a page.
pub struct UserQuery<'a> {
    /// A text that the name or the address contains, ignoring case; empty for all.
    pub containing: &'a str,
    /// The name that the page begins after; empty for the first page.
    pub after: &'a str,
    /// Their standing.
    pub standing: Wanted,
    /// The most people.
    pub limit: u32,
}

/// A page of people, by name.
#[derive(Debug)]
pub struct UserPage {
    /// The people.
    pub users: Vec<Listed>,
    /// The name that the next page begins after; nothing where this is the last page.
    pub next: Option<String>,
}

/// A page of people.
///
/// # Errors
/// [`AdminError::Query`] where a text is too long, or has characters that no name has.
pub async fn users(store: &Store, context: &Context, query: &UserQuery<'_>) -> Result<UserPage, AdminError> {
    let key = |text: &str| match text.is_empty() {
        true => Ok(String::new()),
        false => lookup_key(text).ok_or(AdminError::Query),
    };
    let after = key(query.after)?;
    let containing = key(query.containing)?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let page = Page {
        after: &after,
        containing: &containing,
        standing: query.standing,
        // One row more than the page shows whether there is a next one.
        limit: i64::from(query.limit).saturating_add(1),
    };
    let mut users = directory::page(&mut store.read().await?, &context.realm.id, &page).await?;
    let more = users.len() > limit;
    users.truncate(limit);
    let next = users.last().filter(|_| more).map(|user| user.username.clone());
    Ok(UserPage { users, next })
}
