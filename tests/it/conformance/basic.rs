//! The basic certification plan: the code flow, without PKCE.

use super::{Variant, every_flow, with_a_code, with_an_access_token, without_an_id_token};

const CODE: Variant = Variant::of("code");

every_flow!(CODE);
with_a_code!(CODE);
with_an_access_token!(CODE);
without_an_id_token!(CODE);
