//! People imported from another system sign in with their old passwords, and a file can be imported again.

use serde_json::{Value, json};

use crate::admin::revoking_commands::Scene;
use crate::support::place::{Place, stderr, stdout, succeeded};
use crate::support::{Browser, Page};

const PASSWORD: &str = "correct horse battery";
/// Exports of [`PASSWORD`], by name and by the beginning of the form in which each is stored.
const HASHES: [(&str, &str, &str); 6] = [
    ("bcrypt", "$2b$10$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2", "$kept$bcrypt$10$"),
    (
        "django",
        "pbkdf2_sha256$100000$saltsaltsaltsalt$sdYydF5He40GlJg95GSPyzajb/2JdMQM4fwtggzGaZc=",
        "$kept$pbkdf2-sha256$100000$",
    ),
    (
        "scrypt",
        "$scrypt$ln=14,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$LPDRs+d7MJ+D4v778lUnSsMuTt3eMzZtYlcDVF6agWU",
        "$kept$scrypt$",
    ),
    ("ldap", "{SSHA}7y6zhtwSGjkO+OLkXadmhuSypylOYUNs", "$wrapped$sha1$last$"),
    ("md5", "md5$NaCl$6e3237a4d412ac4a4a76fe166327c923", "$wrapped$md5$first$"),
    ("crypt", "$5$saltsalt$lJBntEo62mus/ovk43htFvkabtoMEkzjosQqenAm4h8", "$wrapped$crypt-sha256$5000$"),
];

/// Writes a file into the place.
fn write(place: &Place, name: &str, text: &str) -> String {
    let file = place.path().join(name);
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

fn ndjson(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

async fn report(place: &Place, arguments: &[&str]) -> Value {
    let output = place.run(&[&["user", "import"], arguments, &["--json"]].concat()).await;
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)))
}

async fn sign_in(scene: &Scene, username: &str, password: &str) -> Page {
    let browser = Browser::new(&scene.rp.issuer);
    let login = browser.visit(&scene.rp.authorization_url(&[])).await;
    browser.submit(&login, &[("username", username), ("password", password), ("login-submit", "yes")]).await
}

async fn text(place: &Place, sql: &str) -> String {
    let rows = place.database().query(sql).await;
    String::from_utf8(rows.into_iter().next().unwrap_or_default().into_iter().next().unwrap_or_default()).unwrap()
}

async fn hash_of(place: &Place, username: &str) -> String {
    let of = format!("SELECT p.hash FROM passwords p JOIN users u ON u.id = p.user_id WHERE u.username = '{username}'");
    text(place, &of).await
}

#[tokio::test]
async fn imported_people_sign_in_and_their_hash_becomes_argon2id() {
    let scene = Scene::set().await;
    let place = &scene.place;
    let rows = HASHES.map(|(name, hash, _)| json!({"external_id": name, "username": name, "password_hash": hash}));
    let file = write(place, "people.ndjson", &ndjson(&rows));
    let said = succeeded(&place.run(&["user", "import", &file]).await);
    assert!(said.contains("Created: 6, updated: 0, unchanged: 0, refused: 0"), "{said}");
    for (name, hash, stored) in HASHES {
        let before = hash_of(place, name).await;
        assert!(before.starts_with(stored), "{name}: {before}");
        assert!(!said.contains(hash));
        let wrong = sign_in(&scene, name, "correct horse batter").await;
        assert!(wrong.has("Incorrect username or password."), "{name}: {wrong:?}");
        assert_eq!(hash_of(place, name).await, before, "a failure changes nothing");
        let page = sign_in(&scene, name, PASSWORD).await;
        assert!(page.has("id=\"consent-allow\""), "{name}: {page:?}");
        let after = hash_of(place, name).await;
        assert!(after.starts_with("$argon2id$"), "{name}: {after}");
        assert!(sign_in(&scene, name, PASSWORD).await.has("id=\"consent-allow\""), "{name}");
    }
    let left = place.database().query("SELECT user_id FROM passwords WHERE work IS NOT NULL").await;
    assert!(left.is_empty(), "failed sign-ins need not cost what no hash costs any more");
}

