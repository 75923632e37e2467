//! Rebuilds the crate after a change of the migrations, which are compiled in.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
