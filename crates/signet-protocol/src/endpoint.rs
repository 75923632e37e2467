//! The table of endpoints: the path below the issuer, the member of the metadata (RFC 8414 §2), the reader of the
//! responses, the rate limit per address, the origins whose scripts may call it, and the keys of this server that it
//! needs. Router, limits, CORS, metadata, redirects to https and pages read the table, so that a path is typed once.

use super::defense::rate_limit::Class;

/// The reader of an endpoint's responses, which determines the format of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A person, who sees a page.
    Person,
    /// A program, which reads an OAuth error in JSON.
    Program,
    /// An administration client, which reads a problem document (RFC 9457).
    Administrator,
}

/// The origins whose scripts may call an endpoint. If there are any, the router answers preflights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    /// Only this server's own.
    None,
    /// Those registered by an enabled client.
    Registered,
    /// All origins, with these methods. Only for responses that ignore what a browser adds by itself, such as cookies.
    All(&'static str),
}

/// The keys of this server that an endpoint needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Public keys at most: it verifies, or serves public documents.
    Public,
    /// Private keys or the master key: it signs, decrypts, or protects its forms.
    Private,
}

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The path below the issuer, in the router's syntax.
    pub path: &'static str,
    /// The member of the metadata that names it.
    pub member: Option<&'static str>,
    pub reader: Reader,
    /// The limit on the requests of one address, including preflights. Without one, address blocks do not apply either:
    /// such documents and assets must be available to resource servers, caches and browsers at any time, and are
    /// answered from memory.
    pub limit: Option<Class>,
    /// The limit on its form, if different.
    pub form_limit: Option<Class>,
    pub scripts: Scripts,
    /// The keys that it needs. A node that only verifies has no private ones.
    pub keys: Keys,
}

impl Endpoint {
    const fn new(path: &'static str, reader: Reader, limit: Option<Class>) -> Self {
        Self { path, member: None, reader, limit, form_limit: None, scripts: Scripts::None, keys: Keys::Private }
    }

    const fn page(path: &'static str) -> Self {
        Self::new(path, Reader::Person, Some(Class::Pages))
    }

    const fn program(path: &'static str) -> Self {
        Self::new(path, Reader::Program, Some(Class::Api))
    }

    const fn document(path: &'static str) -> Self {
        Self::new(path, Reader::Program, None).with_scripts(Scripts::All("GET")).with_public_keys()
    }

    const fn asset(path: &'static str) -> Self {
        Self::new(path, Reader::Person, None).with_public_keys()
    }

    const fn named(mut self, member: &'static str) -> Self {
        self.member = Some(member);
        self
    }

    const fn with_limit(mut self, class: Class) -> Self {
        self.limit = Some(class);
        self
    }

    const fn with_form_limit(mut self, class: Class) -> Self {
        self.form_limit = Some(class);
        self
    }

    const fn with_scripts(mut self, scripts: Scripts) -> Self {
        self.scripts = scripts;
        self
    }

    const fn with_public_keys(mut self) -> Self {
        self.keys = Keys::Public;
        self
    }

    /// Returns the rate limit class of a request with this method.
    pub fn class(&self, method: &str) -> Option<Class> {
        self.form_limit.filter(|_| method == "POST").or(self.limit)
    }

    pub fn url(&self, issuer: &str) -> String {
        format!("{issuer}{}", self.path)
    }

    /// Returns the name in metrics and in the log, such as `token`.
    pub fn name(&self) -> &'static str {
        self.path.trim_start_matches('/')
    }

    /// Returns true for a page that a person may open by its address, and that therefore redirects to https.
    pub fn is_page(&self) -> bool {
        self.reader == Reader::Person && self.limit.is_some() && !self.path.is_empty()
    }

    /// Matches a path below the issuer. `{name}` stands for one segment, `{*rest}` for all that follow.
    fn matches(&self, path: &str) -> bool {
        let Some((fixed, _)) = self.path.split_once('{') else { return self.path == path };
        let Some(rest) = path.strip_prefix(fixed) else { return false };
        match self.path.split_once('}') {
            Some((name, "")) if name.ends_with("{*rest") => true,
            Some((_, "")) => !rest.is_empty() && !rest.contains('/'),
            Some((_, after)) => rest.strip_suffix(after).is_some_and(|one| !one.is_empty() && !one.contains('/')),
            None => false,
        }
    }
}

