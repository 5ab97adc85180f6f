//! The widget's languages: each catalogue of `assets/locales` becomes a file that is served.
//!
//! In: `assets/locales/<tag>.json`. Out: the same texts without white space, and the name of the
//! served file, from which the server reads the tag again.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{manifest, paths};

/// The language whose catalogue has every text, and that serves whoever reads none of the others.
pub const ENGLISH: &str = "en";
/// How the names of these files begin.
const STEM: &str = "text-";

/// The texts of one language.
#[derive(Debug)]
pub struct Catalogue {
    pub tag: String,
    pub json: String,
}

impl Catalogue {
    pub fn name(&self) -> String {
        manifest::hashed_name(&[STEM, &self.tag].concat(), "json", self.json.as_bytes())
    }
}

/// Whether a served file is the catalogue of a language other than English.
pub fn is_other(name: &str) -> bool {
    name.starts_with(STEM) && !name.starts_with(&[STEM, ENGLISH, "-"].concat())
}

/// All catalogues, in the order of their tags.
pub fn read() -> Result<Vec<Catalogue>> {
    let folder = paths::root().join("assets/locales");
    let mut found = Vec::new();
    for file in fs::read_dir(&folder).context("cannot list assets/locales")? {
        let path = file?.path();
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let Some(tag) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json"))
        else {
            bail!("{} is no <language tag>.json", path.display());
        };
        let texts: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text)
            .with_context(|| format!("{} is no object of texts", path.display()))?;
        let json = serde_json::to_string(&texts)?;
        found.push(Catalogue { tag: tag.to_owned(), json });
    }
    found.sort_by(|a, b| a.tag.cmp(&b.tag));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogues_are_named_by_their_language_and_hold_no_white_space() {
        let all = read().unwrap();
        let english = all.iter().find(|one| one.tag == ENGLISH).unwrap();
        assert!(english.json.starts_with('{') && !english.json.contains(['\n', '\t']));
        assert!(english.name().starts_with("text-en-") && !is_other(&english.name()));
        assert!(is_other("text-de-0123456789abcdef.json"));
        assert!(!is_other("widget-0123456789abcdef.js"));
    }
}
