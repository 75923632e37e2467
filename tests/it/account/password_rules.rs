//! The rules for new passwords, by every command that takes one.

use crate::support::place::{Place, refused, stderr, succeeded};

const ADD: [&str; 6] = ["user", "add", "alice", "--email", "alice.zqxwvut@example.org", "--password-stdin"];
const SET: [&str; 4] = ["user", "set-password", "bob", "--password-stdin"];

#[tokio::test]
async fn every_command_refuses_a_weak_password_with_its_reason() {
    let place = Place::empty().await;
    let init = ["init", "--admin", "alice", "--email", "alice.zqxwvut@example.org", "--password-stdin"];
    let long = "x".repeat(129);
    let rows = [
        ("short", "at least 8 characters"),
        (long.as_str(), "at most 128 characters"),
        ("password123", "too common"),
        ("zqxwvut2026", "your name or e-mail address"),
        ("pineapple7", "too easy to guess"),
    ];
    for (weak, why) in rows {
        refused(&place.run_with_input(&init, weak).await, why);
    }
    succeeded(&place.run(&["migrate"]).await);
    succeeded(&place.run(&["user", "add", "bob", "--email", "bob.zqxwvut@example.org"]).await);
    for (weak, why) in rows {
        refused(&place.run_with_input(&ADD, weak).await, why);
        let said = place.run_with_input(&SET, weak).await;
        assert!(stderr(&said).contains(why), "{weak}: {}", stderr(&said));
    }
    let passphrase = "sixty-four characters of which some are spaces, and häuſer as well";
    succeeded(&place.run_with_input(&ADD, passphrase).await);
}

#[tokio::test]
async fn the_score_is_a_setting() {
    let place = Place::new().await;
    let add = async |score: &str, name: &str, password: &str| {
        let mut command = place.command(&["user", "add", name, "--password-stdin"]);
        command.env("SIGNET_PASSWORDS__MIN_SCORE", score).stdin(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut input, password.as_bytes()).await.unwrap();
        drop(input);
        child.wait_with_output().await.unwrap()
    };
    succeeded(&add("0", "carol", "pineapple7").await);
    refused(&add("4", "dora", "kx7!pq2w").await, "too easy to guess");
    refused(&add("5", "dora", "kx7!pq2w").await, "passwords.min_score");
}

#[tokio::test]
async fn a_breached_password_is_refused_by_every_command_and_the_file_is_checked_at_the_start() {
    let place = Place::new().await;
    let list = place.path().join("breached.txt");
    let digest = |text: &str| {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<String>()
    };
    let leaked = "onyx goblins jump thrice";
    let mut lines: Vec<String> = (0..2_000).map(|n| format!("{}:{n}", digest(&format!("filler {n}")))).collect();
    lines.push(format!("{}:7", digest(leaked)));
    lines.sort();
    std::fs::write(&list, lines.join("\r\n")).unwrap();
    let settings = std::fs::read_to_string(place.path().join("signet.toml")).unwrap();
    let file = list.display();
    std::fs::write(place.path().join("signet.toml"), format!("{settings}[passwords]\nbreached_file = \"{file}\"\n"))
        .unwrap();
    refused(&place.run_with_input(&ADD, leaked).await, "known from a data breach");
    succeeded(&place.run_with_input(&ADD, "onyx goblins jump four times").await);
    lines.reverse();
    std::fs::write(&list, lines.join("\n")).unwrap();
    // The log of the start may precede the reason.
    let output = place.run(&["serve"]).await;
    assert!(output.status.code() == Some(1) && stderr(&output).contains("not sorted"), "{}", stderr(&output));
    std::fs::remove_file(&list).unwrap();
    let output = place.run(&["serve"]).await;
    let why = "passwords.breached_file: cannot read";
    assert!(output.status.code() == Some(1) && stderr(&output).contains(why), "{}", stderr(&output));
}
