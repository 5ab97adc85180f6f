#![doc = "x"]
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]
mod look;
mod model;
mod palette;
mod text;
fn main() {}
