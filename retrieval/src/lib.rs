//! Placeholder of the lead's, to be replaced whole by the retrieval builder (types only).
#[derive(Clone, Debug)]
pub struct Document { pub data_source_id: String, pub name: String, pub url: Option<String>, pub markdown: String }
#[derive(Clone, Debug)]
pub struct Passage { pub title: String, pub url: Option<String>, pub text: String, pub data_source_id: String }
pub fn passages(_: &Document) -> Vec<Passage> { Vec::new() }
#[derive(Debug)]
pub struct Index;
#[derive(Debug)]
pub struct Hit<'a> { pub passage: &'a Passage, pub score: f32 }
impl Index { pub fn new(_: Vec<Passage>) -> Self { Self } pub fn search(&self, _: &str, _: usize) -> Vec<Hit<'_>> { Vec::new() } }
#[derive(Debug)]
pub struct Composed { pub text: String, pub sources: Vec<shared::Source>, pub found: bool }
pub fn compose(_: &Index, q: &str, _: &[&str]) -> Composed { Composed { text: format!("You asked: {q}"), sources: vec![], found: false } }
#[derive(Debug)]
pub struct Guide;
#[derive(Debug)]
pub struct Page { pub title: String, pub slug: String }
impl Guide { pub fn new(_: &str, _: &[(&str, &str)]) -> Self { Self } pub fn pages(&self) -> &[Page] { &[] } pub fn documents(&self, _: &str) -> Vec<Document> { Vec::new() } pub fn page_html(&self, _: &str, _: &str) -> Option<String> { None } }
