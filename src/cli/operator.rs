//! The account that runs a command, for the audit log.

use rustix::process::getuid;

/// Limit of a name in the audit log, in characters.
const MAX_NAME: usize = 64;

/// Returns the name of the account and the caller of sudo.
pub fn name() -> String {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    describe(getuid().as_raw(), &accounts, std::env::var("SUDO_USER").ok().as_deref())
}

fn describe(uid: u32, accounts: &str, sudo: Option<&str>) -> String {
    let clean = |name: &str| name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect::<String>();
    let account = match account_of(uid, accounts) {
        Some(account) => clean(account),
        None => format!("uid {uid}"),
    };
    // Only root's environment can be trusted.
    match sudo.filter(|name| uid == 0 && !name.is_empty()) {
        Some(caller) => format!("{account}, sudo {}", clean(caller)),
        None => account,
    }
}

/// Finds the name of a uid in the lines of `/etc/passwd`: `NAME:PASSWORD:UID:...`.
fn account_of(uid: u32, accounts: &str) -> Option<&str> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_named_by_account_and_by_the_caller_of_sudo() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\nalice:x:1001:1001::/home/alice:/bin/sh\nbroken\n";
        let rows = [
            (1001, None, "alice"),
            (1001, Some("mallory"), "alice"),
            (0, None, "root"),
            (0, Some("alice"), "root, sudo alice"),
            (0, Some("a\nb"), "root, sudo ab"),
            (4242, None, "uid 4242"),
        ];
        for (uid, sudo, expected) in rows {
            assert_eq!(describe(uid, accounts, sudo), expected);
        }
    }
}
