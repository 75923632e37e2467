//! `signet init`: creates everything that a server needs before its first start. Existing files and rows stay, so the
//! command can be repeated.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use super::command_context::CommandContext;
use super::migrate;
use super::output::{read_secret, say};
use super::{database, prompt, variables};
use crate::app;
use crate::config::{DEFAULT_FILE, Settings, Starter};
use crate::flows::admin::{PeopleError, Person};
use signet_protocol::account::person::{EmailAddress, Username};
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::secret::Password;
use signet_store::Store;

/// Role of the first administrator. Applications can receive it; within Signet it gives no rights.
const ADMINISTRATOR: &str = "admin";

/// Options for the first settings and administrator.
#[derive(Args)]
pub struct Init {
    /// The URL at which people and applications reach the server; https means production
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The database, such as postgres://USER:PASSWORD@HOST/NAME; a file by default
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// The name of the first administrator
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    admin: Option<String>,
    /// The administrator's email address, which counts as verified
    #[arg(long, value_name = "ADDRESS", requires = "admin")]
    email: Option<String>,
    /// Read the administrator's password from standard input
    #[arg(long, requires = "admin")]
    password_stdin: bool,
}

/// The first administrator, before the database exists.
struct Administrator {
    username: String,
    email: Option<String>,
    password: Password,
}

impl Init {
    /// Runs the command. `named` is the settings file of the command line.
    pub async fn run(mut self, named: Option<PathBuf>) -> anyhow::Result<()> {
        let file = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        let text =
            if file.exists() || self.is_set_by_environment()? { None } else { Some(self.starter(&named)?.text()) };
        let settings = match &text {
            Some(text) => Settings::read(&file, text, variables(std::env::vars_os()))?,
            None => Settings::load(named.as_deref(), variables(std::env::vars_os()))?,
        };
        self.refuse_other_settings(&settings)?;
        // Read and validated before anything is created.
        let is_new = text.is_some() || database::missing(&settings).is_some();
        let administrator = match &self.admin {
            Some(username) => Some(self.administrator(username)?),
            None if is_new && prompt::is_possible() => ask_for_administrator()?,
            None => None,
        };
        if let Some(administrator) = &administrator {
            administrator.check(&settings).await?;
        }
        if let Some(text) = text {
            write(&file, &text)?;
            say(&format!("Wrote {}.", file.display()));
        }
        let context = create(&settings).await?;
        if let Some(administrator) = administrator {
            add(&context, &settings, administrator).await?;
        }
        context.close().await;
        print_next_steps(&settings, named.as_deref());
        Ok(())
    }

    /// Returns true if the environment sets the issuer, as in a container, so that no file is needed.
    fn is_set_by_environment(&self) -> anyhow::Result<bool> {
        let is_set = std::env::var_os("SIGNET_ISSUER").is_some();
        ensure!(
            !is_set || (self.issuer.is_none() && self.database.is_none()),
            "SIGNET_ISSUER is set, so no settings file is written: omit --issuer and --database"
        );
        Ok(is_set)
    }

    /// Returns the settings for a new file; asks for the issuer on a terminal.
    fn starter(&mut self, named: &Option<PathBuf>) -> anyhow::Result<Starter> {
        if self.issuer.is_none() && prompt::is_possible() {
            let question = "The URL at which people and applications reach this server";
            self.issuer = Some(prompt::ask(question, "http://localhost:8000")?);
        }
        let mut starter = Starter { issuer: self.issuer.clone(), database: self.database.clone(), keys: None };
        if named.is_some() {
            // Absolute paths, since commands with `--config` may run in any directory.
            let folder = std::env::current_dir()?;
            starter.database.get_or_insert_with(|| format!("sqlite://{}", folder.join("signet.db").display()));
            starter.keys = Some(folder.join("keys").display().to_string());
        }
        Ok(starter)
    }

