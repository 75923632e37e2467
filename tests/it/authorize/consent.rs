//! Consent and the requests that wait for it: asked once, bound to one browser, answered once.

use serde_json::json;
use signet_protocol::time::Span;

use crate::authorize::requests::assert_error_at_client;
use crate::support::{Browser, Page, RelyingParty, TestServer, claims, rounds};

/// A browser in which this user has signed in, at the consent page.
async fn at_consent(server: &TestServer, rp: &RelyingParty, changes: &[(&str, &str)]) -> (Browser, Page) {
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(changes)).await;
    let page = browser.sign_in(&page, "alice").await;
    assert!(page.has("id=\"consent-allow\""), "{page:?}");
    (browser, page)
}

#[tokio::test]
async fn the_page_names_client_person_scopes_and_lifetime() {
    let server = TestServer::start().await;
    let metadata = json!({
        "client_name": "Photo printing", "redirect_uris": ["https://print.example/cb"],
        "client_uri": "https://print.example/", "policy_uri": "https://print.example/policy",
        "tos_uri": "https://print.example/terms",
    });
    let rp = server.client("printer", metadata).await;
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[("scope", "openid email offline_access")])).await;
    let about = ["Photo printing", "print.example", "href=\"https://print.example/policy\""];
    for part in about.into_iter().chain(["href=\"https://print.example/terms\"", "href=\"https://print.example/\""]) {
        assert!(page.has(part), "the sign-in page lacks {part}: {page:?}");
    }
    let page = browser.sign_in(&page, "alice").await;
    for part in about {
        assert!(page.has(part), "the consent page lacks {part}: {page:?}");
    }
    for part in [
        "<bdi>alice</bdi>",
        "Not you?",
        "See your email address",
        "Stay connected",
        "access after you sign out, for up to 30 days.",
    ] {
        assert!(page.has(part), "{part}: {page:?}");
    }
    assert!(!page.has("See your profile"), "{page:?}");
}

#[tokio::test]
async fn consent_is_asked_once_and_again_only_for_what_is_new() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_consent(&server, &rp, &[("scope", "openid profile")]).await;
    browser.allow(&page).await.code();
    browser.visit(&rp.authorization_url(&[("scope", "profile openid")])).await.code();
    browser.visit(&rp.authorization_url(&[("scope", "openid")])).await.code();

    let page = browser.visit(&rp.authorization_url(&[("scope", "openid profile email")])).await;
    let new: Vec<&str> = page.body.split("class=\"is-new\"").skip(1).collect();
    assert!(new.len() == 1 && new[0].starts_with(">\n<p class=\"scope-title\">See your email address"), "{page:?}");
    browser.allow(&page).await.code();
    let elsewhere = server.browser();
    let page = elsewhere.visit(&rp.authorization_url(&[("scope", "openid profile email")])).await;
    elsewhere.sign_in(&page, "alice").await.code();
    let page = rp.authorize_as("bob").await;
    page.code();
    let other = server.client("other", json!({})).await;
    let page = browser.visit(&other.authorization_url(&[])).await;
    assert!(page.has("id=\"consent-allow\""), "another client asks for itself: {page:?}");
}

#[tokio::test]
async fn refusing_tells_the_client_and_is_not_remembered() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_consent(&server, &rp, &[]).await;
    let denied = browser.submit(&page, &[("consent-deny", "yes")]).await;
    assert_error_at_client("denied", &rp, &denied, "access_denied", Some("the-state"));
    browser.allow(&page).await.assert_rejected("allowed afterwards", 400, "This sign-in is already done.");
    let again = browser.visit(&rp.authorization_url(&[])).await;
    assert!(again.has("id=\"consent-allow\""), "{again:?}");
    for fields in [vec![], vec![("consent-allow", "yes"), ("consent-deny", "yes")]] {
        let unclear = browser.submit(&again, &fields).await;
        unclear.assert_rejected("neither or both", 400, "The form is not complete.");
    }
    browser.allow(&again).await.code();
}

