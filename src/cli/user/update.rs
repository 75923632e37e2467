//! `signet user update`, `set-password` and `remove`.

use anyhow::ensure;
use clap::Args;
use serde_json::json;

use super::attributes::AttributeOptions;
use super::target::UserTarget;
use crate::app;
use crate::cli::command_context::CommandContext;
use crate::cli::confirm::Confirmation;
use crate::cli::output::{print_json, printable, read_secret, say};
use crate::cli::prompt;
use crate::cli::revoking::Order;
use crate::config::Settings;
use crate::flows::admin::{PasswordSetter, PersonUpdate};
use crate::flows::sign_in::soft_lock;
use signet_protocol::account::attributes::AttributeChange;
use signet_protocol::secret::Password;
use signet_store::account::users::Validity;

/// A user and the new attributes.
#[derive(Args)]
pub struct Update {
    #[command(flatten)]
    user: UserTarget,
    /// The new user name
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    #[command(flatten)]
    attributes: AttributeOptions,
    /// Add a role (repeatable)
    #[arg(long, value_name = "ROLE")]
    add_role: Vec<String>,
    /// Remove a role (repeatable); voids earlier access tokens
    #[arg(long, value_name = "ROLE")]
    remove_role: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Update {
    pub(super) async fn run(self, context: &mut CommandContext) -> anyhow::Result<()> {
        let read = context.operator().people().read(self.user.as_str()).await?;
        let mut next = PersonUpdate::from(&read.user);
        if let Some(name) = &self.rename {
            next.username.clone_from(name);
        }
        self.attributes.apply(&mut next)?;
        ensure!(
            self.remove_role.iter().all(|role| next.roles.contains(role)),
            "--remove-role: the user has no such role"
        );
        next.roles.retain(|role| !self.remove_role.contains(role));
        next.roles.extend(self.add_role.iter().cloned());
        let changed = context.operator().people().update(&read, next).await?;
        if !self.remove_role.is_empty() && !changed.is_empty() {
            context.renew();
            context.operator().people().void_late_tokens(&read.user.id).await?;
        }
        if self.json {
            return print_json(&json!({ "sub": read.user.id, "changed": changed }));
        }
        let name = &read.user.username;
        if changed.is_empty() {
            say(&format!("The user {name} already has these attributes."));
        } else {
            say(&format!("The user {name} is changed:"));
        }
        changed.iter().map(AttributeChange::line).for_each(|line| say(&printable(&format!("  {line}"))));
        Ok(())
    }
}

#[derive(Args)]
pub struct SetPassword {
    #[command(flatten)]
    user: UserTarget,
    /// Read the password from standard input instead of a prompt
    #[arg(long)]
    password_stdin: bool,
    /// Let the user keep this password; otherwise they choose another at the next sign-in
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    order: Order,
}

impl SetPassword {
    /// Reads the password from the terminal, twice, or from standard input.
    fn password(&self) -> anyhow::Result<Password> {
        if self.password_stdin {
            return Ok(Password::new(read_secret()?));
        }
        ensure!(prompt::is_possible(), "there is no terminal to ask for the password; use --password-stdin");
        prompt::choose_password("The new password")
    }

    pub(super) async fn run(self, context: &mut CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let password = self.password()?;
        let passwords = app::open_passwords(settings)?;
        let realm = &context.context.realm.id;
        let master = app::master_key(settings, &context.store, realm, &context.context.entropy).await?;
        let setter = PasswordSetter {
            passwords: &passwords,
            soft_locks: &soft_lock::Rules::new(&settings.limits, master.failure_key()),
            validity: if self.keep { Validity::Lasting } else { Validity::NextSignIn },
        };
        let named = self.user.as_str();
        let prepared = context.operator().people().prepare_password(&setter, named, password).await?;
        // Typing and hashing took time: the cut-off must cover tokens issued meanwhile.
        context.renew();
        let ended = self.order.operator(context).people().set_password(prepared).await?;
        let change = if self.keep { "" } else { "They choose another one at the next sign-in. " };
        let done = format!("The password of {named} is set. {change}All earlier sessions and grants are void.");
        self.order.answer(ended, &done)
    }
}

#[derive(Args)]
pub struct Remove {
    #[command(flatten)]
    user: UserTarget,
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    order: Order,
}

impl Remove {
    /// Asks for confirmation.
    pub(super) fn confirm(&self) -> anyhow::Result<()> {
        let user = self.user.as_str();
        self.confirmation.require(&format!("the user {user} is deleted with all sessions, grants and consents"))
    }

    pub(super) async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let named = self.user.as_str();
        let ended = self.order.operator(context).people().remove(named).await?;
        self.order.answer(ended, &format!("The user {named} is removed."))
    }
}
