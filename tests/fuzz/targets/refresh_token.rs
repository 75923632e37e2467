//! Refresh tokens: only what bears the tag is read, and it is written again as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signet_protocol::secret::Digest;
use signet_protocol::token::refresh::{Mac, PREFIX, RefreshToken};

/// A keyed hash that is sufficient to distinguish tokens.
struct Keyed;

impl Mac for Keyed {
    fn tag(&self, message: &[u8]) -> [u8; 32] {
        hash(b"tag", message)
    }

    fn successor(&self, message: &[u8]) -> [u8; 32] {
        hash(b"successor", message)
    }
}

fn hash(purpose: &[u8], message: &[u8]) -> [u8; 32] {
    Digest::of(&[purpose, message].concat()).as_bytes().try_into().expect("32 bytes")
}

fuzz_target!(|data: &[u8]| {
    if let Some(token) = std::str::from_utf8(data).ok().and_then(|text| RefreshToken::parse(text, &Keyed)) {
        assert_eq!(token.expose(&Keyed).as_bytes(), data);
    }
    // The bytes as family and secret of a token that was issued, then changed in one place.
    let Some((family, rest)) = data.split_first_chunk::<16>() else { return };
    let Some((secret, rest)) = rest.split_first_chunk::<32>() else { return };
    let family = signet_protocol::ids::FamilyId::from_random(*family);
    let token = RefreshToken::first(&family, *secret).expect("an id of this server's");
    let next = token.successor(&Keyed);
    for issued in [&token, &next] {
        let text = issued.expose(&Keyed);
        let read = RefreshToken::parse(&text, &Keyed).expect("it was issued");
        assert_eq!((read.family(), read.generation()), (family.clone(), issued.generation()));
        assert!(read.digest().matches(&issued.digest()));
        if let [place, byte, ..] = rest {
            let mut changed = text.as_bytes().to_vec();
            let place = PREFIX.len() + usize::from(*place) % (changed.len() - PREFIX.len());
            if changed[place] != *byte {
                changed[place] = *byte;
                let forged = std::str::from_utf8(&changed).ok();
                assert!(forged.and_then(|text| RefreshToken::parse(text, &Keyed)).is_none());
            }
        }
    }
});
