//! What somebody pastes to have the chat on their site, and to sign their users' ids. No browser in
//! here; that what is shown works is tested where the guide's samples are.

/// The chapter of the guide that holds the samples; each is run by the browser tests.
const IDENTITY: &str = include_str!("../../docs/identity.md");
/// The chapter with the samples of webhooks; run by the browser tests as well.
const WEBHOOKS: &str = include_str!("../../docs/alerts-and-webhooks.md");

/// A piece of code to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Where it goes, or its language.
    pub label: String,
    pub code: String,
}

fn sample(label: &str, code: String) -> Sample {
    Sample { label: label.to_owned(), code }
}

/// How a page names its license key: by the key itself, or by the chatbot id, which is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    Key(String),
    ChatbotId(String),
}

impl Names {
    /// The attribute's name and value.
    fn attribute(&self) -> (&'static str, &str) {
        match self {
            Self::Key(key) => ("license-key", key),
            Self::ChatbotId(id) => ("chatbot-id", id),
        }
    }

    fn option(&self) -> (&'static str, &str) {
        match self {
            Self::Key(key) => ("licenseKey", key),
            Self::ChatbotId(id) => ("chatbotId", id),
        }
    }
}

/// The ways to embed the widget, the simplest first. `server` is this server's address.
#[must_use]
pub fn embed(server: &str, names: &Names) -> Vec<Sample> {
    let (attribute, value) = names.attribute();
    let (option, _) = names.option();
    let src = format!("{server}/widget/chat-widget.js");
    vec![
        sample(
            "Script tag",
            format!("<script async src=\"{src}\"\n        data-{attribute}=\"{value}\"></script>"),
        ),
        sample(
            "Config object",
            format!(
                "<script>\n  window.CHAT_WIDGET_CONFIG = {{\n    apiUrl: \"{server}\",\n    {option}: \"{value}\",\n    \
                 theme: \"auto\"\n  }}\n</script>\n<script async src=\"{src}\"></script>"
            ),
        ),
        sample(
            "A chat inside the page",
            format!(
                "<natter-chat {attribute}=\"{value}\"></natter-chat>\n<script async src=\"{src}\"></script>"
            ),
        ),
    ]
}

/// The same for whoever builds with a framework.
#[must_use]
pub fn frameworks(server: &str, names: &Names) -> Vec<Sample> {
    let (attribute, value) = names.attribute();
    let src = format!("{server}/widget/chat-widget.js");
    let tag = format!("<script async src=\"{src}\" data-{attribute}=\"{value}\"></script>");
    vec![
        sample(
            "Next.js, in app/layout.js",
            format!(
                "import Script from \"next/script\"\n\n<Script src=\"{src}\" data-{attribute}=\"{value}\" \
                 strategy=\"afterInteractive\" />"
            ),
        ),
        sample("React, Vue or Svelte with Vite, in index.html before </body>", tag.clone()),
        sample("WordPress, in a block “Custom HTML” of the footer", tag.clone()),
        sample("Google Tag Manager, as a tag “Custom HTML” on all pages", tag),
    ]
}

/// The ways to compute `userHash`, from the guide.
#[must_use]
pub fn user_hash() -> Vec<Sample> {
    let sections = IDENTITY.split("\n## userHash in ").skip(1);
    let read = |section: &str| {
        let (language, rest) = section.split_once('\n')?;
        let code = rest.split_once("```")?.1.split_once('\n')?.1.split_once("```")?.0;
        Some(sample(language.trim(), code.trim_end().to_owned()))
    };
    sections.filter_map(read).collect()
}

/// The ways to check that a webhook's call is from this server, from the guide.
#[must_use]
pub fn webhook_check() -> Vec<Sample> {
    let section = WEBHOOKS.split("\n## ").find(|part| part.starts_with("Verify the signature"));
    let code = |language: &str, label: &str| {
        let code = section?.split_once(&format!("```{language}\n"))?.1.split_once("```")?.0;
        Some(sample(label, code.trim_end().to_owned()))
    };
    [code("js", "Node.js"), code("python", "Python")].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_names_the_server_and_the_key() {
        let key = Names::Key("AAAA-BBBB-CCCC-DDDD".into());
        for sample in
            [embed("https://chat.example", &key), frameworks("https://chat.example", &key)].concat()
        {
            assert!(
                sample.code.contains("https://chat.example/widget/chat-widget.js"),
                "{sample:?}"
            );
            assert!(sample.code.contains("AAAA-BBBB-CCCC-DDDD"), "{sample:?}");
        }
        let id = Names::ChatbotId("cb_1".into());
        assert!(embed("https://x", &id)[0].code.contains("data-chatbot-id=\"cb_1\""));
        assert!(embed("https://x", &id)[1].code.contains("chatbotId: \"cb_1\""));
        assert!(embed("https://x", &id)[2].code.contains("<natter-chat chatbot-id=\"cb_1\">"));
    }

    #[test]
    fn every_language_of_the_guide_has_its_code() {
        let samples = user_hash();
        let languages: Vec<&str> = samples.iter().map(|sample| sample.label.as_str()).collect();
        assert_eq!(languages, ["Node.js", "Python", "PHP", "Ruby", "Go", "Java", "C#", "Rust"]);
        for sample in samples {
            assert!(sample.code.to_lowercase().replace('_', "").contains("userhash"), "{sample:?}");
            assert!(!sample.code.contains("```"), "{sample:?}");
        }
    }

    #[test]
    fn the_guide_shows_how_a_webhooks_signature_is_checked() {
        let samples = webhook_check();
        let labels: Vec<&str> = samples.iter().map(|sample| sample.label.as_str()).collect();
        assert_eq!(labels, ["Node.js", "Python"]);
        for sample in samples {
            assert!(sample.code.contains("webhook.verify("), "{sample:?}");
            assert!(!sample.code.contains("```"), "{sample:?}");
        }
    }
}
