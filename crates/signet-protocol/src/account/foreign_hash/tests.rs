use super::*;
use DigestName::{Md5, Sha1, Sha256, Sha512};
use SaltPlace::{First, Last};

const KEPT_SHA512_CRYPT: &str = "$6$rounds=100000$saltsalt$3zRHzTrwHjju6NfnQXJMCmq0iyvI9ZsEMo28jW6CRGhkufxtnAdvnOVi5Hp1P9u8Q\
                                 0oiAOh9KhiJiccvkimDH1";
const PBKDF2: &str = "$c2FsdHNhbHRzYWx0c2FsdA$sdYydF5He40GlJg95GSPyzajb/2JdMQM4fwtggzGaZc";
const BCRYPT: &str = "$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2";
const ARGON2: &str = "$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0";

/// What becomes of a hash, with the scheme and the lengths of salt and output.
fn outcome(text: &str) -> Result<(&'static str, Option<Scheme>, usize, usize), ForeignHashError> {
    let of = |name, hash: ForeignHash| (name, Some(hash.scheme), hash.salt.len(), hash.output.len());
    Ok(match parse(text)? {
        Import::Argon2(_) => ("argon2", None, 0, 0),
        Import::Keep(hash) => of("keep", hash),
        Import::Wrap(hash) => of("wrap", hash),
        Import::Reset => ("reset", None, 0, 0),
    })
}

#[test]
fn slow_hashes_are_kept_and_fast_ones_wrapped() {
    let bcrypt = |cost| Some(Scheme::Bcrypt { cost });
    let pbkdf2 = |digest, iterations| Some(Scheme::Pbkdf2 { digest, iterations });
    let crypt = |digest, rounds| Some(Scheme::ShaCrypt { digest, rounds });
    let salted = |digest, salt| Some(Scheme::Salted { digest, salt });
    let rows = [
        (format!("$2b$12{BCRYPT}"), ("keep", bcrypt(12), 16, 23)),
        (format!("$2a$10{BCRYPT}"), ("keep", bcrypt(10), 16, 23)),
        (format!("$2y$09{BCRYPT}"), ("wrap", bcrypt(9), 16, 23)),
        (format!("bcrypt$$2b$12{BCRYPT}"), ("keep", bcrypt(12), 16, 23)),
        (format!("{{CRYPT}}$2b$12{BCRYPT}"), ("keep", bcrypt(12), 16, 23)),
        (format!("$2b$13{BCRYPT}"), ("reset", None, 0, 0)),
        (format!("$pbkdf2-sha256$100000{PBKDF2}"), ("keep", pbkdf2(Sha256, 100_000), 16, 32)),
        (format!("$pbkdf2-sha256$i=1000000,l=32{PBKDF2}"), ("keep", pbkdf2(Sha256, 1_000_000), 16, 32)),
        (format!("$pbkdf2-sha256$29000{PBKDF2}"), ("wrap", pbkdf2(Sha256, 29_000), 16, 32)),
        (format!("$pbkdf2-sha256$1000001{PBKDF2}"), ("reset", None, 0, 0)),
        (
            "pbkdf2_sha256$600000$NaCl$sdYydF5He40GlJg95GSPyzajb/2JdMQM4fwtggzGaZc=".into(),
            ("keep", pbkdf2(Sha256, 600_000), 4, 32),
        ),
        ("$pbkdf2$1000$c2FsdA$NcA2jyIs3HUlQRwFRhBCuXxEFJk".into(), ("wrap", pbkdf2(Sha1, 1000), 4, 20)),
        (format!("$scrypt$ln=14,r=8,p=1{PBKDF2}"), ("keep", Some(Scheme::Scrypt { log_n: 14, r: 8, p: 1 }), 16, 32)),
        (format!("$scrypt$ln=16,r=8,p=2{PBKDF2}"), ("keep", Some(Scheme::Scrypt { log_n: 16, r: 8, p: 2 }), 16, 32)),
        (format!("$scrypt$ln=13,r=8,p=1{PBKDF2}"), ("wrap", Some(Scheme::Scrypt { log_n: 13, r: 8, p: 1 }), 16, 32)),
        (format!("$scrypt$ln=17,r=8,p=1{PBKDF2}"), ("reset", None, 0, 0)),
        (format!("$scrypt$ln=16,r=8,p=3{PBKDF2}"), ("reset", None, 0, 0)),
        (format!("$scrypt$ln=60,r=4294967295,p=4294967295{PBKDF2}"), ("reset", None, 0, 0)),
        (
            "scrypt$NaCl$16384$8$1$sdYydF5He40GlJg95GSPyzajb/2JdMQM4fwtggzGaZc=".into(),
            ("keep", Some(Scheme::Scrypt { log_n: 14, r: 8, p: 1 }), 4, 32),
        ),
        (KEPT_SHA512_CRYPT.into(), ("keep", crypt(Sha512, 100_000), 8, 64)),
        (KEPT_SHA512_CRYPT.replace("100000", "1000001"), ("reset", None, 0, 0)),
        (KEPT_SHA512_CRYPT.replace("rounds=100000$", ""), ("wrap", crypt(Sha512, 5_000), 8, 64)),
        ("$5$saltsalt$lJBntEo62mus/ovk43htFvkabtoMEkzjosQqenAm4h8".into(), ("wrap", crypt(Sha256, 5_000), 8, 32)),
        ("{SSHA}7y6zhtwSGjkO+OLkXadmhuSypylOYUNs".into(), ("wrap", salted(Sha1, Last), 4, 20)),
        ("{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=".into(), ("wrap", salted(Sha1, Last), 0, 20)),
        ("{smd5}g4UYkiSV6ACVqwvArr+4CU5hQ2w=".into(), ("wrap", salted(Md5, Last), 4, 16)),
        ("md5$NaCl$6e3237a4d412ac4a4a76fe166327c923".into(), ("wrap", salted(Md5, First), 4, 16)),
        ("$md5$NaCl$6e3237a4d412ac4a4a76fe166327c923".into(), ("wrap", salted(Md5, First), 4, 16)),
        (format!("$argon2id$v=19$m=19456,t=2,p=1{ARGON2}"), ("argon2", None, 0, 0)),
        (format!("argon2$argon2i$v=19$m=512,t=2,p=2{ARGON2}"), ("argon2", None, 0, 0)),
        (format!("$argon2id$v=19$m=131072,t=5,p=1{ARGON2}"), ("reset", None, 0, 0)),
        (format!("$argon2id$v=19$m=4194304,t=1,p=1{ARGON2}"), ("reset", None, 0, 0)),
    ];
    for (text, expected) in rows {
        assert_eq!(outcome(&text), Ok(expected), "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    let rows = [
        ("", "unknown format"),
        ("hunter2", "unknown format"),
        ("$1$salt$qJH7.N4xYta3aEG/dfqo/0", "unknown format"),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "unknown format"),
        ("{CRYPT}Xy01@#", "unknown format"),
        ("{OTHER}abcd", "unknown format"),
        ("$2b$12$short", "bcrypt"),
        ("$2b$99$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2", "bcrypt"),
        ("$2b$+4$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2", "bcrypt"),
        ("$2x$12$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2", "unknown format"),
        ("$pbkdf2-sha256$0$c2FsdA$sdYydF5He40GlJg95GSPyzajb/2JdMQM4fwtggzGaZc", "PBKDF2"),
        ("$pbkdf2-sha256$1000$c2FsdA$c2FsdA", "PBKDF2"),
        ("$pbkdf2-md5$1000$c2FsdA$sdYydF5He40GlJg95GSPyzajb/2JdMQM4fwtggzGaZc", "PBKDF2"),
        ("$scrypt$ln=0,r=8,p=1$c2FsdA$sdYydF5He40GlJg95GSPyzajb/2JdMQM4fwtggzGaZc", "scrypt"),
        ("$6$rounds=x$saltsalt$abc", "sha-crypt"),
        ("$6$saltsalt$abc", "sha-crypt"),
        ("{SSHA}AAAA", "LDAP"),
        ("md5$salt$zz", "salted digest"),
        ("$argon2id$v=19$m=64,t=1,p=1$c2Fs", "argon2"),
    ];
    for (text, expected) in rows {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(text.is_empty() || !error.contains(text), "the hash is not in the message");
    }
}

