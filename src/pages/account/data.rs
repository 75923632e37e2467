//! The download of the data, and the deletion of the account.

use askama::Template;

use super::Console;
use crate::pages::Page;

#[derive(Template)]
#[template(path = "account/data.html")]
pub struct DataPage {
    pub page: Page,
    pub console: Console,
    /// The URL of the deletion, if people may delete their account.
    pub delete: Option<String>,
}

#[derive(Template)]
#[template(path = "account/delete.html")]
pub struct DeletePage {
    pub page: Page,
    pub console: Console,
    /// The key of the words for what is wrong with the form.
    pub error: Option<&'static str>,
    /// The URL of the page before.
    pub back: String,
}

#[derive(Template)]
#[template(path = "account/deleted.html")]
pub struct DeletedPage {
    pub page: Page,
}
