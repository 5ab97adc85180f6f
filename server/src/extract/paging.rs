//! Pages of lists: how many, from where on, and the cursor of the next.

use shared::admin::Page;

use super::query::invalid;
use crate::clock;
use crate::error::ApiError;
use crate::keys::form::parse_time;

/// Most entries of one page.
pub const MOST: u32 = 200;
/// Entries of a page of `/api` when the request does not say.
pub const USUAL: u32 = 50;

/// The time and id of the entry after which a page begins; none for the first page.
pub type After = Option<(i64, String)>;

/// Reads `limit`.
///
/// # Errors
/// 400 unless it is a whole number from 1 to 200.
pub fn limit(text: Option<&str>, usual: u32) -> Result<u32, ApiError> {
    let Some(text) = text else { return Ok(usual) };
    let limit = text.parse().ok().filter(|n| (1..=MOST).contains(n));
    limit.ok_or_else(|| invalid("limit", "must be a whole number from 1 to 200"))
}

/// Reads `cursor`: the place after which the page begins.
///
/// # Errors
/// 400 unless an earlier page gave it.
pub fn cursor(text: Option<&str>, name_of_next: &str) -> Result<After, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let place = text
        .split_once('_')
        .and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())))
        .filter(|(_, id): &(i64, String)| clock::is_ulid(id.strip_prefix("ORD-").unwrap_or(id)));
    let why = format!("must be the {name_of_next} of an earlier page");
    place.map(Some).ok_or_else(|| invalid("cursor", &why))
}

/// The cursor of the page after one that ends here; none after a page that is not full.
#[must_use]
pub fn next<T>(rows: &[T], limit: u32, place: impl Fn(&T) -> (i64, &str)) -> Option<String> {
    let full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    rows.last().filter(|_| full).map(|row| {
        let (at, id) = place(row);
        format!("{at}_{id}")
    })
}

/// A page of views of rows.
pub fn page<T, V>(
    (rows, total): (Vec<T>, i64),
    limit: u32,
    place: impl Fn(&T) -> (i64, &str),
    view: impl FnMut(T) -> V,
) -> Page<V> {
    let next_cursor = next(&rows, limit, place);
    Page { items: rows.into_iter().map(view).collect(), total, next_cursor }
}

/// A list that stands on one page.
#[must_use]
pub fn whole<V>(items: Vec<V>) -> Page<V> {
    let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
    Page { items, total, next_cursor: None }
}

/// Reads a text that is searched for or filtered by.
///
/// # Errors
/// 400 when it is too long or holds U+0000.
pub fn text(field: &str, text: Option<String>) -> Result<Option<String>, ApiError> {
    if text.as_deref().is_some_and(|v| v.len() > 500 || v.contains('\0')) {
        return Err(invalid(field, "must be at most 500 bytes without the character U+0000"));
    }
    Ok(text.filter(|text| !text.is_empty()))
}

/// Reads a time.
///
/// # Errors
/// 400 unless it is RFC 3339.
pub fn time(field: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let ms = parse_time(text);
    ms.map(Some).ok_or_else(|| invalid(field, "must be a time such as 2026-01-31T00:00:00Z"))
}

/// Reads one of several words.
///
/// # Errors
/// 400 unless it is one of them.
pub fn word(
    field: &str,
    text: Option<&str>,
    words: &'static [&'static str],
) -> Result<Option<&'static str>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let known = words.iter().find(|word| **word == text).copied();
    known.map(Some).ok_or_else(|| invalid(field, &format!("must be one of {}", words.join(", "))))
}
