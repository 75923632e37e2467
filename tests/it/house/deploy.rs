//! The samples of `deploy/`: every setting in them exists, every version is pinned, and nothing runs with more rights
//! than it needs.

mod watching;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use serde_json::Value;
use signet::config::Settings;

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(deploy().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below `deploy/`.
fn files() -> Vec<PathBuf> {
    let mut folders = vec![deploy()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// The documents of a YAML file, with merge keys followed.
fn yaml(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let documents = serde_yaml_ng::Deserializer::from_str(&text).map(|document| {
        let mut value =
            serde_yaml_ng::Value::deserialize(document).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        value.apply_merge().unwrap();
        serde_json::to_value(value).unwrap()
    });
    documents.collect()
}

fn yaml_files() -> Vec<(PathBuf, Vec<Value>)> {
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    files().into_iter().filter(is_yaml).map(|path| (path.clone(), yaml(&path))).collect()
}

/// Every value under this name, however deep.
fn under<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            if key == name {
                found.push(value);
            }
            under(value, name, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| under(item, name, found)),
        _ => {}
    }
}

#[test]
fn each_setting_that_is_named_exists() {
    let keys: BTreeSet<String> = Settings::keys().into_iter().map(str::to_owned).collect();
    let mut named = 0;
    for file in files() {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for (at, _) in text.match_indices("SIGNET_") {
            let rest = &text[at + "SIGNET_".len()..];
            let end =
                rest.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_').unwrap_or(rest.len());
            let key = rest[..end].to_lowercase().replace("__", ".");
            // The variable that names the settings file is not a setting.
            let is_known = key == "config" || keys.contains(&key);
            assert!(is_known, "{}: SIGNET_{}", file.display(), &rest[..end]);
            named += 1;
        }
    }
    assert!(named > 10, "{named}");
    let file = deploy().join("systemd/signet.toml");
    let settings = Settings::load(Some(&file), std::iter::empty()).unwrap();
    assert_eq!(settings.issuer, "https://id.example.org");
}

#[test]
fn images_are_named_by_version() {
    let mut images = Vec::new();
    for (_, documents) in yaml_files() {
        for document in &documents {
            let mut found = Vec::new();
            under(document, "image", &mut found);
            images.extend(found.iter().map(|image| image.as_str().unwrap().to_owned()));
            found.clear();
            under(document, "newTag", &mut found);
            images.extend(found.iter().map(|tag| format!("tag:{}", tag.as_str().unwrap())));
        }
    }
    let dockerfile = text("Dockerfile");
    images.extend(
        instructions(&dockerfile)
            .into_iter()
            .filter(|(name, _)| name == "FROM")
            .map(|(_, rest)| rest.split_whitespace().next().unwrap().to_owned()),
    );
    assert!(images.len() > 8, "{images:?}");
    for image in images {
        let tag = image.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/'));
        assert!(tag.is_some_and(|tag| tag != "latest" && !tag.is_empty()), "{image}");
    }
}

#[test]
fn containers_run_with_no_more_rights_than_they_need() {
    let compose = yaml(&deploy().join("compose/compose.yaml")).remove(0);
    for (name, service) in compose["services"].as_object().unwrap() {
        let user = service["user"].as_str().unwrap_or_default();
        assert!(!user.is_empty() && !user.starts_with('0') && user != "root", "{name} runs as {user:?}");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{name}");
        assert_eq!(service["security_opt"], serde_json::json!(["no-new-privileges:true"]), "{name}");
        assert!(service["privileged"].is_null(), "{name}");
    }
    let mut pods = 0;
    for (path, documents) in yaml_files() {
        for document in documents.iter().filter(|document| document["spec"]["template"]["spec"].is_object()) {
            let pod = &document["spec"]["template"]["spec"];
            let path = path.display();
            pods += 1;
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{path}");
            assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{path}");
            assert_eq!(pod["automountServiceAccountToken"], false, "{path}");
            for container in pod["containers"].as_array().unwrap() {
                let rights = &container["securityContext"];
                assert_eq!(rights["allowPrivilegeEscalation"], false, "{path}");
                assert_eq!(rights["readOnlyRootFilesystem"], true, "{path}");
                assert_eq!(rights["capabilities"]["drop"], serde_json::json!(["ALL"]), "{path}");
                assert!(container["resources"]["limits"]["memory"].is_string(), "{path}");
            }
        }
    }
    assert_eq!(pods, 2);
}

#[test]
fn no_sample_contains_a_secret() {
    for (path, documents) in yaml_files() {
        for document in &documents {
            assert_ne!(document["kind"], "Secret", "{}", path.display());
        }
    }
    let ignored = std::fs::read_to_string(deploy().join("compose/.gitignore")).unwrap();
    assert!(ignored.lines().any(|line| line == "secrets/") && ignored.lines().any(|line| line == "certs/"));
}

#[test]
fn files_that_are_named_are_there() {
    let compose = yaml(&deploy().join("compose/compose.yaml")).remove(0);
    let made = ["./certs", "./secrets/"];
    for (name, service) in compose["services"].as_object().unwrap() {
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let source = volume.as_str().unwrap().split(':').next().unwrap();
            let is_made = made.iter().any(|made| source.starts_with(made));
            let is_there = deploy().join("compose").join(source).exists();
            let is_volume = compose["volumes"].as_object().unwrap().contains_key(source);
            assert!(is_made || is_volume || is_there, "{name}: {source}");
        }
        for network in service["networks"].as_array().unwrap() {
            assert!(
                compose["networks"].as_object().unwrap().contains_key(network.as_str().unwrap()),
                "{name}: {network}"
            );
        }
        for secret in service["secrets"].as_array().into_iter().flatten() {
            assert!(compose["secrets"].as_object().unwrap().contains_key(secret.as_str().unwrap()), "{name}: {secret}");
        }
    }
    let folder = deploy().join("kubernetes");
    let listed = yaml(&folder.join("kustomization.yaml")).remove(0);
    let mut listed: Vec<String> = serde_json::from_value(listed["resources"].clone()).unwrap();
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut there: Vec<String> = entries.filter(|name| name != "kustomization.yaml").collect();
    listed.sort();
    there.sort();
    assert_eq!(listed, there, "kustomization.yaml has every file of the folder");
}

