//! A Chromium for each test, with its own profile, and the ChromeDriver that controls it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::support::server::install_crypto;

/// Browsers at a time: each takes a core.
static PERMITS: Semaphore = Semaphore::const_new(2);
/// For how long an element is waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);

const ARGUMENTS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
];

/// The script setting of the browser. The test's own scripts run in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// The treatment of third-party cookies in frames, in which browsers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    WithCookies,
    WithoutCookies,
}

/// Takes every host of the top-level domain `test` to this machine, whatever its certificate.
const ACROSS_SITES: [&str; 2] = ["--host-resolver-rules=MAP *.test 127.0.0.1", "--ignore-certificate-errors"];

/// A running browser.
pub struct Chromium {
    pub client: Client,
    // Dropped in this order: the browser, then its profile, then the permit.
    _driver: Driver,
    _profile: tempfile::TempDir,
    _permit: SemaphorePermit<'static>,
}

impl Chromium {
    /// A new browser; none where this machine has none, unless the environment says `CI=true`.
    pub async fn start(scripts: Scripts) -> Option<Self> {
        Self::start_with(scripts, None).await
    }

    /// The same for sites under `test` names.
    pub async fn start_across_sites(scripts: Scripts, frames: Frames) -> Option<Self> {
        Self::start_with(scripts, Some(frames)).await
    }

