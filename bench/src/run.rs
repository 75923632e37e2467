//! Rounds of scenarios against one server, each after a window of the bare server.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use url::Url;

use crate::floor::Floor;
use crate::flow::Op;
use crate::http::{Client, Origin, Req};
use crate::measure::{Sample, Window, measure};
use crate::profile::Profile;
use crate::scenario::{self, Plan, Scenario};
use crate::table::{merge, summary};

/// What is measured, and how.
pub struct Rounds {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// Server processes whose CPU time and memory count, with all their descendants.
    pub pids: Vec<u32>,
    /// How each window is measured.
    pub window: Window,
    /// Seconds of a window.
    pub secs: f64,
    /// Seconds of the bare server's window before each; 0 for none.
    pub floor_secs: f64,
    /// How often everything is measured.
    pub rounds: u32,
    /// Put into every line, such as the variant measured.
    pub label: String,
}

impl Rounds {
    /// Measures; a line of JSON for each window, and one with the medians for each scenario, which are returned too.
    pub async fn run(&self, profile: Profile) -> Result<Vec<Value>> {
        let (op, origin) = connect(profile).await?;
        let floor = if self.floor_secs > 0.0 { Some(Floor::start().await?) } else { None };
        let algs = scenario::token_algs(&op, || Client::new(origin.clone())).await;
        let algs = algs.unwrap_or_else(|error| json!({ "error": format!("{error:#}") }));
        println!("{}", json!({ "op": op.profile.name, "label": self.label, "algs": algs }));

        let mut results: Vec<(Scenario, Value)> = vec![];
        for round in 1..=self.rounds {
            for &scenario in &self.scenarios {
                let mut line = json!({
                    "op": op.profile.name, "label": self.label, "scenario": scenario.name(), "round": round,
                });
                match self.one(scenario, &op, &origin, floor.as_ref()).await {
                    Ok((sample, base)) => {
                        merge(&mut line, sample.report());
                        if let Some(base) = base {
                            merge(&mut line, sample.against(&base));
                        }
                        results.push((scenario, line.clone()));
                    }
                    Err(error) => line["failed"] = format!("{error:#}").into(),
                }
                println!("{line}");
            }
        }
        let of = |wanted| results.iter().filter(move |(scenario, _)| *scenario == wanted).map(|(_, line)| line);
        let medians = self.scenarios.iter().map(|scenario| (*scenario, of(*scenario).collect::<Vec<_>>()));
        let medians = medians.filter(|(_, lines)| !lines.is_empty());
        let medians = medians.map(|(scenario, lines)| summary(&op.profile.name, &self.label, scenario, &lines));
        Ok(medians.inspect(|line| println!("{line}")).collect())
    }

    async fn one(
        &self,
        scenario: Scenario,
        op: &Arc<Op>,
        origin: &Arc<Origin>,
        floor: Option<&Floor>,
    ) -> Result<(Sample, Option<Sample>)> {
        let base = match floor {
            Some(floor) => Some(floor.measure(&self.window, self.floor_secs).await?),
            None => None,
        };
        let plan = Plan::prepare(scenario, op, Client::new(origin.clone())).await?;
        let sample = measure(&self.window, self.secs, &self.pids, &plan, Some(op), origin).await?;
        Ok((sample, base))
    }
}

/// Reads the discovery document.
pub async fn connect(profile: Profile) -> Result<(Arc<Op>, Arc<Origin>)> {
    let issuer = profile.issuer.trim_end_matches('/');
    let discovery_url = match &profile.discovery {
        Some(url) => url.parse(),
        None => format!("{issuer}/.well-known/openid-configuration").parse(),
    };
    let discovery_url: Url = discovery_url.context("discovery URL")?;
    let headers = profile.headers.clone().into_iter().collect();
    let origin = Arc::new(Origin::new(&discovery_url, profile.connect.as_deref(), headers)?);
    let reply = Client::new(origin.clone()).send(&Req::get(&discovery_url)).await?;
    ensure!(reply.status.is_success(), "discovery: {}", reply.brief());
    let discovery = serde_json::from_slice(&reply.body).context("discovery document")?;
    Ok((Arc::new(Op { profile, discovery_url, discovery }), origin))
}
