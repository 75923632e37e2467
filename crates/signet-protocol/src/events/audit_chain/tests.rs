use super::*;

fn realm() -> RealmId {
    RealmId::parse("default").unwrap()
}

fn row(seq: i64) -> Row {
    Row {
        seq: Some(seq),
        at: Timestamp::from_millis(1000 * seq),
        id: format!("id-{seq}"),
        event: "login".into(),
        outcome: "success".into(),
        actor: "user".into(),
        user: Some("alice".into()),
        client: None,
        session: Some("s".into()),
        address: "192.0.2.1".into(),
        user_agent: "browser".into(),
        request_id: "r".into(),
        reason: "password".into(),
        details: None,
    }
}

/// Returns a chain of this length, with the hashes of its rows, and its end.
fn chain(length: i64) -> (Vec<(Row, Digest)>, Link) {
    let mut end = Link::beginning();
    let rows = (1..=length).map(|seq| {
        end = end.then(&realm(), &row(seq));
        (row(seq), end.hash)
    });
    let rows = rows.collect();
    (rows, end)
}

fn walk(rows: &[(Row, Digest)], vouched: &[Link], end: Link) -> Result<(), ChainFault> {
    let mut walk = ChainVerifier::new(realm(), Link::beginning(), vouched.iter().copied());
    for (row, hash) in rows {
        walk.step(row, Some(*hash))?;
    }
    walk.finish(end)
}

#[test]
fn an_unchanged_chain_verifies() {
    let (rows, end) = chain(5);
    assert_eq!(walk(&rows, &[end], end), Ok(()));
    assert_eq!(walk(&[], &[], Link::beginning()), Ok(()), "an empty one too");
}

#[test]
fn every_field_of_a_row_is_hashed() {
    let changes: [(&str, fn(&mut Row)); 13] = [
        ("at", |row| row.at = Timestamp::from_millis(1)),
        ("id", |row| row.id.push('x')),
        ("event", |row| row.event = "logout".into()),
        ("outcome", |row| row.outcome = "failure".into()),
        ("actor", |row| row.actor = "system".into()),
        ("user", |row| row.user = Some("mallory".into())),
        ("client", |row| row.client = Some(String::new())),
        ("session", |row| row.session = None),
        ("address", |row| row.address.clear()),
        ("user_agent", |row| row.user_agent.push('x')),
        ("request_id", |row| row.request_id.push('x')),
        ("reason", |row| row.reason.push('x')),
        ("details", |row| row.details = Some("{}".into())),
    ];
    for (name, change) in changes {
        let (mut rows, end) = chain(3);
        change(&mut rows[1].0);
        assert_eq!(walk(&rows, &[], end), Err(ChainFault::Changed(2)), "{name}");
    }
}

#[test]
fn details_are_under_the_hash_and_rows_without_them_have_the_hash_from_before() {
    let with = |details: &str| Row { details: Some(details.to_owned()), ..row(1) };
    let link = |row: &Row| Link::beginning().then(&realm(), row).hash;
    let known = "VBB4cnpSgVgHAqBrNt9S9Z5z1U7gDdq5qc3cQixWKYM";
    assert_eq!(serde_json::to_value(link(&row(1))).unwrap(), known, "as releases before have written it");
    assert_ne!(link(&with("{}")), link(&row(1)), "taken away, or put in");
    assert_ne!(link(&with("{}")), link(&with("{\"a\":1}")));
    let moved = Row { reason: "password{}".into(), ..row(1) };
    assert_ne!(link(&with("{}")), link(&moved), "or moved from one field to another");
}

#[test]
fn details_are_written_as_an_object() {
    let rows = [(Some("{\"scopes\":[\"openid\"]}"), r#"{"scopes":["openid"]}"#), (Some("broken"), "\"broken\"")];
    for (details, expected) in rows {
        let written = serde_json::to_value(Row { details: details.map(str::to_owned), ..row(1) }).unwrap();
        assert_eq!(written["details"].to_string(), expected);
    }
    assert!(serde_json::to_value(row(1)).unwrap().get("details").is_none());
}

#[test]
fn text_cannot_move_from_one_field_to_another() {
    let mut moved = row(1);
    moved.address = "192.0.2.".into();
    moved.user_agent = "1browser".into();
    assert_ne!(Link::beginning().then(&realm(), &row(1)), Link::beginning().then(&realm(), &moved));
    let other = RealmId::parse("other").unwrap();
    assert_ne!(Link::beginning().then(&realm(), &row(1)), Link::beginning().then(&other, &row(1)), "another realm");
}

#[test]
fn removed_inserted_and_swapped_rows_are_detected() {
    let (rows, end) = chain(4);
    let without = |at: usize| rows.iter().enumerate().filter(move |(i, _)| *i != at).map(|(_, row)| row.clone());
    let rows_of = [
        ("the first", without(0).collect::<Vec<_>>(), ChainFault::Missing(1)),
        ("one between", without(2).collect(), ChainFault::Missing(3)),
        ("the last", without(3).collect(), ChainFault::Missing(4)),
        ("twice", [&rows[..2], &rows[1..]].concat(), ChainFault::Missing(3)),
        ("swapped", vec![rows[1].clone(), rows[0].clone()], ChainFault::Missing(1)),
    ];
    for (name, rows, broken) in rows_of {
        assert_eq!(walk(&rows, &[], end), Err(broken), "{name}");
    }
}

#[test]
fn a_rewritten_chain_contradicts_its_checkpoint() {
    let (_, vouched) = chain(3);
    let mut end = Link::beginning();
    let forged: Vec<_> = (1..=3)
        .map(|seq| {
            let forged = Row { reason: "forged".into(), ..row(seq) };
            end = end.then(&realm(), &forged);
            (forged, end.hash)
        })
        .collect();
    assert_eq!(walk(&forged, &[], end), Ok(()), "it holds by itself");
    assert_eq!(walk(&forged, &[vouched], end), Err(ChainFault::Replaced(3)));
    let (short, its_end) = chain(2);
    assert_eq!(walk(&short, &[vouched], its_end), Err(ChainFault::Missing(3)), "rows are gone, and the end with them");
}
