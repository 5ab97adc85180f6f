//! Which of the widget's languages a visitor gets.
//!
//! In: language tags (BCP 47) as pages, admins and browsers write them, the most wished-for first,
//! and the tags that there are catalogues for. Out: one of the latter.

/// The first wish that there is a catalogue for.
#[must_use]
pub fn negotiate<'a>(wishes: &[&str], known: &[&'a str]) -> Option<&'a str> {
    wishes.iter().find_map(|wish| look_up(wish, known))
}

/// Finds a tag, or what is left of it when its last parts are taken away one by one.
fn look_up<'a>(wish: &str, known: &[&'a str]) -> Option<&'a str> {
    let wish = usual(&wish.trim().replace('_', "-").to_ascii_lowercase());
    let mut rest = wish.as_str();
    loop {
        if let Some(found) = known.iter().find(|tag| tag.eq_ignore_ascii_case(rest)) {
            return Some(found);
        }
        rest = rest.rsplit_once('-')?.0;
    }
}

/// The tag under which a language is kept, for those that are written in several ways.
fn usual(tag: &str) -> String {
    let (language, rest) = tag.split_once('-').unwrap_or((tag, ""));
    let has = |part: &str| rest.split('-').any(|other| other == part);
    let language = match language {
        "iw" => "he",
        "in" => "id",
        "no" | "nn" => "nb",
        // The script decides; where none is named, the place does.
        "zh" if has("hans") => return "zh".to_owned(),
        "zh" if ["hant", "tw", "hk", "mo"].into_iter().any(has) => return "zh-hant".to_owned(),
        other => other,
    };
    [language, "-", rest].concat().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["de", "en", "he", "id", "nb", "pt", "zh", "zh-Hant"];

    #[test]
    fn a_language_is_found_by_taking_parts_away_whatever_its_case() {
        for (wish, found) in [
            ("de", "de"),
            ("DE-at", "de"),
            ("de-Latn-CH-1996", "de"),
            ("de_DE", "de"),
            (" pt-BR ", "pt"),
            ("pt-PT", "pt"),
        ] {
            assert_eq!(negotiate(&[wish], KNOWN), Some(found), "{wish}");
        }
    }

    #[test]
    fn chinese_follows_its_script_and_old_names_their_new_ones() {
        for (wish, found) in [
            ("zh", "zh"),
            ("zh-CN", "zh"),
            ("zh-Hans-HK", "zh"),
            ("zh-SG", "zh"),
            ("zh-TW", "zh-Hant"),
            ("zh-HK", "zh-Hant"),
            ("zh-mo", "zh-Hant"),
            ("zh-hant", "zh-Hant"),
            ("zh-Hant-TW", "zh-Hant"),
            ("no", "nb"),
            ("nn-NO", "nb"),
            ("iw-IL", "he"),
            ("in", "id"),
        ] {
            assert_eq!(negotiate(&[wish], KNOWN), Some(found), "{wish}");
        }
    }

    #[test]
    fn what_nobody_has_translated_leaves_the_choice_to_the_next_wish() {
        assert_eq!(negotiate(&["tlh", "de"], KNOWN), Some("de"));
        assert_eq!(negotiate(&["", "de"], KNOWN), Some("de"));
        for wish in ["tlh", "", "-", "d", "deu", "x-de", "de\u{fc}", "🫖"] {
            assert_eq!(negotiate(&[wish], KNOWN), None, "{wish}");
        }
    }

    #[test]
    fn the_first_wish_goes_before_the_others() {
        assert_eq!(negotiate(&["he", "de"], KNOWN), Some("he"));
    }
}
