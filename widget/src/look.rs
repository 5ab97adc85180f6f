//! Brings the options of a page or an admin into their limits.
//!
//! In: a look as it was read. Out: one that can be drawn, and the names of the options that had
//! to be changed, for one line in the console.

use shared::{FormField, FormFieldKind, Look};

use crate::palette::Rgb;

/// Clamps or drops what is out of its limits; adds the names of such options to `bad`.
#[must_use]
pub fn tidy(mut look: Look, bad: &mut Vec<&'static str>) -> Look {
    for (name, number, range) in [
        ("openerSize", &mut look.opener_size, Look::OPENER_SIZE),
        ("marginBottom", &mut look.margin_bottom, Look::MARGIN_BOTTOM),
        (
            "engagementPromptRotateSeconds",
            &mut look.engagement_prompt_rotate_seconds,
            Look::ROTATE_SECONDS,
        ),
        (
            "engagementRules",
            &mut look.engagement_rules.delay_seconds,
            0..=*Look::ROTATE_SECONDS.end(),
        ),
        ("engagementRules", &mut look.engagement_rules.scroll_percent, 0..=100),
    ] {
        let given = *number;
        *number = given.clamp(*range.start(), *range.end());
        if *number != given {
            bad.push(name);
        }
    }
    if Rgb::parse(&look.primary_color).is_none() {
        Look::PRIMARY_COLOR.clone_into(&mut look.primary_color);
        bad.push("primaryColor");
    }
    for (name, url) in [
        ("privacyPolicyUrl", &mut look.privacy_policy_url),
        ("termsOfServiceUrl", &mut look.terms_of_service_url),
        ("avatarUrl", &mut look.avatar_url),
        ("launcherIconUrl", &mut look.launcher_icon_url),
        ("logoUrl", &mut look.logo_url),
    ] {
        if !url.is_empty() && !is_web(url) {
            url.clear();
            bad.push(name);
        }
    }
    for (name, text) in [
        ("title", &mut look.title),
        ("welcomeMessage", &mut look.welcome_message),
        ("inputPlaceholder", &mut look.input_placeholder),
        ("maxMessagesError", &mut look.max_messages_error),
    ] {
        if let Some((at, _)) = text.char_indices().nth(shared::limits::LOOK_TEXT_CHARS) {
            text.truncate(at);
            bad.push(name);
        }
    }
    let fits = |text: &String| {
        !text.trim().is_empty() && text.chars().count() <= shared::limits::LOOK_ENTRY_CHARS
    };
    for (name, list, most) in [
        ("suggestedQuestions", &mut look.suggested_questions, shared::limits::LOOK_LIST_ENTRIES),
        ("engagementPrompts", &mut look.engagement_prompts, shared::limits::LOOK_LIST_ENTRIES),
    ] {
        let given = list.len();
        list.retain(fits);
        list.truncate(most);
        if list.len() != given {
            bad.push(name);
        }
    }
    let form = &mut look.pre_chat_form;
    let given = form.fields.len();
    form.fields.retain(|field| {
        field.has_usable_name()
            && (field.kind != FormFieldKind::Choice || !field.options.is_empty())
    });
    form.fields.truncate(shared::limits::FORM_FIELDS);
    if form.fields.len() != given {
        bad.push("preChatForm");
    }
    if form.enabled && form.fields.is_empty() {
        let field = |name: &str, kind| FormField {
            name: name.to_owned(),
            kind,
            required: true,
            ..FormField::default()
        };
        form.fields =
            vec![field("name", FormFieldKind::Text), field("email", FormFieldKind::Email)];
    }
    look
}

/// Whether a link or an image may point there: http or https alone.
#[must_use]
pub fn is_web(url: &str) -> bool {
    let starts = |scheme: &str| {
        url.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    starts("https://") || starts("http://")
}

/// Whether an address names one of these hosts, by https and with nothing else in that place.
#[must_use]
pub fn is_from(url: &str, hosts: &[String]) -> bool {
    let (scheme, rest) = url.as_bytes().split_at_checked(8).unwrap_or_default();
    let end = rest.iter().position(|b| b"/?#\\".contains(b)).unwrap_or(rest.len());
    let host = rest.split_at_checked(end).unwrap_or_default().0;
    scheme.eq_ignore_ascii_case(b"https://")
        && hosts.iter().any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(look: Look) -> (Look, Vec<&'static str>) {
        let mut bad = Vec::new();
        (tidy(look, &mut bad), bad)
    }

    #[test]
    fn what_is_within_its_limits_is_left_alone() {
        let look = Look {
            opener_size: 140,
            margin_bottom: 10,
            primary_color: "#000000".into(),
            privacy_policy_url: "HTTPS://example.com/p".into(),
            suggested_questions: vec!["What is it?".into()],
            ..Look::default()
        };
        let (after, bad) = tidied(look.clone());
        assert_eq!((after, bad), (look, vec![]));
    }

    #[test]
    fn what_is_not_is_clamped_or_dropped_and_named() {
        let (look, bad) = tidied(Look {
            opener_size: 900,
            margin_bottom: 0,
            primary_color: "javascript:1".into(),
            terms_of_service_url: "javascript:alert(1)".into(),
            avatar_url: "data:text/html,x".into(),
            title: "ä".repeat(501),
            suggested_questions: vec!["  ".into(), "x".repeat(201), "Why?".into()],
            ..Look::default()
        });
        assert_eq!((look.opener_size, look.margin_bottom), (140, 10));
        assert_eq!(look.primary_color, Look::PRIMARY_COLOR);
        assert_eq!((look.terms_of_service_url.as_str(), look.avatar_url.as_str()), ("", ""));
        assert_eq!(look.title.chars().count(), 500);
        assert_eq!(look.suggested_questions, ["Why?"]);
        assert_eq!(
            bad,
            [
                "openerSize",
                "marginBottom",
                "primaryColor",
                "termsOfServiceUrl",
                "avatarUrl",
                "title",
                "suggestedQuestions"
            ]
        );
    }

    #[test]
    fn pictures_come_from_the_hosts_that_are_named_and_from_no_others() {
        let hosts = ["img.example.com".to_owned()];
        for url in [
            "https://img.example.com/a.png",
            "HTTPS://IMG.example.com",
            "https://img.example.com?a",
        ] {
            assert!(is_from(url, &hosts), "{url}");
        }
        for url in [
            "http://img.example.com/a.png",
            "https://example.com/a.png",
            "https://img.example.com.evil.example/a.png",
            "https://img.example.com@evil.example/a.png",
            "https://evil.example/https://img.example.com/",
            "https://img.example.com:8443/a.png",
            "//img.example.com/a.png",
            "/img.example.com",
            "",
        ] {
            assert!(!is_from(url, &hosts), "{url}");
            assert!(!is_from(url, &[]), "{url}");
        }
    }

    #[test]
    fn an_opener_may_not_vanish() {
        assert_eq!(tidied(Look { opener_size: 0, ..Look::default() }).0.opener_size, 40);
    }
}
