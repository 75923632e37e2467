//! How long a server takes to its first good answer, and what it holds in memory then.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use url::Url;

use crate::http::{Client, Origin, Req};
use crate::procstat;
use crate::stats::{r3, spread};

/// Polls every 2 ms; gives up after a minute.
pub async fn coldstart(url: &Url, times: u32, command: &[String], settings: &[(String, String)]) -> Result<()> {
    let origin = Arc::new(Origin::new(url, None, vec![])?);
    let req = Req::get(url);
    let (mut ms, mut rss) = (vec![], vec![]);
    for _ in 0..times {
        ensure!(Client::new(origin.clone()).send(&req).await.is_err(), "{url} answers already");
        let began = Instant::now();
        let mut child = tokio::process::Command::new(&command[0])
            .args(&command[1..])
            .envs(settings.iter().cloned())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| command[0].clone())?;
        loop {
            let reply = Client::new(origin.clone()).send(&req).await;
            if reply.is_ok_and(|r| r.status.is_success()) {
                break;
            }
            ensure!(began.elapsed() < Duration::from_secs(60), "no answer from {url} in a minute");
            if let Some(status) = child.try_wait()? {
                bail!("the server ended: {status}");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        ms.push(began.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let pid = child.id().context("the server ended")?;
        rss.push(procstat::usage(&[pid]).rss_kib as f64 / 1024.0);
        terminate(&mut child, pid).await?;
    }
    let three = |v: Vec<f64>| {
        let (median, min, max) = spread(v);
        json!([r3(median), r3(min), r3(max)])
    };
    println!("{}", json!({ "coldstart_ms": three(ms), "idle_rss_mib": three(rss), "times": times }));
    Ok(())
}

/// Asks the server to end, and insists after ten seconds.
pub async fn terminate(child: &mut tokio::process::Child, pid: u32) -> Result<()> {
    std::process::Command::new("kill").arg(pid.to_string()).status()?;
    if tokio::time::timeout(Duration::from_secs(10), child.wait()).await.is_err() {
        child.kill().await?;
    }
    Ok(())
}
