//! Everything that is seen: the panel by Leptos, the messages by hand, the colours.
//!
//! In: [`Shown`] (all that the panel's frame depends on) and the model's entries. Out: nodes in
//! the shadow root, and the visitor's acts as calls of [`crate::app::App`].

pub mod acts;
pub mod bubble;
pub mod comment;
pub mod form;
pub mod frame;
pub mod icons;
pub mod markdown;
pub mod messages;
pub mod sections;

use std::cell::Cell;

use shared::{FormField, Look, Theme};
use wasm_bindgen::JsCast;
use web_sys::{CssStyleDeclaration, Element, HtmlElement};

use crate::dom::{self, append, document, get, number, window};
use crate::handle::Handle;
use crate::model::Model;
use crate::palette::{Palette, Rgb};
use crate::text;
use crate::words::Words;
use messages::List;

/// What the panel's frame shows, beside the look; messages aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Which look it is: another number, another look.
    pub look: u32,
    /// Nothing has been said yet, and something can be.
    pub suggesting: bool,
    /// An answer is being written: the composer's button stops it.
    pub running: bool,
    /// Why something does not work as usual.
    pub notice: Option<String>,
    /// The notice offers a new conversation.
    pub restart: bool,
    pub disabled: bool,
    /// No network: the field keeps its focus, but takes no text.
    pub paused: bool,
    pub sendable: bool,
    /// Characters left, when few are.
    pub left: Option<i32>,
    /// There is a conversation.
    pub begun: bool,
    pub muted: bool,
    /// The form stands instead of the composer.
    pub asking: bool,
}

/// The nodes that are touched by hand.
#[derive(Debug)]
pub struct Nodes {
    root: HtmlElement,
    panel: HtmlElement,
    scroller: Element,
    composer: HtmlElement,
    form: Element,
    jump: Element,
    status: Element,
    /// What is read out while the panel is closed.
    outside: Element,
    said: Cell<u32>,
    list: List,
    /// The reader is at the end and wants to stay there.
    following: bool,
    /// How far it was scrolled when that was last seen.
    top: i32,
    /// It stands in the page.
    inline: bool,
    /// What had the focus when the visitor came: it gets it back.
    before: Option<HtmlElement>,
}

impl Nodes {
    /// Finds them in the mounted panel.
    #[must_use]
    pub fn find(root: HtmlElement, handle: &Handle) -> Option<Self> {
        let find = |selector: &str| root.query_selector(selector).ok()?;
        let outside = dom::labelled("div", "sr", "");
        dom::set(&outside, "role", "status");
        append(&root, &outside);
        Some(Self {
            panel: find(".panel")?.unchecked_into(),
            scroller: find(".scroll")?,
            composer: find("textarea")?.unchecked_into(),
            form: find("form")?,
            jump: find(".jump")?,
            status: find(".status")?,
            outside,
            said: Cell::new(1),
            list: List::new(find(".log")?, &handle.words),
            following: true,
            top: 0,
            inline: handle.inline,
            before: None,
            root,
        })
    }

    /// What everything of ours stands in, beside the button.
    #[must_use]
    pub fn root(&self) -> &HtmlElement {
        &self.root
    }

    /// Draws the entries that have changed, and keeps the end in sight of whoever follows.
    pub fn draw(&mut self, model: &Model, look: &Look, handle: &Handle) {
        self.list.draw(model.entries(), look, handle);
        self.keep_end();
        self.show_jump();
    }

    /// The look has changed.
    pub fn relook(&mut self) {
        self.list.relook();
    }

    /// What is shown has grown: the end stays in sight of whoever follows.
    pub fn keep_end(&self) {
        if self.following {
            self.to_end();
        }
    }

    fn to_end(&self) {
        dom::put(&self.scroller, "scrollTop", number(&self.scroller, "scrollHeight"));
    }

    /// It was scrolled, by the reader or by us. Only a reader goes up, and is let go at the first
    /// pixel; the end alone may also go away by itself, when something gets its height late.
    pub fn scrolled(&mut self) {
        let of = |name| number(&self.scroller, name);
        let top = of("scrollTop");
        let left = of("scrollHeight") - top - of("clientHeight");
        let up = top < std::mem::replace(&mut self.top, top);
        // What has become shorter leaves less than a pixel.
        self.following = if up { left < 2 } else { self.following || left < 48 };
        self.show_jump();
    }

