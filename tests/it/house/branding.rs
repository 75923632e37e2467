//! The operator's name, logo, colors and links on the pages.

use signet::config::Branding;
use signet_protocol::branding::Color;

use crate::support::TestServer;

#[tokio::test]
async fn a_page_shows_the_operators_brand_and_keeps_its_policy() {
    let files = tempfile::tempdir().unwrap();
    let logo = files.path().join("logo.webp");
    std::fs::write(&logo, b"RIFF\x10\0\0\0WEBPVP8 xxxx").unwrap();
    let server = TestServer::start_with(|settings| {
        settings.branding = Branding {
            name: "Birds & <Bees>".to_owned(),
            logo: Some(logo),
            accent_light: Color::parse("#7a1f5c"),
            imprint_url: Some("https://op.example/imprint?a=b&c=d".to_owned()),
            ..Branding::default()
        };
    })
    .await;
    let page = server.browser().get("/").await;
    assert!(page.has("· Birds &#38; &#60;Bees&#62;</title>") && !page.has("<Bees>") && !page.has("Signet"), "{page:?}");
    assert!(page.has("<a href=\"https://op.example/imprint?a=b&#38;c=d\">Imprint</a>"), "{page:?}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self';"), "{policy}");
    let linked = |before: &str| page.body.split(before).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let style = server.browser().get(&linked("rel=\"stylesheet\" href=\"")).await;
    assert!(style.has("--accent: #7a1f5c;"), "{style:?}");
    let logo = server.browser().get(&linked("class=\"brand-logo\" src=\"")).await;
    for (asset, kind) in [(&style, "text/css; charset=utf-8"), (&logo, "image/webp")] {
        assert_eq!((asset.status.as_u16(), asset.header("content-type")), (200, Some(kind)));
        assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert!(asset.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    }
    assert_eq!(server.browser().get("/assets/logo.webp").await.status, 404);
}

#[tokio::test]
async fn pages_without_a_brand_have_no_logo_and_no_legal_links() {
    let server = TestServer::start().await;
    let page = server.browser().get("/").await;
    assert!(page.has("· Signet</title>") && !page.has("brand-logo") && !page.has("class=\"legal\""), "{page:?}");
}
