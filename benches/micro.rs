//! What the parts cost: parsing a request, checking it, judging a refresh token. Whole requests are measured by load.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use signet::protocol::authorization_request::AuthorizationRequest;
use signet::protocol::client::Client;
use signet::protocol::ids::{ClientId, FamilyId};
use signet::protocol::jws::UnverifiedJws;
use signet::protocol::params::Params;
use signet::protocol::refresh_rotation::{Mac as _, RefreshToken};

const REQUEST: &str = "response_type=code&client_id=rp&redirect_uri=https%3A%2F%2Frp.example%2Fcb&scope=openid+profile\
    &state=af0ifjsldkj&nonce=n-0S6_WzA2Mj&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
    &code_challenge_method=S256";

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
        b.iter(|| AuthorizationRequest::check(black_box(&params), &client).unwrap());
    });
}

fn tokens(c: &mut Criterion) {
    let mac = signet::keys::MasterKey::new([7; 32]).token_mac();
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

criterion_group!(benches, requests, tokens);
criterion_main!(benches);
