//! A login as tokens report it: its time, its methods and its class (OpenID Connect Core §2, RFC 8176).

use crate::time::Timestamp;

/// The authentication context class of a login by password.
pub const ACR_PASSWORD: &str = "urn:signet:acr:pwd";

/// Every value that `acr` may have.
pub const ACR_VALUES_SUPPORTED: [&str; 1] = [ACR_PASSWORD];

/// The facts of a login behind `auth_time` and `amr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// The time of the login.
    pub time: Timestamp,
    /// The methods that were used (RFC 8176).
    pub methods: Vec<String>,
}
