//! Options for the header of access tokens, shared by `client` and `resource`.

use clap::Args;

use signet_protocol::client::resource::{AccessTokenTyp, HeaderChoice};
use signet_protocol::jose::jwk::SigningAlgorithm;

/// Value that resets a choice.
const DEFAULT: &str = "default";

/// Options for the header of access tokens.
#[derive(Args)]
pub struct TokenHeaderOptions {
    /// The algorithm of access tokens, one of keys.algorithms or default; a resource's choice overrides the client's
    #[arg(long, value_name = "ALG", value_parser = algorithm)]
    access_token_alg: Option<Choice<SigningAlgorithm>>,
    /// The typ of access tokens: at+jwt, JWT for resource servers that accept no other, or default
    #[arg(long, value_name = "TYP", value_parser = typ)]
    access_token_typ: Option<Choice<AccessTokenTyp>>,
}

/// Value of an option: a choice or a reset.
#[derive(Clone, Copy)]
struct Choice<T>(Option<T>);

impl TokenHeaderOptions {
    /// Returns the earlier choice with these options applied.
    pub fn over(&self, held: HeaderChoice) -> HeaderChoice {
        HeaderChoice {
            alg: self.access_token_alg.map_or(held.alg, |choice| choice.0),
            typ: self.access_token_typ.map_or(held.typ, |choice| choice.0),
        }
    }
}

fn algorithm(text: &str) -> Result<Choice<SigningAlgorithm>, &'static str> {
    choice(text, SigningAlgorithm::named).ok_or("must be an algorithm, such as RS256 or ES256, or default")
}

fn typ(text: &str) -> Result<Choice<AccessTokenTyp>, &'static str> {
    choice(text, AccessTokenTyp::named).ok_or("must be at+jwt, JWT or default")
}

fn choice<T>(text: &str, named: impl Fn(&str) -> Option<T>) -> Option<Choice<T>> {
    if text == DEFAULT { Some(Choice(None)) } else { named(text).map(|value| Choice(Some(value))) }
}
