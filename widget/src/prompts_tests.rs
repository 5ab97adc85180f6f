use proptest::prelude::*;

use super::*;

fn is_page(pattern: &str, address: &str) -> bool {
    is_page_of(&[pattern.to_owned()], address, "/tea/green")
}

#[test]
fn without_patterns_prompts_appear_everywhere() {
    assert!(is_page_of(&[], "https://shop.example/any?thing#here", "/any"));
}

#[test]
fn a_pattern_that_begins_with_a_slash_is_about_the_path_alone() {
    let address = "https://shop.example/tea/green?page=2#top";
    for pattern in ["/tea/green", "/tea/*", "/*", "/t*n", " /tea/* "] {
        assert!(is_page(pattern, address), "{pattern}");
    }
    for pattern in ["/tea", "/tea/green?page=2", "/coffee/*", "/*/", ""] {
        assert!(!is_page(pattern, address), "{pattern}");
    }
}

#[test]
fn any_other_pattern_is_about_the_whole_address_without_its_fragment() {
    let address = "https://shop.example/tea/green?page=2#top";
    for pattern in ["*page=2", "https://shop.example/*", "*shop*", "*", "https://*/tea/*?*"] {
        assert!(is_page(pattern, address), "{pattern}");
    }
    for pattern in ["shop.example*", "*#top", "http://*", "https://shop.example"] {
        assert!(!is_page(pattern, address), "{pattern}");
    }
}

#[test]
fn one_pattern_of_many_is_enough() {
    let patterns = ["/a".to_owned(), "/b*".to_owned()];
    assert!(is_page_of(&patterns, "https://x.example/bc", "/bc"));
    assert!(!is_page_of(&patterns, "https://x.example/c", "/c"));
}

/// Tries every length of every star.
fn oracle(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|skip| oracle(rest, &text[skip..])),
        [first, rest @ ..] => text.first() == Some(first) && oracle(rest, &text[1..]),
    }
}

proptest! {
    #[test]
    fn stars_stand_for_any_run(pattern in "[ab*ü]{0,8}", text in "[abü]{0,10}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), oracle(&chars(&pattern), &chars(&text)));
    }
}

fn rules(delay_seconds: u32, scroll_percent: u32, exit_intent: bool) -> EngagementRules {
    EngagementRules { delay_seconds, scroll_percent, exit_intent, ..EngagementRules::default() }
}

#[test]
fn without_rules_a_prompt_is_due_at_once() {
    let mut gate = Gate::default();
    gate.visit(true, 5.0);
    assert_eq!(gate.due(&rules(0, 0, false), 5.0), Due::Now);
}

#[test]
fn a_delay_counts_from_entering() {
    let mut gate = Gate::default();
    gate.visit(true, 500.0);
    gate.visit(true, 900.0);
    assert_eq!(gate.due(&rules(2, 0, false), 1000.0), Due::In(1500));
    assert_eq!(gate.due(&rules(2, 0, false), 2500.0), Due::Now);
}

#[test]
fn another_page_of_the_rules_goes_on_and_any_other_begins_anew() {
    let mut gate = Gate::default();
    gate.visit(true, 0.0);
    gate.scroll(80);
    gate.visit(true, 1000.0);
    assert_eq!(gate.due(&rules(1, 80, false), 1000.0), Due::Now);
    gate.visit(false, 2000.0);
    assert_eq!(gate.due(&rules(1, 80, false), 2000.0), Due::Later);
    gate.visit(true, 3000.0);
    assert_eq!(gate.due(&rules(1, 0, false), 3000.0), Due::In(1000));
    assert_eq!(gate.due(&rules(1, 80, false), 9000.0), Due::Later, "nothing scrolled here");
}

#[test]
fn all_that_is_set_must_have_come_true() {
    let rules = rules(2, 50, true);
    let mut gate = Gate::default();
    gate.visit(true, 0.0);
    gate.leave(&rules, 3000.0);
    assert_eq!(gate.due(&rules, 3000.0), Due::Later, "not scrolled");
    gate.scroll(60);
    gate.scroll(10);
    assert_eq!(gate.due(&rules, 1000.0), Due::In(1000), "too early");
    assert_eq!(gate.due(&rules, 3000.0), Due::Later, "left before the rest was true");
    gate.leave(&rules, 3000.0);
    assert_eq!(gate.due(&rules, 3000.0), Due::Now);
}

#[test]
fn a_page_that_does_not_scroll_is_scrolled_to_its_end() {
    assert_eq!(scrolled(0, 800, 800), 100);
    assert_eq!(scrolled(0, 500, 800), 100);
    assert_eq!(scrolled(0, 1800, 800), 0);
    assert_eq!(scrolled(500, 1800, 800), 50);
    assert_eq!(scrolled(999, 1800, 800), 100, "half a pixel short");
    assert_eq!(scrolled(-40, 1800, 800), 0, "pulled beyond its top");
}

#[test]
fn a_random_prompt_is_one_of_all() {
    assert_eq!(first(PromptMode::Rotate, 3, 0.9), 0);
    let picked: Vec<_> =
        [0.0, 0.34, 0.99].iter().map(|chance| first(PromptMode::Random, 3, *chance)).collect();
    assert_eq!(picked, [0, 1, 2]);
}
