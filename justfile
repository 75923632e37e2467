# Everyday commands. `just` lists them; each recipe is a command that works without just as well.
# CONTRIBUTING.md says which loop fits which change; tests/run is everything that a change has to pass.

_list:
    @just --list --unsorted

# Run the server with a demo application, in a temporary folder
demo:
    cargo run --locked -- serve --demo

# Type-check everything, tests and examples included
check:
    cargo check --locked --workspace --all-targets

# Run the tables beside the rules of the protocol (no database, no server): just rules pkce
rules *filter:
    cargo test --locked --package signet-protocol -- {{ filter }}

# Run the unit tests of one crate: just unit signet-store
unit crate *filter:
    cargo test --locked --package {{ crate }} --lib -- {{ filter }}

# Run the stories whose path contains the filter, on SQLite: just story refresh::
story filter:
    env -u TEST_POSTGRES_URL cargo test --locked --test it -- {{ filter }}

# Run the same stories on SQLite and on a PostgreSQL server: just both refresh:: postgres://USER@HOST/postgres
both filter url=env('TEST_POSTGRES_URL'): (story filter)
    TEST_POSTGRES_URL={{ quote(url) }} cargo test --locked --test it -- {{ filter }}

# Format, and run the lints that CI runs
lint:
    cargo fmt
    cargo clippy --locked --workspace --all-targets -- -D warnings

# Build the documentation of the source, private items included
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

# Regenerate docs/configuration.md from the settings
reference:
    cargo run --locked --quiet -- config reference > docs/configuration.md

# Fuzz one parser: just fuzz redirect_uri 60
fuzz target seconds="60":
    tests/fuzz/run {{ seconds }} {{ target }}

# Accept changed snapshots; read their diff before you commit it
snapshots:
    INSTA_UPDATE=always cargo test --locked --test it -- snapshots::
    git diff --stat -- '*.snap'

# Run everything that CI runs; half an hour or more, and it installs what is missing
all:
    ./tests/run
