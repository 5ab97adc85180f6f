//! Data sources: what agents draw on.

use serde::{Deserialize, Serialize};

use crate::error::FieldErrors;
use crate::license_key::check_text;
use crate::limits;

/// What a data source is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SourceKind {
    /// Text that is searched.
    #[default]
    Documents,
    /// Tables that a model may query.
    Database,
}

impl SourceKind {
    /// As it stands in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Database => "database",
        }
    }
}

/// Which database it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Engine {
    #[default]
    Postgres,
    Sqlite,
}

/// A table that may be read, with those of its columns that may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AllowedTable {
    /// null = `public` on PostgreSQL, `main` on SQLite.
    pub schema: Option<String>,
    pub name: String,
    /// 1..=200.
    pub columns: Vec<String>,
}

/// What may be read of a database, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatabaseSettings {
    pub engine: Engine,
    /// At most 100. What is not listed does not exist for the model.
    pub tables: Vec<AllowedTable>,
    /// Whether answers show the statement that was run.
    pub show_sql: bool,
    /// 1..=1000.
    pub max_rows: u32,
    /// Longest time for one statement, 100..=30000.
    pub timeout_ms: u32,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            engine: Engine::Postgres,
            tables: Vec::new(),
            show_sql: false,
            max_rows: 100,
            timeout_ms: 5000,
        }
    }
}

impl DatabaseSettings {
    fn check(&self, errors: &mut FieldErrors) {
        if self.tables.len() > 100 {
            errors.add("database.tables", "must have at most 100 entries");
        }
        for (at, table) in self.tables.iter().enumerate() {
            let field = |name: &str| format!("database.tables[{at}].{name}");
            check_text(errors, &field("name"), &table.name, 1, NAME_CHARS);
            if let Some(schema) = &table.schema {
                check_text(errors, &field("schema"), schema, 1, NAME_CHARS);
            }
            if !(1..=200).contains(&table.columns.len()) {
                errors.add(&field("columns"), "must have 1 to 200 entries");
            }
            for column in &table.columns {
                check_text(errors, &field("columns"), column, 1, NAME_CHARS);
            }
        }
        if !(1..=1000).contains(&self.max_rows) {
            errors.add("database.max_rows", "must be a whole number from 1 to 1000");
        }
        if !(100..=30_000).contains(&self.timeout_ms) {
            errors.add("database.timeout_ms", "must be a whole number from 100 to 30000");
        }
    }
}

/// Longest name of a table or column, in characters.
const NAME_CHARS: usize = 200;

/// What an admin decides about a data source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataSourceSettings {
    /// 1..=120 characters.
    pub name: String,
    /// At most 2000 characters.
    pub description: String,
    /// Stays as it was made.
    pub kind: SourceKind,
    pub is_active: bool,
    /// Whether a request may name it where its agent does not have it.
    pub is_public: bool,
    /// Of a data source of the kind `database`; else null.
    pub database: Option<DatabaseSettings>,
}

impl Default for DataSourceSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            kind: SourceKind::Documents,
            is_active: true,
            is_public: false,
            database: None,
        }
    }
}

impl DataSourceSettings {
    /// Every field, by its JSON name.
    pub const FIELDS: &'static [&'static str] =
        &["name", "description", "kind", "is_active", "is_public", "database"];

    /// Adds to `errors` what is wrong, each under its field's JSON name.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_text(errors, "name", &self.name, 1, limits::KEY_NAME_CHARS);
        check_text(errors, "description", &self.description, 0, limits::DESCRIPTION_CHARS);
        match (self.kind, &self.database) {
            (SourceKind::Database, Some(database)) => database.check(errors),
            (SourceKind::Database, None) => errors.add("database", "is required"),
            (SourceKind::Documents, Some(_)) => errors.add("database", "is for the kind database"),
            (SourceKind::Documents, None) => {}
        }
    }
}

/// Whether a data source can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SourceStatus {
    /// There is nothing in it.
    Empty,
    /// Pages are being fetched; what is there answers already.
    Importing,
    Ready,
}

