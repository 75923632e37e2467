use super::*;
use signet_protocol::account::foreign_hash::{self, Import};

const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };
const COSTLY: Cost = Cost { memory_kib: 200, iterations: 3, parallelism: 1 };

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

fn argon2(amount: u64) -> Work {
    Work::of(Unit::Argon2, amount)
}

fn hash(cost: Cost) -> String {
    Worker::new(cost).unwrap().hash(&password("correct horse"), &[1; 16]).unwrap()
}

#[test]
fn every_failed_check_costs_as_much_as_the_most_expensive() {
    for (rule, now) in [("the cost was raised", COSTLY), ("the cost was lowered", CHEAP)] {
        let worker = Worker::new(now).unwrap();
        worker.note(&hash(COSTLY));
        let cheap = hash(CHEAP);
        let costly = hash(COSTLY);
        let rows = [
            ("unknown", "correct horse", Stored::Unknown),
            ("wrong, cheap hash", "wrong", Stored::Open(cheap.clone())),
            ("wrong, costly hash", "wrong", Stored::Open(costly.clone())),
            ("disabled, wrong, cheap hash", "wrong", Stored::Barred(cheap.clone())),
            ("disabled, right, cheap hash", "correct horse", Stored::Barred(cheap)),
            ("disabled, right, costly hash", "correct horse", Stored::Barred(costly)),
            ("a hash that cannot be read", "correct horse", Stored::Open("x".to_owned())),
        ];
        for (case, text, stored) in rows {
            let done = worker.verify(&password(text), &stored, &[2; 16]);
            assert_eq!(done.work, argon2(600), "{rule}: {case}");
        }
    }
}

#[test]
fn the_cost_of_a_checked_hash_is_recorded() {
    let worker = Worker::new(CHEAP).unwrap();
    let wrong = |stored| worker.verify(&password("wrong"), &stored, &[2; 16]).work;
    assert_eq!(wrong(Stored::Unknown), argon2(64));
    assert_eq!(wrong(Stored::Open(hash(COSTLY))), argon2(600));
    assert_eq!(wrong(Stored::Unknown), argon2(600));
}

#[test]
fn a_success_costs_its_own_hash_and_the_new_one() {
    let worker = Worker::new(COSTLY).unwrap();
    let right = |stored| worker.verify(&password("correct horse"), &stored, &[2; 16]);
    assert_eq!(right(Stored::Open(hash(COSTLY))), Done { check: Check::Right, work: argon2(600) });
    let done = right(Stored::Open(hash(CHEAP)));
    assert_eq!(done.work, argon2(664));
    assert!(matches!(done.check, Check::RightWithNewHash(new) if new.contains("m=200,t=3")));
}

/// Exports of "correct horse battery" by crypt(3), hashlib and OpenLDAP.
const EXPORTED: [&str; 22] = [
    "$2b$10$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2",
    "$2a$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS",
    "$5$saltsalt$lJBntEo62mus/ovk43htFvkabtoMEkzjosQqenAm4h8",
    "$6$rounds=100000$saltsalt$3zRHzTrwHjju6NfnQXJMCmq0iyvI9ZsEMo28jW6CRGhkufxtnAdvnOVi5Hp1P9u8Q0oiAOh9KhiJiccvkimDH1",
    "$6$saltsalt$G9wFFnnUFCPffgjGaIp8t6onbqx3zGbMIn93ecLfBFGJpBV3/0HPLZ17qYbjb.WJDtXbmuMlQ9NnvzVms5ZXj.",
    "$pbkdf2$1000$c2FsdHNhbHRzYWx0c2FsdA$NcA2jyIs3HUlQRwFRhBCuXxEFJk",
    "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$Cf9xjlisAEzRbMZsosxST/5.wkpfUV6uoqiZkYtP6iQ",
    "$pbkdf2-sha512$1000$c2FsdHNhbHRzYWx0c2FsdA$lYhPheApeiwq3tKG8A.KHC4iQ8mmHXFAKab1ywrJ5QhG73jAKAyVeLsbqTYH/KNRnW0OYbntj3FPNcXf3GKcRg",
    "pbkdf2_sha256$100000$saltsaltsaltsalt$sdYydF5He40GlJg95GSPyzajb/2JdMQM4fwtggzGaZc=",
    "$pbkdf2-sha256$i=100000,l=32$c2FsdHNhbHRzYWx0c2FsdA$sdYydF5He40GlJg95GSPyzajb/2JdMQM4fwtggzGaZc",
    "$scrypt$ln=14,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$LPDRs+d7MJ+D4v778lUnSsMuTt3eMzZtYlcDVF6agWU",
    "scrypt$saltsaltsaltsalt$1024$8$1$fXnS5Awj6eMC+z1SbPBpyxEKbW7GHGyuCeVjw7IJSMLSOhVRXfXPJ8NcRqW7sk6Nifmr2ikZV0Uq0/U4TepgtA==",
    "{SSHA}7y6zhtwSGjkO+OLkXadmhuSypylOYUNs",
    "{SSHA256}cPp9OPnIrLODhpG8cnpHswJmT1TJhH+XLEk7RkJb+1ZOYUNs",
    "{SSHA512}Oth/4PicDZylz99+GxpDoq2sozc0A4JsWET0RDcKws9c6aSN3U+UDsIcWDq12x6Ge+NCK0YOqheH5Fh/Af0FCU5hQ2w=",
    "{SMD5}g4UYkiSV6ACVqwvArr+4CU5hQ2w=",
    "{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=",
    "{MD5}iOTd0kAtktUOGHnW7Nn/1A==",
    "md5$NaCl$6e3237a4d412ac4a4a76fe166327c923",
    "sha1$NaCl$e7aa742af15600a1a4965c99d7507372ce1f87b1",
    "sha256$NaCl$b3c9a6dc179218bbe585a9f8d075efe0f0aa7947409b8ae1c24448ec938f7804",
    "sha512$NaCl$589572a27e508c184316535cad2706ab2ac2ef7c2c339a856d822f9ff270a0c496591a2a402a88eb401556981f822a40fab098332b6535c7e8e134bd05243ace",
];

