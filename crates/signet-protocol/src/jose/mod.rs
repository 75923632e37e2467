//! JSON Web Signature, Encryption and Key (RFC 7515 to 7518), and the schedule by which keys rotate.

pub mod encryption;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod key_schedule;
