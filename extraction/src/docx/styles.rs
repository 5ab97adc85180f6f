//! What a document's styles and lists mean, by their ids.

use std::collections::{HashMap, HashSet};

use super::xml::{self, Event, Tag};
use crate::Deadline;
use crate::error::ExtractError;

/// How many styles one may be based on in a row.
const LONGEST_CHAIN: usize = 20;

#[derive(Default)]
struct Style {
    /// In lower case; English whatever the word processor's language.
    name: String,
    based_on: Option<String>,
    /// 1 for a heading of the first level.
    level: Option<usize>,
    numbering: Option<String>,
}

pub(super) struct Styles {
    styles: HashMap<String, Style>,
    /// Lists (by number id) whose levels are numbered.
    numbered: HashSet<(String, usize)>,
}

impl Styles {
    pub(super) fn read(
        styles: &str,
        numbering: &str,
        depth: usize,
        deadline: Deadline,
    ) -> Result<Self, ExtractError> {
        Ok(Self {
            styles: read_styles(styles, depth, deadline)?,
            numbered: read_numbering(numbering, depth, deadline)?,
        })
    }

    /// The heading level that a style gives, 1 to 6.
    pub(super) fn level(&self, id: &str) -> Option<usize> {
        // Where the styles are missing, the usual ids still say it.
        let usual = || id.strip_prefix("Heading").and_then(|digit| digit.parse().ok());
        let level = match self.chain(id).find_map(|style| match style.name.as_str() {
            "title" => Some(1),
            name => name.strip_prefix("heading ").and_then(|n| n.parse().ok()).or(style.level),
        }) {
            None if !self.styles.contains_key(id) => usual(),
            level => level,
        };
        level.filter(|level| (1..=9).contains(level)).map(|level: usize| level.min(6))
    }

    /// The list that a style puts its paragraphs into.
    pub(super) fn numbering(&self, id: &str) -> Option<&str> {
        self.chain(id).find_map(|style| style.numbering.as_deref())
    }

    /// Whether a style is that of a table of contents.
    pub(super) fn is_contents(&self, id: &str) -> bool {
        self.styles.get(id).is_some_and(|style| {
            style.name.strip_prefix("toc ").is_some_and(|level| level.parse::<u8>().is_ok())
        })
    }

    pub(super) fn is_numbered(&self, list: &str, level: usize) -> bool {
        self.numbered.contains(&(list.to_owned(), level))
    }

    fn chain<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Style> {
        let first = self.styles.get(id);
        std::iter::successors(first, |style| self.styles.get(style.based_on.as_deref()?))
            .take(LONGEST_CHAIN)
    }
}

fn read_styles(
    part: &str,
    depth: usize,
    deadline: Deadline,
) -> Result<HashMap<String, Style>, ExtractError> {
    let mut styles = HashMap::new();
    let (mut id, mut style) = (String::new(), Style::default());
    xml::read(part, depth, deadline, |event| {
        match event {
            Event::Open(tag) => match tag.name {
                "style" => {
                    style = Style::default();
                    id = tag.value("styleId").unwrap_or_default();
                }
                "name" => style.name = value(tag).to_lowercase(),
                "basedOn" => style.based_on = tag.value("val"),
                "outlineLvl" => style.level = value(tag).parse::<usize>().ok().map(|l| l + 1),
                "numId" => style.numbering = tag.value("val"),
                _ => {}
            },
            Event::Close("style") => {
                styles.insert(std::mem::take(&mut id), std::mem::take(&mut style));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(styles)
}

fn read_numbering(
    part: &str,
    depth: usize,
    deadline: Deadline,
) -> Result<HashSet<(String, usize)>, ExtractError> {
    // Per kind of list: its numbered levels.
    let mut kinds: HashMap<String, Vec<usize>> = HashMap::new();
    let mut numbered = HashSet::new();
    let (mut kind, mut level, mut list) = (String::new(), 0, String::new());
    xml::read(part, depth, deadline, |event| {
        let Event::Open(tag) = event else { return Ok(()) };
        match tag.name {
            "abstractNum" => kind = tag.value("abstractNumId").unwrap_or_default(),
            "lvl" => level = tag.value("ilvl").and_then(|level| level.parse().ok()).unwrap_or(0),
            "numFmt" if !matches!(value(tag).as_str(), "bullet" | "none") => {
                kinds.entry(kind.clone()).or_default().push(level);
            }
            "num" => list = tag.value("numId").unwrap_or_default(),
            // Kinds stand before the lists that use them.
            "abstractNumId" => {
                let levels = kinds.get(&value(tag)).into_iter().flatten().take(9);
                numbered.extend(levels.map(|&level| (list.clone(), level)));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(numbered)
}

fn value(tag: &Tag<'_>) -> String {
    tag.value("val").unwrap_or_default()
}
