//! The demo application: a newcomer's first completed login, refresh and logout.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::browser::{Chromium, Scripts};
use crate::support::browser::attribute;
use crate::support::place::Place;
use crate::support::{Browser, Page, TestServer};

#[tokio::test]
async fn a_newcomer_signs_in_refreshes_and_signs_out() {
    let Some(chromium) = Chromium::start(Scripts::On).await else { return };
    let server = TestServer::start().await;
    let demo = signet::demo::start(&server.app, std::future::pending()).await.unwrap();
    chromium.goto(&demo.url).await;
    // The page shows the user name and the password.
    let username = chromium.find("demo-username").await.text().await.unwrap();
    let password = chromium.find("demo-password").await.text().await.unwrap();
    assert_eq!((username.as_str(), &password), (demo.username, &demo.password));
    chromium.click("demo-start").await;
    chromium.fill("username", &username).await;
    chromium.fill("password", &password).await;
    chromium.click("login-submit").await;
    chromium.click("consent-allow").await;
    let subject = chromium.find("demo-subject").await.text().await.unwrap();
    assert!(!subject.is_empty());
    let before = chromium.find("demo-access-token").await.html(true).await.unwrap();
    chromium.click("demo-refresh").await;
    chromium.find("demo-message").await;
    assert_ne!(chromium.find("demo-access-token").await.html(true).await.unwrap(), before);
    assert_eq!(chromium.find("demo-subject").await.text().await.unwrap(), subject);
    chromium.click("demo-logout").await;
    chromium.find("demo-start").await;
    assert_eq!(chromium.url().await, format!("{}/", demo.url));
    assert_eq!(chromium.violations().await, [""; 0]);
    chromium.click("demo-start").await;
    chromium.find("login-submit").await;
}

/// The text of the element with this id.
fn text_of(page: &Page, id: &str) -> String {
    let after = page.body.split(&format!("id=\"{id}\">")).nth(1).unwrap_or_else(|| panic!("no #{id}: {}", page.body));
    after.split('<').next().unwrap().to_owned()
}

/// Follows redirects between the application and the server, each with its own cookies, to a page of the application.
async fn follow(server: &Browser, demo: &Browser, url: &str, mut page: Page) -> Page {
    while let Some(location) = page.location() {
        let own = location.starts_with('/') || location.starts_with(url);
        page = if own { demo.get(&location).await } else { server.visit(&location).await };
    }
    page
}

#[tokio::test]
async fn the_demo_works_without_scripts_or_a_screen() {
    let server = TestServer::start().await;
    let demo = signet::demo::start(&server.app, std::future::pending()).await.unwrap();
    let at_server = server.browser();
    let at_demo = Browser::new(&demo.url);
    let home = at_demo.get("/").await;
    let start = home.body.split("<a ").find(|tag| tag.contains("id=\"demo-start\"")).unwrap();
    let start = attribute(start, "href").unwrap();
    let username = text_of(&home, "demo-username");
    let password = text_of(&home, "demo-password");

    let begun = at_demo.get(&start).await;
    let page = at_server.visit(&begun.location().expect("a redirect to the server")).await;
    let typed = [("username", username.as_str()), ("password", &password), ("login-submit", "yes")];
    let page = at_server.submit(&page, &typed).await;
    let page = at_server.allow(&page).await;
    let page = follow(&at_server, &at_demo, &demo.url, page).await;
    let subject = text_of(&page, "demo-subject");
    assert!(!subject.is_empty() && subject != username, "a subject of the server's own making: {subject}");

    let refreshed = at_demo.submit(&page, &[]).await;
    assert!(refreshed.has("id=\"demo-message\""), "{}", refreshed.body);
    assert_eq!(text_of(&refreshed, "demo-subject"), subject);

    let ended = at_demo.post("/logout", &[]).await;
    let page = follow(&at_server, &at_demo, &demo.url, ended).await;
    assert_eq!(page.url.trim_end_matches('/'), demo.url);
    assert!(page.has("id=\"demo-start\""), "{}", page.body);
}

#[tokio::test]
async fn a_response_that_the_browser_did_not_ask_for_signs_nobody_in() {
    let server = TestServer::start().await;
    let demo = signet::demo::start(&server.app, std::future::pending()).await.unwrap();
    let victim = Browser::new(&demo.url);
    let attacker = Browser::new(&demo.url);
    let at_server = server.browser();
    let begun = attacker.get("/start").await;
    let page = at_server.visit(&begun.location().unwrap()).await;
    let typed = [("username", demo.username), ("password", demo.password.as_str()), ("login-submit", "yes")];
    let page = at_server.submit(&page, &typed).await;
    let response = at_server.allow(&page).await.location().unwrap();
    let own_start = victim.get("/start").await;
    assert!(own_start.location().is_some());
    let rows = [
        ("another browser's response", response.clone()),
        ("without a code", format!("{}/callback?state=x", demo.url)),
    ];
    for (row, url) in rows {
        let page = victim.get(&url).await;
        assert_eq!(page.status, 400, "{row}");
        assert!(page.has("Sign-in did not finish"), "{row}: {}", page.body);
        assert!(!victim.get("/").await.has("demo-subject"), "{row}");
    }
    let mixed_up = attacker.get(&response.replace("iss=", "iss=x")).await;
    assert!(mixed_up.has("the response is from another server"), "{}", mixed_up.body);
    assert_eq!(attacker.get(&response).await.status, 303, "its own response is taken");
}

#[tokio::test]
async fn the_demo_reads_no_settings_of_the_folder_and_leaves_nothing_behind() {
    for signals in [1, 2] {
        let place = Place::empty().await;
        let temporary = place.path().join("temporary");
        std::fs::create_dir(&temporary).unwrap();
        std::fs::write(place.path().join("signet.toml"), "mode = \"production\"\nno_such_setting = 1\n").unwrap();
        let mut command = place.command(&["serve", "--demo"]);
        command.env("SIGNET_LISTEN", "127.0.0.1:0").env("SIGNET_MANAGEMENT__LISTEN", "off");
        command
            .env("SIGNET_ISSUER", place.issuer())
            .env("SIGNET_SHUTDOWN__DELAY", if signals == 2 { "60s" } else { "0s" });
        let mut server = command.env("TMPDIR", &temporary).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        while !lines.next_line().await.unwrap().expect("it starts").contains("to try a login") {}
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 1, "a folder of its own");
        let id = server.id().unwrap().to_string();
        let interrupt = || std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(interrupt().success());
        if signals == 2 {
            while !lines.next_line().await.unwrap().expect("it stops").contains("a second signal") {}
            assert!(interrupt().success());
        }
        tokio::time::timeout(std::time::Duration::from_secs(20), server.wait()).await.unwrap().unwrap();
        assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "{signals} signals: it is gone");
        let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "nothing was written into the folder: {left:?}");
    }
}
