//! A website whose pages are imported, and which notes what was asked for.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use futures_util::StreamExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Gate;

/// What a website answers with.
#[derive(Clone, Debug)]
pub struct WebPage {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The body comes when it is opened.
    pub gate: Option<Gate>,
    /// Bytes that follow the body.
    pub endless: bool,
}

impl WebPage {
    /// A page of HTML.
    #[must_use]
    pub fn html(body: &str) -> Self {
        Self::of("text/html; charset=utf-8", format!("<!doctype html><html>{body}</html>"))
    }

    #[must_use]
    pub fn of(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", media_type.to_owned())],
            body: body.into(),
            gate: None,
            endless: false,
        }
    }

    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::of("text/plain", "") }
    }

    #[must_use]
    pub fn redirect(to: &str) -> Self {
        let mut page = Self::status(302);
        page.headers.push(("location", to.to_owned()));
        page
    }

    #[must_use]
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }
}

#[derive(Debug, Default)]
struct Pages {
    pages: HashMap<String, WebPage>,
    asked: Vec<String>,
}

/// The website. What it does not have is 404.
#[derive(Debug)]
pub struct Website {
    addr: SocketAddr,
    pages: Arc<Mutex<Pages>>,
    task: JoinHandle<()>,
}

impl Website {
    /// Listens on a free port of loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let pages = Arc::new(Mutex::new(Pages::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&pages));
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the website goes on");
        });
        Self { addr, pages, task }
    }

    /// The address of a path here.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Puts a page at a path, instead of an earlier one.
    pub fn put(&self, path: &str, page: WebPage) -> &Self {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.pages.insert(path.to_owned(), page);
        self
    }

    /// A sitemap of paths of this website at `/sitemap.xml`.
    pub fn sitemap(&self, paths: &[&str]) -> &Self {
        let entry = |path: &&str| format!("<url><loc>{}</loc></url>", self.url(path));
        let entries: String = paths.iter().map(entry).collect();
        self.put("/sitemap.xml", WebPage::of("text/xml", format!("<urlset>{entries}</urlset>")))
    }

    /// The paths that were asked for so far.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).asked.clone()
    }
}

impl Drop for Website {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(pages): State<Arc<Mutex<Pages>>>, request: Request) -> Response<Body> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let page = {
        let mut pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.asked.push(path.clone());
        pages.pages.get(&path).cloned().unwrap_or_else(|| WebPage::status(404))
    };
    if let Some(gate) = &page.gate {
        gate.pass().await;
    }
    let mut response = Response::builder().status(page.status);
    for (name, value) in &page.headers {
        response = response.header(*name, value);
    }
    let body = if page.endless {
        let first = futures_util::stream::iter([page.body]);
        let more = futures_util::stream::repeat_with(|| vec![b'x'; 64 * 1024]);
        Body::from_stream(first.chain(more).map(Ok::<_, std::convert::Infallible>))
    } else {
        Body::from(page.body)
    };
    response.body(body).expect("a response")
}
