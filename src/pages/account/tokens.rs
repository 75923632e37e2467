//! Personal access tokens.

use askama::Template;

use super::{Console, When};
use crate::pages::Page;
use signet_store::account::personal_tokens::PersonalToken;

#[derive(Template)]
#[template(path = "account/tokens.html")]
pub struct TokensPage {
    pub page: Page,
    pub console: Console,
    pub tokens: Vec<TokenLine>,
    pub form: TokenForm,
    /// The keys of the words for what is wrong with the form.
    pub errors: Vec<&'static str>,
    /// The new token, shown once.
    pub value: Option<String>,
    /// The time from which on the next token can be made.
    pub next: Option<When>,
}

/// The form for a new token.
#[derive(Clone, Debug)]
pub struct TokenForm {
    pub name: String,
    pub resources: Vec<Choice>,
    pub scopes: Vec<Choice>,
    pub lifetimes: Vec<Lifetime>,
}

/// A resource or a scope of the form.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: String,
    pub is_chosen: bool,
}

/// A lifetime of the form.
#[derive(Clone, Debug)]
pub struct Lifetime {
    pub seconds: i64,
    /// In days or, below a day, in hours.
    pub count: i64,
    /// The key of the words for the unit.
    pub unit: &'static str,
    pub is_chosen: bool,
}

/// A live token.
#[derive(Clone, Debug)]
pub struct TokenLine {
    pub id: String,
    pub name: String,
    pub resources: Vec<String>,
    pub scopes: Vec<String>,
    pub created: When,
    pub expires: When,
    pub used: Option<When>,
}

impl From<PersonalToken> for TokenLine {
    fn from(token: PersonalToken) -> Self {
        Self {
            id: token.id.as_str().to_owned(),
            name: token.name,
            resources: token.resources,
            scopes: token.scope.iter().map(str::to_owned).collect(),
            created: token.created_at.into(),
            expires: token.expires_at.into(),
            used: token.used_at.map(When::from),
        }
    }
}
