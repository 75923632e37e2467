//! `signet user add`

use clap::Args;
use serde_json::{Map, json};

use super::attributes::AttributeOptions;
use super::target::NewUser;
use crate::app;
use crate::cli::command_context::CommandContext;
use crate::cli::output::{note, print_json, read_secret, say};
use crate::config::Settings;
use crate::flows::admin::{Person, PersonUpdate};
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::secret::Password;

#[derive(Args)]
pub struct Add {
    #[command(flatten)]
    user: NewUser,
    #[command(flatten)]
    attributes: AttributeOptions,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Add {
    pub(super) async fn run(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let username = self.user.as_str().to_owned();
        let mut draft = PersonUpdate {
            username: username.clone(),
            email: None,
            email_verified: false,
            claims: PersonClaims::default(),
            attributes: Map::new(),
            roles: Vec::new(),
        };
        self.attributes.apply(&mut draft)?;
        let password = if self.password_stdin { Some(Password::new(read_secret()?)) } else { None };
        let has_password = password.is_some();
        let person = Person {
            username: draft.username,
            email: draft.email,
            email_verified: draft.email_verified,
            password,
            claims: draft.claims,
            attributes: draft.attributes,
            roles: draft.roles,
        };
        let passwords = app::open_passwords(settings)?;
        let id = context.operator().people().add(&passwords, person).await?;
        if !has_password {
            note("The user has no password and cannot sign in with one.");
        }
        if self.json {
            return print_json(&json!({ "sub": id, "username": username }));
        }
        say(&format!("Added the user {username} with sub {id}."));
        Ok(())
    }
}
