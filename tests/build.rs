//! Takes the guide's Rust sample out of its page, so that a test compiles and runs what readers copy.

fn main() {
    let page = "../docs/identity.md";
    println!("cargo:rerun-if-changed={page}");
    let text = std::fs::read_to_string(page).unwrap_or_default();
    let sample = text.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next());
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    let written = std::fs::write(format!("{out}/identity_sample.rs"), sample.unwrap_or_default());
    if let Err(error) = written {
        println!("cargo:warning=the guide's sample cannot be written: {error}");
    }
}
