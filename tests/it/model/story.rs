//! The events of a story, with their frequencies.

use proptest::collection::vec;
use proptest::prelude::{Just, any};
use proptest::prop_oneof;
use proptest::sample::Index;
use proptest::strategy::{BoxedStrategy, Strategy};

/// The number of one of the two nodes.
pub type Node = usize;

/// A choice among existing things: often the newest, otherwise any.
#[derive(Clone, Copy, Debug)]
pub enum Pick {
    Newest,
    Any(Index),
}

impl Pick {
    /// The number of the chosen thing, or `None` if there is none.
    pub fn of(self, count: usize) -> Option<usize> {
        match self {
            _ if count == 0 => None,
            Self::Newest => Some(count - 1),
            Self::Any(index) => Some(index.index(count)),
        }
    }
}

/// The party that presents a token or a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presenter {
    Owner,
    Another,
}

/// A change of a user's or client's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Disable,
    Enable,
    SignOut,
}

/// One event of a story.
#[derive(Clone, Debug)]
pub enum Step {
    /// A user signs in with a new browser and the client gets a code.
    SignIn { node: Node, user: usize, client: usize, offline: bool },
    /// A signed-in browser returns to a client without seeing a page.
    Return { node: Node, session: Pick, client: usize, offline: bool },
    /// A code is presented.
    Redeem { node: Node, code: Pick, by: Presenter, proven: bool },
    /// A refresh token is presented.
    Refresh { node: Node, token: Pick, by: Presenter },
    /// An access token is revoked.
    RevokeAccess { node: Node, token: Pick, by: Presenter },
    /// A refresh token is revoked.
    RevokeRefresh { node: Node, token: Pick, by: Presenter },
    /// A person signs out in a browser.
    SignOut { node: Node, session: Pick },
    /// An administrator changes a user.
    User { user: usize, to: Standing },
    /// An administrator disables or enables a client.
    Client { client: usize, enabled: bool },
    /// An access token is used.
    Use { node: Node, token: Pick },
    /// Time passes.
    Wait { seconds: i64 },
    /// Both nodes apply pending changes.
    Follow,
    /// A node dies, and another takes its place.
    Restart { node: Node },
    /// Expired rows are deleted.
    Sweep { node: Node },
}

/// Stories of up to forty steps.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..40)
}

fn step() -> BoxedStrategy<Step> {
    let node = || 0..2_usize;
    let client = || 0..2_usize;
    let pick = || prop_oneof![Just(Pick::Newest), any::<Index>().prop_map(Pick::Any)];
    let by = || prop_oneof![12 => Just(Presenter::Owner), 1 => Just(Presenter::Another)];
    let proven = prop_oneof![12 => Just(true), 1 => Just(false)];
    let standing = prop_oneof![1 => Just(Standing::Disable), 2 => Just(Standing::Enable), 1 => Just(Standing::SignOut)];
    let seconds = prop_oneof![
        4 => 0..12_i64,
        2 => Just(61_i64),
        2 => Just(600_i64),
        2 => Just(3_540_i64),
        1 => Just(86_400_i64),
        1 => Just(6 * 86_400_i64),
    ];
    prop_oneof![
        6 => (node(), 0..2_usize, client(), any::<bool>())
            .prop_map(|(node, user, client, offline)| Step::SignIn { node, user, client, offline }),
        4 => (node(), pick(), client(), any::<bool>())
            .prop_map(|(node, session, client, offline)| Step::Return { node, session, client, offline }),
        12 => (node(), pick(), by(), proven)
            .prop_map(|(node, code, by, proven)| Step::Redeem { node, code, by, proven }),
        16 => (node(), pick(), by()).prop_map(|(node, token, by)| Step::Refresh { node, token, by }),
        2 => (node(), pick(), by()).prop_map(|(node, token, by)| Step::RevokeAccess { node, token, by }),
        2 => (node(), pick(), by()).prop_map(|(node, token, by)| Step::RevokeRefresh { node, token, by }),
        2 => (node(), pick()).prop_map(|(node, session)| Step::SignOut { node, session }),
        2 => (0..2_usize, standing).prop_map(|(user, to)| Step::User { user, to }),
        2 => (client(), prop_oneof![1 => Just(false), 2 => Just(true)])
            .prop_map(|(client, enabled)| Step::Client { client, enabled }),
        4 => (node(), pick()).prop_map(|(node, token)| Step::Use { node, token }),
        6 => seconds.prop_map(|seconds| Step::Wait { seconds }),
        2 => Just(Step::Follow),
        1 => node().prop_map(|node| Step::Restart { node }),
        1 => node().prop_map(|node| Step::Sweep { node }),
    ]
    .boxed()
}
