//! The choice of an account on the sign-in page.

use askama::Template;

use super::{ClientCard, Page};

#[derive(Template)]
#[template(path = "choose_account.html")]
pub struct ChooseAccountPage {
    pub page: Page,
    /// The URL of the page, to which its forms are posted. It has a query.
    pub url: String,
    /// The token that binds the forms to the browser.
    pub csrf: String,
    /// The client that requested the sign-in.
    pub client: Option<ClientCard>,
    /// The URL of the form without a name.
    pub other_account: String,
    pub accounts: Vec<AccountChoice>,
}

/// An account to choose.
#[derive(Clone, Debug)]
pub struct AccountChoice {
    pub id: String,
    pub username: String,
    /// True for the account of the browser's session, which needs no password.
    pub is_signed_in: bool,
    /// True if the browser lists the account, and can forget it.
    pub is_listed: bool,
}
