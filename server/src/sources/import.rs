//! Pages that are fetched one by one, beside the requests.
//!
//! An import stands in the database with all its pages, so it goes on after a restart: whichever
//! server holds its lease takes the next page that waits. What is fetched twice is stored once, as a
//! page replaces the document with its address.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, json};
use shared::data_source::{FailedFile, Import, ImportStatus, NewImport};
use shared::{ErrorCode, FieldErrors, limits};
use url::Url;

use super::documents::{self, NewText};
use super::fetch::{Fetched, Longer, REDIRECTS, Step, TOO_MANY};
use super::robots::{self, Robots};
use super::{library, sitemap};
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::people::Actor;
use crate::store::StoreError;
use crate::store::documents::{Put, Remove};
use crate::store::imports::{AddImport, Begun, ClaimedImport, ImportRow};

/// How often an import that nobody works on is looked for, unless one begins here.
const EVERY: Duration = Duration::from_secs(2);
/// How long an import is kept without a sign of life: longer than any page takes.
const LEASE_MS: i64 = 90_000;
/// Imports that one server works on at a time: a slow website must not hold up the others.
pub const AT_ONCE: usize = 4;
/// Largest page, in bytes: files of their own may be linked.
const PAGE_BYTES: usize = limits::FILE_BYTES;
/// Largest sitemap, in bytes.
const SITEMAP_BYTES: usize = 10 * 1024 * 1024;
/// Sitemaps that are read for one import.
const SITEMAPS: usize = 50;

/// Begins an import.
///
/// # Errors
/// Complaints by field, 404; 400 while another import of the source is running.
pub async fn begin(
    app: &App,
    actor: &Actor,
    data_source_id: &str,
    asked: NewImport,
) -> Result<Import, ApiError> {
    documents::writable(app, data_source_id).await?;
    let mut errors = FieldErrors::default();
    asked.check(&mut errors);
    errors.into_result()?;
    let urls = check_urls(app, asked.urls.as_deref().unwrap_or_default()).await?;
    let sitemap = match &asked.sitemap {
        Some(url) => {
            let url = app.fetcher.check(url).await;
            Some(url.map_err(|why| ApiError::field("sitemap", &why))?.to_string())
        }
        None => None,
    };
    let (id, now_ms) = (app.clock.ulid(), app.clock.now_ms());
    let what = sitemap.clone().or_else(|| urls.first().cloned());
    let changes = Map::from_iter([("import".to_owned(), json!([null, what]))]);
    let action = "data_source.import_started";
    let import = AddImport {
        id: id.clone(),
        data_source_id: data_source_id.to_owned(),
        sitemap,
        max_pages: i64::from(asked.max_pages),
        urls,
        audit: actor.audit(&app.clock, action, "data_source", data_source_id, changes),
        now_ms,
    };
    match app.store.begin_import(import).await? {
        Begun::Yes => {}
        Begun::Busy => {
            return Err(ApiError::new(ErrorCode::InvalidRequest).with_message(
                "Another import of this data source is running. Wait for it, or stop it.",
            ));
        }
        Begun::NoSource => return Err(ErrorCode::NotFound.into()),
    }
    app.importer.notify_one();
    one(app, data_source_id, &id).await
}

/// The addresses without their fragments, each once; of one website.
async fn check_urls(app: &App, given: &[String]) -> Result<Vec<String>, ApiError> {
    let mut errors = FieldErrors::default();
    let mut urls: Vec<Url> = Vec::new();
    let mut seen = HashSet::new();
    for (at, text) in given.iter().enumerate() {
        let field = format!("urls[{at}]");
        // Names are resolved once: all are of the first one's host.
        let url = match urls.first() {
            None => app.fetcher.check(text.trim()).await,
            Some(first) => of_host(text.trim(), first),
        };
        match url {
            Ok(mut url) => {
                url.set_fragment(None);
                if seen.insert(url.clone()) {
                    urls.push(url);
                }
            }
            Err(why) => errors.add(&field, &why),
        }
    }
    errors.into_result()?;
    Ok(urls.into_iter().map(String::from).collect())
}

fn of_host(text: &str, first: &Url) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "must be an http or https address")?;
    let plain = url.username().is_empty() && url.password().is_none();
    if text.len() > limits::PAGE_FIELD_BYTES || !matches!(url.scheme(), "http" | "https") || !plain
    {
        return Err("must be an http or https address".into());
    }
    if url.host() != first.host() {
        return Err("must be of the same website as the first".into());
    }
    Ok(url)
}

/// An import as the API shows it.
#[must_use]
pub fn view(row: ImportRow) -> Import {
    Import {
        id: row.id,
        sitemap: row.sitemap,
        // Written by this server alone.
        status: serde_json::from_value(row.status.into()).unwrap_or(ImportStatus::Failed),
        error: row.error,
        pages: row.pages,
        waiting: row.waiting,
        done: row.done,
        unchanged: row.unchanged,
        failed: row.failed,
        created_at: clock::rfc3339(row.created_at),
        ended_at: row.ended_at.map(clock::rfc3339),
        failures: None,
    }
}

