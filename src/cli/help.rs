//! Additions to `signet --help`: groups of commands, examples, environment variables, files and exit status, like a
//! manual page.

mod examples;

use clap::Command;

use self::examples::EXAMPLES;

/// Groups of commands.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Running the server", &["init", "serve", "migrate", "healthcheck"]),
    ("Applications and users", &["client", "user", "resource", "mapper"]),
    ("Revoking what was issued", &["session", "grant", "consent", "token", "realm", "revocations"]),
    ("Monitoring and defense", &["explain", "audit", "webhook", "mail", "block", "doctor"]),
    ("Keys, data and settings", &["keys", "backup", "restore", "config", "completions"]),
];

const MANUAL: &str = "\
Environment:
  SIGNET_CONFIG   The settings file; --config overrides it
  SIGNET_*        One setting each, __ for nesting: SIGNET_DATABASE__URL is database.url; overrides the file
  RUST_LOG        The log filter, such as info or signet=debug; overrides log.level

Files:
  signet.toml       Settings, in the working directory or at --config or SIGNET_CONFIG; optional
  signet.db         The embedded database, unless database.url names another
  keys/master.key   The master key, created by `signet init` (or by `serve` in development); without it the
                    database is unusable

Exit status:
  0   Success
  1   Refused, or a check has failed; one line on standard error gives the reason
  2   Wrong usage of the command line

Examples:
  Run a server with a demo application, to try a login:
    signet serve --demo
  Write settings, create the database and the first administrator:
    printf 'a long pass phrase' | signet init --admin you --email you@example.org --password-stdin
  Register an application and print its secret once:
    signet client add --id my-app --redirect-uri https://app.example/callback
  Check the installation before going live:
    signet doctor --online
  Complete commands in this shell:
    source <(signet completions bash)";

/// Adds groups, examples and the manual to the command line.
pub fn complete(command: Command) -> Command {
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{}\nOptions:\n{{options}}{{after-help}}",
        groups(&command)
    );
    let command = command.help_template(template).after_long_help(MANUAL);
    EXAMPLES.iter().fold(command, |command, (path, example)| {
        let names: Vec<&str> = path.split(' ').collect();
        illustrate(command, &names, example)
    })
}

/// Formats the commands by group with their descriptions.
fn groups(command: &Command) -> String {
    let line = |name: &&str| {
        let about = command.find_subcommand(name).and_then(Command::get_about).map(ToString::to_string);
        format!("  {name:<12} {}\n", about.unwrap_or_default())
    };
    GROUPS.iter().map(|(title, names)| format!("\n{title}:\n{}", names.iter().map(line).collect::<String>())).collect()
}

/// Adds the example to the command at the end of the path.
fn illustrate(command: Command, path: &[&str], example: &str) -> Command {
    match path.split_first() {
        Some((name, rest)) if command.find_subcommand(name).is_some() => {
            command.mut_subcommand(name, |inner| illustrate(inner, rest, example))
        }
        // A test catches unknown names.
        Some(_) => command,
        None => command.after_help(format!("Example:\n  {}", example.replace('\n', "\n  "))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Collects the paths of all commands without subcommands.
    fn leaves(command: &Command, path: &str, found: &mut BTreeSet<String>) {
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            let path = format!("{path} {}", inner.get_name()).trim().to_owned();
            if inner.has_subcommands() {
                leaves(inner, &path, found);
            } else {
                found.insert(path);
            }
        }
    }

    #[test]
    fn each_command_has_an_example_that_is_well_formed() {
        let command = super::super::command();
        let mut commands = BTreeSet::new();
        leaves(&command, "", &mut commands);
        let shown: BTreeSet<String> = EXAMPLES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(shown, commands);
        assert_eq!(EXAMPLES.len(), shown.len());
        for (path, example) in EXAMPLES {
            let joined = example.replace("\\\n", " ");
            let line = joined.rsplit("| ").next().unwrap().replace(" < token.txt", "").replace(" > /dev/null", "");
            assert!(line.starts_with(&format!("signet {path}")), "{path}: {line}");
            let line = line.split(" > ").next().unwrap();
            let words = line.split_whitespace().map(|word| word.trim_matches(['\'', '"']));
            let parsed = command.clone().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn each_command_stands_in_one_group() {
        let command = super::super::command();
        let names = command.get_subcommands().map(Command::get_name).filter(|name| *name != "help");
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert_eq!(grouped.iter().copied().collect::<BTreeSet<_>>(), names.collect());
        assert_eq!(grouped.len(), grouped.iter().collect::<BTreeSet<_>>().len());
    }
}