    fn show_jump(&self) {
        let _ = self.jump.toggle_attribute_with_force("hidden", self.following);
    }

    /// Goes to the end and stays there.
    pub fn follow(&mut self) {
        self.following = true;
        self.to_end();
        self.show_jump();
    }

    /// Opens or closes the panel at once: what is not visible cannot take the focus.
    pub fn show(&mut self, open: bool) {
        dom::class(&self.panel, "open", open);
        if open {
            self.follow();
            self.fit();
        }
    }

    /// Whether the panel fills the screen, as on a phone.
    #[must_use]
    pub fn is_full(&self) -> bool {
        // The style sheet decides; this is how it says so.
        !self.inline && matches("(max-width: 480px), (max-height: 480px) and (pointer: coarse)")
    }

    /// Fits the full-screen panel between the top and the keyboard.
    pub fn fit(&self) {
        if self.inline {
            return;
        }
        let full = self.is_full();
        dom::set(&self.panel, "aria-modal", if full { "true" } else { "false" });
        let viewport = get(&window(), "visualViewport");
        if full && viewport.is_truthy() {
            let style = style(&self.panel);
            for (name, source) in [("--vh", "height"), ("--vt", "offsetTop")] {
                let _ = style.set_property(
                    name,
                    &(number(&viewport, source).unsigned_abs().to_string() + "px"),
                );
            }
        }
    }

    /// Moves the focus to the composer, or to the form that stands in its place.
    pub fn focus_composer(&self, asking: bool) {
        if asking {
            form::focus(&self.form);
        } else {
            let _ = self.composer.focus();
        }
    }

    /// Whether the form is there.
    #[must_use]
    pub fn asks(&self) -> bool {
        !self.form.has_attribute("hidden")
    }

    /// What was answered in the form; none while something is wrong with it.
    #[must_use]
    pub fn answers(&self, fields: &[FormField], words: &Words) -> Option<Vec<String>> {
        form::read(&self.form, fields, words)
    }

    pub fn set_draft(&self, draft: &str) {
        dom::put(&self.composer, "value", draft);
        self.grow(draft);
    }

    /// The composer is as high as its text: a hidden copy of the text gives it its height.
    pub fn grow(&self, draft: &str) {
        let cell = get(&self.composer, "parentNode").unchecked_into();
        dom::set(&cell, "data-draft", draft);
    }

    /// Notes what of the page has the focus, for a button that is not there.
    pub fn note_focus(&mut self) {
        let active = get(&document(), "activeElement");
        self.before = active.is_truthy().then(|| active.unchecked_into());
    }

    /// Whether the visitor is writing.
    #[must_use]
    pub fn has_focus(&self) -> bool {
        self.root.query_selector("textarea:focus").is_ok_and(|node| node.is_some())
    }

    /// The panel closes: a focus inside returns to the button, or to where it came from.
    pub fn leave(&self, handle: &Handle) {
        let active = handle.root.active_element();
        if active.is_some_and(|active| self.panel.contains(Some(&active))) {
            let hidden = handle.button.has_attribute("hidden");
            let to = self.before.as_ref().filter(|_| hidden).unwrap_or(&handle.button);
            let _ = to.focus();
        }
    }

    /// Asks what is bad about an answer, or no longer.
    pub fn ask_why(&self, key: u32, asking: bool, words: &Words) {
        let selector = ["[data-key=\"", &key.to_string(), "\"]"].concat();
        if let Ok(Some(row)) = self.root.query_selector(&selector) {
            if asking {
                comment::open(&row, words);
            } else {
                comment::close(&row);
            }
        }
    }

    /// Says something of the closed chat, politely.
    pub fn hail(&self, said: &str) {
        self.outside.set_text_content(Some(said));
    }

    pub fn announce(&self, said: &str) {
        // Additions are read out in their order; old ones need not be kept.
        if self.said.replace(self.said.get() + 1).is_multiple_of(20) {
            self.status.set_text_content(None);
        }
        append(&self.status, &dom::labelled("p", "", said));
    }