/// The instructions of a Dockerfile, with their continuation lines.
fn instructions(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .map(|(a, b)| (a.to_owned(), b.trim().to_owned()))
        .collect()
}

#[test]
fn the_image_is_built_from_existing_files_and_runs_unprivileged() {
    let known = [
        "FROM",
        "RUN",
        "WORKDIR",
        "COPY",
        "LABEL",
        "USER",
        "VOLUME",
        "ENV",
        "EXPOSE",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    ];
    let instructions = instructions(&text("Dockerfile"));
    let last = |name: &str| instructions.iter().rev().find(|(of, _)| of == name).map(|(_, rest)| rest.clone());
    for (name, rest) in &instructions {
        assert!(known.contains(&name.as_str()) && !rest.is_empty(), "{name} {rest}");
    }
    let stages = instructions.iter().filter(|(name, _)| name == "FROM").count();
    assert_eq!(stages, 2, "what builds is not what runs");
    for (_, rest) in instructions.iter().filter(|(name, _)| name == "COPY") {
        let words: Vec<&str> = rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
        let (_, sources) = words.split_last().unwrap();
        for source in sources {
            let in_context = Path::new(env!("CARGO_MANIFEST_DIR")).join(source).exists();
            let made = instructions.iter().any(|(name, run)| name == "RUN" && run.contains(source));
            assert!(if rest.contains("--from=") { made } else { in_context }, "{source}");
        }
    }
    assert_eq!(last("USER").as_deref(), Some("1001:1001"));
    assert_eq!(last("ENTRYPOINT").as_deref(), Some("[\"/usr/local/bin/signet\"]"));
    assert!(last("HEALTHCHECK").unwrap().ends_with("CMD [\"/usr/local/bin/signet\", \"healthcheck\"]"));
    let base = instructions.iter().rev().find(|(name, _)| name == "FROM").unwrap();
    assert!(base.1.starts_with("gcr.io/distroless/"), "there is no shell in it: {}", base.1);
    let ignored = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".dockerignore")).unwrap();
    for secret in ["keys/master.key", "signet.toml", "*.db", "deploy/compose/secrets", "target", ".git"] {
        assert!(ignored.lines().any(|line| line == secret), "{secret} stays out of the image's context");
    }
}

