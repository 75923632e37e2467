//! Alerts and the dashboard use metrics that the server has.

use std::collections::BTreeSet;

use promql_parser::label::MatchOp;
use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::Value;
use signet::metrics::{Hashing, Metrics};
use signet_store::clock::Clock;
use signet_store::metrics::Database;

use super::{deploy, text, under, yaml};
use crate::support::TestServer;

/// The metrics and labels of a query.
#[derive(Default)]
struct Named {
    metrics: Vec<String>,
    labels: Vec<String>,
}

impl Named {
    fn take(&mut self, selector: &VectorSelector) {
        self.metrics.extend(selector.name.clone());
        self.labels.extend(selector.matchers.matchers.iter().map(|matcher| matcher.name.clone()));
    }
}

impl ExprVisitor for Named {
    type Error = String;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, String> {
        match expr {
            Expr::VectorSelector(selector) => self.take(selector),
            Expr::MatrixSelector(selector) => self.take(&selector.vs),
            Expr::Aggregate(aggregate) => {
                let labels = match &aggregate.modifier {
                    Some(parser::LabelModifier::Include(labels) | parser::LabelModifier::Exclude(labels)) => {
                        &labels.labels
                    }
                    None => return Ok(true),
                };
                self.labels.extend(labels.iter().cloned());
            }
            _ => {}
        }
        Ok(true)
    }
}

/// Every query of the alerts and of the dashboard, with its annotations.
fn queries() -> Vec<(String, String)> {
    let alerts = yaml(&deploy().join("prometheus/alerts.yml")).remove(0);
    let rules = alerts["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
    let mut queries: Vec<(String, String)> = rules
        .map(|rule| (rule["alert"].as_str().unwrap().to_owned(), rule["expr"].as_str().unwrap().to_owned()))
        .collect();
    let dashboard: Value = serde_json::from_str(&text("grafana/signet.json")).unwrap();
    let mut found = Vec::new();
    under(&dashboard, "expr", &mut found);
    queries.extend(found.iter().map(|expr| ("the dashboard".to_owned(), expr.as_str().unwrap().to_owned())));
    queries
}

#[test]
fn each_metric_that_is_watched_is_one_that_the_server_has() {
    let metrics = Metrics::new(&Database::default(), &Hashing::default());
    let queries = queries();
    assert!(queries.len() > 50, "{}", queries.len());
    let mut seen = BTreeSet::new();
    for (place, query) in queries {
        let expr =
            parser::parse(&query.replace("$__rate_interval", "5m")).unwrap_or_else(|e| panic!("{place}: {query}: {e}"));
        let mut named = Named::default();
        walk_expr(&mut named, &expr).unwrap();
        assert!(!named.metrics.is_empty(), "{place}: {query}");
        let mut labels = vec!["instance", "job"];
        for name in named.metrics.iter().filter(|name| *name != "up") {
            let histogram = name.strip_suffix("_bucket");
            let base = histogram.unwrap_or(name);
            let metric = metrics.described().iter().find(|metric| metric.name == base);
            let metric = metric.unwrap_or_else(|| panic!("{place}: there is no metric {name}"));
            assert_eq!(metric.kind == "histogram", histogram.is_some(), "{place}: {name} is a {}", metric.kind);
            labels.extend(metric.labels);
            labels.extend(histogram.map(|_| "le"));
            seen.insert(base.to_owned());
        }
        let unknown = named.labels.iter().find(|label| !labels.contains(&label.as_str()));
        assert_eq!(unknown, None, "{place}: {query}");
    }
    let unseen: Vec<_> =
        metrics.described().iter().map(|metric| metric.name).filter(|name| !seen.contains(*name)).collect();
    assert_eq!(unseen, ["signet_build_info"], "every metric is watched; this one is what the list of nodes is made of");
    assert!(text("grafana/signet.json").contains("label_values(signet_build_info, instance)"));
}

/// The series of an alert: the name, and the labels that must have one value.
struct Series(Vec<(String, Vec<String>)>);

impl ExprVisitor for Series {
    type Error = String;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, String> {
        let selector = match expr {
            Expr::VectorSelector(selector) => selector,
            Expr::MatrixSelector(selector) => &selector.vs,
            _ => return Ok(true),
        };
        let exact = selector.matchers.matchers.iter().filter(|one| one.op == MatchOp::Equal && one.name != "job");
        let labels = exact.map(|one| format!("{}=\"{}\"", one.name, one.value)).collect();
        self.0.extend(selector.name.clone().map(|name| (name, labels)));
        Ok(true)
    }
}

#[tokio::test]
async fn each_series_of_an_alert_is_there_before_its_first_event() {
    let server = TestServer::by(Clock::shifted()).await;
    let exposition = server.app.metrics().unwrap();
    let alerts = yaml(&deploy().join("prometheus/alerts.yml")).remove(0);
    let mut seen = 0;
    for rule in alerts["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap()) {
        let query = rule["expr"].as_str().unwrap();
        let mut series = Series(Vec::new());
        walk_expr(&mut series, &parser::parse(query).unwrap()).unwrap();
        // A scrape creates `up`, and the first request creates the request metrics, whose alerts compare rates.
        for (name, labels) in series.0.into_iter().filter(|(name, _)| name != "up" && !name.starts_with("signet_http_"))
        {
            let is_it = |line: &&str| line.split(['{', ' ']).next() == Some(&name);
            let mut lines = exposition.lines().filter(is_it);
            let found = lines.any(|line| labels.iter().all(|label| line.contains(label)));
            assert!(found, "{}: {name} {labels:?}\n{exposition}", rule["alert"]);
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn each_alert_says_how_bad_it_is_and_what_to_do() {
    let alerts = yaml(&deploy().join("prometheus/alerts.yml")).remove(0);
    let mut names = BTreeSet::new();
    for group in alerts["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            let name = rule["alert"].as_str().unwrap();
            assert!(names.insert(name), "{name} is repeated");
            assert!(["page", "ticket"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
            for text in ["summary", "action"] {
                assert!(rule["annotations"][text].as_str().is_some_and(|text| text.len() > 10), "{name}: {text}");
            }
        }
    }
    let prometheus = yaml(&deploy().join("prometheus/prometheus.yml")).remove(0);
    assert_eq!(prometheus["rule_files"], serde_json::json!(["alerts.yml"]));
    assert_eq!(prometheus["scrape_configs"][0]["job_name"], "signet", "the alerts select by this name");
}

#[test]
fn the_dashboard_is_one_that_is_provisioned() {
    let dashboard: Value = serde_json::from_str(&text("grafana/signet.json")).unwrap();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_i64().unwrap()), "{panel}");
        let place = &panel["gridPos"];
        assert!(place["x"].as_i64().unwrap() + place["w"].as_i64().unwrap() <= 24, "{panel}");
    }
    let source = yaml(&deploy().join("grafana/provisioning/datasources/prometheus.yml")).remove(0);
    assert_eq!(source["datasources"][0]["type"], "prometheus");
    let provider = yaml(&deploy().join("grafana/provisioning/dashboards/signet.yml")).remove(0);
    let folder = provider["providers"][0]["options"]["path"].as_str().unwrap();
    assert!(text("compose/compose.yaml").contains(&format!("../grafana/signet.json:{folder}/signet.json:ro")));
}
