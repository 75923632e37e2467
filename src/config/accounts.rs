//! Settings of people's accounts: the fields of their profile, their sessions, and their personal access tokens.

use serde::{Serialize, Serializer};

use super::table::settings;
use super::values::Value;
use super::{ConfigError, Settings, Span};
use signet_protocol::account::profile::{ADDRESS, FieldPolicy};
use signet_protocol::scope::{OFFLINE_ACCESS, OPENID, Scope};

/// The bounds of the lifetime of personal access tokens.
const SHORTEST_LIFE: Span = Span::from_hours(1);
const LONGEST_LIFE: Span = Span::from_days(366);
/// The prefix of the scopes of Signet itself.
const OWN_SCOPES: &str = "signet:";

settings! {
    [accounts]

    /// Accounts of people, and what people may do with their own.
    #[derive(Clone, Debug, Serialize)]
    pub struct Accounts {
        /// Lets people delete their own account at `/account/delete`.
        pub deletion: bool = true,
        /// The maximum number of sessions of a person; 0 means no limit. A sign-in beyond it ends the session that was used
        /// the longest time ago.
        pub max_sessions: u32 = 0,
    } with {
        /// `accounts.fields.*`
        pub fields: AccountFields,
        /// `accounts.tokens.*`
        pub tokens: AccountTokens,
    }
}

settings! {
    [accounts.fields]

    /// The fields of the profile at `/account/profile`. `edit` lets people change a field, `read` shows it, `off` hides it.
    #[derive(Clone, Copy, Debug, Serialize)]
    pub struct AccountFields {
        /// The user name, with which a person signs in.
        pub username: Policy = Policy::READ,
        /// The full name.
        pub name: Policy = Policy::EDIT,
        /// The given name.
        pub given_name: Policy = Policy::EDIT,
        /// The middle name.
        pub middle_name: Policy = Policy::OFF,
        /// The family name.
        pub family_name: Policy = Policy::EDIT,
        /// The nickname.
        pub nickname: Policy = Policy::OFF,
        /// The name that applications show. With `edit` a person can choose the user name of another one.
        pub preferred_username: Policy = Policy::OFF,
        /// The phone number. A changed one is unverified.
        pub phone_number: Policy = Policy::EDIT,
        /// The language.
        pub locale: Policy = Policy::EDIT,
        /// The time zone.
        pub zoneinfo: Policy = Policy::EDIT,
        /// The date of birth.
        pub birthdate: Policy = Policy::OFF,
        /// The gender.
        pub gender: Policy = Policy::OFF,
        /// The URL of a picture.
        pub picture: Policy = Policy::EDIT,
        /// The URL of a website.
        pub website: Policy = Policy::OFF,
        /// The URL of a profile page.
        pub profile: Policy = Policy::OFF,
        /// The postal address.
        pub address: Policy = Policy::EDIT,
    }
}

settings! {
    [accounts.tokens]

    /// Personal access tokens, which people make at `/account/tokens` for scripts of their own.
    #[derive(Clone, Debug, Serialize)]
    pub struct AccountTokens {
        /// Lets people make personal access tokens for the resources of this server. Resource servers that introspect
        /// accept them.
        pub enabled: bool = false,
        /// The scopes that these tokens may have. Scopes of Signet, `openid` and `offline_access` are not possible.
        pub scopes: Vec<String> = Vec::new(),
        /// The maximum lifetime of a token, 1 hour to a year.
        pub lifetime: Span = Span::from_days(7),
        /// The maximum number of tokens that a person makes in a day (UTC). Revoking one does not make room.
        pub per_day: u32 = 2,
        /// The minimum time between two tokens of a person, at most a day.
        pub cooldown: Span = Span::from_hours(12),
    }
}

/// The policy of a field as a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy(pub FieldPolicy);

impl Policy {
    const OFF: Self = Self(FieldPolicy::Off);
    const READ: Self = Self(FieldPolicy::Read);
    const EDIT: Self = Self(FieldPolicy::Edit);
}

impl Value for Policy {
    const EXPECTED: &'static str = "off, read or edit";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::OFF),
            "read" => Some(Self::READ),
            "edit" => Some(Self::EDIT),
            _ => None,
        }
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self.0 {
            FieldPolicy::Off => "off",
            FieldPolicy::Read => "read",
            FieldPolicy::Edit => "edit",
        })
    }
}

impl AccountFields {
    /// Returns the policy of a field; an unknown one is off.
    pub fn policy(&self, field: &str) -> FieldPolicy {
        let policy = match field {
            "username" => self.username,
            "name" => self.name,
            "given_name" => self.given_name,
            "middle_name" => self.middle_name,
            "family_name" => self.family_name,
            "nickname" => self.nickname,
            "preferred_username" => self.preferred_username,
            "phone_number" => self.phone_number,
            "locale" => self.locale,
            "zoneinfo" => self.zoneinfo,
            "birthdate" => self.birthdate,
            "gender" => self.gender,
            "picture" => self.picture,
            "website" => self.website,
            "profile" => self.profile,
            ADDRESS => self.address,
            _ => Policy::OFF,
        };
        policy.0
    }
}

/// Checks the rules of personal access tokens.
pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    let tokens = &settings.accounts.tokens;
    let is_own = |scope: &String| scope.starts_with(OWN_SCOPES) || [OPENID, OFFLINE_ACCESS].contains(&scope.as_str());
    let is_one = |scope: &String| Scope::parse(scope).is_ok_and(|parsed| parsed.iter().count() == 1);
    if tokens.scopes.iter().any(|scope| is_own(scope) || !is_one(scope)) {
        let reason = "must name scopes, without openid, offline_access and those that begin with signet:";
        return Err(ConfigError::refused("accounts.tokens.scopes", reason));
    }
    if tokens.lifetime < SHORTEST_LIFE || tokens.lifetime > LONGEST_LIFE {
        return Err(ConfigError::refused("accounts.tokens.lifetime", "must be between 1h and 366d"));
    }
    if tokens.cooldown > Span::from_days(1) {
        return Err(ConfigError::refused("accounts.tokens.cooldown", "must be at most 1d"));
    }
    if tokens.per_day == 0 {
        return Err(ConfigError::refused("accounts.tokens.per_day", "must be at least 1"));
    }
    Ok(())
}