    /// Keeps Tab inside a panel that fills the screen.
    pub fn next_focus(&self, handle: &Handle, back: bool) -> Option<HtmlElement> {
        const FOCUSABLE: &str = "button:not([disabled]):not([hidden]),a[href],input,select,\
            textarea:not([disabled]),[tabindex=\"0\"]";
        let found = self.panel.query_selector_all(FOCUSABLE).ok()?;
        let all: Vec<HtmlElement> = js_sys::Array::from(&found)
            .iter()
            .map(JsCast::unchecked_into)
            .filter(|node: &HtmlElement| node.offset_parent().is_some())
            .collect();
        let active = handle.root.active_element();
        let is_active = |node: &HtmlElement| active.as_deref() == Some(node.unchecked_ref());
        let (first, last) = (all.first()?, all.last()?);
        match back {
            false if is_active(last) => Some(first.clone()),
            true if is_active(first) => Some(last.clone()),
            _ => None,
        }
    }

    /// Puts the look's colours and side on the panel, and its language's direction.
    pub fn paint(&self, look: &Look, handle: &Handle) {
        let locale = handle.words.locale();
        dom::set(&self.root, "lang", &locale);
        dom::set(&self.root, "dir", if text::is_rtl(&locale) { "rtl" } else { "ltr" });
        let dark = match look.theme {
            Theme::Light => false,
            Theme::Dark => true,
            Theme::Auto => system_is_dark(),
            Theme::Host => page_says("dark") || (!page_says("light") && system_is_dark()),
        };
        let side = match look.position {
            _ if self.inline => "nt in",
            shared::Position::Left => "nt l",
            shared::Position::Right => "nt r",
        };
        let class = [side, if dark { " dark" } else { "" }].concat();
        dom::set(&self.root, "class", &class);
        let Some(primary) = Rgb::parse(&look.primary_color) else { return };
        let palette = Palette::new(primary, dark);
        let style = style(&self.root);
        for (name, colour) in [
            ("--primary", palette.primary),
            ("--sign", palette.sign),
            ("--accent", palette.accent),
            ("--tint", palette.tint),
        ] {
            let _ = style.set_property(name, &colour.css());
        }
        let _ = self::style(&handle.button).set_property("--primary", &palette.primary.css());
    }
}

/// Makes the button ours: its second sign, and what it says.
pub fn adopt(button: &HtmlElement) {
    // Again in another language it has its sign already.
    if !button.has_attribute("aria-haspopup") {
        append(button, &dom::icon(icons::DOWN));
        dom::set(button, "aria-haspopup", "dialog");
    }
    // It had perhaps said that nothing was reachable.
    dom::put(button, "title", "");
}

/// Shows on the button whether the panel is open, and how many answers came while it was not.
pub fn mark(handle: &Handle, open: bool, unread: u32) {
    let (button, words) = (&handle.button, &handle.words);
    handle.tell_open(open);
    dom::set(button, "aria-expanded", if open { "true" } else { "false" });
    let news = match unread {
        _ if open => words.get(text::CLOSE),
        0 => words.get(text::OPEN),
        _ => words.say((text::UNREAD, Some(unread))),
    };
    dom::set(button, "aria-label", &news);
    let badge = match unread {
        0 => String::new(),
        1..=9 => unread.to_string(),
        _ => "9+".to_owned(),
    };
    dom::set(button, "data-unread", &badge);
}

/// Whether the browser meets a media query.
#[must_use]
pub fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|list| dom::flag(&list, "matches"))
}

/// The style of a node, to be set from script as every policy allows.
#[must_use]
pub fn style(node: &HtmlElement) -> CssStyleDeclaration {
    get(node, "style").unchecked_into()
}

fn system_is_dark() -> bool {
    matches("(prefers-color-scheme: dark)")
}

/// Whether the page's own class or theme attribute names this theme.
fn page_says(theme: &str) -> bool {
    let selector =
        [":is(html,body):is(.", theme, ",[data-theme*=", theme, "],[data-bs-theme=", theme, "])"];
    document().query_selector(&selector.concat()).ok().flatten().is_some()
}
