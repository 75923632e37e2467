//! The server that every figure is compared with.

use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, BufReader};
use url::Url;

use crate::http::{Origin, Req};
use crate::measure::{Sample, Window, measure};
use crate::scenario::Plan;

/// The bare axum server, a child process that ends with this one.
pub struct Floor {
    child: tokio::process::Child,
    origin: Arc<Origin>,
    plan: Plan,
}

impl Floor {
    pub async fn start() -> Result<Self> {
        let path = std::env::current_exe()?.with_file_name("floor");
        let mut child = tokio::process::Command::new(&path)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| path.display().to_string())?;
        let out = child.stdout.take().context("floor has no output")?;
        let line = BufReader::new(out).lines().next_line().await?;
        let url: Url = line.context("floor ended")?.parse()?;
        let origin = Arc::new(Origin::new(&url, None, vec![])?);
        Ok(Self { child, origin, plan: Plan::same(Req::get(&url), "hello")? })
    }

    pub async fn measure(&self, window: &Window, secs: f64) -> Result<Sample> {
        let pid = self.child.id().context("floor ended")?;
        measure(&Window { metrics: None, ..window.clone() }, secs, &[pid], &self.plan, None, &self.origin).await
    }
}
