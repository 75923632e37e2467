//! Request objects whose signature holds: whatever they say, the parameters are the signer's, and none names another
//! request.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use signet_protocol::authorize::request::AuthorizationRequest;
use signet_protocol::authorize::request_object::{self, Binding, Lifetime, OuterParameters, Parties};
use signet_protocol::client::Client;
use signet_protocol::client::profile::Profile;
use signet_protocol::ids::ClientId;
use signet_protocol::jose::jws::{self, strict_object};
use signet_protocol::params::Params;
use signet_protocol::time::{Span, Timestamp};

const ISSUER: &str = "https://op.example";

static CLIENTS: LazyLock<Vec<Client>> = LazyLock::new(signet_fuzz::clients);

fuzz_target!(|data: &[u8]| {
    // The object, and after a line feed the parameters beside it.
    let (object, beside) = match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &data[..0]),
    };
    let (Some(payload), Ok(outer)) = (strict_object(object), Params::parse(beside)) else { return };
    let client = ClientId::parse("rp").expect("an id");
    let now = Timestamp::from_secs(1_000_000);
    for profile in Profile::TABLE {
        let rules = profile.rules().request_objects;
        let parties = Parties { client: &client, issuer: ISSUER };
        let Ok(params) = request_object::parameters(&payload, &outer, parties, rules, now) else { continue };
        assert_eq!(params.get_all("client_id").collect::<Vec<_>>(), ["rp"]);
        assert!(params.get("request").is_none() && params.get("request_uri").is_none());
        let signer = jws::string(&payload, "iss").expect("a string");
        assert!(signer == Some("rp") || (signer.is_none() && rules.binding == Binding::WherePresent));
        if rules.binding == Binding::Required {
            assert!(jws::audiences(&payload).expect("audiences").contains(&ISSUER));
        }
        let end = jws::numeric_date(&payload, "exp").expect("a date");
        assert!(end.is_none_or(|end| now.minus(Span::from_secs(31)) < end), "over");
        if rules.lifetime == Lifetime::Bounded {
            assert!(end.expect("required") < now.plus(Span::from_secs(3_631)), "for ever");
        }
        for (name, _) in params.pairs().filter(|(name, _)| *name != "client_id") {
            let beside = || outer.pairs().any(|(held, _)| held == name);
            let inside = payload.contains_key(name);
            assert!(inside || (rules.outside == OuterParameters::Assembled && beside()), "{name}");
        }
        for client in CLIENTS.iter() {
            drop(AuthorizationRequest::check(&params, client, "https://op.example"));
        }
    }
});
