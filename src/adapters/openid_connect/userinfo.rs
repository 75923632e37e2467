//! Claims about a person in openidconnect's types, for ID tokens and userinfo responses (OpenID Connect Core §5.1,
//! §5.3.2).

use openidconnect::core::CoreGenderClaim;
use openidconnect::{AdditionalClaims, StandardClaims, UserInfoClaims};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The standard claims about a person.
pub type Person = StandardClaims<CoreGenderClaim>;

/// Claims that mappers have added.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapped(Map<String, Value>);

impl AdditionalClaims for Mapped {}

/// A userinfo response.
pub type SignetUserInfo = UserInfoClaims<Mapped, CoreGenderClaim>;

/// The error for released claims that openidconnect cannot parse: `sub` is missing, or a claim has the wrong type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The claims are not standard claims.")]
pub struct NotStandard;

/// Parses the released claims about a person.
pub fn person(released: Map<String, Value>) -> Result<Person, NotStandard> {
    serde_json::from_value(Value::Object(released)).map_err(|_| NotStandard)
}

/// Builds the response from standard claims and the claims of mappers.
pub fn answer(person: Person, mapped: Map<String, Value>) -> SignetUserInfo {
    SignetUserInfo::new(person, Mapped(mapped))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn released_claims_are_read_and_written_as_they_are() {
        let all = json!({
            "sub": "u1", "name": "Zoë Łukasz 李", "given_name": "Zoë", "family_name": "Łukasz", "middle_name": "李",
            "nickname": "zo", "preferred_username": "zoe", "profile": "https://zoe.example/me",
            "picture": "https://zoe.example/me.png", "website": "http://zoe.example", "gender": "female",
            "birthdate": "1990-02-28", "zoneinfo": "Europe/Paris", "locale": "fr-CA", "updated_at": 1_700_000_000,
            "email": "zoe@x.example", "email_verified": true,
            "phone_number": "+33 1 23 45 67 89", "phone_number_verified": true,
            "address": {"formatted": "1 Rue\r\nParis", "street_address": "1 Rue\nB", "locality": "Paris",
                "region": "IDF", "postal_code": "75001", "country": "France"},
        });
        let Value::Object(members) = all.clone() else { panic!("not an object") };
        let person = person(members).unwrap();
        assert_eq!(person.subject().as_str(), "u1");
        assert_eq!(serde_json::to_value(&person).unwrap(), all);
        let mapped = Map::from_iter([("groups".to_owned(), json!(["staff"]))]);
        let answer = serde_json::to_value(answer(person, mapped)).unwrap();
        assert_eq!((&answer["name"], &answer["groups"]), (&all["name"], &json!(["staff"])));
    }

    #[test]
    fn claims_without_a_subject_are_no_person() {
        assert_eq!(person(Map::new()).err(), Some(NotStandard));
    }
}
