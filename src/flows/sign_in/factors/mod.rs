//! L2: sign-in factors. A factor is one file and one line in `FACTORS`; the sign-in form is dispatched by the registry.
//! A factor proves that the person holds a credential. `flows::sign_in::attempt` alone turns a proof into a session,
//! behind the pauses of `soft_lock`.

mod password;

pub(super) use password::PasswordFactor;

use async_trait::async_trait;

use crate::flows::{Context, FlowError, Provider};
use signet_protocol::ids::UserId;
use signet_protocol::params::Params;
use signet_protocol::time::Timestamp;
use signet_store::Tx;
use signet_store::account::users::LoginRecord;

/// The factors; the password last, since any form can be taken for one with an empty password.
static FACTORS: [&dyn Factor; 1] = [&password::PasswordFactor];

/// The password, for attempts that continue.
pub(super) fn password() -> &'static dyn Factor {
    &password::PasswordFactor
}

/// The factor that a form presents: the first that finds a parameter of its own there, otherwise the password.
pub fn presented(form: &Params) -> &'static dyn Factor {
    let is_used = |factor: &&'static dyn Factor| factor.parameters().iter().any(|name| form.get(name).is_some());
    FACTORS.into_iter().find(is_used).unwrap_or(&password::PasswordFactor)
}

/// A sign-in factor. An attempt calls [`verify`](Self::verify) once, outside of any transaction. The resulting proof is
/// confirmed in the transaction that begins the session.
#[async_trait]
pub trait Factor: Sync {
    /// The name in the audit log and in metrics.
    fn name(&self) -> &'static str;

    /// The values that its proofs may report as `amr` (RFC 8176 §2).
    fn methods(&self) -> &'static [&'static str];

    /// The parameters of the form that the factor reads.
    fn parameters(&self) -> &'static [&'static str];

    /// The proof, or `None` for a wrong one. A candidate that may not sign in, and a missing one, cost the same work as
    /// a wrong proof. Hashing, signatures and calls to other servers belong here.
    ///
    /// # Errors
    /// [`FlowError::Overloaded`] if nothing was verified; the attempt is then not counted.
    async fn verify(
        &self,
        provider: &Provider,
        context: &Context,
        presented: Presented<'_>,
    ) -> Result<Option<Box<dyn Proof>>, FlowError>;
}

/// The evidence of a verified factor.
#[async_trait]
pub trait Proof: Send + Sync {
    /// The `amr` values of this proof, among those of its factor.
    fn methods(&self) -> &'static [&'static str];

    /// The time at which the verified credential was set, if it must be replaced before a session begins.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// Confirms that the credential is still the verified one, and locks it or uses it up. The transaction may be run
    /// again.
    async fn confirm(&self, context: &Context, user: &UserId, tx: &mut Tx) -> Result<Result<(), Lapsed>, FlowError>;
}

/// The input of a factor.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The account to verify the form against. `None` if there is none, or if it is paused under another name.
    pub candidate: Option<Candidate<'a>>,
    pub form: &'a Params,
}

/// An account that a person claims.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    pub record: &'a LoginRecord,
    pub standing: Standing,
}

/// The permission of an account to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Open,
    Barred {
        /// For the audit log only.
        reason: &'static str,
    },
}

impl Standing {
    pub fn of(record: &LoginRecord, now: Timestamp) -> Self {
        match (record.enabled, record.valid_from < now) {
            (true, true) => Self::Open,
            (true, false) => Self::Barred { reason: "account banned" },
            (false, _) => Self::Barred { reason: "account disabled" },
        }
    }
}

/// The credential was changed, removed or used after it was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lapsed {
    /// For the audit log only.
    pub reason: &'static str,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use signet_protocol::token::authentication::{ACR_VALUES_SUPPORTED, Authentication};

    /// The registered values (RFC 8176 §2).
    const REGISTERED: [&str; 20] = [
        "face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pwd", "rba", "retina", "sc", "sms",
        "swk", "tel", "user", "vbm", "wia",
    ];

    #[test]
    fn each_factor_reports_registered_methods() {
        let rows: [(&str, &[&str]); 1] = [("password", &["pwd"])];
        assert_eq!(FACTORS.map(|factor| (factor.name(), factor.methods())), rows);
        for factor in FACTORS {
            let unregistered = factor.methods().iter().find(|method| !REGISTERED.contains(method));
            assert_eq!(unregistered, None, "{}", factor.name());
            assert!(!factor.methods().is_empty(), "{}", factor.name());
        }
    }

    #[test]
    fn names_and_parameters_belong_to_one_factor() {
        let names: BTreeSet<&str> = FACTORS.iter().map(|factor| factor.name()).collect();
        assert_eq!(names.len(), FACTORS.len());
        let of_the_page = ["username", "remember", "csrf", "request", "login-submit", "login-cancel"];
        let mut parameters = BTreeSet::from(of_the_page);
        for factor in FACTORS {
            assert!(!factor.parameters().is_empty(), "{}", factor.name());
            for parameter in factor.parameters() {
                assert!(parameters.insert(parameter), "{}: {parameter}", factor.name());
            }
        }
    }

    #[test]
    fn a_form_is_dispatched_by_its_parameters() {
        for factor in FACTORS {
            for parameter in factor.parameters() {
                let form = Params::parse(format!("username=alice&{parameter}=x").as_bytes()).unwrap();
                assert_eq!(presented(&form).name(), factor.name(), "{parameter}");
            }
        }
        for form in ["", "username=alice", "username=alice&password="] {
            assert_eq!(presented(&Params::parse(form.as_bytes()).unwrap()).name(), "password", "{form}");
        }
    }

    #[test]
    fn each_advertised_class_is_reached_by_a_factor() {
        let reached = FACTORS.iter().filter_map(|factor| {
            let methods = factor.methods().iter().map(|method| (*method).to_owned()).collect();
            Authentication { time: Timestamp::from_secs(1), methods }.class()
        });
        assert_eq!(reached.collect::<BTreeSet<_>>(), BTreeSet::from(ACR_VALUES_SUPPORTED));
    }

    #[test]
    fn an_account_may_sign_in_if_it_is_enabled_and_not_banned() {
        let now = Timestamp::from_secs(100);
        let rows = [
            ("open", true, 99, Standing::Open),
            ("cut off at this moment", true, 100, Standing::Barred { reason: "account banned" }),
            ("banned", true, 101, Standing::Barred { reason: "account banned" }),
            ("disabled", false, 99, Standing::Barred { reason: "account disabled" }),
            ("disabled and banned", false, 101, Standing::Barred { reason: "account disabled" }),
        ];
        for (rule, enabled, valid_from, expected) in rows {
            let id = UserId::from_stored("u".to_owned());
            let valid_from = Timestamp::from_secs(valid_from);
            let record = LoginRecord { id, enabled, valid_from, password: None };
            assert_eq!(Standing::of(&record, now), expected, "{rule}");
        }
    }
}