/// One import, with what went wrong.
///
/// # Errors
/// 404 when there is none.
pub async fn one(app: &App, data_source_id: &str, id: &str) -> Result<Import, ApiError> {
    let row = app.store.import(data_source_id, id).await?.ok_or(ErrorCode::NotFound)?;
    let failures = app.store.import_failures(id).await?;
    let failures = failures.into_iter().map(|(name, error)| FailedFile { name, error });
    Ok(Import { failures: Some(failures.collect()), ..view(row) })
}

/// Stops a running import; what it has fetched stays.
///
/// # Errors
/// 404; 400 when it is not running.
pub async fn stop(app: &App, data_source_id: &str, id: &str) -> Result<Import, ApiError> {
    let known = app.store.import(data_source_id, id).await?;
    known.ok_or(ErrorCode::NotFound)?;
    if !app.store.stop_import(data_source_id, id, app.clock.now_ms()).await? {
        return Err(ApiError::new(ErrorCode::InvalidRequest)
            .with_message("The import is not running any more."));
    }
    one(app, data_source_id, id).await
}

/// Works on imports until the server stops.
pub async fn keep(app: Arc<App>) {
    loop {
        let work = async {
            let now_ms = app.clock.now_ms();
            let claimed = match app.is_stopping() {
                true => Ok(None),
                false => app.store.claim_import(&app.node, now_ms, now_ms + LEASE_MS).await,
            };
            match claimed {
                Ok(Some(import)) => {
                    if let Err(error) = (Running { app: &app, import }).run().await {
                        tracing::warn!(%error, "an import was left; it is taken up again");
                    }
                    return;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "imports could not be looked for"),
            }
            tokio::select! {
                () = app.importer.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        };
        if app.background.run_until_cancelled(work).await.is_none() {
            return;
        }
    }
}

/// What each website allows, or why that cannot be known.
type Rules = HashMap<String, Result<Robots, String>>;

/// An import that this server works on.
struct Running<'a> {
    app: &'a App,
    import: ClaimedImport,
}

