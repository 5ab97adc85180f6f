//! The panel's frame: header, notice, suggestions, composer, links.
//!
//! A Leptos view whose nodes are made by hand and brought up to date by one effect over [`Shown`]:
//! the same frame in Leptos' element types weighs four times as much, which every visitor would
//! download.

use std::cell::RefCell;
use std::rc::Rc;

use reactive_graph::effect::RenderEffect;
use reactive_graph::traits::With;
use shared::FormField;
use tachys::view::{Mountable, Render};
use web_sys::{Element, Node};

use super::{Shown, form, icons};
use crate::app::App;
use crate::dom::{append, element, icon, icon_button, labelled, put, set};
use crate::text;
use crate::words::Words;

/// The frame as a Leptos view.
pub struct Frame(pub Rc<App>);

/// The frame as it stands in the page.
pub struct FrameState {
    root: Element,
    _effect: RenderEffect<()>,
}

impl Render for Frame {
    type State = FrameState;

    fn build(self) -> FrameState {
        let parts = Parts::new(&self.0.handle.words, self.0.handle.inline);
        let root = parts.root.clone();
        let app = self.0;
        let shown = app.shown.clone();
        let mut old = Shown::default();
        let effect = RenderEffect::new(move |before: Option<()>| {
            shown.with(|now| {
                parts.show(&app, now, before.map(|()| &old));
                now.clone_into(&mut old);
            });
        });
        FrameState { root, _effect: effect }
    }

    /// The frame is mounted once; what it shows comes through its signal.
    fn rebuild(self, _: &mut FrameState) {}
}

impl Mountable for FrameState {
    fn unmount(&mut self) {
        self.root.remove();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        let _ = parent.insert_before(&self.root, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let Some(parent) = self.root.parent_element() else { return false };
        child.mount(&parent, Some(&self.root));
        true
    }

    fn elements(&self) -> Vec<Element> {
        vec![self.root.clone()]
    }
}

/// The nodes that change with [`Shown`].
struct Parts {
    root: Element,
    avatar: Element,
    picture: Element,
    title: Element,
    logo: Element,
    renew: Element,
    mute: Element,
    keep: Element,
    close: Element,
    welcome: Element,
    suggestions: Element,
    notice: Element,
    notice_text: Element,
    restart: Element,
    form: Element,
    /// What the form asks.
    asked: RefCell<Vec<FormField>>,
    composer: Element,
    field: Element,
    left: Element,
    send: Element,
    privacy: Element,
    terms: Element,
    brand: Element,
}

/// A child of `parent` with a class and a few attributes.
fn child(parent: &Element, tag: &str, class: &str, attributes: &[(&str, &str)]) -> Element {
    let node = element(tag, class);
    for (name, value) in attributes {
        set(&node, name, value);
    }
    append(parent, &node);
    node
}

/// A child of `parent` that is a button with a sign, and what pressing it does (see `acts`).
fn tool(parent: &Element, class: &str, act: &str, name: &str, path: &str) -> Element {
    let node = icon_button(class, name, path);
    set(&node, "data-act", act);
    append(parent, &node);
    node
}

/// Gives a button with two signs the one that its class shows, and its name.
fn name_tool(node: &Element, class: &str, name: &str) {
    set(node, "class", class);
    set(node, "aria-label", name);
    set(node, "title", name);
}

fn hide(node: &Element, hidden: bool) {
    let _ = node.toggle_attribute_with_force("hidden", hidden);
}

impl Parts {
    fn new(words: &Words, inline: bool) -> Self {
        let named = |key: &str| words.get(key);
        let root = element("section", "panel");
        set(&root, "role", if inline { "region" } else { "dialog" });

        let head = child(&root, "div", "head", &[]);
        let avatar = child(&head, "span", "avatar", &[]);
        append(&avatar, &icon(icons::CHAT));
        let picture = child(&avatar, "img", "", &[("alt", "")]);
        let title = child(&head, "h2", "", &[("dir", "auto")]);
        let logo = element("img", "logo");
        let renew = tool(&head, "tool", "new", &named(text::NEW), icons::NEW);
        let mute = tool(&head, "tool", "mute", &named(text::MUTE), icons::SOUND);
        append(&mute, &icon(icons::SILENT));
        let keep = tool(&head, "tool", "keep", &named(text::TRANSCRIPT), icons::KEEP);
        let close = tool(&head, "tool", "close", &named(text::CLOSE), icons::CLOSE);

        let middle = child(&root, "div", "middle", &[]);
        let conversation = named(text::CONVERSATION);
        let region = [("tabindex", "0"), ("role", "region"), ("aria-label", conversation.as_str())];
        let scroll = child(&middle, "div", "scroll", &region);
        let welcome = child(&scroll, "p", "welcome", &[("dir", "auto")]);
        let log = [("role", "log"), ("aria-live", "off"), ("aria-label", &conversation)];
        child(&scroll, "div", "log", &log);
        let suggested = named(text::SUGGESTIONS);
        let group = [("role", "group"), ("aria-label", suggested.as_str())];
        let suggestions = child(&scroll, "div", "suggestions", &group);
        tool(&middle, "jump", "jump", &named(text::JUMP), icons::DOWN);

        let notice = child(&root, "div", "notice", &[("role", "status")]);
        let notice_text = child(&notice, "span", "", &[]);
        let restart = labelled("button", "again", &named(text::NEW));
        set(&restart, "data-act", "new");
        append(&notice, &restart);

        let form = child(&root, "form", "form", &[("novalidate", "")]);
        let composer = child(&root, "div", "composer", &[]);
        let grow = child(&composer, "div", "grow", &[]);
        let message = named(text::MESSAGE);
        let attributes = [
            ("rows", "1"),
            ("dir", "auto"),
            ("aria-label", message.as_str()),
            ("enterkeyhint", "send"),
        ];
        let field = child(&grow, "textarea", "", &attributes);
        let left = child(&composer, "span", "left", &[]);
        let send = tool(&composer, "send", "send", &named(text::SEND), icons::SEND);
        append(&send, &icon(icons::STOP));

        let line = child(&root, "div", "line", &[]);
        let outside = |key: &str| {
            let link = child(&line, "a", "", &[("target", "_blank"), ("rel", "noopener")]);
            link.set_text_content(Some(&named(key)));
            link
        };
        let (privacy, terms) = (outside(text::PRIVACY), outside(text::TERMS));
        let brand = child(&line, "span", "", &[]);
        brand.set_text_content(Some(&named(text::POWERED)));
        child(&root, "div", "status sr", &[("role", "status"), ("aria-live", "polite")]);

        Self {
            root,
            avatar,
            picture,
            title,
            logo,
            renew,
            mute,
            keep,
            close,
            welcome,
            suggestions,
            notice,
            notice_text,
            restart,
            form,
            asked: RefCell::default(),
            composer,
            field,
            left,
            send,
            privacy,
            terms,
            brand,
        }
    }

