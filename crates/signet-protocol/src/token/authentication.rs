//! A login as tokens report it: its time, its methods and its class (OpenID Connect Core §2, RFC 8176).

use crate::time::Timestamp;

/// The method of a password, in `amr` (RFC 8176 §2).
pub const PASSWORD: &str = "pwd";

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

impl Authentication {
    /// The class that the methods reach, for `acr`; `None` if they reach none.
    pub fn class(&self) -> Option<&'static str> {
        self.methods.iter().any(|method| method == PASSWORD).then_some(ACR_PASSWORD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_follows_from_the_methods() {
        let rows: [(&str, &[&str], Option<&str>); 4] = [
            ("a password", &["pwd"], Some("urn:signet:acr:pwd")),
            ("a password among others", &["otp", "pwd"], Some("urn:signet:acr:pwd")),
            ("a method that no class accepts", &["sms"], None),
            ("no method", &[], None),
        ];
        for (rule, methods, expected) in rows {
            let methods = methods.iter().map(|method| (*method).to_owned()).collect();
            let authentication = Authentication { time: Timestamp::from_secs(1), methods };
            assert_eq!(authentication.class(), expected, "{rule}");
        }
    }
}
