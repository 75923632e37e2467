//! The first minutes of an installation: the files that each command creates, and where commands look for them.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::database::Database;
use crate::support::place::{Place, refused, stderr, stdout, succeeded};

const PASSWORD: &str = "a long pass phrase";
const ADMIN: [&str; 6] = ["init", "--admin", "you", "--email", "you@example.org", "--password-stdin"];

#[tokio::test]
async fn a_command_in_the_wrong_place_creates_no_database_and_names_the_path() {
    let place = Place::empty().await;
    let commands: [&[&str]; 9] = [
        &["user", "add", "--username", "alice"],
        &["client", "list"],
        &["keys", "list"],
        &["audit", "verify"],
        &["realm", "sign-out", "--yes"],
        &["restore", "--in-place", "--yes"],
        &["backup", "--to", "copy"],
        &["token", "revoke"],
        &["webhook", "list"],
    ];
    for command in commands {
        let output = place.run_with_input(command, "eyJhbGciOiJub25lIn0.e30.").await;
        let why = if Database::is_postgres() { "the database is empty" } else { "there is no database at" };
        refused(&output, why);
        assert!(stderr(&output).contains("signet init"), "{command:?}: {}", stderr(&output));
        if !Database::is_postgres() {
            assert!(stderr(&output).contains("--config") && stderr(&output).contains("SIGNET_CONFIG"));
            assert!(stderr(&output).contains(&place.path().join("signet.db").display().to_string()));
        }
        for name in ["signet.db", "keys", "copy"] {
            assert!(!place.path().join(name).exists(), "{command:?} makes {name}");
        }
    }
}

#[tokio::test]
async fn the_settings_file_is_the_one_that_the_variable_names_unless_an_option_names_another() {
    let place = Place::new().await;
    std::fs::write(place.path().join("named.toml"), "issuer = \"http://localhost:7001\"").unwrap();
    std::fs::write(place.path().join("other.toml"), "issuer = \"http://localhost:7002\"").unwrap();
    let rows: [(&str, &[&str], &str); 3] = [
        ("named.toml", &[], "http://localhost:7001"),
        ("named.toml", &["--config", "other.toml"], "http://localhost:7002"),
        ("", &["--config", "other.toml"], "http://localhost:7002"),
    ];
    for (variable, option, issuer) in rows {
        let mut command = place.command(&[&["config", "print"], option].concat());
        let printed = succeeded(&command.env("SIGNET_CONFIG", variable).output().await.unwrap());
        assert!(printed.contains(&format!("issuer = \"{issuer}\"")), "{variable} {option:?}: {printed}");
    }
    let absent = place.command(&["client", "list"]).env("SIGNET_CONFIG", "absent.toml").output().await.unwrap();
    refused(&absent, "cannot read absent.toml");
}

#[tokio::test]
async fn migrate_says_what_it_has_applied() {
    let place = Place::empty().await;
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).unwrap();
    let number = |name: String| name.split('_').next().unwrap().parse::<u32>().unwrap();
    let newest = files.map(|file| number(file.unwrap().file_name().into_string().unwrap())).max().unwrap();
    let first = succeeded(&place.run(&["migrate"]).await);
    assert_eq!(first, format!("Created the tables, with schema {newest}.\n"));
    assert_eq!(succeeded(&place.run(&["migrate"]).await), format!("The schema is up to date: {newest}.\n"));
}

/// An empty folder.
fn nothing(place: &Place) -> std::path::PathBuf {
    let folder = place.path().join("nothing");
    std::fs::create_dir(&folder).unwrap();
    folder
}

async fn init(folder: &std::path::Path, arguments: &[&str], variables: &[(&str, &str)]) -> std::process::Output {
    use tokio::io::AsyncWriteExt as _;
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_signet"));
    command.args(arguments).current_dir(folder).envs(variables.iter().copied()).kill_on_drop(true);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).await.unwrap();
    child.wait_with_output().await.unwrap()
}

