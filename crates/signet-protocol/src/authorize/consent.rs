//! A person's consent for a client (OpenID Connect Core §3.1.2.4): scopes, and single claims that no granted scope
//! covers (§5.5). Consent is stored, so that a later request asks only for what is new.

use super::request::AuthorizationRequest;
use crate::claims::standard;
use crate::scope::Scope;

/// Scopes and single claims, requested or granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    pub scope: Scope,
    /// Names of single claims.
    pub claims: Vec<String>,
}

impl Consent {
    /// Returns what a request asks for.
    pub fn asked_by(request: &AuthorizationRequest) -> Self {
        let uncovered = request.claims.names().into_iter().filter(|name| !covers(&request.scope, name));
        Self { scope: request.scope.clone(), claims: uncovered.map(str::to_owned).collect() }
    }

    /// Returns the part that has not been granted before.
    #[must_use]
    pub fn without(&self, granted: &Self) -> Self {
        let known = |name: &String| granted.claims.contains(name) || covers(&granted.scope, name);
        Self {
            scope: self.scope.without(&granted.scope),
            claims: self.claims.iter().filter(|name| !known(name)).cloned().collect(),
        }
    }

    #[must_use]
    pub fn union(&self, more: &Self) -> Self {
        let mut claims = self.claims.clone();
        claims.extend(more.claims.iter().filter(|name| !self.claims.contains(name)).cloned());
        Self { scope: self.scope.union(&more.scope), claims }
    }

    pub fn is_empty(&self) -> bool {
        self.scope.is_empty() && self.claims.is_empty()
    }
}

/// Returns true if a granted scope releases the claim already.
fn covers(scope: &Scope, claim: &str) -> bool {
    standard::scope_of(claim).is_some_and(|covering| scope.contains(covering))
}