    async fn start_with(scripts: Scripts, frames: Option<Frames>) -> Option<Self> {
        let Some((chromium, chromedriver)) = programs() else {
            no_browser();
            return None;
        };
        let permit = PERMITS.acquire().await.unwrap();
        let profile = tempfile::tempdir().unwrap();
        let driver = Driver::start(&chromedriver);
        let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
        if frames.is_some() {
            arguments.extend(ACROSS_SITES.map(str::to_owned));
        }
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let mut preferences = match frames {
            None => json!({}),
            Some(Frames::WithCookies) => json!({ "profile.cookie_controls_mode": 0 }),
            Some(Frames::WithoutCookies) => json!({ "profile.cookie_controls_mode": 1 }),
        };
        if scripts == Scripts::Off {
            preferences["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let capabilities = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "binary": chromium, "args": arguments, "prefs": preferences },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object") };
        Some(Self { client: driver.connect(capabilities).await, _driver: driver, _profile: profile, _permit: permit })
    }

    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub async fn url(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// Waits until the browser has come to an address with this text; a step in the history made before is swallowed.
    pub async fn has_left_for(&self, text: &str) {
        let begun = std::time::Instant::now();
        while !self.url().await.contains(text) {
            assert!(begun.elapsed() < PATIENCE, "still on {}", self.url().await);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        // The address is there before the page is.
        let loaded = async || self.evaluate("document.readyState").await == "complete";
        while !loaded().await {
            assert!(begun.elapsed() < PATIENCE, "{} does not load", self.url().await);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Goes this many pages back, to one of these addresses: which pages the history keeps is the browser's business,
    /// since one that is left before it has loaded gives its place away (HTML §7.4.2.2).
    pub async fn go_back(&self, pages: u32, to: &[&str]) {
        let start = self.url().await;
        let begun = std::time::Instant::now();
        let mut asked = begun;
        self.evaluate(&format!("history.go(-{pages})")).await;
        while !to.contains(&self.url().await.as_str()) {
            let url = self.url().await;
            assert!(begun.elapsed() < 3 * PATIENCE, "did not return to {to:?}, but is at {url}");
            // On a busy machine Chromium drops a step that comes while it is still at work on the last one.
            if url == start && asked.elapsed() > PATIENCE / 2 {
                asked = std::time::Instant::now();
                self.evaluate(&format!("history.go(-{pages})")).await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    pub async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    /// The visible text of the page.
    pub async fn text(&self) -> String {
        self.evaluate("document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// The element with this id, as soon as the page has it.
    pub async fn find(&self, id: &str) -> Element {
        self.find_any(&format!("#{id}")).await
    }

    /// The first element that this CSS selector selects, as soon as the page has one.
    pub async fn find_any(&self, selector: &str) -> Element {
        match self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await {
            Ok(element) => element,
            Err(error) => panic!("no {selector} on {}: {error}\n{}", self.url().await, self.text().await),
        }
    }

    pub async fn has(&self, id: &str) -> bool {
        self.client.find(Locator::Id(id)).await.is_ok()
    }

    pub async fn click(&self, id: &str) {
        self.find(id).await.click().await.unwrap();
    }

    /// Clicks twice, as fast as a hurried person does.
    pub async fn double_click(&self, id: &str) {
        let element = self.find(id).await;
        let button = MOUSE_BUTTON_LEFT;
        let at_button = PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        let mut actions = MouseActions::new("mouse".to_owned()).then(at_button);
        for _ in 0..2 {
            actions = actions.then(PointerAction::Down { button }).then(PointerAction::Up { button });
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    pub async fn fill(&self, id: &str, text: &str) {
        let field = self.find(id).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// The value that a field holds.
    pub async fn value(&self, id: &str) -> String {
        self.find(id).await.prop("value").await.unwrap().unwrap_or_default()
    }

    /// Presses a key, wherever the focus is.
    pub async fn press(&self, key: Key) {
        self.type_keys(&char::from(key).to_string()).await;
    }

    /// Types a text, wherever the focus is.
    pub async fn type_keys(&self, text: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in text.chars() {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    /// The id of the element that has the focus.
    pub async fn focus(&self) -> String {
        self.client.active_element().await.unwrap().attr("id").await.unwrap().unwrap_or_default()
    }

    /// The value of an expression on the page.
    pub async fn evaluate(&self, expression: &str) -> Value {
        self.client.execute(&format!("return {expression}"), Vec::new()).await.unwrap()
    }

    /// The value that a script on the page passes to its last argument, a callback.
    pub async fn evaluate_async(&self, script: &str) -> Value {
        self.client.execute_async(script, Vec::new()).await.unwrap()
    }

    /// A command of the Chrome DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.client.issue_cmd(Vendor { path: "goog/cdp/execute", body }).await.unwrap()
    }

    /// The console messages since the last call.
    pub async fn console(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Vendor { path: "se/log", body: json!({ "type": "browser" }) }).await.unwrap();
        let entries = log.as_array().expect("a list of entries").iter();
        entries.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The console messages about content security policies since the last call.
    pub async fn violations(&self) -> Vec<String> {
        let mut entries = self.console().await;
        entries.retain(|entry| entry.contains("Content Security Policy"));
        entries
    }
}

/// A ChromeDriver, which ends its browser before it ends itself.
struct Driver {
    process: Child,
    port: u16,
    // Held open, or its next line is its last.
    _output: BufReader<ChildStdout>,
}

impl Driver {
    fn start(program: &PathBuf) -> Self {
        let mut command = Command::new(program);
        command.args(["--port=0", "--log-level=SEVERE"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("ChromeDriver starts");
        let mut output = BufReader::new(process.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "ChromeDriver says no port");
            let said = line.trim_end().trim_end_matches('.').rsplit_once("successfully on port ");
            if let Some(port) = said.and_then(|(_, port)| port.parse().ok()) {
                break port;
            }
        };
        Self { process, port, _output: output }
    }

    async fn connect(&self, capabilities: Capabilities) -> Client {
        install_crypto();
        let mut builder = ClientBuilder::rustls().unwrap();
        builder.capabilities(capabilities).connect(&format!("http://127.0.0.1:{}", self.port)).await.unwrap()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked this way it ends the browser too, and answers when that is done.
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = write!(stream, "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A command that ChromeDriver has beside those of the standard.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (reqwest::Method, Option<String>) {
        (reqwest::Method::POST, Some(self.body.to_string()))
    }
}

/// Chromium and ChromeDriver, where both are installed.
fn programs() -> Option<(PathBuf, PathBuf)> {
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path)?;
    Some((chromium, on_path("chromedriver")?))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// Fails in CI; elsewhere says so past the test harness, which keeps to itself what a passing test prints.
fn no_browser() {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "chromium and chromedriver have to be installed");
    let line = "SKIPPED: a test in Chromium, since chromium and chromedriver are not installed";
    let _ = writeln!(std::io::stderr(), "{line} (Debian: apt install chromium chromium-driver)");
}
