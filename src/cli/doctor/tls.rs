//! Check of the certificate: match with its key, name of the issuer's host, and expiry.

use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, ServerName};
use x509_parser::parse_x509_certificate;

use super::finding::Finding;
use crate::config::{Settings, Tls};
use crate::http::edge::tls;
use signet_protocol::time::{Span, Timestamp};

/// Remaining validity below which the check fails or warns.
const FAIL_BELOW: Span = Span::from_days(7);
const WARN_BELOW: Span = Span::from_days(30);

/// Checks the configured certificate.
pub(super) fn examine(settings: &Settings, now: Timestamp) -> Finding {
    match &settings.tls {
        Some(files) => judge(files, &settings.issuer, now).unwrap_or_else(|wrong| Finding::fail("tls", wrong)),
        None if settings.issuer.starts_with("https:") => {
            Finding::ok("tls", "terminated by a proxy, whose certificate is not checked")
        }
        None => Finding::ok("tls", "none"),
    }
}

fn judge(files: &Tls, issuer: &str, now: Timestamp) -> Result<Finding, String> {
    let shown = files.cert.display();
    tls::acceptor(&files.cert, &files.key).map_err(|error| format!("{error}; set tls.cert and tls.key to a pair"))?;
    let chain = tls::chain(&files.cert).map_err(|error| error.to_string())?;
    let own = chain.first().ok_or_else(|| format!("{shown} contains no certificate"))?;
    let name = host(issuer).ok_or_else(|| format!("{issuer} has no host that a certificate could name"))?;
    if !names(own, &name) {
        return Err(format!("the certificate in {shown} is not for {}; get one that names it", name.to_str()));
    }
    let (begins, ends) =
        validity(own).ok_or_else(|| format!("the certificate in {shown} has no dates; get another"))?;
    let last_day = ends.to_chrono().format("%Y-%m-%d");
    let left = ends.since(now);
    let days = left.as_secs() / 86_400;
    Ok(match left {
        _ if now < begins => {
            Finding::fail("tls", format!("the certificate in {shown} is not valid yet; check the clock"))
        }
        left if left <= Span::ZERO => {
            Finding::fail("tls", format!("the certificate in {shown} expired on {last_day}; renew it"))
        }
        left if left < FAIL_BELOW => {
            Finding::fail("tls", format!("{days} days left, until {last_day}; renew {shown} now"))
        }
        left if left < WARN_BELOW => Finding::warn("tls", format!("{days} days left, until {last_day}; renew {shown}")),
        _ => Finding::ok("tls", format!("valid until {last_day}")),
    })
}

fn host(issuer: &str) -> Option<ServerName<'static>> {
    let url = url::Url::parse(issuer).ok()?;
    ServerName::try_from(url.host_str()?.trim_matches(['[', ']']).to_owned()).ok()
}

/// Returns true if the certificate is for the name (RFC 9525 §6).
fn names(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    ParsedCertificate::try_from(certificate).is_ok_and(|parsed| verify_server_name(&parsed, name).is_ok())
}

/// Returns the start and end of the certificate's validity (RFC 5280 §4.1.2.5).
fn validity(certificate: &CertificateDer<'_>) -> Option<(Timestamp, Timestamp)> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let validity = parsed.validity();
    let at = |time: x509_parser::time::ASN1Time| Timestamp::from_secs(time.timestamp());
    Some((at(validity.not_before), at(validity.not_after)))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;
    use signet_store::clock::Clock;

    #[test]
    fn a_certificate_is_the_hosts_and_lasts() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let mut params = rcgen::CertificateParams::new(vec!["op.example".to_owned(), "192.0.2.1".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 4, 1);
        let pair = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&pair).unwrap();
        let tls = Tls { cert: put("cert.pem", certificate.pem()), key: put("key.pem", pair.serialize_pem()) };
        let other = put("other.pem", rcgen::KeyPair::generate().unwrap().serialize_pem());
        let mixed = Tls { key: other, ..tls.clone() };
        let begin = Timestamp::from_secs(1_767_225_600); // 2026-01-01
        let day = |days| begin.plus(Span::from_days(days));
        let rows = [
            ("in time", &tls, "https://op.example", day(10), Level::Ok, "valid until 2026-04-01"),
            ("an address", &tls, "https://192.0.2.1", day(10), Level::Ok, "valid until"),
            (
                "a month before the end",
                &tls,
                "https://op.example",
                day(61),
                Level::Warn,
                "29 days left, until 2026-04-01; renew",
            ),
            ("a week before the end", &tls, "https://op.example", day(84), Level::Fail, "6 days left"),
            ("too late", &tls, "https://op.example", day(91), Level::Fail, "expired on 2026-04-01; renew it"),
            ("too early", &tls, "https://op.example", day(-1), Level::Fail, "not valid yet"),
            ("of another host", &tls, "https://id.example", day(10), Level::Fail, "is not for id.example"),
            ("of another key", &mixed, "https://op.example", day(10), Level::Fail, "does not match"),
        ];
        for (case, files, issuer, now, level, detail) in rows {
            let mut settings = Settings::development();
            settings.issuer = issuer.to_owned();
            settings.tls = Some(files.clone());
            let found = examine(&settings, now);
            assert_eq!(found.level, level, "{case}: {}", found.detail);
            assert!(found.detail.contains(detail), "{case}: {}", found.detail);
        }
        assert_eq!(examine(&Settings::development(), Clock::System.now()).level, Level::Ok);
    }
}