#[test]
fn the_proxy_forwards_the_client_address_and_adds_no_headers() {
    let text = text("nginx/nginx.conf") + &text("nginx/signet.conf");
    let mut depth = 0;
    let mut directives = Vec::new();
    for line in text.lines().map(|line| line.split(" #").next().unwrap().trim()) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let ends = line.ends_with(';') || line.ends_with('{') || line == "}";
        assert!(ends, "a directive ends with a semicolon or opens a block: {line}");
        depth += i32::from(line.ends_with('{')) - i32::from(line == "}");
        assert!(depth >= 0, "{line}");
        directives.push(line);
    }
    assert_eq!(depth, 0, "every block is closed");
    for wanted in [
        "proxy_set_header Host $http_host;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "proxy_set_header Forwarded \"\";",
        "ssl_protocols TLSv1.2 TLSv1.3;",
    ] {
        assert!(directives.contains(&wanted), "{wanted}");
    }
    assert!(!directives.iter().any(|line| line.starts_with("add_header")), "the server sets its own headers");
    let logged = directives.iter().filter(|line| line.starts_with("log_format") || line.starts_with("access_log"));
    for line in logged {
        assert!(
            !line.contains("$request ") && !line.contains("$args") && !line.contains("$request_uri"),
            "no queries: {line}"
        );
    }
}

/// Runs `nginx -t` on a configuration. Returns `None` if nginx is not installed.
fn nginx_test(folder: &Path, configuration: &str) -> Option<(bool, String)> {
    let file = folder.join("nginx.conf");
    std::fs::write(&file, configuration).unwrap();
    match std::process::Command::new("nginx").args(["-t", "-c"]).arg(&file).output() {
        Err(error) => {
            println!("not tested by nginx itself: {error}");
            None
        }
        Ok(output) => Some((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

#[test]
fn nginx_accepts_the_samples_for_a_container_and_a_machine() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display().to_string();
    std::fs::create_dir(folder.path().join("certs")).unwrap();
    let certified = rcgen::generate_simple_self_signed(["id.example.org".to_owned()]).unwrap();
    std::fs::write(folder.path().join("certs/fullchain.pem"), certified.cert.pem()).unwrap();
    std::fs::write(folder.path().join("certs/privkey.pem"), certified.signing_key.serialize_pem()).unwrap();
    let no_ipv6 = !Path::new("/proc/net/if_inet6").exists();
    let fit = |text: &str| {
        let stand_ins = [
            ("server signet:8000", "server 127.0.0.1:8000"),
            ("/etc/nginx/certs", &format!("{place}/certs")),
            ("/etc/nginx/conf.d/", &format!("{place}/")),
            ("/var/log/nginx", &place),
            ("/var/cache/nginx", &format!("{place}/cache")),
            ("/run/nginx.pid", &format!("{place}/pid")),
            // Unprivileged ports.
            (" 80;", " 28080;"),
            (":80;", ":28080;"),
            (" 443 ssl", " 28443 ssl"),
            (":443 ssl", ":28443 ssl"),
        ];
        let fitted = stand_ins.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        fitted
            .lines()
            .filter(|line| !(no_ipv6 && line.contains("[::]")))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    std::fs::write(folder.path().join("signet.conf"), fit(&text("nginx/signet.conf"))).unwrap();
    // The directives around `conf.d` in Debian's own configuration.
    let machine = format!(
        "pid {place}/pid;\nerror_log {place}/error.log;\nevents {{ worker_connections 768; }}\nhttp {{\n\
         sendfile on;\ntypes_hash_max_size 2048;\ninclude /etc/nginx/mime.types;\nssl_protocols TLSv1.2 TLSv1.3;\n\
         ssl_prefer_server_ciphers on;\naccess_log {place}/access.log;\ngzip on;\ninclude {place}/signet.conf;\n}}\n"
    );
    for (name, configuration) in [("the container", fit(&text("nginx/nginx.conf"))), ("a machine", machine)] {
        if let Some((accepted, said)) = nginx_test(folder.path(), &configuration) {
            assert!(accepted, "{name}: {said}");
        }
    }
}

#[test]
fn systemd_accepts_the_unit() {
    let unit = text("systemd/signet.service");
    let binary = env!("CARGO_BIN_EXE_signet");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signet.service");
    let fitted = unit.replace("/usr/local/bin/signet", binary);
    assert_ne!(unit, fitted);
    std::fs::write(&file, fitted).unwrap();
    for wanted in ["User=signet", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "UMask=0077"]
    {
        assert!(unit.lines().any(|line| line == wanted), "{wanted}");
    }
    match std::process::Command::new("systemd-analyze").arg("verify").arg(&file).output() {
        Err(error) => println!("not verified by systemd itself: {error}"),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let ours: Vec<&str> = said.lines().filter(|line| line.contains("signet.service")).collect();
            assert!(ours.is_empty(), "{ours:?}");
        }
    }
}
