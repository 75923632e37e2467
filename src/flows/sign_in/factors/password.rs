//! The password (NIST SP 800-63B §3.1.1), hashed with argon2id. An unknown name, a wrong password and an account that
//! may not sign in cost the same work (CWE-208).

use async_trait::async_trait;

use super::{Candidate, Factor, Lapsed, Presented, Proof, Standing};
use crate::flows::{Context, FlowError, Provider};
use crate::passwords::{Check, Stored};
use signet_protocol::ids::UserId;
use signet_protocol::params::Params;
use signet_protocol::secret::Password;
use signet_protocol::time::Timestamp;
use signet_protocol::token::authentication::PASSWORD;
use signet_store::Tx;
use signet_store::account::users::{self, StoredPassword, Validity};

/// The factor `password`.
pub struct PasswordFactor;

#[async_trait]
impl Factor for PasswordFactor {
    fn name(&self) -> &'static str {
        "password"
    }

    fn methods(&self) -> &'static [&'static str] {
        &[PASSWORD]
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["password", "current-password"]
    }

    async fn verify(
        &self,
        provider: &Provider,
        context: &Context,
        presented: Presented<'_>,
    ) -> Result<Option<Box<dyn Proof>>, FlowError> {
        let Presented { candidate, form } = presented;
        let salt = context.entropy.bytes()?;
        let check = provider.sign_ins.passwords.check(typed(form), stored(candidate), salt, context.region()).await?;
        let new_hash = match check {
            Check::Wrong => return Ok(None),
            Check::Right => None,
            Check::RightWithNewHash(hash) => Some(hash),
        };
        let verified = candidate.and_then(|candidate| candidate.record.password.clone());
        Ok(verified.map(|verified| Box::new(PasswordProof { verified, new_hash }) as Box<dyn Proof>))
    }
}

/// The typed password, of the sign-in form or of one for a signed-in person. A missing one is empty, and matches no hash.
fn typed(form: &Params) -> Password {
    Password::new(form.get("password").or(form.get("current-password")).unwrap_or_default().to_owned())
}

/// The hash to check the typed password against.
fn stored(candidate: Option<Candidate<'_>>) -> Stored {
    let Some(Candidate { record, standing }) = candidate else { return Stored::Unknown };
    let Some(StoredPassword { hash, .. }) = record.password.clone() else { return Stored::Unknown };
    match standing {
        Standing::Open => Stored::Open(hash),
        Standing::Barred { .. } => Stored::Barred(hash),
    }
}

/// A password that matched.
struct PasswordProof {
    verified: StoredPassword,
    /// A hash with the current parameters, if the verified one has others.
    new_hash: Option<String>,
}

#[async_trait]
impl Proof for PasswordProof {
    fn methods(&self) -> &'static [&'static str] {
        PasswordFactor.methods()
    }

    fn due(&self) -> Option<Timestamp> {
        (self.verified.validity == Validity::NextSignIn).then_some(self.verified.set_at)
    }

    async fn confirm(&self, context: &Context, user: &UserId, tx: &mut Tx) -> Result<Result<(), Lapsed>, FlowError> {
        let realm = &context.realm.id;
        let StoredPassword { hash, set_at, .. } = &self.verified;
        if !users::lock_password(tx, realm, user, *set_at).await? {
            return Ok(Err(Lapsed { reason: "password changed meanwhile" }));
        }
        if let Some(new_hash) = &self.new_hash {
            users::rehash(tx, realm, user, hash, new_hash).await?;
        }
        Ok(Ok(()))
    }
}
