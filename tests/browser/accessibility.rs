//! axe-core over a page as the browser shows it: WCAG 2.2 A and AA, and its best practices.

use std::path::PathBuf;

use serde_json::Value;

use super::Chromium;

/// The rules that are run.
const TAGS: &str = r#"["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]"#;

/// The source of axe-core.
pub struct Axe(String);

impl Axe {
    /// axe-core as it was installed beside the interop clients; without it, none, and a line that says so.
    pub fn installed() -> Option<Self> {
        let folder = std::env::var_os("TEST_INTEROP").map(PathBuf::from);
        let source =
            folder.and_then(|folder| std::fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).ok());
        if source.is_none() {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "axe-core has to be installed: TEST_INTEROP");
            // Past the test harness, which keeps to itself what a passing test prints.
            let line = "SKIPPED: axe-core, since TEST_INTEROP does not hold it; tests/run installs it\n";
            let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
        }
        source.map(Self)
    }

    /// Checks that the page breaks no rule.
    pub async fn check(&self, chromium: &Chromium, page: &str) {
        chromium.client.execute(&self.0, Vec::new()).await.unwrap();
        let script = format!(
            "const done = arguments[arguments.length - 1];
             axe.run(document, {{ runOnly: {{ type: 'tag', values: {TAGS} }} }})
                .then(found => done(found.violations), error => done([{{ id: String(error) }}]));"
        );
        let violations = chromium.evaluate_async(&script).await;
        let violations = violations.as_array().expect("a list of violations");
        let shown = |violation: &Value| {
            let nodes = violation["nodes"].as_array().into_iter().flatten().map(|node| node["html"].to_string());
            format!("{}: {}", violation["id"], nodes.collect::<Vec<_>>().join(" "))
        };
        let shown: Vec<String> = violations.iter().map(shown).collect();
        assert!(shown.is_empty(), "{page}:\n{}", shown.join("\n"));
    }
}