#[test]
fn a_stored_hash_is_read_as_it_was_written() {
    let schemes = [
        Scheme::Bcrypt { cost: 12 },
        Scheme::Pbkdf2 { digest: Sha512, iterations: 210_000 },
        Scheme::Scrypt { log_n: 14, r: 8, p: 1 },
        Scheme::ShaCrypt { digest: Sha256, rounds: 5_000 },
        Scheme::Salted { digest: Md5, salt: First },
        Scheme::Salted { digest: Sha1, salt: Last },
    ];
    for scheme in schemes {
        for salt in [Vec::new(), vec![0, 255, 7]] {
            let kept = StoredForeign::Kept(ForeignHash { scheme, salt: salt.clone(), output: vec![1, 2, 3] });
            let outer = "$argon2id$v=19$m=64,t=1,p=1$AQE$AgI".to_owned();
            let wrapped = StoredForeign::Wrapped { scheme, salt, length: 20, outer };
            for stored in [kept, wrapped] {
                assert_eq!(StoredForeign::parse(&stored.to_text()), Some(stored.clone()), "{}", stored.to_text());
                assert_eq!(stored.scheme(), scheme);
            }
        }
    }
    for other in
        ["", "x", "$argon2id$v=19$m=64,t=1,p=1$AQE$AgI", "$kept$", "$kept$bcrypt$x$AA$AA", "$wrapped$md5$first$AA"]
    {
        assert_eq!(StoredForeign::parse(other), None, "{other}");
    }
}
