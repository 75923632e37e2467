//! TLS of the public listener: reads the PEM files, builds the acceptor, and reloads changed files.
//!
//! This module owns the offered versions and protocols. It does not depend on connections and requests.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{InconsistentKeys, ServerConfig};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// Builds the acceptor from a chain and its key in PEM, without reloading.
pub fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    Certificate::load(cert, key)?.acceptor()
}

/// The certificate and key of the listener. New handshakes use the pair that was read last; open connections are not
/// affected.
#[derive(Debug)]
pub struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    current: ArcSwap<CertifiedKey>,
}

/// The outcome of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// The chain has not changed.
    Unchanged,
    /// New handshakes use the new pair.
    Replaced,
}

impl Certificate {
    /// Reads a chain and its key in PEM.
    pub fn load(cert: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let current = ArcSwap::from_pointee(pair(cert, key, chain(cert)?)?);
        Ok(Arc::new(Self { cert: cert.to_owned(), key: key.to_owned(), current }))
    }

    /// Builds the acceptor for TLS 1.2 and 1.3 (RFC 9325 §3.1.1) that offers h2 and http/1.1.
    pub fn acceptor(self: Arc<Self>) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|reason| unusable(&self.cert, &self.key, reason))?
            .with_no_client_auth()
            .with_cert_resolver(self);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again and uses them if the chain has changed. This is blocking I/O.
    ///
    /// # Errors
    /// [`TlsError`] if the new files cannot be used; the old pair stays in use.
    pub fn reload(&self) -> Result<Reload, TlsError> {
        let chain = chain(&self.cert)?;
        if chain == self.current.load().cert {
            return Ok(Reload::Unchanged);
        }
        self.current.store(Arc::new(pair(&self.cert, &self.key, chain)?));
        Ok(Reload::Replaced)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn pair(cert: &Path, key: &Path, chain: Vec<CertificateDer<'static>>) -> Result<CertifiedKey, TlsError> {
    let made = CertifiedKey::from_der(chain, private_key(key)?, &aws_lc_rs::default_provider());
    made.map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsError::Mismatch { cert: cert.to_owned(), key: key.to_owned() }
        }
        other => unusable(cert, key, other),
    })
}

fn unusable(cert: &Path, key: &Path, reason: rustls::Error) -> TlsError {
    TlsError::Unusable { cert: cert.to_owned(), key: key.to_owned(), reason }
}

/// Reads a certificate chain, the server's own certificate first.
pub fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| TlsError::from_pem(path, error, "certificate"))?;
    if chain.is_empty() {
        return Err(TlsError::from_pem(path, pem::Error::NoItemsFound, "certificate"));
    }
    Ok(chain)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| TlsError::from_pem(path, error, "unencrypted private key"))
}

/// Unusable PEM files. `Display` is one line without key material.
#[derive(Debug, Error)]
pub enum TlsError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is not well-formed PEM", path.display())]
    Malformed { path: PathBuf },
    /// A file does not contain the expected PEM section.
    #[error("{} contains no {wanted} in PEM", path.display())]
    Missing {
        path: PathBuf,
        /// The content that the file should have.
        wanted: &'static str,
    },
    #[error("the key in {} does not match the certificate in {}", key.display(), cert.display())]
    Mismatch {
        /// The file with the chain.
        cert: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// The pair cannot be used with TLS.
    #[error("cannot use the certificate in {} with the key in {}: {reason}", cert.display(), key.display())]
    Unusable {
        /// The file with the chain.
        cert: PathBuf,
        /// The file with the key.
        key: PathBuf,
        reason: rustls::Error,
    },
}

impl TlsError {
    /// Discards the PEM reader's quote from the file, which may be part of a key.
    fn from_pem(path: &Path, error: pem::Error, wanted: &'static str) -> Self {
        let path = path.to_owned();
        match error {
            pem::Error::Io(source) => Self::Unreadable { path, source },
            pem::Error::NoItemsFound => Self::Missing { path, wanted },
            _ => Self::Malformed { path },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_fault_in_the_pem_files_is_one_line_that_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let cert = write("cert.pem", &pair.cert.pem());
        let key = write("key.pem", &pair.signing_key.serialize_pem());
        let other_key = write("other.pem", &other.signing_key.serialize_pem());
        let empty = write("empty.pem", "");
        let torn = write("torn.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n");
        let nonsense = write("nonsense.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        let absent = dir.path().join("absent.pem");

        assert!(acceptor(&cert, &key).is_ok());
        for (cert, key, expected) in [
            (&absent, &key, "cannot read {}absent.pem: No such file or directory (os error 2)"),
            (&cert, &absent, "cannot read {}absent.pem: No such file or directory (os error 2)"),
            (&empty, &key, "{}empty.pem contains no certificate in PEM"),
            (&key, &key, "{}key.pem contains no certificate in PEM"),
            (&cert, &cert, "{}cert.pem contains no unencrypted private key in PEM"),
            (&cert, &torn, "{}torn.pem is not well-formed PEM"),
            (&cert, &other_key, "the key in {}other.pem does not match the certificate in {}cert.pem"),
            (&cert, &nonsense, "cannot use the certificate in {}cert.pem with the key in {}nonsense.pem: "),
        ] {
            let Err(error) = acceptor(cert, key) else { panic!("accepted, but expected: {expected}") };
            let prefix = format!("{}/", dir.path().display());
            let expected = expected.replace("{}", &prefix);
            let line = error.to_string();
            assert!(line.starts_with(&expected), "got {line}, expected {expected}");
            assert_eq!(line.lines().count(), 1, "{line}");
        }
    }
}