/// Declares the endpoints: a constant for each, and the list of all of them.
macro_rules! endpoints {
    ($($name:ident = $endpoint:expr;)*) => {
        $(pub const $name: Endpoint = $endpoint;)*
        /// Every endpoint of the public listener, in the order in which paths are compared.
        pub const ALL: &[Endpoint] = &[$($name),*];
    };
}

endpoints! {
    // First the endpoints that programs call continuously.
    TOKEN = Endpoint::program("/token").named("token_endpoint").with_scripts(Scripts::Registered);
    INTROSPECT = Endpoint::program("/introspect").named("introspection_endpoint").with_public_keys();
    USERINFO = Endpoint::program("/userinfo").named("userinfo_endpoint").with_scripts(Scripts::Registered).with_public_keys();
    AUTHORIZE = Endpoint::page("/authorize").named("authorization_endpoint").with_limit(Class::Authorize);
    LOGIN = Endpoint::page("/login").with_form_limit(Class::Login);
    LOGIN_PASSWORD = Endpoint::page("/login/password").with_form_limit(Class::Login);
    CONSENT = Endpoint::page("/consent");
    REVOKE = Endpoint::program("/revoke").named("revocation_endpoint").with_scripts(Scripts::Registered);
    PAR = Endpoint::program("/par").named("pushed_authorization_request_endpoint").with_scripts(Scripts::Registered);
    DEVICE_AUTHORIZATION = Endpoint::program("/device_authorization").named("device_authorization_endpoint");
    DEVICE = Endpoint::page("/device").with_form_limit(Class::UserCode);
    DEVICE_CONFIRM = Endpoint::page("/device/confirm");
    LOGOUT = Endpoint::page("/logout").named("end_session_endpoint");
    HOME = Endpoint::page("/");
    ACCOUNT = Endpoint::page("/account");
    ACCOUNT_PASSWORD = Endpoint::page("/account/security/password").with_form_limit(Class::Login);
    CHANGE_PASSWORD = Endpoint::page("/.well-known/change-password");
    ACCOUNT_PROFILE = Endpoint::page("/account/profile");
    ACCOUNT_SECURITY = Endpoint::page("/account/security");
    ACCOUNT_SESSIONS = Endpoint::page("/account/sessions");
    ACCOUNT_APPLICATIONS = Endpoint::page("/account/applications");
    ACCOUNT_TOKENS = Endpoint::page("/account/tokens");
    ACCOUNT_ACTIVITY = Endpoint::page("/account/activity");
    ACCOUNT_DISPUTE = Endpoint::page("/account/activity/dispute");
    ACCOUNT_DATA = Endpoint::page("/account/data");
    ACCOUNT_DELETE = Endpoint::page("/account/delete");
    ACCOUNT_SESSION = Endpoint::program("/account/session").with_limit(Class::Pages);
    LANGUAGE = Endpoint::page("/language");
    LOGO = Endpoint::page("/clients/{client_id}/logo");
    CHECK_SESSION = Endpoint::page("/session/check").named("check_session_iframe");
    CSP_REPORTS = Endpoint::program("/csp-reports").with_limit(Class::Pages);
    // A client in a browser has no registered origin before it registers; its token determines what it may do.
    REGISTER = Endpoint::program("/register").named("registration_endpoint").with_limit(Class::Registration).with_scripts(Scripts::All("POST"));
    REGISTRATION = Endpoint::program("/register/{client_id}").with_limit(Class::Registration);
    API = Endpoint::new("/api/{*rest}", Reader::Administrator, Some(Class::Api));
    OPENID_METADATA = Endpoint::document("/.well-known/openid-configuration");
    OAUTH_METADATA = Endpoint::document("/.well-known/oauth-authorization-server");
    JWKS = Endpoint::document("/.well-known/jwks.json").named("jwks_uri");
    JWKS_SHORT = Endpoint::document("/jwks");
    JWKS_OAUTH = Endpoint::document("/oauth/jwks");
    ASSET = Endpoint::asset("/assets/{file}");
    FAVICON = Endpoint::asset("/favicon.ico");
}

