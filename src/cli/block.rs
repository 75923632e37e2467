//! `signet block`

use anyhow::Context as _;
use clap::{Args, Subcommand};
use ipnet::IpNet;
use serde_json::{Value, json};

use super::command_context::CommandContext;
use super::output::{note_if_empty, print_json, say};
use super::revoking::parse_reason;
use crate::config::Settings;
use crate::flows::admin::NewBlock;
use signet_protocol::defense::address_block::{Reach, parse_network};
use signet_protocol::time::Span;
use signet_store::defense::address_blocks::Listed;

/// Commands for blocked addresses.
#[derive(Subcommand)]
pub enum Block {
    /// Block an address or a network for some time
    Add(Add),
    /// List the blocks in force, including those made by the server
    List {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// End a block
    Remove {
        /// The address or network, as listed
        #[arg(long, value_parser = network)]
        address: IpNet,
    },
}

/// Options of a block.
#[derive(Args)]
pub struct Add {
    /// The address, or a network such as 192.0.2.0/24
    #[arg(long, value_parser = network)]
    address: IpNet,
    /// The duration, such as 30m, 12h or 7d
    #[arg(long = "for", default_value = "1h", value_name = "TIME", value_parser = span)]
    lasting: Span,
    /// The reason, for the list and the audit log
    #[arg(long, default_value = "by command")]
    reason: String,
    /// Block only password sign-in with new browsers
    #[arg(long)]
    sign_in_only: bool,
}

fn network(text: &str) -> Result<IpNet, &'static str> {
    parse_network(text).ok_or("must be an address or a network, such as 192.0.2.7 or 2001:db8::/64")
}

fn span(text: &str) -> Result<Span, &'static str> {
    Span::parse(text).filter(|span| *span > Span::ZERO).ok_or("must be a time, such as 30m, 12h or 7d")
}

impl Block {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let context = CommandContext::open(settings).await?;
        let done = match self {
            Self::Add(add) => add.run(&context).await,
            Self::List { json } => list(&context, json).await,
            Self::Remove { address } => remove(&context, address).await,
        };
        context.close().await;
        done
    }
}

impl Add {
    async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let reach = if self.sign_in_only { Reach::SignIn } else { Reach::Everything };
        let network = self.address;
        let lasting = self.lasting;
        let reason = parse_reason(&self.reason).context(network.to_string())?;
        let operator = context.operator().because(reason);
        operator.blocks().add(NewBlock { network, reach, lasting }).await.context(network.to_string())?;
        say(&format!("Blocked {network} for {lasting}."));
        Ok(())
    }
}

async fn remove(context: &CommandContext, network: IpNet) -> anyhow::Result<()> {
    context.operator().blocks().remove(network).await?;
    say(&format!("Unblocked {network}."));
    Ok(())
}

async fn list(context: &CommandContext, json: bool) -> anyhow::Result<()> {
    let all = context.operator().blocks().list().await?;
    if json {
        return print_json(&all.iter().map(described).collect::<Vec<_>>());
    }
    note_if_empty(&all, "blocked addresses");
    for listed in all {
        let block = &listed.block;
        let until = block.expires_at.to_chrono().format("%Y-%m-%d %H:%M:%SZ");
        say(&format!("{:<24}  {:<10}  until {until}  {}", block.network, block.reach.as_str(), listed.reason));
    }
    Ok(())
}

fn described(listed: &Listed) -> Value {
    json!({
        "network": listed.block.network,
        "reach": listed.block.reach.as_str(),
        "reason": listed.reason,
        "created_at": listed.created_at.as_secs(),
        "expires_at": listed.block.expires_at.as_secs(),
    })
}
