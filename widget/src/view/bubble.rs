//! The bubble beside the button: a prompt that opens the chat, and a cross that sends it away.
//!
//! It stands in the tab order right behind the button. The style sheet hides it while the chat is
//! open, and with the button.

use web_sys::Element;

use super::icons;
use crate::dom::{append, class, element, icon_button, set};
use crate::text;
use crate::words::Words;

#[derive(Debug)]
pub struct Bubble {
    pub root: Element,
    prompt: Element,
}

impl Bubble {
    /// Stands hidden before the panel, in `parent`.
    #[must_use]
    pub fn new(parent: &Element, words: &Words) -> Self {
        let root = element("div", "bubble");
        set(&root, "hidden", "");
        // The whole of it follows the language of the prompt.
        let talk = element("div", "talk");
        set(&talk, "dir", "auto");
        let prompt = element("button", "prompt");
        set(&prompt, "type", "button");
        set(&prompt, "data-act", "prompt");
        let dismiss = icon_button("tool", &words.get(text::DISMISS), icons::CLOSE);
        set(&dismiss, "data-act", "dismiss");
        append(&talk, &prompt);
        append(&talk, &dismiss);
        append(&root, &talk);
        let _ = parent.insert_before(&root, parent.first_child().as_ref());
        Self { root, prompt }
    }

    pub fn write(&self, prompt: &str) {
        self.prompt.set_text_content(Some(prompt));
    }

    pub fn written(&self) -> String {
        self.prompt.text_content().unwrap_or_default()
    }

    pub fn fade(&self, away: bool) {
        class(&self.root, "away", away);
    }

    pub fn show(&self, shown: bool) {
        let _ = self.root.toggle_attribute_with_force("hidden", !shown);
    }
}
