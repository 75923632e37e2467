//! L2: the use cases, one file each. They load, ask a rule, and write. `now` and random values are passed in. This
//! layer does not depend on HTTP, HTML or SQL.

pub mod account;
pub mod admin;
pub mod authorize;
pub mod client;
mod context;
pub mod defense;
mod error;
pub mod events;
mod lifetimes;
mod meters;
pub mod outbound;
mod provider;
pub mod session;
pub mod sign_in;
pub mod token;

pub use self::context::{Concerning, Context, Realm};
pub use self::error::FlowError;
pub use self::lifetimes::{LONGEST_ACCESS_TOKEN, Lifetimes};
pub use self::provider::Provider;