#[tokio::test]
async fn the_second_import_of_five_thousand_people_changes_nothing() {
    let place = Place::new().await;
    let row = |n: usize| {
        let email = format!("person{n}@example.org");
        json!({"external_id": n, "username": format!("person{n}"), "email": email, "given_name": "Ada", "roles": ["old"]})
    };
    let rows: Vec<Value> = (0..5_000).map(row).collect();
    let file = write(&place, "people.ndjson", &ndjson(&rows));
    let dry = report(&place, &[&file, "--dry-run", "--role", "old=new"]).await;
    assert_eq!((&dry["totals"]["created"], &dry["dry_run"]), (&json!(5_000), &json!(true)));
    let count = async |sql: &str| text(&place, &format!("SELECT CAST(count(*) AS TEXT) FROM {sql}")).await;
    for table in ["users", "imported_users", "user_roles", "audit_events WHERE event = 'user.added'"] {
        assert_eq!(count(table).await, "0", "a trial writes nothing: {table}");
    }
    let first = report(&place, &[&file, "--role", "old=new"]).await;
    assert_eq!((&first["totals"]["created"], &first["totals"]["refused"]), (&json!(5_000), &json!(0)));
    assert_eq!(first["rows"].as_array().unwrap().len(), 5_000);
    for table in ["users", "imported_users", "user_roles WHERE role = 'new'", "audit_events WHERE event = 'user.added'"]
    {
        assert_eq!(count(table).await, "5000", "{table}");
    }
    let second = report(&place, &[&file, "--role", "old=new"]).await;
    let totals = &second["totals"];
    assert_eq!((&totals["created"], &totals["unchanged"]), (&json!(0), &json!(5_000)), "{totals}");
    assert_eq!(count("users").await, "5000");
    let other = report(&place, &[&file, "--source", "other", "--dry-run"]).await;
    assert_eq!(other["totals"]["refused"], json!(5_000), "the names of another system are taken");
}

#[tokio::test]
async fn each_row_is_reported_and_a_refused_one_stops_no_other() {
    let place = Place::new().await;
    succeeded(&place.run(&["user", "add", "taken", "--email", "taken@example.org"]).await);
    let costly = "$2b$13$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2";
    let file = write(
        &place,
        "people.csv",
        &format!(
            "external_id,username,email,email_verified,password_hash,roles,given_name,address.locality,enabled\n\
             1,anna,anna@example.org,true,,editor admin,\"Anna, the first\",Berlin,\n\
             2,bad name ,,,,,,,\n\
             3,cleo,,,{costly},,,,\n\
             4,taken,,,,,,,\n\
             5,dora,TAKEN@example.org,,,,,,\n\
             1,emil,,,,,,,\n\
             6,frida,,,hunter2,,,,\n\
             7,anna,,,,,,,\n\
             8,gero,,,,,,,false\n\
             9,short\n"
        ),
    );
    let output = place.run(&["user", "import", &file, "--role", "editor=writer"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output).trim(), "signet: 7 of 10 rows were refused");
    let said = stdout(&output);
    for line in [
        "line 3: refused: There must be no space",
        "line 4 (3): must reset the password",
        "line 5 (4): refused: a user with this name or address exists already",
        "line 6 (5): refused: a user with this name or address exists already",
        "line 7 (1): refused: external_id comes twice in the file",
        "line 8: refused: the password hash has an unknown format",
        "line 9 (7): refused: a user with this name or address exists already",
        "line 11: refused: the row has 2 cells, the header 9",
        "Created: 3, updated: 0, unchanged: 0, refused: 7; must reset the password: 1, roles dropped: 1.",
    ] {
        assert!(said.contains(line), "{line}:\n{said}");
    }
    assert!(!said.contains("hunter2") && !said.contains("$2b$"), "no hash is shown: {said}");
    let shown: Value = serde_json::from_str(&succeeded(&place.run(&["user", "show", "anna", "--json"]).await)).unwrap();
    assert_eq!(shown["roles"], json!(["writer"]), "only mapped roles");
    assert_eq!(shown["email_verified"], json!(true));
    assert_eq!(shown["claims"]["address"]["locality"], "Berlin");
    assert_eq!(hash_of(&place, "cleo").await, "", "no password until it is reset");
    let shown = succeeded(&place.run(&["user", "show", "gero", "--json"]).await);
    assert!(shown.contains("\"disabled\""), "{shown}");
    let log = succeeded(&place.run(&["audit", "list", "--event", "user.added", "--user", "gero"]).await);
    assert!(log.contains("imported from import, disabled"), "{log}");
}

