//! Markdown of answers as nodes. Nothing here is parsed as HTML; pictures stay links.

use leptos::prelude::*;
use markdown::{Align, Block, Inline, Item, safe_url};

/// An answer, drawn.
#[component]
pub fn Prose(#[prop(into)] text: String) -> impl IntoView {
    view! { <div class="prose">{blocks(markdown::parse(&text))}</div> }
}

/// A text that grows while it is looked at: a frame draws it once, however many words have come since
/// the last. `track` says what it depends on, `text` what it is.
pub fn once_a_frame(
    track: impl Fn() + 'static,
    text: impl Fn() -> String + Copy + 'static,
) -> RwSignal<String> {
    let shown = RwSignal::new(String::new());
    let waits = StoredValue::new(false);
    Effect::new(move || {
        track();
        if waits.get_value() {
            return;
        }
        waits.set_value(true);
        request_animation_frame(move || {
            // The page may be closed by now.
            if waits.try_set_value(false).is_none() {
                shown.set(untrack(text));
            }
        });
    });
    shown
}

fn blocks(list: Vec<Block>) -> Vec<AnyView> {
    list.into_iter().map(block).collect()
}

fn block(block: Block) -> AnyView {
    match block {
        Block::Paragraph(content) => view! { <p>{inlines(content)}</p> }.into_any(),
        // The page has headings of its own.
        Block::Heading { content, .. } => {
            view! { <p class="heading">{inlines(content)}</p> }.into_any()
        }
        Block::List { ordered: Some(start), items, .. } => {
            view! { <ol start=start>{entries(items)}</ol> }.into_any()
        }
        Block::List { items, .. } => view! { <ul>{entries(items)}</ul> }.into_any(),
        Block::Quote(inner) => view! { <blockquote>{blocks(inner)}</blockquote> }.into_any(),
        Block::Code { text, .. } => {
            view! { <pre tabindex="0"><code>{text}</code></pre> }.into_any()
        }
        Block::Table { alignments, head, rows } => table(&alignments, head, rows),
        Block::Rule => view! { <hr /> }.into_any(),
    }
}

fn entries(items: Vec<Item>) -> Vec<AnyView> {
    let entry = |item: Item| {
        let mark = item.checked.map(|done| if done { "☑ " } else { "☐ " });
        view! { <li>{mark}{blocks(item.blocks)}</li> }.into_any()
    };
    items.into_iter().map(entry).collect()
}

fn table(alignments: &[Align], head: Vec<Vec<Inline>>, rows: Vec<Vec<Vec<Inline>>>) -> AnyView {
    let right = |at: usize| matches!(alignments.get(at), Some(Align::Right));
    let heads = head
        .into_iter()
        .enumerate()
        .map(|(at, cell)| view! { <th scope="col" class:number=right(at)>{inlines(cell)}</th> })
        .collect_view();
    let row = |cells: Vec<Vec<Inline>>| {
        let cells = cells
            .into_iter()
            .enumerate()
            .map(|(at, cell)| view! { <td class:number=right(at)>{inlines(cell)}</td> })
            .collect_view();
        view! { <tr>{cells}</tr> }
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Table"><table><thead><tr>{heads}</tr></thead><tbody>{rows.into_iter().map(row).collect_view()}</tbody></table></div>
    }
    .into_any()
}

fn inlines(list: Vec<Inline>) -> Vec<AnyView> {
    list.into_iter().map(inline).collect()
}

fn inline(piece: Inline) -> AnyView {
    match piece {
        Inline::Text(text) => text.into_any(),
        Inline::Code(text) => view! { <code>{text}</code> }.into_any(),
        Inline::Emphasis(content) => view! { <em>{inlines(content)}</em> }.into_any(),
        Inline::Strong(content) => view! { <strong>{inlines(content)}</strong> }.into_any(),
        Inline::Strike(content) => view! { <s>{inlines(content)}</s> }.into_any(),
        Inline::Link { url, content } => {
            let shown = if content.is_empty() {
                url.clone().into_any()
            } else {
                inlines(content).into_any()
            };
            view! { <a href=url target="_blank" rel="noreferrer noopener">{shown}</a> }.into_any()
        }
        Inline::Image { url, alt } => {
            let shown = if alt.is_empty() { url.clone() } else { alt };
            view! { <a href=url target="_blank" rel="noreferrer noopener">{shown}</a> }.into_any()
        }
        Inline::Break => view! { <br /> }.into_any(),
    }
}

/// A link to a place outside, of an address that a visitor or a page has said: its text alone unless
/// it is one of the web.
#[component]
pub fn Outside(#[prop(into)] url: String, #[prop(into, optional)] text: String) -> impl IntoView {
    let shown = if text.is_empty() { url.clone() } else { text };
    let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    match safe_url(&url).filter(|_| is_web) {
        Some(url) => {
            view! { <a href=url target="_blank" rel="noreferrer noopener">{shown}</a> }.into_any()
        }
        None => view! { <span>{shown}</span> }.into_any(),
    }
}
