//! The hybrid certification plan: a code and tokens in the fragment, once for each of its response types.

use super::{Variant, every_flow, with_a_code, with_an_access_token, with_an_id_token, without_an_id_token};

mod code_id_token {
    use super::*;

    const CODE_ID_TOKEN: Variant = Variant::of("code id_token");

    every_flow!(CODE_ID_TOKEN);
    with_a_code!(CODE_ID_TOKEN);
    with_an_access_token!(CODE_ID_TOKEN);
    with_an_id_token!(CODE_ID_TOKEN);
}

mod code_token {
    use super::*;

    const CODE_TOKEN: Variant = Variant::of("code token");

    every_flow!(CODE_TOKEN);
    with_a_code!(CODE_TOKEN);
    with_an_access_token!(CODE_TOKEN);
    without_an_id_token!(CODE_TOKEN);
}

mod code_id_token_token {
    use super::*;

    const CODE_ID_TOKEN_TOKEN: Variant = Variant::of("code id_token token");

    every_flow!(CODE_ID_TOKEN_TOKEN);
    with_a_code!(CODE_ID_TOKEN_TOKEN);
    with_an_access_token!(CODE_ID_TOKEN_TOKEN);
    with_an_id_token!(CODE_ID_TOKEN_TOKEN);
}