#[tokio::test]
async fn two_clicks_on_deny_leave_one_row_in_the_audit_log() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_consent(&server, &rp, &[]).await;
    let deny = || browser.submit_once(&page, &[("consent-deny", "yes")]);
    let (one, other) = tokio::join!(deny(), deny());
    let (denied, late) = if one.location().is_some() { (one, other) } else { (other, one) };
    assert_error_at_client("denied", &rp, &denied, "access_denied", Some("the-state"));
    late.assert_rejected("the second click", 400, "This sign-in is already done.");
    let rows = server.database().audit_events().await.into_iter().filter(|event| event == "consent").count();
    assert_eq!(rows, 1, "a denial that changed nothing is not written down");
}

#[tokio::test]
async fn a_request_is_answered_once_however_often_it_is_sent() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_consent(&server, &rp, &[]).await;
    let allow = [("consent-allow", "yes")];
    let (one, two, three) =
        tokio::join!(browser.submit(&page, &allow), browser.submit(&page, &allow), browser.submit(&page, &allow));
    let (codes, others): (Vec<_>, Vec<_>) =
        [one, two, three].into_iter().partition(|page| page.parameter("code").is_some());
    assert_eq!(codes.len(), 1, "{codes:?}");
    others.iter().for_each(|page| page.assert_rejected("pressed twice", 400, "This sign-in is already done."));
    for path in ["/login", "/consent"] {
        let back = browser.get(&page.form().action.replace("/consent", path)).await;
        back.assert_rejected("the back button", 400, "This sign-in is already done.");
    }
    rp.redeem(&codes[0].code()).await.tokens();
}

#[tokio::test]
async fn a_waiting_request_belongs_to_the_browser_that_brought_it() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, consent) = at_consent(&server, &rp, &[]).await;
    let url = consent.form().action;
    let session = browser.cookie("signet-session").unwrap();
    let sentence = "This sign-in was not started in this browser";
    let other_name = server.browser();
    other_name.visit(&rp.authorization_url(&[])).await;
    for (rule, stranger) in [("no cookies", server.browser()), ("another browser", other_name)] {
        for path in [url.clone(), url.replace("/consent", "/login")] {
            stranger.get(&path).await.assert_rejected(rule, 400, sentence);
            let fields = [("csrf", consent.form().field("csrf").unwrap().to_owned()), ("consent-allow", "yes".into())];
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            stranger.post(&path, &fields).await.assert_rejected(rule, 400, sentence);
        }
        stranger.set_cookie("signet-session", &session);
        stranger.get(&url).await.assert_rejected("with a stolen session alone", 400, sentence);
    }
    for id in ["", "x", "%20", "AAAAAAAAAAAAAAAAAAAAAA", &"x".repeat(300)] {
        browser.get(&format!("/consent?request={id}")).await.assert_rejected("no such request", 400, sentence);
    }
    browser.allow(&consent).await.code();
}

#[tokio::test]
async fn two_tabs_do_not_mix_their_requests() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({"redirect_uris": ["https://other.example/cb"]})).await;
    let (browser, mine) = at_consent(&server, &rp, &[("state", "one")]).await;
    let theirs = browser.visit(&other.authorization_url(&[("state", "two")])).await;
    let answered = browser.allow(&mine).await;
    assert!(answered.location().unwrap().starts_with("https://rp.example/cb?code="), "{answered:?}");
    assert_eq!(answered.parameter("state").as_deref(), Some("one"));
    let waiting = browser.get(&theirs.form().action).await;
    assert!(waiting.has("id=\"consent-allow\""), "consent to one client is none to another: {waiting:?}");
    let answered = browser.allow(&waiting).await;
    assert!(answered.location().unwrap().starts_with("https://other.example/cb?code="), "{answered:?}");
    assert_eq!(answered.parameter("state").as_deref(), Some("two"));
}

#[tokio::test]
async fn a_request_that_waited_too_long_is_over() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"client_uri": "https://rp.example/start"})).await;
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    server.advance(Span::from_minutes(30)).await;
    let over = browser.get(&page.form().action).await;
    over.assert_rejected("shown", 400, "This sign-in has expired.");
    assert!(over.has("href=\"https://rp.example/start\""), "a way back to the client: {over:?}");
    let over = browser.sign_in(&page, "alice").await;
    over.assert_rejected("sent", 400, "This sign-in has expired.");
    assert_eq!(over.header("set-cookie"), None, "{over:?}");
}

