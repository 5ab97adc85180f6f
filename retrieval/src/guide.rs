//! The user guide: mdBook's files as pages for people and as documents for the agent.

use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html};

use crate::markdown::{self, Anchors};
use crate::passage::{Document, Headings};

/// Where the guide is served.
const ROOT: &str = "/docs";

/// A page of the guide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub title: String,
    /// `embedding`: served at `/docs/embedding`.
    pub slug: String,
    /// The body as HTML; headings carry the anchors that sources link to.
    pub html: String,
    /// The part of the guide that it belongs to; empty for what stands before the first part.
    pub chapter: String,
    markdown: String,
}

/// The pages in the order of the summary.
#[derive(Clone, Debug, Default)]
pub struct Guide {
    pages: Vec<Page>,
}

impl Guide {
    /// Reads mdBook's `SUMMARY.md` and the pages, by file name. A page that the summary does not
    /// name is left out, as mdBook does.
    #[must_use]
    pub fn new(summary_md: &str, pages: &[(&str, &str)]) -> Self {
        let listed = listed(summary_md);
        let pages = listed.into_iter().filter_map(|(chapter, title, file)| {
            let (_, markdown) = pages.iter().find(|(name, _)| *name == file)?;
            Some(Page {
                html: to_html(markdown),
                slug: slug(&file).to_owned(),
                markdown: (*markdown).to_owned(),
                title,
                chapter,
            })
        });
        Self { pages: pages.collect() }
    }

    /// The pages in their order.
    #[must_use]
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The pages as documents of a data source.
    #[must_use]
    pub fn documents(&self, data_source_id: &str) -> Vec<Document> {
        let document = |page: &Page| Document {
            data_source_id: data_source_id.to_owned(),
            name: page.title.clone(),
            url: Some(address(&page.slug)),
            headings: Headings::Anchored,
            markdown: page.markdown.clone(),
        };
        self.pages.iter().map(document).collect()
    }

    /// A whole HTML page: `template` with `{{title}}`, `{{nav}}`, `{{body}}`, `{{prev}}` and
    /// `{{next}}` filled in.
    #[must_use]
    pub fn page_html(&self, slug: &str, template: &str) -> Option<String> {
        let at = self.pages.iter().position(|page| page.slug == slug)?;
        let page = &self.pages[at];
        let beside = |at: Option<usize>, class: &str, word: &str| {
            at.and_then(|at| self.pages.get(at)).map_or_else(String::new, |page| {
                format!(
                    "<a class=\"{class}\" rel=\"{class}\" href=\"{}\"><span>{word}</span> {}</a>",
                    address(&page.slug),
                    escaped(&page.title)
                )
            })
        };
        Some(filled(template, |name| match name {
            "title" => escaped(&page.title),
            "nav" => self.navigation(slug),
            "body" => page.html.clone(),
            "prev" => beside(at.checked_sub(1), "prev", "Previous"),
            "next" => beside(Some(at + 1), "next", "Next"),
            _ => String::new(),
        }))
    }

    fn navigation(&self, current: &str) -> String {
        let mut nav = String::new();
        for chapter in self.pages.chunk_by(|a, b| a.chapter == b.chapter) {
            if let Some(first) = chapter.first().filter(|page| !page.chapter.is_empty()) {
                nav.push_str(&format!("<h2>{}</h2>\n", escaped(&first.chapter)));
            }
            nav.push_str("<ul>\n");
            for page in chapter {
                let mark = if page.slug == current { " aria-current=\"page\"" } else { "" };
                let (address, title) = (address(&page.slug), escaped(&page.title));
                nav.push_str(&format!("<li><a href=\"{address}\"{mark}>{title}</a></li>\n"));
            }
            nav.push_str("</ul>\n");
        }
        nav
    }
}

fn slug(file: &str) -> &str {
    file.strip_suffix(".md").unwrap_or(file)
}

fn address(slug: &str) -> String {
    format!("{ROOT}/{slug}")
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    safe
}

/// `template` with each `{{name}}` replaced; what is filled in is not looked at again.
fn filled(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut page = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            page.push_str("{{");
            rest = after;
            continue;
        };
        page.push_str(&value(name.trim()));
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Chapter, title and file of each entry of the summary. Its first heading is its own title; the
/// later ones open chapters.
fn listed(summary: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let (mut headings, mut chapter) = (0, String::new());
    let (mut heading, mut link) = (None, None);
    for event in Parser::new_ext(summary, markdown::options()) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                headings += 1;
                if headings > 1 {
                    chapter = heading.take().unwrap_or_default();
                }
                heading = None;
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                let file = dest_url.strip_prefix("./").unwrap_or(&dest_url).to_owned();
                link = Some((file, String::new()));
            }
            Event::End(TagEnd::Link) => {
                if let Some((file, title)) = link.take() {
                    found.push((chapter.clone(), title, file));
                }
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(title) = link.as_mut().map(|(_, title)| title).or(heading.as_mut()) {
                    title.push_str(&text);
                }
            }
            _ => {}
        }
    }
    found
}

