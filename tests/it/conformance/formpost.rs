//! The form post certification plans: basic, implicit and hybrid again, with every response, errors included, posted by
//! a page.

use super::{Variant, every_flow, with_a_code, with_an_access_token, with_an_id_token, without_an_id_token};

mod basic {
    use super::*;

    const CODE: Variant = Variant::of("code").posted();

    every_flow!(CODE);
    with_a_code!(CODE);
    with_an_access_token!(CODE);
    without_an_id_token!(CODE);
}

mod implicit_id_token {
    use super::*;

    const ID_TOKEN: Variant = Variant::of("id_token").posted();

    every_flow!(ID_TOKEN);
    with_an_id_token!(ID_TOKEN);
}

mod implicit_id_token_token {
    use super::*;

    const ID_TOKEN_TOKEN: Variant = Variant::of("id_token token").posted();

    every_flow!(ID_TOKEN_TOKEN);
    with_an_access_token!(ID_TOKEN_TOKEN);
    with_an_id_token!(ID_TOKEN_TOKEN);
}

mod hybrid_code_id_token {
    use super::*;

    const CODE_ID_TOKEN: Variant = Variant::of("code id_token").posted();

    every_flow!(CODE_ID_TOKEN);
    with_a_code!(CODE_ID_TOKEN);
    with_an_access_token!(CODE_ID_TOKEN);
    with_an_id_token!(CODE_ID_TOKEN);
}

mod hybrid_code_token {
    use super::*;

    const CODE_TOKEN: Variant = Variant::of("code token").posted();

    every_flow!(CODE_TOKEN);
    with_a_code!(CODE_TOKEN);
    with_an_access_token!(CODE_TOKEN);
    without_an_id_token!(CODE_TOKEN);
}

mod hybrid_code_id_token_token {
    use super::*;

    const CODE_ID_TOKEN_TOKEN: Variant = Variant::of("code id_token token").posted();

    every_flow!(CODE_ID_TOKEN_TOKEN);
    with_a_code!(CODE_ID_TOKEN_TOKEN);
    with_an_access_token!(CODE_ID_TOKEN_TOKEN);
    with_an_id_token!(CODE_ID_TOKEN_TOKEN);
}