/// How much a data source holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceCounts {
    pub documents: i64,
    pub passages: i64,
    /// Of the documents as Markdown.
    pub characters: i64,
}

/// A data source as the API gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataSource {
    pub id: String,
    /// Grows with every change; sent back with one, it must be current.
    pub version: i64,
    #[serde(flatten)]
    pub settings: DataSourceSettings,
    /// The user guide, which comes with the program: its documents cannot be changed.
    pub is_built_in: bool,
    /// Whether it is known where the database is. That is never shown.
    pub has_connection: bool,
    pub status: SourceStatus,
    pub counts: SourceCounts,
    /// When its documents last changed.
    pub last_indexed_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

/// A new data source, or a change of one: what is left out stays, null goes back to its default.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataSourceChange {
    #[serde(flatten)]
    pub settings: DataSourceSettings,
    /// Where the database is, to be sealed: `postgres://USER:PASSWORD@HOST/NAME`, or the name of a
    /// SQLite file in the folder `NATTER_DATABASE_DIR`.
    pub connection: Option<String>,
    /// The version that is changed, to notice who was faster.
    pub version: Option<i64>,
}

/// A table of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatabaseTable {
    pub schema: String,
    pub name: String,
    pub columns: Vec<DatabaseColumn>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatabaseColumn {
    pub name: String,
    /// As the database calls it.
    pub data_type: String,
    /// Whether the data source lets it be read.
    pub is_allowed: bool,
}

/// Whether a database can be reached, and what is in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DatabaseTest {
    pub ok: bool,
    /// What is wrong, in plain words.
    pub message: String,
    /// Tables and views, at most 1000.
    pub tables: Vec<DatabaseTable>,
    /// What `database.tables` names and the database has not, or does not let be read: `TABLE`, or
    /// `TABLE.COLUMN`, as they are written there.
    pub missing: Vec<String>,
}

/// Where a document came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DocumentOrigin {
    /// A file.
    Upload,
    /// Text that was sent as such.
    Text,
    /// Questions with their answers.
    Questions,
    /// A page that was fetched.
    Page,
}

impl DocumentOrigin {
    /// As it stands in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Text => "text",
            Self::Questions => "questions",
            Self::Page => "page",
        }
    }
}

/// A document of a data source.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Document {
    pub id: String,
    pub origin: DocumentOrigin,
    /// A file's name, or a page's address. A document with the same name replaces it.
    pub name: String,
    pub title: String,
    /// Where visitors can read it: what sources link to.
    pub url: Option<String>,
    pub characters: i64,
    pub passages: i64,
    pub created_at: String,
    pub updated_at: String,
    /// What is searched, as Markdown. In answers about one document only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    /// Of a document that was sent as questions with answers, as it holds them. In answers about one
    /// document only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub questions: Option<Vec<QuestionAndAnswer>>,
}

/// A question with its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuestionAndAnswer {
    /// 1..=500 characters.
    pub question: String,
    /// Markdown, 1..=20000 characters.
    pub answer: String,
}

/// A document that is sent as text: either `text` or `questions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewDocument {
    /// 1..=200 characters. A document with the same name is replaced.
    pub name: String,
    /// Where visitors can read it; null = nowhere.
    pub url: Option<String>,
    /// Markdown.
    pub text: Option<String>,
    /// At most 2000.
    pub questions: Option<Vec<QuestionAndAnswer>>,
}

impl NewDocument {
    /// Adds to `errors` what is wrong with the fields.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_text(errors, "name", &self.name, 1, limits::DOCUMENT_NAME_CHARS);
        if let Some(url) = &self.url {
            check_text(errors, "url", url, 1, limits::PAGE_FIELD_BYTES);
        }
        match (&self.text, &self.questions) {
            (None, None) | (Some(_), Some(_)) => {
                errors.add("text", "give either text or questions");
            }
            (Some(text), None) => {
                if text.trim().is_empty() || text.len() > limits::DOCUMENT_BYTES {
                    errors.add("text", "must have 1 to 5242880 bytes");
                }
            }
            (None, Some(questions)) => check_questions(questions, errors),
        }
    }
}