    /// Brings the nodes from what was shown to what is shown.
    fn show(&self, app: &App, now: &Shown, old: Option<&Shown>) {
        let words = &app.handle.words;
        if old.is_none_or(|old| old.look != now.look) {
            self.dress(app);
        }
        let look = app.look.borrow();
        hide(&self.renew, !(look.show_new_conversation_button && now.begun));
        hide(&self.keep, !(look.allow_transcript && now.begun));
        hide(&self.mute, !look.engagement_sound);
        let (class, name) =
            if now.muted { ("tool muted", text::UNMUTE) } else { ("tool", text::MUTE) };
        name_tool(&self.mute, class, &words.get(name));
        hide(&self.form, !now.asking);
        hide(&self.composer, now.asking);
        hide(&self.restart, !now.restart);
        hide(&self.notice, now.notice.is_none());
        hide(&self.suggestions, !now.suggesting || look.suggested_questions.is_empty());
        // A notice that is written again, though the same, would be read out again.
        if old.is_none_or(|old| old.notice != now.notice) {
            self.notice_text.set_text_content(now.notice.as_deref());
        }
        self.show_composer(now, words);
    }

    /// What only another look changes.
    fn dress(&self, app: &App) {
        let (look, title, words) = (app.look.borrow(), app.title(), &app.handle.words);
        set(&self.root, "aria-label", &title);
        if look.logo_url.is_empty() {
            self.title.set_text_content(Some(&title));
        } else {
            self.title.set_text_content(None);
            set(&self.logo, "alt", &title);
            set(&self.logo, "src", &look.logo_url);
            append(&self.title, &self.logo);
        }
        // Beside a logo the drawn sign would be a second one.
        hide(&self.avatar, look.avatar_url.is_empty() && !look.logo_url.is_empty());
        hide(&self.picture, look.avatar_url.is_empty());
        if !look.avatar_url.is_empty() {
            set(&self.picture, "src", &look.avatar_url);
        }
        let or = |own: &str, usual: &str| {
            if own.is_empty() { words.get(usual) } else { own.to_owned() }
        };
        self.welcome.set_text_content(Some(&or(&look.welcome_message, text::WELCOME)));
        set(&self.field, "placeholder", &or(&look.input_placeholder, text::PLACEHOLDER));
        hide(&self.close, !look.show_close_button || app.handle.inline);
        hide(&self.brand, look.hide_branding);
        let links =
            [(&self.privacy, &look.privacy_policy_url), (&self.terms, &look.terms_of_service_url)];
        for (link, url) in links {
            hide(link, url.is_empty());
            set(link, "href", url);
        }
        self.suggest(&look.suggested_questions);
        let fields = &look.pre_chat_form.fields;
        // What is typed in it is not to be lost by another look.
        if self.asked.replace(fields.clone()) != *fields {
            form::draw(&self.form, fields, words);
        }
    }

    fn suggest(&self, questions: &[String]) {
        self.suggestions.set_text_content(None);
        for question in questions {
            let chip = labelled("button", "suggestion", question);
            set(&chip, "data-act", "ask");
            set(&chip, "dir", "auto");
            append(&self.suggestions, &chip);
        }
    }

    fn show_composer(&self, now: &Shown, words: &Words) {
        put(&self.field, "disabled", now.disabled);
        put(&self.field, "readOnly", now.paused);
        set(
            &self.composer,
            "class",
            if now.disabled || now.paused { "composer off" } else { "composer" },
        );
        let left = now.left.map(|left| words.say(text::characters(left)));
        self.left.set_text_content(left.as_deref());
        let over = now.left.is_some_and(|left| left < 0);
        set(&self.left, "class", if over { "left over" } else { "left" });
        let (class, name) =
            if now.running { ("send stop", text::STOP) } else { ("send", text::SEND) };
        name_tool(&self.send, class, &words.get(name));
        // Not `disabled`, which would throw a keyboard's focus away.
        let idle = !(now.running || now.sendable);
        set(&self.send, "aria-disabled", if idle { "true" } else { "false" });
    }
}
