//! Labels of metrics. Every label has few values, all defined by this server's code or router; clients, users,
//! addresses and tokens are never labels.

use std::borrow::Cow;

use prometheus_client::encoding::EncodeLabelSet;

/// A set of labels with their names.
pub trait Labels {
    /// The names, in the order of output.
    const NAMES: &'static [&'static str];
}

/// Declares sets of labels and derives their names from the fields.
macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl Labels for $name {
                const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];
            }
        )*
    };
}

labels! {
    /// Answered requests.
    Answered {
        /// The method; `OTHER` for an unknown one.
        method: &'static str,
        /// The route as in the router; `none` without a match.
        route: Cow<'static, str>,
        status: u16,
    }
    /// Requests by route.
    Route {
        /// The route as in the router; `none` without a match.
        route: Cow<'static, str>,
    }
    /// Issued tokens and codes.
    Issued {
        /// `access_token`, `id_token`, `refresh_token` or `authorization_code`.
        kind: &'static str,
        /// The grant type; `authorization_endpoint` for tokens issued there.
        grant: &'static str,
        /// The security profile of the client.
        profile: &'static str,
    }
    /// Operations on tokens.
    Operation {
        /// `token`, `introspect`, `revoke`, `userinfo` or `par`.
        operation: &'static str,
        /// The outcome: `success`, `inactive`, the error code, or `unavailable`, `too_many` and `failed`.
        outcome: &'static str,
    }
    /// Sign-in attempts.
    SignIn {
        /// `success` or `failure`.
        outcome: &'static str,
        /// The factor, or the reason of a failure.
        reason: &'static str,
    }
    /// Failures by reason.
    Reason {
        reason: &'static str,
    }
    /// Tokens and codes that were presented again.
    Replayed {
        /// `authorization_code` or `refresh_token`.
        kind: &'static str,
    }
    /// Requests that share a rate limit.
    Class {
        /// The policy, as in `RateLimit-Policy`.
        class: &'static str,
    }
    /// Keys by algorithm.
    Alg {
        /// The JOSE name.
        alg: &'static str,
    }
    /// Keys by algorithm and state.
    Keys {
        /// The JOSE name.
        alg: &'static str,
        /// `announced`, `active` or `retired`.
        state: &'static str,
    }
    /// Deliveries to other servers.
    Delivery {
        /// `delivered`, `retried`, `abandoned` or `obsolete`.
        outcome: &'static str,
    }
    /// Database connections by state.
    Connections {
        /// `idle` or `used`.
        state: &'static str,
    }
    /// The build.
    Build {
        version: &'static str,
    }
}