    fn refuse_other_settings(&self, settings: &Settings) -> anyhow::Result<()> {
        let file = settings.file.as_deref().unwrap_or(Path::new(DEFAULT_FILE)).display();
        if let Some(issuer) = self.issuer.as_ref().filter(|issuer| **issuer != settings.issuer) {
            bail!(
                "the issuer is {} already, not {issuer}: `signet init` overwrites nothing; edit {file}",
                settings.issuer
            );
        }
        if self.database.as_ref().is_some_and(|url| url != settings.database.url.expose()) {
            bail!("database.url is set to another database already: `signet init` overwrites nothing; edit {file}");
        }
        Ok(())
    }

    /// Reads the administrator from the options.
    fn administrator(&self, username: &str) -> anyhow::Result<Administrator> {
        let password = Password::new(read_secret()?);
        Ok(Administrator { username: username.to_owned(), email: self.email.clone(), password })
    }
}

impl Administrator {
    async fn check(&self, settings: &Settings) -> anyhow::Result<()> {
        let username = Username::parse(&self.username)?;
        let email = self.email.as_deref().map(EmailAddress::parse).transpose()?;
        let personal = [username.as_str(), email.as_ref().map_or("", EmailAddress::as_str)];
        let password = Password::new(self.password.expose().to_owned());
        app::open_passwords(settings)?.accept(password, &personal, None).await?;
        Ok(())
    }
}

fn ask_for_administrator() -> anyhow::Result<Option<Administrator>> {
    let username = prompt::ask("The name of the first administrator (empty for none)", "")?;
    if username.is_empty() {
        return Ok(None);
    }
    let email = prompt::ask("Their email address (empty for none)", "")?;
    let password = prompt::choose_password("Their password")?;
    Ok(Some(Administrator { username, email: Some(email).filter(|email| !email.is_empty()), password }))
}

/// Writes a file readable only by its owner, since it may contain secrets later.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let opened = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(file);
    let written = opened.and_then(|mut opened| opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()));
    written.with_context(|| format!("cannot write {}", file.display()))
}

/// Creates the database and the master key if they are missing.
async fn create(settings: &Settings) -> anyhow::Result<CommandContext> {
    let store = Store::open(settings.database.url.expose(), settings.database.max_connections).await?;
    let migrated = store.migrate().await?;
    match Store::file_of(settings.database.url.expose()) {
        Some(file) => say(&format!("Database {}: {}", file.display(), migrate::describe(&migrated))),
        None => say(&format!("Database: {}", migrate::describe(&migrated))),
    }
    let context = CommandContext::at(store, settings).await?;
    app::create_master_key(settings, &context.store, &context.context.realm.id, &context.context.entropy).await?;
    match &settings.keys.master_key {
        Some(_) => say("The master key is set; keep a copy of it, separate from the backups of the database."),
        None => {
            let key = settings.keys.dir.join("master.key");
            say(&format!(
                "Master key {}: keep a copy of it, separate from the backups of the database.",
                key.display()
            ));
        }
    }
    Ok(context)
}

async fn add(context: &CommandContext, settings: &Settings, administrator: Administrator) -> anyhow::Result<()> {
    let Administrator { username, email, password } = administrator;
    let person = Person {
        username: username.clone(),
        email_verified: email.is_some(),
        email,
        password: Some(password),
        claims: PersonClaims::default(),
        attributes: serde_json::Map::new(),
        roles: vec![ADMINISTRATOR.to_owned()],
    };
    let passwords = app::open_passwords(settings)?;
    match context.operator().people().add(&passwords, person).await {
        Ok(_) => {
            say(&format!("Added the user {username} with the role {ADMINISTRATOR}."));
            say(
                "Applications can receive roles (`signet mapper add --from-roles`); within Signet, this one gives no rights.",
            );
        }
        Err(PeopleError::Exists(_)) => say(&format!("The user {username} already exists and was not changed.")),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn print_next_steps(settings: &Settings, named: Option<&Path>) {
    let option = named.map(|file| format!(" --config {}", file.display())).unwrap_or_default();
    say("\nNext:");
    say(&format!("  signet serve{option}"));
    say(&format!("  signet client add{option} --id my-app --redirect-uri http://127.0.0.1/callback"));
    say(&format!("  signet doctor{option}"));
    say(&format!("\nGive your application the issuer {}.", settings.issuer));
}
