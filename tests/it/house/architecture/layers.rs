//! Layers: a module uses its own layer and those below it.

use super::source::{has_word, sources, used_modules};

/// The modules of a layer, those that it may use, and words that it may not contain.
struct Layer {
    name: &'static str,
    modules: &'static [&'static str],
    uses: Uses,
    never: &'static [&'static str],
}

enum Uses {
    /// The modules of this layer and of all layers before it.
    Below,
    Only(&'static [&'static str]),
}

const PAGES: &[&str] = &["axum", "askama"];

/// Layers from the bottom up. `signet-protocol`, `signet-crypto` and `signet-store` are packages, so that Cargo itself
/// forbids most of this for them.
const LAYERS: [Layer; 14] = [
    Layer {
        name: "L0 rules",
        modules: &["protocol"],
        uses: Uses::Only(&["protocol"]),
        never: &[
            "tokio",
            "sqlx",
            "axum",
            "askama",
            "hyper",
            "reqwest",
            "tracing",
            "aws_lc_rs",
            "oxide_auth",
            "openidconnect",
            "async fn",
            ".await",
            "Entropy",
            "std::fs",
            "std::env",
            "std::io",
            "std::thread",
            "println!",
        ],
    },
    Layer {
        name: "L1 cryptography",
        modules: &["crypto"],
        uses: Uses::Only(&["crypto", "protocol"]),
        never: &["tokio", "async fn", "sqlx"],
    },
    Layer { name: "L1 store", modules: &["store"], uses: Uses::Only(&["store", "crypto", "protocol"]), never: PAGES },
    Layer {
        name: "L1 settings",
        modules: &["config"],
        uses: Uses::Only(&["config", "protocol"]),
        never: &["axum", "askama", "sqlx", "tokio"],
    },
    Layer { name: "L1 queues", modules: &["fair_queue"], uses: Uses::Only(&[]), never: &["axum", "askama", "sqlx"] },
    Layer {
        name: "L1 metrics",
        modules: &["metrics"],
        uses: Uses::Only(&["metrics", "store", "protocol", "config"]),
        never: &["axum", "askama", "sqlx", "tokio"],
    },
    Layer {
        name: "L1 keys",
        modules: &["keys"],
        uses: Uses::Only(&["keys", "store", "crypto", "protocol", "config", "fair_queue"]),
        never: &["axum", "askama", "sqlx"],
    },
    Layer {
        name: "L1 means",
        modules: &["branding", "passwords", "fetch", "mail", "messages"],
        uses: Uses::Only(&["store", "crypto", "protocol", "config", "metrics", "fair_queue"]),
        never: &["axum", "askama", "sqlx"],
    },
    Layer {
        name: "L2 adapters",
        modules: &["adapters"],
        uses: Uses::Only(&["adapters", "keys", "crypto", "protocol"]),
        never: &["axum", "askama", "sqlx", "hyper", "tokio", "async fn", ".await"],
    },
    Layer {
        name: "L2 use cases",
        modules: &["flows"],
        uses: Uses::Below,
        never: &["axum", "askama", "sqlx", "hyper", "HeaderMap", "StatusCode"],
    },
    Layer { name: "L3 state", modules: &["app"], uses: Uses::Below, never: &["sqlx", "SystemTime", "Utc::now"] },
    Layer {
        name: "L3 pages",
        modules: &["pages"],
        uses: Uses::Only(&["pages", "protocol", "flows", "config", "store", "mail", "messages"]),
        never: &["sqlx", "axum"],
    },
    Layer {
        name: "L3 surface",
        modules: &["http"],
        uses: Uses::Below,
        never: &["sqlx", "store.write", "store.read", "SystemTime", "Utc::now"],
    },
    Layer {
        name: "L4 start",
        modules: &["main", "lib", "cli", "jobs", "demo"],
        uses: Uses::Below,
        never: &["sqlx", "SystemTime", "Utc::now"],
    },
];

#[test]
fn a_layer_uses_only_what_lies_below_it() {
    for source in sources() {
        let number = LAYERS.iter().position(|layer| layer.modules.contains(&source.module.as_str()));
        let number = number.unwrap_or_else(|| panic!("{} belongs to no layer: put its module into one", source.path));
        let layer = &LAYERS[number];
        let may_use = match layer.uses {
            Uses::Below => LAYERS[..=number].iter().flat_map(|layer| layer.modules).copied().collect(),
            Uses::Only(modules) => modules.to_vec(),
        };
        for used in used_modules(&source) {
            assert!(may_use.contains(&used.as_str()), "{}: {} does not use crate::{used}", source.path, layer.name);
        }
        for word in layer.never {
            assert!(!has_word(&source.code, word), "{}: {} does not know {word:?}", source.path, layer.name);
        }
    }
}
