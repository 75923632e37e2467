//! The certificate authorities that outbound calls trust: those of the Web PKI and of `outbound.extra_ca`.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio_rustls::TlsConnector;
use url::Host;

use super::{Cause, OutboundError};
use signet_protocol::defense::outbound::OutboundUrl;

/// Returns a connector for TLS 1.2 and 1.3 (RFC 9325 §3.1.1).
pub(super) fn connector(extra_ca: Option<&Path>) -> Result<TlsConnector, OutboundError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = extra_ca {
        add(&mut roots, path)?;
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Adds every certificate of the file.
fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), OutboundError> {
    let unusable = || OutboundError::Unusable { path: path.to_owned() };
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|error| match error {
        pem::Error::Io(source) => OutboundError::Unreadable { path: path.to_owned(), source },
        _ => unusable(),
    })?;
    if certificates.is_empty() {
        return Err(unusable());
    }
    for certificate in certificates {
        roots.add(certificate).map_err(|_| unusable())?;
    }
    Ok(())
}

/// Returns the name that the server's certificate must have.
pub(super) fn server_name(url: &OutboundUrl) -> Result<ServerName<'static>, Cause> {
    match url.host() {
        Host::Domain(name) => {
            ServerName::try_from(name.clone()).map_err(|error| Cause::Tls(std::io::Error::other(error)))
        }
        Host::Ipv4(address) => Ok(IpAddr::from(*address).into()),
        Host::Ipv6(address) => Ok(IpAddr::from(*address).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_the_ca_file_is_one_line_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        assert!(connector(Some(&write("ca.pem", &made.cert.pem()))).is_ok());
        assert!(connector(None).is_ok());
        let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (path, expected) in [
            (directory.path().join("absent.pem"), "cannot read {}: No such file or directory (os error 2)"),
            (write("empty.pem", ""), "{} has no usable PEM certificate"),
            (write("key.pem", &made.signing_key.serialize_pem()), "{} has no usable PEM certificate"),
            (write("torn.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"), "{} has no usable PEM certificate"),
            (write("junk.pem", junk), "{} has no usable PEM certificate"),
            (write("both.pem", &format!("{}{junk}", made.cert.pem())), "{} has no usable PEM certificate"),
        ] {
            let Err(error) = connector(Some(&path)) else { panic!("accepted, but expected: {expected}") };
            let expected = format!("outbound.extra_ca: {}", expected.replace("{}", &path.display().to_string()));
            assert_eq!(error.to_string(), expected);
        }
    }
}