/// Markdown as HTML: raw HTML is shown as text, headings get anchors, links to other pages lead to
/// where they are served.
fn to_html(source: &str) -> String {
    let mut events: Vec<Event<'_>> = Vec::new();
    let mut anchors = Anchors::default();
    let mut heading: Option<(usize, String)> = None;
    for event in Parser::new_ext(source, markdown::options()) {
        let event = match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                Event::Start(Tag::Link { link_type, dest_url: served(dest_url), title, id })
            }
            Event::Start(Tag::Table(alignments)) => {
                // A wide table scrolls by itself; a keyboard can reach it.
                events.push(Event::Html(CowStr::Borrowed(
                    "<div class=\"wide\" role=\"group\" aria-label=\"Table\" tabindex=\"0\">",
                )));
                Event::Start(Tag::Table(alignments))
            }
            event => event,
        };
        match &event {
            Event::Start(Tag::Heading { .. }) => heading = Some((events.len(), String::new())),
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, words)) = &mut heading {
                    words.push_str(text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some((at, words)) = heading.take() {
                    let anchor = anchors.next(&words);
                    if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(at) {
                        *id = Some(anchor.into());
                    }
                }
            }
            _ => {}
        }
        let ends_table = matches!(event, Event::End(TagEnd::Table));
        events.push(event);
        if ends_table {
            events.push(Event::Html(CowStr::Borrowed("</div>")));
        }
    }
    let mut page = String::new();
    html::push_html(&mut page, events.into_iter());
    // Long lines scroll by themselves too. What the page says of tags is escaped.
    page.replace("<pre>", "<pre tabindex=\"0\">")
}

/// `keys.md#rotation` → `/docs/keys#rotation`.
fn served(url: CowStr<'_>) -> CowStr<'_> {
    let (file, anchor) = url.split_once('#').map_or((&*url, None), |(file, a)| (file, Some(a)));
    let file = file.strip_prefix("./").unwrap_or(file);
    match (file.strip_suffix(".md").filter(|_| markdown::is_local(&url)), anchor) {
        (Some(page), Some(anchor)) => format!("{}#{anchor}", address(page)).into(),
        (Some(page), None) => address(page).into(),
        (None, _) => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passage::passages;

    const SUMMARY: &str = "# Summary\n\n[Start](start.md)\n\n# Using\n\n- [Keys & more](keys.md)\n- [Gone](gone.md)\n";

    fn guide() -> Guide {
        Guide::new(
            SUMMARY,
            &[
                (
                    "keys.md",
                    "# Keys\n\n## Rotation\n\n`a` {{nav}} <script>x</script>\n\n| a |\n|---|\n| 1 |\n\n## Rotation\n\nb",
                ),
                ("start.md", "# Start\n\nSee [keys](keys.md#rotation) and [web](https://a.md)."),
                ("draft.md", "# Draft"),
            ],
        )
    }

    #[test]
    fn the_summary_orders_the_pages() {
        let guide = guide();
        let found: Vec<_> =
            guide.pages().iter().map(|p| (&*p.chapter, &*p.title, &*p.slug)).collect();
        assert_eq!(found, [("", "Start", "start"), ("Using", "Keys & more", "keys")]);
    }

    #[test]
    fn links_between_pages_lead_to_where_they_are_served() {
        let html = guide().pages()[0].html.clone();
        assert!(html.contains("href=\"/docs/keys#rotation\""), "{html}");
        assert!(html.contains("href=\"https://a.md\""), "{html}");
    }

    #[test]
    fn a_page_shows_html_as_text_and_fills_the_template_once() {
        let page = guide()
            .page_html("keys", "<title>{{title}}</title>{{nav}}|{{body}}|{{prev}}|{{next}}")
            .unwrap();
        assert!(page.starts_with("<title>Keys &amp; more</title>"));
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
        assert!(page.contains("<code>a</code> {{nav}}"), "a page may speak of the template");
        assert!(page.contains("href=\"/docs/keys\" aria-current=\"page\""));
        assert!(page.contains("rel=\"prev\" href=\"/docs/start\""));
        assert!(page.ends_with('|'), "there is no next page");
        assert!(guide().page_html("gone", "").is_none());
    }

    #[test]
    fn every_passage_leads_to_a_heading_of_its_page() {
        let guide = guide();
        let mut checked = 0;
        for (page, document) in guide.pages().iter().zip(guide.documents("g")) {
            for passage in passages(&document) {
                if let Some((_, anchor)) = passage.url.unwrap().split_once('#') {
                    assert!(page.html.contains(&format!("id=\"{anchor}\"")), "{anchor}");
                    checked += 1;
                }
            }
        }
        assert_eq!(checked, 2, "both headings of the same name");
    }
}