#[tokio::test]
async fn reloading_a_page_changes_nothing() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let login = browser.visit(&rp.authorization_url(&[])).await;
    let login = browser.get(&login.form().action).await;
    let consent = browser.sign_in(&login, "alice").await;
    let reloaded = browser.get(&consent.form().action).await;
    let back = browser.get(&login.form().action).await;
    assert_eq!(back.location().as_deref(), Some(consent.form().action.as_str()), "the back button goes on");
    browser.allow(&reloaded).await.code();
}

#[tokio::test]
async fn another_person_can_sign_in_at_the_consent_page() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_consent(&server, &rp, &[]).await;
    let before = browser.cookie("signet-session").unwrap();
    let start = page.body.find("/login?request=").unwrap();
    let switch = page.body[start..].split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    assert!(switch.ends_with("&switch=yes"), "{switch}");
    let login = browser.get(&switch).await;
    assert!(login.has("id=\"login-submit\"") && login.has("name=\"username\" value=\"\""), "{login:?}");
    let consent = browser.sign_in(&login, "bob").await;
    assert!(consent.has("<bdi>bob</bdi>"), "{consent:?}");
    let page = browser.allow(&consent).await;
    let bob = claims(rp.redeem(&page.code()).await.tokens().id_token());
    browser.set_cookie("signet-session", &before);
    let page = browser.get(&rp.authorization_url(&[("prompt", "none")])).await;
    assert_error_at_client("alice's session has ended", &rp, &page, "login_required", Some("the-state"));
    let alice = rp.authorize_as("alice").await;
    let alice = claims(rp.redeem(&alice.code()).await.tokens().id_token());
    assert_ne!(alice["sub"], bob["sub"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_consents_at_the_same_moment_neither_is_lost() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    for round in 0..rounds(10) {
        let rp = server.client(&format!("rp{round}"), json!({})).await;
        twin.app.follow().await.unwrap();
        // An earlier consent, so that both find a row to extend.
        rp.authorize_with("alice", &[("scope", "openid")]).await.code();
        let scopes = ["openid profile", "openid email", "openid phone", "openid address"];
        let mut waiting = Vec::new();
        for (number, scope) in scopes.into_iter().enumerate() {
            let at = if number % 2 == 0 { &server } else { &twin };
            waiting.push(at_consent(at, &rp.at(at), &[("scope", scope)]).await);
        }
        let allowed = waiting.iter().map(|(browser, page)| browser.submit_once(page, &[("consent-allow", "yes")]));
        for page in futures_util::future::join_all(allowed).await {
            page.code();
        }
        let all = ("scope", "openid profile email phone address");
        let (browser, _) = &waiting[0];
        browser.get(&rp.authorization_url(&[all, ("prompt", "none")])).await.code();
    }
}

#[tokio::test]
async fn a_consent_that_is_withdrawn_while_it_is_relied_on_yields_nothing() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let signed_in = rp.authorize_as("alice").await;
    signed_in.code();
    let begun = std::time::Instant::now();
    // Deleted in a transaction that is not committed yet.
    let commit = server.database().begin("DELETE FROM consents").await;
    let url = rp.authorization_url(&[]);
    let (answer, ()) = tokio::join!(signed_in.browser.get(&url), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        commit.send(()).unwrap();
    });
    assert!(begun.elapsed().as_millis() >= 300 && answer.status == 503, "{answer:?}");
    assert_eq!(
        server.database().query("SELECT digest FROM authorization_codes WHERE redeemed_at IS NULL").await.len(),
        1
    );
    let page = signed_in.browser.visit(&rp.authorization_url(&[])).await;
    assert!(page.body.contains("consent-allow"), "the person is asked again");
}

#[tokio::test]
async fn unredeemed_codes_end_with_their_session() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let authorized = rp.authorize_as("alice").await;
    let code = authorized.code();
    let question = authorized.browser.get("/logout").await;
    authorized.browser.submit(&question, &[("logout-confirm", "yes")]).await;
    assert_eq!(server.database().query("SELECT digest FROM authorization_codes").await.len(), 0);
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
}
