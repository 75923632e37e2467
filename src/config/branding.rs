//! Settings of the pages' and mails' appearance.

use serde::Serialize;

use super::Language;
use super::table::settings;

settings! {
    [branding]

    /// The appearance of pages and mails.
    #[derive(Clone, Copy, Debug, Serialize)]
    pub struct Branding {
        /// The language of people whose own is unknown or not available: `en`, `de`, `fr`, `es`, `ja` or `ar`.
        pub language: Language = Language::English,
    }
}
