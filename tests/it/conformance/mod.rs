//! The modules of the OpenID conformance suite, under the suite's own names, so that a regression shows without a run
//! of the suite. The checks that every module makes are in [`checks`], the steps with a browser and a client in
//! [`run`]; each plan is in its own file.

mod checks;
mod modules;
mod run;

mod backchannel;
mod basic;
mod config;
mod dynamic;
mod formpost;
mod frontchannel;
mod hybrid;
mod implicit;
mod logout;
mod pages;
mod session;
mod third_party_login;

/// The variant of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    pub response_type: &'static str,
    pub form_post: bool,
    pub auth_method: &'static str,
}

/// The part of the response URL that carries the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Query,
    Fragment,
    FormPost,
}

impl Variant {
    pub const fn of(response_type: &'static str) -> Self {
        Self { response_type, form_post: false, auth_method: "client_secret_basic" }
    }

    /// With `response_mode=form_post`.
    pub const fn posted(self) -> Self {
        Self { form_post: true, ..self }
    }

    /// With `private_key_jwt`.
    pub const fn by_key(self) -> Self {
        Self { auth_method: "private_key_jwt", ..self }
    }

    fn has(self, word: &str) -> bool {
        self.response_type.split(' ').any(|held| held == word)
    }

    pub fn has_code(self) -> bool {
        self.has("code")
    }

    pub fn has_token(self) -> bool {
        self.has("token")
    }

    pub fn has_id_token(self) -> bool {
        self.has("id_token")
    }

    pub fn channel(self) -> Channel {
        match (self.form_post, self.response_type) {
            (true, _) => Channel::FormPost,
            (false, "code") => Channel::Query,
            (false, _) => Channel::Fragment,
        }
    }

    /// The grant types that go with the response type (OpenID Connect Registration §2).
    fn grant_types(self) -> Vec<&'static str> {
        let code = self.has_code().then_some("authorization_code");
        let implicit = (self.has_token() || self.has_id_token()).then_some("implicit");
        code.into_iter().chain(implicit).collect()
    }
}

/// A test for each of these modules.
macro_rules! tests {
    ($variant:expr; $($group:ident: $($module:ident),+);+) => { $($(
        #[tokio::test]
        async fn $module() {
            let run = crate::conformance::run::Run::start($variant).await;
            crate::conformance::modules::$group::$module(&run).await;
        }
    )+)+ };
}

/// The modules that the certification plans run for every response type.
macro_rules! every_flow {
    ($variant:expr) => {
        crate::conformance::tests! { $variant;
            flow: oidcc_server, oidcc_response_type_missing, oidcc_idtoken_signature, oidcc_idtoken_unsigned,
                oidcc_ensure_registered_redirect_uri, oidcc_ensure_post_request_succeeds;
            parameters: oidcc_alternate_happy_flow, oidcc_display_page, oidcc_display_popup, oidcc_login_hint,
                oidcc_ui_locales, oidcc_claims_locales, oidcc_ensure_request_with_acr_values_succeeds,
                oidcc_ensure_request_with_unknown_parameter_succeeds;
            scopes: oidcc_scope_profile, oidcc_scope_email, oidcc_scope_address, oidcc_scope_phone, oidcc_scope_all;
            prompts: oidcc_prompt_login, oidcc_prompt_none_not_logged_in, oidcc_prompt_none_logged_in,
                oidcc_max_age_1, oidcc_max_age_10000, oidcc_id_token_hint;
            objects: oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported,
                oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported,
                oidcc_ensure_request_object_with_redirect_uri
        }
    };
}

/// The modules for response types with a code.
macro_rules! with_a_code {
    ($variant:expr) => {
        crate::conformance::tests! { $variant;
            codes: oidcc_codereuse, oidcc_codereuse_30seconds, oidcc_server_client_secret_post,
                oidcc_ensure_request_with_valid_pkce_succeeds;
            refresh: oidcc_refresh_token
        }
    };
}

/// The modules for response types that end with an access token.
macro_rules! with_an_access_token {
    ($variant:expr) => {
        crate::conformance::tests! { $variant;
            scopes: oidcc_userinfo_get, oidcc_userinfo_post_header, oidcc_userinfo_post_body, oidcc_claims_essential
        }
    };
}

/// The module for response types with an ID token in the response.
macro_rules! with_an_id_token {
    ($variant:expr) => {
        crate::conformance::tests! { $variant; flow: oidcc_ensure_request_without_nonce_fails }
    };
}

/// The module for response types without one.
macro_rules! without_an_id_token {
    ($variant:expr) => {
        crate::conformance::tests! { $variant; flow: oidcc_ensure_request_without_nonce_succeeds_for_code_flow }
    };
}

use {every_flow, tests, with_a_code, with_an_access_token, with_an_id_token, without_an_id_token};
