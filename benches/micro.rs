//! The cost of parts: parsing a request, checking it, judging a refresh token, signing and verifying a JWT by each
//! algorithm. `bench/run` measures whole requests.
#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use signet::app::App;
use signet::config::{DatabaseUrl, Settings};
use signet_protocol::authorize::request::AuthorizationRequest;
use signet_protocol::client::Client;
use signet_protocol::ids::{ClientId, FamilyId};
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::jose::jws::UnverifiedJws;
use signet_protocol::params::Params;
use signet_protocol::token::refresh::{Mac as _, RefreshToken};
use signet_store::clock::Clock;

const REQUEST: &str = "response_type=code&client_id=rp&redirect_uri=https%3A%2F%2Frp.example%2Fcb&scope=openid+profile\
    &state=af0ifjsldkj&nonce=n-0S6_WzA2Mj&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
    &code_challenge_method=S256";

const ISSUER: &str = "https://op.example";

fn client() -> Client {
    let metadata = json!({"redirect_uris": ["https://rp.example/cb"], "scope": "openid profile"});
    let metadata = serde_json::from_value(metadata).unwrap();
    Client {
        id: ClientId::parse("rp").unwrap(),
        metadata,
        secrets: Vec::new(),
        enabled: true,
        registration: None,
        logo: None,
    }
}

fn requests(c: &mut Criterion) {
    c.bench_function("parse the parameters of an authorization request", |b| {
        b.iter(|| Params::parse(black_box(REQUEST.as_bytes())).unwrap());
    });
    let (params, client) = (Params::parse(REQUEST.as_bytes()).unwrap(), client());
    c.bench_function("check an authorization request", |b| {
        b.iter(|| AuthorizationRequest::check(black_box(&params), &client, ISSUER).unwrap());
    });
}

fn tokens(c: &mut Criterion) {
    let mac = signet_crypto::MasterKey::new([7; 32]).token_mac();
    let token = RefreshToken::first(&FamilyId::from_random([1; 16]), [2; 32]).unwrap();
    let text = token.expose(&mac);
    c.bench_function("read a refresh token and derive its successor", |b| {
        b.iter(|| RefreshToken::parse(black_box(&text), &mac).unwrap().successor(&mac));
    });
    c.bench_function("compute one tag", |b| b.iter(|| mac.tag(black_box(b"a message of some bytes"))));
    let jws = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImEiLCJ0eXAiOiJhdCtqd3QifQ.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUiLCJzdWIiOiJ\
        hbGljZSIsImV4cCI6MTcwMDAwMDAwMH0.c2lnbmF0dXJl";
    c.bench_function("take a JWT apart", |b| b.iter(|| UnverifiedJws::parse(black_box(jws)).unwrap()));
}

/// Signing and verifying an access token, with keys as a server makes and loads them.
fn signatures(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::load(None, std::iter::empty()).unwrap();
    let file = format!("sqlite://{}", folder.path().join("signet.db").display());
    settings.database.url = DatabaseUrl::parse(&file).unwrap();
    settings.keys.dir = folder.path().join("keys");
    settings.keys.algorithms = SigningAlgorithm::ALL.to_vec();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let app = runtime.block_on(App::open(settings, Clock::shifted())).unwrap();
    let keys = app.provider.keys.of(&app.realm.id);
    let now = app.clock.now();
    let claims = json!({
        "iss": ISSUER, "sub": "7XYOYbmf6s_cBBCNDb1XNg", "aud": "https://api.example",
        "exp": 1_900_000_600, "iat": 1_900_000_000, "nbf": 1_900_000_000, "jti": "AZ0zTX8AAAAAAAAAAAAAAAAAAAA", "client_id": "web",
        "scope": "openid profile email", "auth_time": 1_900_000_000,
    });
    for algorithm in SigningAlgorithm::ALL {
        let token = keys.sign_jwt(&claims, "at+jwt", algorithm, now).unwrap();
        c.bench_function(&format!("sign a JWT with {}", algorithm.as_str()), |b| {
            b.iter(|| keys.sign_jwt(black_box(&claims), "at+jwt", algorithm, now).unwrap());
        });
        c.bench_function(&format!("verify a JWT with {}", algorithm.as_str()), |b| {
            b.iter(|| keys.verify(&token, &UnverifiedJws::parse(black_box(&token)).unwrap(), now).unwrap());
        });
    }
}

criterion_group!(benches, requests, tokens, signatures);
criterion_main!(benches);