/// Returns the page of the account console at a path below the issuer, to which a sign-in may lead.
pub fn account_page(path: &str) -> Option<&'static Endpoint> {
    let is_account = |path: &str| path == ACCOUNT.path || path.starts_with("/account/");
    ALL.iter().find(|endpoint| endpoint.path == path && endpoint.reader == Reader::Person && is_account(endpoint.path))
}

/// The entry for unknown paths, which are limited like pages.
const NOTHING: Endpoint = Endpoint::page("").with_public_keys();

/// Returns the endpoint at a path. `base` is the path of the issuer; the metadata is also found at the well-known path
/// before it (RFC 8414 §3.1).
pub fn at(base: &str, path: &str) -> &'static Endpoint {
    let below = path.strip_prefix(base).unwrap_or(path);
    let found = ALL.iter().find(|endpoint| endpoint.matches(below));
    let inserted = || path.strip_suffix(base).is_some_and(|path| path == OAUTH_METADATA.path);
    found.or_else(|| inserted().then_some(&OAUTH_METADATA)).unwrap_or(&NOTHING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_endpoint_below_the_issuer() {
        let rows = [
            ("", "/token", "/token"),
            ("", "/token/", ""),
            ("", "/", "/"),
            ("", "", ""),
            ("", "/clients/spa/logo", "/clients/{client_id}/logo"),
            ("", "/clients//logo", ""),
            ("", "/clients/a/b/logo", ""),
            ("", "/clients/logo", ""),
            ("", "/register", "/register"),
            ("", "/register/abc", "/register/{client_id}"),
            ("", "/register/abc/def", ""),
            ("", "/api/v1/users/alice/sessions", "/api/{*rest}"),
            ("", "/assets/style.css", "/assets/{file}"),
            ("", "/nowhere", ""),
            ("/id", "/id/token", "/token"),
            ("/id", "/id/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server"),
            ("/id", "/.well-known/oauth-authorization-server/id", "/.well-known/oauth-authorization-server"),
            ("/id", "/.well-known/oauth-authorization-server/other", ""),
        ];
        for (base, path, expected) in rows {
            assert_eq!(at(base, path).path, expected, "{path} below {base:?}");
        }
    }

    #[test]
    fn a_sign_in_leads_to_pages_of_the_account_console_alone() {
        assert_eq!(account_page("/account").map(|page| page.path), Some("/account"));
        let others = [
            "",
            "/",
            "/account/",
            "/account/session",
            "/account/nowhere",
            "/accounts",
            "//account",
            "/logout",
            "https://evil.example/account",
            "/account?x",
            "/account#x",
            "/../account",
            "/login",
        ];
        for path in others {
            assert_eq!(account_page(path), None, "{path}");
        }
    }

    #[test]
    fn a_path_and_a_member_of_the_metadata_name_one_endpoint_each() {
        let paths: std::collections::BTreeSet<_> = ALL.iter().map(|endpoint| endpoint.path).collect();
        assert_eq!(paths.len(), ALL.len());
        let members: Vec<_> = ALL.iter().filter_map(|endpoint| endpoint.member).collect();
        assert_eq!(members.iter().collect::<std::collections::BTreeSet<_>>().len(), members.len());
    }

    #[test]
    fn a_node_that_only_verifies_serves_documents_introspection_and_userinfo() {
        let served = ALL.iter().filter(|endpoint| endpoint.keys == Keys::Public).map(|endpoint| endpoint.path);
        let expected = [
            "/introspect",
            "/userinfo",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/.well-known/jwks.json",
            "/jwks",
            "/oauth/jwks",
            "/assets/{file}",
            "/favicon.ico",
        ];
        assert_eq!(served.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_endpoint_but_the_public_documents_and_assets_has_a_limit_for_every_method() {
        let unlimited = [
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/.well-known/jwks.json",
            "/jwks",
            "/oauth/jwks",
            "/assets/{file}",
            "/favicon.ico",
        ];
        let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
        for endpoint in ALL.iter().chain([&NOTHING]) {
            for method in methods {
                let listed = unlimited.contains(&endpoint.path);
                assert_eq!(endpoint.class(method).is_none(), listed, "{method} {}", endpoint.path);
            }
        }
    }
}
