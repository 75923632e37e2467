//! By what metrics are told apart. Every label has few values, all of them from this server's own code or router:
//! no client, user, address or token is ever one.

use std::borrow::Cow;

use prometheus_client::encoding::EncodeLabelSet;

/// A set of labels that knows their names.
pub trait Labels {
    /// The names, in the order in which they are written.
    const NAMES: &'static [&'static str];
}

/// Declares sets of labels, whose names then need not be said twice.
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
    /// A request that was answered.
    Answered {
        /// The method, `OTHER` where it is none that this server knows.
        method: &'static str,
        /// The route as the router writes it, `none` where there is none.
        route: Cow<'static, str>,
        /// The status.
        status: u16,
    }
    /// Where a request went.
    Route {
        /// The route as the router writes it, `none` where there is none.
        route: Cow<'static, str>,
    }
    /// A token or code that was issued.
    Issued {
        /// `access_token`, `id_token`, `refresh_token` or `authorization_code`.
        kind: &'static str,
        /// The grant type; `authorization_endpoint` for what is issued there.
        grant: &'static str,
        /// The security profile of the client.
        profile: &'static str,
    }
    /// Something that was done with a token.
    Operation {
        /// `token`, `introspect`, `revoke`, `userinfo` or `par`.
        operation: &'static str,
        /// What came of it: `success`, `inactive`, the error code, or `unavailable`, `too_many` and `failed`.
        outcome: &'static str,
    }
    /// An attempt to sign in.
    SignIn {
        /// `success` or `failure`.
        outcome: &'static str,
        /// By what or why.
        reason: &'static str,
    }
    /// Why something did not come about.
    Reason {
        /// The reason.
        reason: &'static str,
    }
    /// A token or code that was presented again.
    Replayed {
        /// `authorization_code` or `refresh_token`.
        kind: &'static str,
    }
    /// Requests that are limited together.
    Class {
        /// The policy, as in `RateLimit-Policy`.
        class: &'static str,
    }
    /// A key's algorithm.
    Alg {
        /// The JOSE name.
        alg: &'static str,
    }
    /// Keys that are alike.
    Keys {
        /// The JOSE name.
        alg: &'static str,
        /// `announced`, `active` or `retired`.
        state: &'static str,
    }
    /// The outcome of a delivery to another server.
    Delivery {
        /// `delivered`, `retried`, `abandoned` or `obsolete`.
        outcome: &'static str,
    }
    /// What a connection does.
    Connections {
        /// `idle` or `used`.
        state: &'static str,
    }
    /// The build.
    Build {
        /// The version.
        version: &'static str,
    }
}
