//! Applications with the defaults of their libraries and of `signet client add`: registered by command, used by a
//! person, together with APIs that receive their access tokens. Those in Go and Java are separate processes.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::{copy_scripts, installed, interpreter, passed, say_skipped};
use crate::support::place::{Place, succeeded};
use crate::support::server::PASSWORD;

/// Runs a script beside a server that was started by command.
async fn application(script: &str, arguments: &[&str]) {
    let Some(folder) = installed() else { return };
    copy_scripts(&folder, script);
    let place = Place::new().await;
    let person = ["user", "add", "--username", "alice", "--email", "alice@example.org", "--email-verified"];
    succeeded(&place.run_with_input(&[&person[..], &["--password-stdin"]].concat(), PASSWORD).await);
    let mut server = place.serve().await;
    let mut command = Command::new(interpreter(&folder, script));
    command.arg(folder.join(script)).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
        .env("TEST_BINARY", Path::new(env!("CARGO_BIN_EXE_signet")))
        .env("TEST_FOLDER", place.path())
        .env("SIGNET_ISSUER", place.issuer())
        .env("REDIRECT_URI", "http://127.0.0.1/callback")
        .env("USERNAME", "alice")
        .env("PASSWORD", PASSWORD)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    passed(command, script, 7).await;
    server.kill().await.unwrap();
}

/// Says which folder of programs the test command did not build. Their toolchain may be missing, with `CI=true` too.
fn is_built(variable: &str) -> bool {
    let is_built = std::env::var_os(variable).is_some();
    if !is_built {
        say_skipped(&format!("applications of {variable}, since it is not set; tests/run builds them"));
    }
    is_built
}

macro_rules! applications {
    ($($test:ident: $script:literal $([$argument:literal])? $(of $variable:literal)?;)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            $(if !is_built($variable) {
                return;
            })?
            application($script, &[$($argument)?]).await;
        })*
    };
}

applications! {
    openid_client_works_with_the_defaults_of_both_sides: "openid_client_defaults.mjs";
    authlib_works_with_the_defaults_of_both_sides: "authlib_defaults.py";
    go_oidc_signs_in_and_verifies_access_tokens: "go_oidc.mjs" of "TEST_INTEROP_GO";
    zitadel_signs_in_introspects_and_signs_out: "zitadel.mjs" of "TEST_INTEROP_GO";
    oauth2_proxy_signs_in_and_signs_out: "oauth2_proxy.mjs" of "TEST_INTEROP_GO";
    nimbus_completes_every_step: "nimbus.mjs" of "TEST_INTEROP_JAVA";
    spring_boot_3_signs_in_and_is_a_resource_server: "spring.mjs" ["3"] of "TEST_INTEROP_JAVA";
    spring_boot_4_signs_in_and_is_a_resource_server: "spring.mjs" ["4"] of "TEST_INTEROP_JAVA";
    quarkus_signs_in_and_is_an_api: "quarkus.mjs" of "TEST_INTEROP_JAVA";
}