impl Running<'_> {
    async fn run(self) -> Result<(), StoreError> {
        let (store, id, node) = (&self.app.store, self.import.id.as_str(), &self.app.node);
        let mut robots = Rules::new();
        if !self.import.is_listed {
            match self.list(&mut robots).await {
                Ok((urls, is_whole)) => {
                    store.import_listed(id, node, urls, is_whole).await?;
                }
                // Whoever works on it now finds out for itself.
                Err(_) if !self.is_ours().await? => return Ok(()),
                Err(why) => {
                    let now_ms = self.app.clock.now_ms();
                    return store.end_import(id, node, "failed", Some(why), now_ms).await;
                }
            }
        }
        while !self.app.is_stopping() && self.is_ours().await? {
            let Some(page) = store.next_page(id).await? else { return self.end().await };
            let (status, detail) = match self.page(&page.url, &mut robots).await {
                Ok(status) => (status, String::new()),
                Err(why) => ("failed", why),
            };
            store.page_tried(id, node, page.number, status, detail).await?;
        }
        Ok(())
    }

    /// Whether it is still to be worked on, and by this server.
    async fn is_ours(&self) -> Result<bool, StoreError> {
        let until = self.app.clock.now_ms() + LEASE_MS;
        self.app.store.renew_import(&self.import.id, &self.app.node, until).await
    }

    async fn end(&self) -> Result<(), StoreError> {
        let App { store, clock, .. } = self.app;
        let import = &self.import;
        if let Some(sitemap) = &import.sitemap
            && store.import_is_whole(&import.id).await?
        {
            // What the sitemap no longer lists is gone from the website.
            let which = Remove::Unlisted { sitemap: sitemap.clone(), import_id: import.id.clone() };
            store.remove_documents(&import.data_source_id, which, None, clock.now_ms()).await?;
            library::reload(self.app).await?;
        }
        store.end_import(&import.id, &self.app.node, "done", None, clock.now_ms()).await
    }

    /// The pages of the sitemap and of the sitemaps that it leads to, and whether these are all.
    async fn list(&self, robots: &mut Rules) -> Result<(Vec<String>, bool), String> {
        let first = self.import.sitemap.as_deref().unwrap_or_default();
        let first = Url::parse(first).map_err(|_| "The sitemap's address is none.")?;
        let most = usize::try_from(self.import.max_pages).unwrap_or(0);
        let mut waiting = VecDeque::from([first.clone()]);
        let mut seen = HashSet::from([first.clone()]);
        let (mut pages, mut known, mut is_whole) = (Vec::new(), HashSet::new(), true);
        while let Some(url) = waiting.pop_front() {
            // A website that is slow must not cost the lease.
            let kept = self.is_ours().await.map_err(|_| "The database does not answer.")?;
            if !kept {
                return Err("Another server has taken over.".into());
            }
            let found = self.sitemap(&url, robots).await;
            // The first must be one; a further one that is broken costs its own pages.
            let found = match found {
                Err(why) if url == first => return Err(why),
                found => {
                    is_whole &= found.is_ok();
                    found.unwrap_or_default()
                }
            };
            for page in found.pages {
                let Ok(mut page) = of_host(&page, &first) else { continue };
                page.set_fragment(None);
                if known.insert(page.clone()) {
                    is_whole &= pages.len() < most;
                    if pages.len() < most {
                        pages.push(String::from(page));
                    }
                }
            }
            for next in found.sitemaps {
                let Ok(next) = of_host(&next, &first) else { continue };
                if seen.insert(next.clone()) {
                    is_whole &= seen.len() <= SITEMAPS;
                    if seen.len() <= SITEMAPS {
                        waiting.push_back(next);
                    }
                }
            }
        }
        if pages.is_empty() {
            return Err("The sitemap lists no page of its own website.".into());
        }
        Ok((pages, is_whole))
    }

    async fn sitemap(&self, url: &Url, robots: &mut Rules) -> Result<sitemap::Sitemap, String> {
        let fetched = fine(self.follow(url, SITEMAP_BYTES, robots).await?)?;
        let text = String::from_utf8(fetched.bytes).map_err(|_| "It is no sitemap.")?;
        // One more than may be taken shows that there are more.
        sitemap::read(&text, limits::IMPORT_PAGES + 1)
    }

    /// Fetches one page and stores what it says; what became of it.
    async fn page(&self, url: &str, robots: &mut Rules) -> Result<&'static str, String> {
        let url = Url::parse(url).map_err(|_| "The address is none.")?;
        let Fetched { url: at, media_type, bytes, .. } =
            fine(self.follow(&url, PAGE_BYTES, robots).await?)?;
        let media_type = media_type.as_deref();
        // What a website says a page is goes before how its address ends, unless it says little.
        let name = at.path().rsplit('/').next().filter(|_| is_vague(media_type));
        let bytes = extraction::in_utf8(bytes, media_type.unwrap_or_default());
        let name = name.unwrap_or_default();
        let extracted = documents::extract(self.app, name, media_type, bytes).await?;
        let text = NewText {
            origin: shared::data_source::DocumentOrigin::Page,
            name: url.to_string(),
            title: extracted.title,
            url: Some(at.to_string()),
            sitemap: self.import.sitemap.clone(),
            markdown: extracted.markdown,
        };
        match documents::put(self.app, &self.import.data_source_id, text, None).await {
            Ok(Put::Stored(_)) => Ok("done"),
            Ok(Put::Unchanged(_)) => Ok("unchanged"),
            Ok(Put::Full) => Err(documents::full().into()),
            Ok(Put::NoSource) => Err("The data source is gone.".into()),
            Err(error) => Err(error.told().to_owned()),
        }
    }

    /// Fetches what is at an address, or where it leads to, as far as the website allows each.
    async fn follow(&self, url: &Url, limit: usize, robots: &mut Rules) -> Result<Fetched, String> {
        let mut at = url.clone();
        for _ in 0..=REDIRECTS {
            self.may_fetch(&at, robots).await?;
            match self.app.fetcher.step(&at, limit, Longer::Refused).await? {
                Step::Found(fetched) => return Ok(fetched),
                Step::Leads(next) => at = next,
            }
        }
        Err(TOO_MANY.into())
    }

    /// Whether the website allows the page, after the pause that it asks for.
    async fn may_fetch(&self, url: &Url, robots: &mut Rules) -> Result<(), String> {
        let website = url.origin().ascii_serialization();
        if !robots.contains_key(&website) {
            robots.insert(website.clone(), self.robots(url).await);
        }
        let rules = match robots.get(&website) {
            Some(Ok(rules)) => rules,
            Some(Err(why)) => return Err(why.clone()),
            None => return Ok(()),
        };
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        if !rules.allow(&path) {
            return Err("The website's robots.txt does not allow it.".into());
        }
        tokio::time::sleep(rules.pause).await;
        Ok(())
    }

    async fn robots(&self, url: &Url) -> Result<Robots, String> {
        let at = url.join("/robots.txt").map_err(|_| "The address is none.")?;
        let fetched = self.app.fetcher.get(&at, robots::LIMIT, Longer::Cut).await;
        let fetched = fetched.map_err(|why| format!("robots.txt cannot be read. {why}"))?;
        match fetched.status.as_u16() {
            200..=299 => Ok(Robots::read(&String::from_utf8_lossy(&fetched.bytes))),
            // There is none, or none for us: RFC 9309, 2.3.1.3.
            400..=499 => Ok(Robots::default()),
            status => Err(format!("robots.txt cannot be read: the website answers {status}.")),
        }
    }
}

/// Whether a website says little of what a page is.
fn is_vague(media_type: Option<&str>) -> bool {
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    matches!(essence, "" | "text/plain" | "application/octet-stream" | "binary/octet-stream")
}

/// What was fetched, if it was what was asked for.
fn fine(fetched: Fetched) -> Result<Fetched, String> {
    if fetched.status.is_success() {
        return Ok(fetched);
    }
    Err(format!("The website answers {}.", fetched.status.as_u16()))
}
