//! Third-party clients, unmodified and pinned, each through a whole flow: discovery, code with PKCE, verification of
//! the ID token, userinfo, refresh, introspection, revocation, logout. Then further features: encrypted responses,
//! request objects, pushed requests, tokens through the browser, back-channel logout. Applications in Go and Java are
//! registered by command, with the defaults of both sides.

mod applications;
mod oidc_client_ts;
mod openidconnect_crate;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use signet::config::{RegistrationMode, Settings};
use signet_protocol::client::profile::Profile;
use signet_protocol::jose::encryption::KeyManagement;
use signet_protocol::time::Span;
use tokio::process::Command;

use crate::support::TestServer;
use crate::support::server::PASSWORD;

/// The variable that names the folder with the installed clients.
const INSTALLED: &str = "TEST_INTEROP";

/// The folder of the installed clients. Without one their tests are skipped, which is said, or fail where `CI=true`.
fn installed() -> Option<PathBuf> {
    match std::env::var_os(INSTALLED) {
        Some(folder) => Some(PathBuf::from(folder)),
        None if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("{INSTALLED} is not set"),
        None => {
            say_skipped(&format!("other people's clients, since {INSTALLED} is not set; tests/run installs them"));
            None
        }
    }
}

/// Says it past the test harness, which hides what a passing test prints.
fn say_skipped(which: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("SKIPPED: {which}\n").as_bytes());
}

struct Registered {
    server: TestServer,
    variables: Vec<(&'static str, String)>,
}

/// Clients register themselves, as the default profile has them.
fn open(settings: &mut Settings) {
    settings.registration.mode = RegistrationMode::Open;
}

/// Clients register themselves for everything that there is, and may listen on loopback addresses.
fn everything(settings: &mut Settings) {
    open(settings);
    settings.registration.profile = Profile::OidcClassic;
    settings.keys.encryption_algorithms = KeyManagement::ALL.to_vec();
    settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
}

/// A server with the client that the scripts expect, and one that authenticates with a key.
async fn registered(change: fn(&mut Settings)) -> Registered {
    let server = TestServer::start_with(change).await;
    // Keys for encryption are made by the upkeep.
    server.advance(Span::ZERO).await;
    let redirect = "http://127.0.0.1:9/callback";
    let rp = server
        .client(
            "interop",
            json!({
                "redirect_uris": [redirect],
                "post_logout_redirect_uris": ["http://127.0.0.1:9/bye"],
            }),
        )
        .await;
    let (private, public) = es256_key();
    let jwt = json!({
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [public]},
        "scope": "api:read",
    });
    server.client("interop-jwt", jwt).await;
    let variables = vec![
        ("SIGNET_ISSUER", server.issuer.clone()),
        ("CLIENT_ID", rp.id.clone()),
        ("CLIENT_SECRET", rp.secret.clone().unwrap()),
        ("REDIRECT_URI", redirect.to_owned()),
        ("POST_LOGOUT_REDIRECT_URI", "http://127.0.0.1:9/bye".to_owned()),
        ("USERNAME", "alice".to_owned()),
        ("PASSWORD", PASSWORD.to_owned()),
        ("CLIENT_ID_JWT", "interop-jwt".to_owned()),
        ("CLIENT_JWK", private.to_string()),
    ];
    Registered { server, variables }
}

/// A key of the client's own: the private JWK and the public one.
fn es256_key() -> (Value, Value) {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref()).unwrap();
    let point = key.public_key().as_ref();
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let public = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "interop",
        "x": b64(&point[1..33]), "y": b64(&point[33..65])});
    let secret = <p256::SecretKey as p256::pkcs8::DecodePrivateKey>::from_pkcs8_der(der.as_ref()).unwrap();
    let mut private = public.clone();
    private["d"] = json!(b64(&secret.to_bytes()));
    (private, public)
}

/// Copies the scripts beside the packages, since node looks for packages above a script.
fn copy_scripts(folder: &Path, script: &str) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    for entry in std::fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        if matches!(path.extension().and_then(|e| e.to_str()), Some("mjs" | "py")) {
            let target = folder.join(path.file_name().unwrap());
            let scratch = folder.join(format!(".{}-{script}", path.file_name().unwrap().to_string_lossy()));
            std::fs::copy(&path, &scratch).unwrap();
            std::fs::rename(&scratch, &target).unwrap();
        }
    }
}

/// The program that runs a script: node, or the Python of the installed clients.
fn interpreter(folder: &Path, script: &str) -> PathBuf {
    if script.ends_with(".py") { folder.join("venv/bin/python") } else { PathBuf::from("node") }
}

/// Runs a script to its end, with so many steps at least, and shows its output where it failed.
async fn passed(mut command: Command, script: &str, steps: usize) {
    let output = tokio::time::timeout(std::time::Duration::from_secs(240), command.output()).await.unwrap().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} failed:\n{out}\n{err}");
    assert!(out.lines().filter(|line| line.starts_with("ok ")).count() >= steps, "{script} did too little:\n{out}");
}

/// Runs a script against a server of this process.
async fn script(name: &str, change: fn(&mut Settings)) {
    let Some(folder) = installed() else { return };
    let Registered { server: _server, variables } = registered(change).await;
    copy_scripts(&folder, name);
    let mut command = Command::new(interpreter(&folder, name));
    command.arg(folder.join(name)).envs(variables).env("PYTHONDONTWRITEBYTECODE", "1");
    command.stdin(Stdio::null()).kill_on_drop(true);
    passed(command, name, 10).await;
}

macro_rules! scripts {
    ($($test:ident: $script:literal, $settings:expr;)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            script($script, $settings).await;
        })*
    };
}

scripts! {
    openid_client_completes_every_step: "openid_client.mjs", open;
    openid_client_registers_itself: "openid_client_registration.mjs", open;
    oauth4webapi_completes_every_step: "oauth4webapi.mjs", open;
    authlib_completes_every_step: "authlib_client.py", open;
    jose_and_openid_client_decrypt_what_is_encrypted_to_them: "encrypted_answers.mjs", everything;
    joserfc_decrypts_what_is_encrypted_to_it: "encrypted_answers.py", everything;
    request_objects_of_openid_client_and_jose_are_read: "request_objects.mjs", everything;
    request_objects_of_joserfc_are_read: "request_objects.py", everything;
    openid_client_and_oauth4webapi_push_their_requests: "pushed_requests.mjs", everything;
    openid_client_verifies_what_comes_through_the_browser: "browser_flows.mjs", everything;
    authlib_verifies_what_comes_through_the_browser: "browser_flows.py", everything;
    jose_verifies_a_logout_token: "backchannel_logout.mjs", everything;
}
