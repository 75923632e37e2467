//! The implicit certification plan: tokens in the fragment, once for each of its response types.

use super::{Variant, every_flow, with_an_access_token, with_an_id_token};

mod id_token {
    use super::*;

    const ID_TOKEN: Variant = Variant::of("id_token");

    every_flow!(ID_TOKEN);
    with_an_id_token!(ID_TOKEN);
}

mod id_token_token {
    use super::*;

    const ID_TOKEN_TOKEN: Variant = Variant::of("id_token token");

    every_flow!(ID_TOKEN_TOKEN);
    with_an_access_token!(ID_TOKEN_TOKEN);
    with_an_id_token!(ID_TOKEN_TOKEN);
}
