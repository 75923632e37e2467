//! The table of endpoints: the path below the issuer, the reader of its responses, the rate limit for an address, and
//! the origins whose scripts may call it. The router is built from this table, and so are the checks before the router,
//! so that no route lacks a limit.

use axum::http::Method;

use crate::flows::rates::Class;

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

/// One endpoint.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The path below the issuer, in the router's syntax.
    pub path: &'static str,
    pub reader: Reader,
    /// The limit on the requests of one address, including preflights. Without one, address blocks do not apply either:
    /// such documents and assets must be available to resource servers, caches and browsers at any time, and are
    /// answered from memory.
    pub limit: Option<Class>,
    /// The limit on its form, if different.
    pub form_limit: Option<Class>,
    pub scripts: Scripts,
}

impl Endpoint {
    const fn new(path: &'static str, reader: Reader, limit: Option<Class>) -> Self {
        Self { path, reader, limit, form_limit: None, scripts: Scripts::None }
    }

    const fn page(path: &'static str) -> Self {
        Self::new(path, Reader::Person, Some(Class::Pages))
    }

    const fn program(path: &'static str) -> Self {
        Self::new(path, Reader::Program, Some(Class::Api))
    }

    const fn document(path: &'static str) -> Self {
        Self::new(path, Reader::Program, None).with_scripts(Scripts::All("GET"))
    }

    const fn asset(path: &'static str) -> Self {
        Self::new(path, Reader::Person, None)
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

    /// The rate limit class for a request with this method.
    pub fn class(&self, method: &Method) -> Option<Class> {
        self.form_limit.filter(|_| *method == Method::POST).or(self.limit)
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
        $(pub(super) const $name: Endpoint = $endpoint;)*
        /// Every endpoint of the public listener, in the order in which paths are compared.
        pub const ALL: &[Endpoint] = &[$($name),*];
    };
}

endpoints! {
    // First the endpoints that programs call continuously.
    TOKEN = Endpoint::program("/token").with_scripts(Scripts::Registered);
    INTROSPECT = Endpoint::program("/introspect");
    USERINFO = Endpoint::program("/userinfo").with_scripts(Scripts::Registered);
    AUTHORIZE = Endpoint::page("/authorize").with_limit(Class::Authorize);
    LOGIN = Endpoint::page("/login").with_form_limit(Class::Login);
    CONSENT = Endpoint::page("/consent");
    REVOKE = Endpoint::program("/revoke").with_scripts(Scripts::Registered);
    PAR = Endpoint::program("/par").with_scripts(Scripts::Registered);
    LOGOUT = Endpoint::page("/logout");
    HOME = Endpoint::page("/");
    LOGO = Endpoint::page("/clients/{client_id}/logo");
    CHECK_SESSION = Endpoint::page("/session/check");
    CSP_REPORTS = Endpoint::program("/csp-reports").with_limit(Class::Pages);
    // A client in a browser has no registered origin before it registers; its token determines what it may do.
    REGISTER = Endpoint::program("/register").with_limit(Class::Registration).with_scripts(Scripts::All("POST"));
    REGISTRATION = Endpoint::program("/register/{client_id}").with_limit(Class::Registration);
    API = Endpoint::new("/api/{*rest}", Reader::Administrator, Some(Class::Api));
    OPENID_METADATA = Endpoint::document("/.well-known/openid-configuration");
    OAUTH_METADATA = Endpoint::document("/.well-known/oauth-authorization-server");
    JWKS = Endpoint::document("/.well-known/jwks.json");
    JWKS_SHORT = Endpoint::document("/jwks");
    JWKS_OAUTH = Endpoint::document("/oauth/jwks");
    ASSET = Endpoint::asset("/assets/{file}");
    FAVICON = Endpoint::asset("/favicon.ico");
}

/// The entry for unknown paths, which are limited like pages.
const NOTHING: Endpoint = Endpoint::page("");

/// The endpoint at a path below the path of the issuer; for the metadata also at the well-known path before it (RFC
/// 8414 §3.1).
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
        let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];
        for endpoint in ALL.iter().chain([&NOTHING]) {
            for method in &methods {
                let listed = unlimited.contains(&endpoint.path);
                assert_eq!(endpoint.class(method).is_none(), listed, "{method} {}", endpoint.path);
            }
        }
    }
}