#[tokio::test]
async fn init_writes_settings_and_creates_the_database_the_key_and_the_administrator() {
    let place = Place::empty().await;
    let folder = nothing(&place);
    let database = if Database::is_postgres() { Some(Database::empty().await) } else { None };
    let url = database.as_ref().map_or("sqlite://signet.db", |database| database.url.as_str());
    let begin = [&ADMIN[..], &["--issuer", "http://localhost:7003", "--database", url]].concat();
    let said = succeeded(&init(&folder, &begin, &[]).await);
    for part in ["Wrote signet.toml.", "Created the tables", "keys/master.key", "Added the user you", "signet serve"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for file in ["signet.toml", "keys/master.key"] {
        let mode = std::fs::metadata(folder.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let settings = std::fs::read_to_string(folder.join("signet.toml")).unwrap();
    assert!(settings.contains("issuer = \"http://localhost:7003\"\n"), "{settings}");
    assert!(settings.contains("listen = \"127.0.0.1:7003\""), "{settings}");
    let key = std::fs::read(folder.join("keys/master.key")).unwrap();
    let printed = succeeded(&init(&folder, &["config", "print"], &[]).await);
    assert!(printed.contains("mode = \"development\""), "{printed}");
    let sign_out = ["user", "sign-out", "--username", "you@example.org"];
    succeeded(&init(&folder, &sign_out, &[]).await);

    // A second run has nothing to do.
    let again = succeeded(&init(&folder, &begin, &[]).await);
    assert!(!again.contains("Wrote") && again.contains("up to date"), "{again}");
    assert!(again.contains("The user you already exists"), "{again}");
    let other = [&["init", "--issuer", "https://id.example.org"][..]].concat();
    refused(&init(&folder, &other, &[]).await, "overwrites nothing");
    refused(&init(&folder, &["init", "--database", "sqlite://other.db"], &[]).await, "overwrites nothing");
    assert_eq!(std::fs::read_to_string(folder.join("signet.toml")).unwrap(), settings);
    assert_eq!(std::fs::read(folder.join("keys/master.key")).unwrap(), key);
    assert!(!folder.join("other.db").exists());
}

#[tokio::test]
async fn init_creates_nothing_where_something_is_refused() {
    let place = Place::empty().await;
    let folder = nothing(&place);
    let rows: [(&[&str], &str); 5] = [
        (&["init", "--issuer", "http://id.example.org"], "may use http only for localhost"),
        (&["init", "--issuer", "https://id.example.org/"], "must not end with a slash"),
        (&["init", "--database", "mysql://db"], "database.url"),
        (&["init", "--admin", "a\u{7}", "--password-stdin"], "name"),
        (&["init", "--admin", "a long pass phrase", "--password-stdin"], "password"),
    ];
    for (arguments, why) in rows {
        refused(&init(&folder, arguments, &[]).await, why);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{arguments:?}");
    }
    assert_eq!(init(&folder, &["init", "--admin", "you"], &[]).await.status.code(), Some(2), "it never asks");
}

#[tokio::test]
async fn settings_of_the_environment_need_no_file() {
    if Database::is_postgres() {
        return;
    }
    let place = Place::empty().await;
    let folder = nothing(&place);
    let variables = [("SIGNET_MODE", "production"), ("SIGNET_ISSUER", "https://id.example.org")];
    refused(&init(&folder, &["init", "--issuer", "https://id.example.org"], &variables).await, "omit --issuer");
    let said = succeeded(&init(&folder, &ADMIN, &variables).await);
    assert!(!said.contains("Wrote") && said.contains("Added the user you"), "{said}");
    assert!(!folder.join("signet.toml").exists());
}

#[tokio::test]
async fn production_starts_only_on_a_database_created_by_init() {
    if Database::is_postgres() {
        return;
    }
    let place = Place::empty().await;
    let folder = nothing(&place);
    let listen = [("SIGNET_LISTEN", "127.0.0.1:0"), ("SIGNET_MANAGEMENT__LISTEN", "off")];
    let production = [("SIGNET_MODE", "production"), ("SIGNET_ISSUER", "https://id.example.org"), listen[0], listen[1]];
    refused(&init(&folder, &["serve"], &production).await, "there is no database at");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "and nothing was created");
    succeeded(&init(&folder, &["migrate"], &production).await);
    refused(
        &init(&folder, &["serve"], &production).await,
        "keys/master.key does not exist yet; `signet init` creates it",
    );
    refused(&init(&folder, &["keys", "list"], &production).await, "keys/master.key does not exist yet");
    assert!(!folder.join("keys").exists());
    let found = init(&folder, &["doctor"], &production).await;
    assert!(stdout(&found).contains("FAIL  master-key               there is none yet; run `signet init`"));
    succeeded(&init(&folder, &["init"], &production).await);
    succeeded(&init(&folder, &["keys", "list"], &production).await);
}

#[tokio::test]
async fn production_does_not_fill_an_empty_database() {
    use std::os::unix::fs::OpenOptionsExt as _;
    let place = Place::empty().await;
    if !Database::is_postgres() {
        let mut options = std::fs::OpenOptions::new();
        options.create_new(true).write(true).mode(0o600).open(place.path().join("signet.db")).unwrap();
    }
    let production = [("SIGNET_MODE", "production"), ("SIGNET_ISSUER", "https://id.example.org")];
    let lossy = ("SIGNET_DATABASE__ALLOW_LOSSY_COMMITS", "true");
    let variables = [production[0], production[1], lossy];
    let served = init(place.path(), &["serve"], &variables).await;
    let said = String::from_utf8(served.stderr).unwrap();
    assert!(!served.status.success() && said.contains("the database is empty; run `signet init`"), "{said}");
}

#[tokio::test]
async fn production_without_tls_and_without_a_trusted_proxy_warns_at_its_start() {
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    let place = Place::new().await;
    let settings = std::fs::read_to_string(place.path().join("signet.toml")).unwrap();
    let database = settings.find("[database]").map_or("", |at| &settings[at..]);
    let production = "mode = \"production\"\nissuer = \"https://id.example.org\"\nlisten = \"127.0.0.1:0\"\n\
                      management.listen = \"off\"\n";
    for (more, warns) in [("", true), ("proxy.trusted = [\"127.0.0.1\"]\n", false)] {
        let lossy = if database.is_empty() { "" } else { "allow_lossy_commits = true\n" };
        std::fs::write(place.path().join("signet.toml"), format!("{production}{more}{database}{lossy}")).unwrap();
        succeeded(&place.run(&["init"]).await);
        let mut server = place.command(&["serve"]).stdout(std::process::Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        let mut has_warned = false;
        loop {
            let line = lines.next_line().await.unwrap().expect("it starts");
            has_warned |= line.contains("neither TLS nor a trusted proxy");
            if line.contains("started listening") {
                break;
            }
        }
        assert_eq!(has_warned, warns, "{more}");
        server.kill().await.unwrap();
    }
}

#[tokio::test]
async fn irreversible_commands_need_confirmation() {
    let place = Place::new().await;
    let client = ["client", "add", "--id", "web", "--redirect-uri", "https://rp.example/cb"];
    succeeded(&place.run(&client).await);
    let commands: [&[&str]; 4] = [
        &["client", "remove", "--id", "web"],
        &["realm", "sign-out"],
        &["keys", "compromise", "--kid", "KID"],
        &["restore", "--in-place"],
    ];
    for command in commands {
        refused(&place.run(command).await, "run it again with --yes");
    }
    assert!(succeeded(&place.run(&["client", "list"]).await).contains("web"), "and nothing was done");
    let log = succeeded(&place.run(&["audit", "list"]).await);
    assert!(!log.contains("realm.signed_out") && !log.contains("restored"), "{log}");
    succeeded(&place.run(&["client", "remove", "--id", "web", "--yes"]).await);
}

#[tokio::test]
async fn the_audit_log_names_the_account_that_ran_a_command() {
    let place = Place::new().await;
    succeeded(&place.run(&["user", "add", "--username", "alice"]).await);
    succeeded(&place.run(&["keys", "rotate", "--alg", "ES256"]).await);
    let account = String::from_utf8(std::process::Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let by = format!("by command ({}", account.trim());
    for event in ["user.added", "key.announced"] {
        let rows = succeeded(&place.run(&["audit", "list", "--event", event]).await);
        assert!(rows.lines().count() == 1 && rows.contains(&by), "{event}: {rows}");
    }
}
