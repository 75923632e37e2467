//! A browser without a screen: cookies, manual redirects, and the first form of a page.

use std::collections::BTreeMap;
use std::sync::Mutex;

use reqwest::StatusCode;
use reqwest::header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};

use super::TestServer;
use super::server::{PASSWORD, http_client};

/// A browser.
pub struct Browser {
    http: reqwest::Client,
    origin: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// The page at the end of a request's redirects.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub url: String,
    pub body: String,
}

impl Browser {
    pub fn new(origin: &str) -> Self {
        Self { http: http_client(), origin: origin.to_owned(), cookies: Mutex::default() }
    }

    /// One GET, without following.
    pub async fn get(&self, url: &str) -> Page {
        self.send(self.http.get(self.absolute(url)), url).await
    }

    /// One POST of a form from a page of the server itself, without following.
    pub async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from(&self.origin.clone(), url, fields).await
    }

    /// One POST of a form with this `Origin`, without following.
    pub async fn post_from(&self, origin: &str, url: &str, fields: &[(&str, &str)]) -> Page {
        self.send(self.http.post(self.absolute(url)).header(ORIGIN, origin).form(fields), url).await
    }

    /// A GET, followed through redirects as long as they stay on the server.
    pub async fn visit(&self, url: &str) -> Page {
        let page = self.get(url).await;
        self.follow(page).await
    }

    /// Follows redirects as long as they stay on the server.
    pub async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..10 {
            match page.location() {
                Some(location) if self.is_own(&location) => page = self.get(&location).await,
                _ => return page,
            }
        }
        panic!("the redirects do not end");
    }

    /// Submits the first form of a page with these fields over its hidden ones, and follows.
    pub async fn submit(&self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let next = self.submit_once(page, fields).await;
        self.follow(next).await
    }

    /// Submits the first form of a page, without following.
    pub async fn submit_once(&self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let form = page.form();
        let mut all: Vec<(&str, &str)> = form.hidden.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        all.extend_from_slice(fields);
        self.post(&form.action, &all).await
    }

    /// Fills in the sign-in page and follows.
    pub async fn sign_in(&self, page: &Page, username: &str) -> Page {
        self.submit(page, &[("username", username), ("password", PASSWORD), ("login-submit", "yes")]).await
    }

    /// Allows on the consent page and follows.
    pub async fn allow(&self, page: &Page) -> Page {
        self.submit(page, &[("consent-allow", "yes")]).await
    }

    /// Completes sign-in and consent as this user, until the browser leaves the server or shows another page.
    pub async fn authorize(&self, url: &str, username: &str) -> Page {
        let mut page = self.visit(url).await;
        for _ in 0..4 {
            page = match page {
                page if page.has("id=\"login-submit\"") => self.sign_in(&page, username).await,
                page if page.has("id=\"account-other\"") => self.visit(&format!("{}&switch=yes", page.url)).await,
                page if page.has("id=\"consent-allow\"") => self.allow(&page).await,
                page => return page,
            };
        }
        page
    }

    /// The same browser, with its requests sent to this node.
    pub fn at(&self, node: &TestServer) -> Self {
        let cookies = Mutex::new(self.cookies.lock().unwrap().clone());
        Self { http: http_client(), origin: node.issuer.clone(), cookies }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// All cookies, as the header names them.
    pub fn cookies(&self) -> String {
        let jar = self.cookies.lock().unwrap();
        let pairs: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// One GET with these headers, without following.
    pub async fn get_with(&self, headers: &[(&str, &str)], url: &str) -> Page {
        self.send(with_headers(self.http.get(self.absolute(url)), headers), url).await
    }

    /// One POST of a form with these headers and no `Origin` of its own, without following.
    pub async fn post_with(&self, headers: &[(&str, &str)], url: &str, fields: &[(&str, &str)]) -> Page {
        self.send(with_headers(self.http.post(self.absolute(url)).form(fields), headers), url).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, url: &str) -> Page {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let response = request.send().await.unwrap();
        self.keep(response.headers());
        let status = response.status();
        let headers = response.headers().clone();
        Page { status, headers, url: url.to_owned(), body: response.text().await.unwrap() }
    }

    fn keep(&self, headers: &HeaderMap) {
        let mut jar = self.cookies.lock().unwrap();
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn absolute(&self, url: &str) -> String {
        if url.starts_with('/') { format!("{}{url}", self.origin) } else { url.to_owned() }
    }

    fn is_own(&self, url: &str) -> bool {
        url.starts_with('/') || url.starts_with(&format!("{}/", self.origin))
    }
}

fn with_headers(request: reqwest::RequestBuilder, headers: &[(&str, &str)]) -> reqwest::RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

/// Without the head and the ornaments of a page.
impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let main = self.body.split_once("<main").map_or(self.body.as_str(), |(_, main)| main);
        let main = main.split_once("</main>").map_or(main, |(main, _)| main);
        write!(f, "{} {} {:?}\n{main}", self.url, self.status, self.headers)
    }
}