#[tokio::test]
async fn a_changed_row_updates_the_person_and_an_unchanged_one_leaves_their_own_changes() {
    let place = Place::new().await;
    let import = async |rows: &[Value]| {
        let file = write(&place, "people.ndjson", &ndjson(rows));
        report(&place, &[&file, "--role", "old=new"]).await["totals"].clone()
    };
    let hash = HASHES[4].1;
    let row = |name: &str| json!({"external_id": "7", "username": "alice", "email": "alice@example.org", "name": name, "password_hash": hash});
    assert_eq!(import(&[row("Alice")]).await["created"], 1);
    let own = "quite another pass phrase";
    let set = ["user", "set-password", "alice", "--keep", "--password-stdin"];
    succeeded(&place.run_with_input(&set, own).await);
    let stored = hash_of(&place, "alice").await;
    succeeded(&place.run(&["user", "update", "alice", "--name", "Alice Liddell", "--add-role", "staff"]).await);
    assert_eq!(import(&[row("Alice")]).await["unchanged"], 1);
    let show = async || -> Value {
        serde_json::from_str(&succeeded(&place.run(&["user", "show", "alice", "--json"]).await)).unwrap()
    };
    assert_eq!(show().await["claims"]["name"], "Alice Liddell", "what the file said before changes nothing");
    let mut changed = row("Alice Hargreaves");
    changed["roles"] = json!(["old"]);
    assert_eq!(import(&[changed.clone()]).await["updated"], 1);
    let shown = show().await;
    assert_eq!((&shown["claims"]["name"], &shown["roles"]), (&json!("Alice Hargreaves"), &json!(["new", "staff"])));
    assert_eq!(hash_of(&place, "alice").await, stored, "the password is the person's");
    assert_eq!(import(&[changed]).await["unchanged"], 1);
    let log = succeeded(&place.run(&["audit", "list", "--event", "user.updated", "--user", "alice"]).await);
    assert!(log.contains("name"), "{log}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_as_a_whole() {
    let place = Place::new().await;
    let rows = [
        ("people.txt", "{}", "say --format"),
        ("people.csv", "external_id,username,sub\n1,a,b\n", "the member \"sub\" is unknown"),
        ("people.csv", "username\na\n", "no external_id"),
        ("people.ndjson", &*format!("{{\"a\":\"{}\"}}\n", "x".repeat(70_000)), "longer than 64 KB"),
    ];
    for (name, text, why) in rows {
        let file = write(&place, name, text);
        crate::support::place::refused(&place.run(&["user", "import", &file]).await, why);
    }
    crate::support::place::refused(&place.run(&["user", "import", "/nonexistent.csv"]).await, "cannot read");
    let file =
        write(&place, "people.ndjson", "{\"external_id\": \"1\", \"username\": \"a\", \"username\": \"b\"}\n[1]\n");
    let output = place.run(&["user", "import", &file]).await;
    assert!(stdout(&output).contains("line 1: refused: not a JSON object with unique members"), "{}", stdout(&output));
    let bad = place.run(&["user", "import", &file, "--role", "admin"]).await;
    crate::support::place::refused(&bad, "is not OLD=NEW");
}
