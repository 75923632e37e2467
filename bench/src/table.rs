//! What the rounds came to.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::stats::{r3, spread};

/// Medians over the rounds, with the smallest and the largest.
pub fn summary(op: &str, label: &str, scenario: Scenario, lines: &[&Value]) -> Value {
    let mut out = json!({
        "summary": true, "op": op, "label": label,
        "scenario": scenario.name(), "rounds": lines.len(),
    });
    let errors: u64 = lines.iter().filter_map(|l| l["errors"].as_u64()).sum();
    out["errors"] = errors.into();
    let keys = [
        "rps",
        "p50_ms",
        "p99_ms",
        "max_ms",
        "cpu_us_per_req",
        "server_cores",
        "client_cores",
        "rss_mib",
        "rss_peak_mib",
        "steal",
        "floor_rps",
        "floor_cpu_us_per_req",
        "cpu_ratio",
        "rps_ratio",
        "sql_per_req",
    ];
    for key in keys {
        let values: Vec<f64> = lines.iter().filter_map(|l| l[key].as_f64()).collect();
        if !values.is_empty() {
            let (median, min, max) = spread(values);
            out[key] = json!([r3(median), r3(min), r3(max)]);
        }
    }
    out
}

pub fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

/// The medians as a table in Markdown.
pub fn markdown(medians: &[Value]) -> String {
    let head = "| scenario | requests/s | p50 ms | p99 ms | CPU µs | bare server's | ratio | SQL | MiB | errors |\n\
                |---|---|---|---|---|---|---|---|---|---|\n";
    medians.iter().fold(head.to_owned(), |table, line| {
        let median = |key: &str| line[key][0].as_f64().map_or("-".to_owned(), |value| format!("{value:.1}"));
        let spread = |key: &str| match (line[key][1].as_f64(), line[key][2].as_f64()) {
            (Some(least), Some(most)) => format!("{} ({least:.1}-{most:.1})", median(key)),
            _ => median(key),
        };
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let name = format!("{} {}", text("scenario"), text("label"));
        table
            + &format!(
                "| {name} | {:.0} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                line["rps"][0].as_f64().unwrap_or_default(),
                median("p50_ms"),
                median("p99_ms"),
                spread("cpu_us_per_req"),
                median("floor_cpu_us_per_req"),
                spread("cpu_ratio"),
                median("sql_per_req"),
                median("rss_mib"),
                line["errors"].as_u64().unwrap_or_default(),
            )
    })
}
