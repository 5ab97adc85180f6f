//! Reads sitemaps (<https://www.sitemaps.org/protocol.html>): XML, or one address a line.

use quick_xml::Reader;
use quick_xml::events::Event;

/// What a sitemap lists.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sitemap {
    pub pages: Vec<String>,
    /// Further sitemaps.
    pub sitemaps: Vec<String>,
}

/// Reads a sitemap; at most `most` entries of each kind.
///
/// # Errors
/// When it is none.
pub fn read(text: &str, most: usize) -> Result<Sitemap, String> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('<') {
        let pages: Vec<String> =
            text.lines().map(str::trim).filter(|l| !l.is_empty()).map(String::from).collect();
        let all_are = pages.iter().all(|l| l.starts_with("http://") || l.starts_with("https://"));
        if pages.is_empty() || !all_are {
            return Err("It is no sitemap.".into());
        }
        return Ok(Sitemap { pages: pages.into_iter().take(most).collect(), sitemaps: Vec::new() });
    }
    read_xml(text, most)
}

fn read_xml(text: &str, most: usize) -> Result<Sitemap, String> {
    let broken = || String::from("The sitemap is not well-formed XML.");
    let mut reader = Reader::from_str(text);
    let mut found = Sitemap::default();
    // Elements that are open: `urlset`, `url`, `loc`.
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut address = String::new();
    let mut is_sitemap = false;
    loop {
        match reader.read_event().map_err(|_| broken())? {
            Event::Start(tag) => {
                if open.len() > 16 {
                    return Err(broken());
                }
                let name = tag.local_name().as_ref().to_vec();
                is_sitemap |=
                    open.is_empty() && matches!(name.as_slice(), b"urlset" | b"sitemapindex");
                open.push(name);
                address.clear();
            }
            Event::Text(text) => address.push_str(&text.decode().map_err(|_| broken())?),
            Event::CData(text) => address.push_str(&text.decode().map_err(|_| broken())?),
            Event::GeneralRef(name) => address.push(entity(&name).ok_or_else(broken)?),
            Event::End(_) => {
                let list = match open.iter().map(Vec::as_slice).collect::<Vec<_>>().as_slice() {
                    [_, b"url", b"loc"] => Some(&mut found.pages),
                    [_, b"sitemap", b"loc"] => Some(&mut found.sitemaps),
                    _ => None,
                };
                if let Some(list) = list.filter(|list| list.len() < most) {
                    list.push(address.trim().to_owned());
                }
                open.pop();
            }
            // A page, or one that defines entities of its own.
            Event::DocType(_) => return Err("It is no sitemap.".into()),
            Event::Eof => break,
            _ => {}
        }
    }
    if !is_sitemap || !open.is_empty() {
        return Err("It is no sitemap.".into());
    }
    Ok(found)
}

/// `&amp;` and the like, and numbers: no entity that the file itself defines.
fn entity(name: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = name.resolve_char_ref() {
        return Some(c);
    }
    match name.decode().ok()?.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_further_sitemaps_are_read_and_images_are_not() {
        let text = "<?xml version=\"1.0\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
            xmlns:i=\"http://x\"><url><loc> https://a.b/?a=1&amp;b=&#50; </loc><lastmod>2026</lastmod>\
            <i:image><i:loc>https://a.b/x.png</i:loc></i:image></url>\
            <url><loc><![CDATA[https://a.b/c]]></loc></url></urlset>";
        let found = read(text, 10).unwrap();
        assert_eq!(found.pages, ["https://a.b/?a=1&b=2", "https://a.b/c"]);
        let index = "<sitemapindex><sitemap><loc>https://a.b/1.xml</loc></sitemap></sitemapindex>";
        assert_eq!(read(index, 10).unwrap().sitemaps, ["https://a.b/1.xml"]);
        assert_eq!(read("https://a.b/1\nhttps://a.b/2\n", 1).unwrap().pages, ["https://a.b/1"]);
    }

    #[test]
    fn what_is_no_sitemap_is_said_to_be_none() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><urlset><url><loc>&a;</loc></url></urlset>";
        let deep = "<urlset>".repeat(100_000);
        for text in ["", "<html><body>404</body></html>", "hello", bomb, &deep, "<urlset><url>"] {
            assert!(read(text, 10).is_err(), "{}", &text[..text.len().min(40)]);
        }
        let own = "<urlset><url><loc>&a;</loc></url></urlset>";
        assert!(read(own, 10).is_err(), "an entity that nobody knows");
    }
}
