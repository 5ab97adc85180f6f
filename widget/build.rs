//! Joins the style sheets and takes out what only helps to read them: every byte is a visitor's download.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut source = String::new();
    for name in ["panel", "bubble"] {
        let path = format!("src/view/{name}.css");
        println!("cargo::rerun-if-changed={path}");
        source += &fs::read_to_string(path)?;
    }
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or(io::ErrorKind::NotFound)?;
    fs::write(out.join("panel.css"), squeeze(&source))
}

/// `css` without comments, and with no more white space than its meaning needs. The sheet holds no
/// strings with comment signs or double spaces in them.
fn squeeze(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    let mut out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    for sign in ["{", "}", ";", ",", ">"] {
        out = out.replace(&format!(" {sign}"), sign).replace(&format!("{sign} "), sign);
    }
    out.replace(": ", ":").replace(";}", "}")
}