fn check_questions(questions: &[QuestionAndAnswer], errors: &mut FieldErrors) {
    if questions.is_empty() || questions.len() > limits::QUESTIONS {
        errors.add("questions", "must have 1 to 2000 entries");
    }
    for (at, pair) in questions.iter().enumerate() {
        let chars = |text: &str| text.trim().chars().count();
        if !(1..=limits::LOOK_TEXT_CHARS).contains(&chars(&pair.question)) {
            errors.add(&format!("questions[{at}].question"), "must have 1 to 500 characters");
        }
        if !(1..=limits::INSTRUCTIONS_CHARS).contains(&chars(&pair.answer)) {
            errors.add(&format!("questions[{at}].answer"), "must have 1 to 20000 characters");
        }
    }
}

/// What became of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailedFile {
    pub name: String,
    /// What is wrong with it, in plain words.
    pub error: String,
}

/// Rows of a table of questions and answers that have only one of the two, and are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HalfRows {
    /// The file's name.
    pub name: String,
    pub count: u64,
    /// Where the first 20 of them begin in the file, counted from 1.
    pub lines: Vec<u64>,
}

/// What became of files: each stands in one of the first two lists.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Uploaded {
    pub documents: Vec<Document>,
    pub failed: Vec<FailedFile>,
    /// What was left out of files that were read.
    pub half_rows: Vec<HalfRows>,
}

/// Pages to fetch: either `urls` or a `sitemap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewImport {
    /// At most 2000 addresses of one website.
    pub urls: Option<Vec<String>>,
    /// The address of a sitemap, or of an index of sitemaps of the same website.
    pub sitemap: Option<String>,
    /// How many pages of the sitemap are fetched, 1..=2000.
    pub max_pages: u32,
}

impl Default for NewImport {
    fn default() -> Self {
        Self { urls: None, sitemap: None, max_pages: 500 }
    }
}

impl NewImport {
    /// Adds to `errors` what is wrong with the fields; not what is at the addresses.
    pub fn check(&self, errors: &mut FieldErrors) {
        if self.urls.is_some() == self.sitemap.is_some() {
            errors.add("urls", "give either urls or sitemap");
        }
        if self.urls.as_ref().is_some_and(|urls| !(1..=limits::IMPORT_PAGES).contains(&urls.len()))
        {
            errors.add("urls", "must have 1 to 2000 entries");
        }
        let pages = usize::try_from(self.max_pages).unwrap_or(usize::MAX);
        if !(1..=limits::IMPORT_PAGES).contains(&pages) {
            errors.add("max_pages", "must be a whole number from 1 to 2000");
        }
    }
}

/// How an import goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ImportStatus {
    Running,
    /// Every page was tried.
    Done,
    /// It could not begin, for the reason in `error`.
    Failed,
    /// An admin ended it.
    Stopped,
}

/// An import of pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Import {
    pub id: String,
    pub sitemap: Option<String>,
    pub status: ImportStatus,
    pub error: Option<String>,
    /// Pages that are known so far.
    pub pages: i64,
    pub waiting: i64,
    /// Pages that were new, or had changed.
    pub done: i64,
    pub unchanged: i64,
    pub failed: i64,
    pub created_at: String,
    pub ended_at: Option<String>,
    /// What went wrong with which page; the first 100. In answers about one import only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<Vec<FailedFile>>,
}

/// A question to a data source itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceSearch {
    /// 1..=4000 UTF-16 units.
    pub question: String,
    /// 1..=20, default 5.
    pub limit: Option<u32>,
}

/// A passage that was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundPassage {
    pub title: String,
    pub url: Option<String>,
    /// Markdown.
    pub text: String,
    /// Comparable within one search only.
    pub score: f32,
}

debug_without_secrets!(DataSourceChange);
