//! Fetches a page, or says in plain words why not.
//!
//! What a hostile website could do here: lead to the inside of the network (each address is checked,
//! and so is what its name resolves to, at every redirect), answer without end (bytes and time are
//! limited), or lead to somebody else's website (one host only).

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use crate::net::Reach;

/// Longest time for one page, with its redirects each.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Redirects that are followed.
pub(super) const REDIRECTS: usize = 5;
pub(super) const TOO_MANY: &str = "It was redirected more than 5 times.";

/// Fetches pages.
#[derive(Debug)]
pub struct Fetcher {
    http: Client,
    reach: Reach,
}

/// What is at an address.
#[derive(Debug)]
pub(super) enum Step {
    Found(Fetched),
    /// A redirect, to the same website.
    Leads(Url),
}

/// What becomes of more than may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Longer {
    Refused,
    Cut,
}

/// What was found at an address.
#[derive(Debug)]
pub struct Fetched {
    /// Where it was found in the end.
    pub url: Url,
    pub status: StatusCode,
    pub media_type: Option<String>,
    pub bytes: Vec<u8>,
}

impl Fetcher {
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(allow_private: bool) -> Result<Self, String> {
        let reach = Reach::new(allow_private, "NATTER_IMPORT_ALLOW_PRIVATE");
        Ok(Self { http: reach.client(TIMEOUT)?, reach })
    }

    /// Whether pages may be fetched there, as far as can be told now.
    ///
    /// # Errors
    /// Why not, as the end of a sentence that begins with what the address is.
    pub async fn check(&self, url: &str) -> Result<Url, String> {
        self.reach.check(url).await
    }

    /// Fetches what is at `url` or where it leads to, at most `limit` bytes of it.
    ///
    /// # Errors
    /// Why not, as a sentence. An answer with an error status is no error here.
    pub(super) async fn get(
        &self,
        url: &Url,
        limit: usize,
        longer: Longer,
    ) -> Result<Fetched, String> {
        let mut at = url.clone();
        for _ in 0..=REDIRECTS {
            match self.step(&at, limit, longer).await? {
                Step::Found(fetched) => return Ok(fetched),
                Step::Leads(next) => at = next,
            }
        }
        Err(TOO_MANY.into())
    }

    /// Fetches what is at `url`, or says where on the same website it leads to.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub(super) async fn step(
        &self,
        url: &Url,
        limit: usize,
        longer: Longer,
    ) -> Result<Step, String> {
        self.check(url.as_str()).await.map_err(|why| format!("The address {why}."))?;
        let answer = self.http.get(url.clone()).send().await.map_err(|e| told(&e))?;
        let Some(next) = redirect(&answer, url)? else {
            return read(answer, url.clone(), limit, longer).await.map(Step::Found);
        };
        if is_same_website(url, &next) {
            return Ok(Step::Leads(next));
        }
        let place = next.origin().ascii_serialization();
        Err(format!("It leads to another website, {place}: import from there."))
    }
}

/// The same host and port; also from unencrypted to encrypted.
fn is_same_website(from: &Url, to: &Url) -> bool {
    let is_upgrade = (from.scheme(), to.scheme()) == ("http", "https")
        && (from.port(), to.port()) == (None, None);
    from.host() == to.host() && (from.origin() == to.origin() || is_upgrade)
}

/// Where an answer leads to, if anywhere.
fn redirect(answer: &Response, at: &Url) -> Result<Option<Url>, String> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let next = location.and_then(|location| at.join(location).ok());
    next.map(Some).ok_or_else(|| "It was redirected to no address.".into())
}

async fn read(answer: Response, url: Url, limit: usize, longer: Longer) -> Result<Fetched, String> {
    let too_large = || format!("It has more than {} MiB.", limit / (1024 * 1024));
    let is_longer = answer.content_length().is_some_and(|length| length > limit as u64);
    if is_longer && longer == Longer::Refused {
        return Err(too_large());
    }
    let status = answer.status();
    let media_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.map(str::to_owned);
    let mut bytes = Vec::new();
    let mut body = answer.bytes_stream();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|e| told(&e))?;
        let room = limit - bytes.len();
        if piece.len() > room {
            if longer == Longer::Refused {
                return Err(too_large());
            }
            bytes.extend_from_slice(&piece[..room]);
            break;
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Fetched { url, status, media_type, bytes })
}

/// What went wrong, without the address and without what the website wrote.
fn told(error: &reqwest::Error) -> String {
    let why = if error.is_timeout() {
        "It did not answer within 20 seconds."
    } else if error.is_connect() {
        "The website cannot be reached."
    } else {
        "The connection broke."
    };
    why.to_owned()
}
