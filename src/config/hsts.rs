//! Settings of HTTP Strict Transport Security (RFC 6797), which an https issuer always sends.

use serde::Serialize;

use super::sources::Sources;
use super::{ConfigError, Settings};

/// Settings of the `Strict-Transport-Security` header.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Hsts {
    /// Extends the rule to every host below the issuer's.
    pub include_subdomains: bool,
}

impl Hsts {
    /// Returns the value of the header, with a max-age of one year.
    pub fn header(self) -> &'static str {
        if self.include_subdomains { "max-age=31536000; includeSubDomains" } else { "max-age=31536000" }
    }
}

impl Settings {
    pub(super) fn read_hsts(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        sources.set("hsts.include_subdomains", &mut self.hsts.include_subdomains)
    }
}