/// The stored form of an export.
fn imported(worker: &Worker, text: &str) -> String {
    match foreign_hash::parse(text).unwrap() {
        Import::Argon2(text) => text,
        Import::Keep(hash) => StoredForeign::Kept(hash).to_text(),
        Import::Wrap(hash) => worker.wrap(&hash, &[3; 16]).unwrap().to_text(),
        Import::Reset => panic!("{text}"),
    }
}

#[test]
fn every_imported_hash_matches_its_password_only_and_becomes_argon2id() {
    let worker = Worker::new(CHEAP).unwrap();
    for text in EXPORTED {
        let stored = Stored::Open(imported(&worker, text));
        for wrong in ["correct horse batterx", "", "correct horse battery ", &"x".repeat(2000)] {
            assert_eq!(worker.verify(&password(wrong), &stored, &[2; 16]).check, Check::Wrong, "{text}: {wrong}");
        }
        let done = worker.verify(&password("correct horse battery"), &stored, &[2; 16]);
        let Check::RightWithNewHash(new) = done.check else { panic!("{text}: {done:?}") };
        assert!(new.starts_with("$argon2id$"), "{new}");
        let again = worker.verify(&password("correct horse battery"), &Stored::Open(new), &[2; 16]);
        assert_eq!(again.check, Check::Right, "{text}");
    }
}

#[test]
fn a_fast_hash_is_never_stored_bare() {
    let worker = Worker::new(CHEAP).unwrap();
    let is_hidden = |text: &&str| {
        let Import::Wrap(hash) = foreign_hash::parse(text).unwrap() else { return false };
        let stored = imported(&worker, text);
        use base64::Engine as _;
        let bare = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash.output);
        assert!(stored.contains("$argon2id$") && !stored.contains(&bare), "{stored}");
        true
    };
    assert_eq!(EXPORTED.into_iter().filter(is_hidden).count(), 17, "all but five");
}

#[test]
fn bcrypt_compares_72_bytes_and_the_whole_password_counts_afterwards() {
    let worker = Worker::new(CHEAP).unwrap();
    let stored = imported(&worker, "$2y$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i");
    for (length, expected) in [(71, false), (72, true), (80, true), (81, true)] {
        let done = worker.verify(&password(&"x".repeat(length)), &Stored::Open(stored.clone()), &[2; 16]);
        assert_eq!(matches!(done.check, Check::RightWithNewHash(_)), expected, "{length}");
        let Check::RightWithNewHash(new) = done.check else { continue };
        let shorter = worker.verify(&password(&"x".repeat(length - 1)), &Stored::Open(new), &[2; 16]);
        assert_eq!(shorter.check, Check::Wrong, "{length}");
    }
}

#[test]
fn every_failed_check_costs_as_much_as_all_imported_schemes_together() {
    let worker = Worker::new(CHEAP).unwrap();
    let slow = [0, 3, 8, 10].map(|at| imported(&worker, EXPORTED[at]));
    let fast = [1, 2, 4, 5, 11, 12].map(|at| imported(&worker, EXPORTED[at]));
    let costliest = imported(&worker, "$2b$11$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2");
    for hash in slow.iter().chain(&fast).chain([&costliest]) {
        worker.note(hash);
    }
    let expected = worker.verify(&password("wrong"), &Stored::Unknown, &[2; 16]).work;
    assert_eq!(expected.amount(Unit::Bcrypt), 2048);
    assert_eq!(expected.amount(Unit::Scrypt), 131_072);
    assert_eq!(expected.amount(Unit::Pbkdf2Sha256), 100_000);
    assert_eq!(expected.amount(Unit::Sha512Crypt), 100_000);
    assert_eq!(expected.amount(Unit::Argon2), 64);
    for hash in slow.iter().chain(&fast).chain([&costliest, &hash(CHEAP)]) {
        let wrong = worker.verify(&password("wrong"), &Stored::Open(hash.clone()), &[2; 16]);
        assert_eq!(wrong, Done { check: Check::Wrong, work: expected }, "{hash}");
        let barred = worker.verify(&password("correct horse battery"), &Stored::Barred(hash.clone()), &[2; 16]);
        assert_eq!(barred.work, expected, "{hash}");
    }
    worker.set_foreign(&Work::NONE);
    assert_eq!(worker.verify(&password("wrong"), &Stored::Unknown, &[2; 16]).work, argon2(64));
}