/// The first form of a page.
pub struct Form {
    pub action: String,
    pub hidden: Vec<(String, String)>,
}

impl Page {
    pub fn location(&self) -> Option<String> {
        let redirects = self.status.is_redirection();
        self.headers.get(LOCATION).filter(|_| redirects).map(|value| value.to_str().unwrap().to_owned())
    }

    pub fn has(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// A query parameter of the redirect's target.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&self.location()?).ok()?;
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A fragment parameter of the redirect's target.
    pub fn fragment(&self, name: &str) -> Option<String> {
        let (_, fragment) = self.location()?.split_once('#').map(|(url, part)| (url.to_owned(), part.to_owned()))?;
        let mut pairs = url::form_urlencoded::parse(fragment.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The code that went back to the client.
    pub fn code(&self) -> String {
        self.parameter("code").unwrap_or_else(|| panic!("no code: {} {:?} {}", self.status, self.location(), self.body))
    }

    /// The error that went back to the client.
    pub fn error(&self) -> String {
        self.parameter("error")
            .unwrap_or_else(|| panic!("no error: {} {:?} {}", self.status, self.location(), self.body))
    }

    /// The first form.
    pub fn form(&self) -> Form {
        let start = self.body.find("<form").unwrap_or_else(|| panic!("no form on {}: {}", self.url, self.body));
        let text = &self.body[start..];
        let text = &text[..text.find("</form>").unwrap()];
        let hidden = text.split("<input").skip(1).filter(|tag| tag.contains("type=\"hidden\""));
        let hidden = hidden.map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap_or_default()));
        let action = attribute(text, "action").unwrap_or_else(|| self.url.clone());
        Form { action, hidden: hidden.collect() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// All query parameters of the redirect's target, in order.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let url = url::Url::parse(&self.location().expect("a redirect")).unwrap();
        url.query_pairs().into_owned().collect()
    }

    /// Checks that this is the error page with this status and sentence, and that the browser was not redirected.
    #[track_caller]
    pub fn assert_rejected(&self, rule: &str, status: u16, sentence: &str) {
        assert_eq!(self.status.as_u16(), status, "{rule}: {self:?}");
        assert_eq!(self.headers.get(LOCATION), None, "{rule}: {self:?}");
        assert!(self.header("content-type").unwrap().starts_with("text/html"), "{rule}: {self:?}");
        // Ended sign-ins and overload are not rejections of an authorization request.
        let is_rejected = status == 400 && !sentence.starts_with("This sign-in");
        assert!(!is_rejected || self.has("<h1>Request rejected</h1>"), "{rule}: {self:?}");
        assert!(self.has("role=\"alert\"") && self.has(sentence), "{rule}: {self:?}");
    }
}

impl Form {
    /// The id of the pending request that the form answers.
    pub fn request(&self) -> &str {
        self.action.split_once("request=").expect("a pending request").1
    }

    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.hidden.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }
}

/// The value of an attribute of the first tag.
pub fn attribute(text: &str, name: &str) -> Option<String> {
    let tag = &text[..text.find('>').unwrap_or(text.len())];
    let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
    let value = &tag[start..];
    Some(unescape(&value[..value.find('"')?]))
}

fn unescape(text: &str) -> String {
    [
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#x2F;", "/"),
        ("&#x26;", "&"),
        ("&amp;", "&"),
        // Last, so that text escaped twice is unescaped once.
        ("&#38;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
