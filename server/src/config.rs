//! Every setting: flag, environment variable, default and help are one definition.
//!
//! A wrong value stops the start with one line that names the variable, the value (never a secret)
//! and what is accepted.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches, Parser};
use ipnet::IpNet;
use url::Url;

/// Shortest static key that is accepted, in characters.
pub const STATIC_KEY_MIN: usize = 24;
/// Static keys shorter than this are warned about.
pub const STATIC_KEY_GOOD: usize = 32;

/// What the names of environment variables begin with that agents may name as keys.
pub const SECRET_PREFIX: &str = "NATTER_SECRET_";

/// A secret that no log, error or `Debug` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The secret itself, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The settings as text, as flags or environment variables give them.
#[derive(Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// Address to listen on.
    #[arg(long, env = "NATTER_LISTEN", default_value = "127.0.0.1:8080", value_name = "HOST:PORT")]
    listen: String,
    /// Address under which visitors reach this server, such as https://chat.example.com.
    #[arg(long, env = "NATTER_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// The demo page: `auto` answers on this machine only, `true` everywhere, `false` nowhere.
    #[arg(long, env = "NATTER_DEMO", default_value = "auto", value_name = "auto|true|false")]
    demo: String,
    /// Counters for Prometheus under /metrics: `true` or `false`.
    #[arg(long, env = "NATTER_METRICS", default_value = "false", value_name = "true|false")]
    metrics: String,
    /// Folder of the SQLite file and the master key.
    #[arg(long, env = "NATTER_DATA_DIR", default_value = "./natter-data", value_name = "FOLDER")]
    data_dir: String,
    /// Database: `sqlite:FILE` or `postgres://…`; without it, SQLite in the data folder.
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// 64 hex digits that sign session tokens; without it, made on first start in the data folder.
    #[arg(long, env = "NATTER_MASTER_KEY", value_name = "HEX", hide_env_values = true)]
    master_key: Option<String>,
    /// Static keys for chats, comma-separated for rotation, each of 24 or more characters.
    #[arg(long, env = "WIDGET_API_KEY", value_name = "KEYS", hide_env_values = true)]
    widget_api_key: Option<String>,
    /// Static keys for the admin routes, comma-separated, each of 24 or more characters.
    #[arg(long, env = "ADMIN_API_KEY", value_name = "KEYS", hide_env_values = true)]
    admin_api_key: Option<String>,
    /// Key for a model server that speaks the OpenAI protocol.
    #[arg(long, env = "OPENAI_API_KEY", value_name = "KEY", hide_env_values = true)]
    openai_api_key: Option<String>,
    /// Base address of that model server; without it, <https://api.openai.com/v1>.
    #[arg(long, env = "OPENAI_BASE_URL", value_name = "URL")]
    openai_base_url: Option<String>,
    /// Model to ask for; without it, the first that the model server lists.
    #[arg(long, env = "OPENAI_MODEL", value_name = "NAME")]
    openai_model: Option<String>,
    /// Key for Anthropic's model server.
    #[arg(long, env = "ANTHROPIC_API_KEY", value_name = "KEY", hide_env_values = true)]
    anthropic_api_key: Option<String>,
    /// Another address that serves its protocol, without the /v1; without it,
    /// <https://api.anthropic.com>.
    #[arg(long, env = "ANTHROPIC_BASE_URL", value_name = "URL")]
    anthropic_base_url: Option<String>,
    /// Model to ask for there; without it, the first that the server lists.
    #[arg(long, env = "ANTHROPIC_MODEL", value_name = "NAME")]
    anthropic_model: Option<String>,
    /// Earlier messages of the conversation that the model gets to see, 0 to 1000.
    #[arg(long, env = "MAX_HISTORY_MESSAGES", default_value = "30", value_name = "N")]
    max_history_messages: String,
    /// Websites that may call this server at all, comma-separated origins; without it, any.
    #[arg(long, env = "CORS_ORIGIN", value_name = "ORIGINS")]
    cors_origin: Option<String>,
    /// Chat requests that one key may send from one IP address per window.
    #[arg(long, env = "RATE_LIMIT_MAX_REQUESTS", default_value = "30", value_name = "N")]
    rate_limit_max_requests: String,
    /// Length of that window in milliseconds.
    #[arg(long, env = "RATE_LIMIT_WINDOW_MS", default_value = "60000", value_name = "MS")]
    rate_limit_window_ms: String,
    /// Whether software needs an API key to ask about licenses: `public` or `required`.
    #[arg(
        long,
        env = "NATTER_LICENSE_API_AUTH",
        default_value = "public",
        value_name = "public|required"
    )]
    license_api_auth: String,
    /// Requests a minute that software may send about one license from one IP address.
    #[arg(long, env = "NATTER_LICENSE_RATE_LIMIT", default_value = "60", value_name = "N")]
    license_rate_limit: String,
    /// Hours for which a signed answer about a license can be trusted offline.
    #[arg(long, env = "NATTER_LICENSE_LEASE_HOURS", default_value = "72", value_name = "H")]
    license_lease_hours: String,
    /// Proxies whose X-Forwarded-For is believed, comma-separated CIDR.
    #[arg(long, env = "NATTER_TRUSTED_PROXIES", value_name = "CIDR")]
    trusted_proxies: Option<String>,
    /// Seconds that an answer goes on after its reader has left; 0 stops it at once.
    #[arg(long, env = "NATTER_DISCONNECT_GRACE_SECONDS", default_value = "30", value_name = "S")]
    disconnect_grace_seconds: String,
    /// Hours without a message after which a conversation closes.
    #[arg(long, env = "NATTER_CONVERSATION_IDLE_HOURS", default_value = "24", value_name = "H")]
    conversation_idle_hours: String,
    /// Longest wait for a connection to the model server, in milliseconds.
    #[arg(long, env = "NATTER_CONNECT_TIMEOUT_MS", default_value = "5000", value_name = "MS")]
    connect_timeout_ms: String,
    /// Longest wait for the first token of an answer, in milliseconds.
    #[arg(long, env = "NATTER_FIRST_TOKEN_TIMEOUT_MS", default_value = "30000", value_name = "MS")]
    first_token_timeout_ms: String,
    /// Longest silence in the middle of an answer, in milliseconds.
    #[arg(long, env = "NATTER_IDLE_TIMEOUT_MS", default_value = "60000", value_name = "MS")]
    idle_timeout_ms: String,
    /// Milliseconds between the words of the built-in agent (at most 2 s in all).
    #[arg(long, env = "NATTER_BUILTIN_WORD_DELAY_MS", default_value = "12", value_name = "MS")]
    builtin_word_delay_ms: String,
    /// Seconds of silence after which a stream sends a ping.
    #[arg(long, env = "NATTER_PING_SECONDS", default_value = "15", value_name = "S")]
    ping_seconds: String,
    /// Seconds after which an answer left by a crashed server is given up.
    #[arg(long, env = "NATTER_LEASE_SECONDS", default_value = "30", value_name = "S")]
    lease_seconds: String,
    /// E-mail address of the first admin, who is made without the set-up link.
    #[arg(long, env = "NATTER_ADMIN_EMAIL", value_name = "EMAIL")]
    admin_email: Option<String>,
    /// Password of the first admin, 12 to 200 characters.
    #[arg(long, env = "NATTER_ADMIN_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
    /// Days for which the usage log is kept; without it, as set in the dashboard, else 400.
    #[arg(long, env = "NATTER_RETENTION_DAYS", value_name = "DAYS")]
    retention_days: Option<String>,
    /// Days for which conversations are kept; without it, as set in the dashboard, else for ever.
    #[arg(long, env = "NATTER_CONVERSATION_RETENTION_DAYS", value_name = "DAYS")]
    conversation_retention_days: Option<String>,
    /// Keep visitors' addresses as /24 and /48 only: `true` or `false`.
    #[arg(long, env = "NATTER_ANONYMIZE_IP", value_name = "true|false")]
    anonymize_ip: Option<String>,
    /// Keep questions in the usage log: `true` or `false`.
    #[arg(long, env = "NATTER_STORE_QUESTIONS", value_name = "true|false")]
    store_questions: Option<String>,
    /// Mail server for alerts, such as `smtps://USER:PASSWORD@HOST`.
    #[arg(long, env = "SMTP_URL", value_name = "URL", hide_env_values = true)]
    smtp_url: Option<String>,
    /// Sender of alerts.
    #[arg(long, env = "SMTP_FROM", value_name = "EMAIL")]
    smtp_from: Option<String>,
    /// Let webhooks lead to private and loopback addresses: `true` or `false`.
    #[arg(
        long,
        env = "NATTER_WEBHOOK_ALLOW_PRIVATE",
        default_value = "false",
        value_name = "true|false"
    )]
    webhook_allow_private: String,
    /// Folder whose SQLite files data sources may read; without it, none.
    #[arg(long, env = "NATTER_DATABASE_DIR", value_name = "FOLDER")]
    database_dir: Option<String>,
    /// Import pages from private and loopback addresses, too: `true` or `false`.
    #[arg(
        long,
        env = "NATTER_IMPORT_ALLOW_PRIVATE",
        default_value = "false",
        value_name = "true|false"
    )]
    import_allow_private: String,
    /// Log format: `pretty`, `json`, or `auto` (pretty on a terminal).
    #[arg(long, env = "NATTER_LOG_FORMAT", default_value = "auto", value_name = "FORMAT")]
    log_format: String,
    /// What to log: a level or `target=level` list.
    #[arg(long, env = "RUST_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
}

impl Settings {
    /// The password that the environment gives, for the commands that take one.
    #[must_use]
    pub fn admin_password(&self) -> Option<String> {
        self.admin_password.clone()
    }
}

impl fmt::Debug for Settings {
    /// Holds secrets as typed: shows none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

#[derive(Parser)]
#[command(name = "natter", no_binary_name = true)]
struct SettingsOnly {
    #[command(flatten)]
    settings: Settings,
}

/// When the demo page and its key answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// To a browser on this machine only.
    Auto,
    Open,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Auto,
    Pretty,
    Json,
}

/// A model server that the environment names.
#[derive(Clone, Debug)]
pub struct ModelSettings {
    /// Without a slash at its end.
    pub base_url: String,
    pub key: Option<Secret>,
    pub model: Option<String>,
}

/// How long a provider may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub connect: Duration,
    pub first_token: Duration,
    pub idle: Duration,
}

/// What the environment decides about what is kept; `None` leaves it to the dashboard.
#[derive(Clone, Copy, Debug, Default)]
pub struct Privacy {
    pub retention_days: Option<u32>,
    pub conversation_retention_days: Option<u32>,
    pub anonymize_ip: Option<bool>,
    pub store_questions: Option<bool>,
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// May hold a password.
    pub url: Secret,
    pub from: String,
}

/// The first admin, without the set-up link.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    pub email: String,
    pub password: Secret,
}

/// The settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub public_url: Option<Url>,
    pub demo: Demo,
    /// Whether `/metrics` answers.
    pub metrics: bool,
    pub data_dir: PathBuf,
    /// May hold a password.
    pub database_url: Option<Secret>,
    pub master_key: Option<Secret>,
    pub widget_keys: Vec<Secret>,
    pub admin_keys: Vec<Secret>,
    pub openai: Option<ModelSettings>,
    pub anthropic: Option<ModelSettings>,
    /// Environment variables whose names begin with `NATTER_SECRET_`: what agents may name.
    pub secrets: BTreeMap<String, Secret>,
    pub max_history_messages: u32,
    /// Serialised origins; `None` = any.
    pub cors_origins: Option<Vec<String>>,
    pub rate_limit_max_requests: u32,
    pub rate_limit_window: Duration,
    /// Whether the license API asks for an API key.
    pub license_auth_required: bool,
    /// A minute, for each license and address.
    pub license_rate_limit: u32,
    pub license_lease: Duration,
    pub trusted_proxies: Vec<IpNet>,
    pub disconnect_grace: Duration,
    pub conversation_idle: Duration,
    pub timeouts: Timeouts,
    pub builtin_word_delay: Duration,
    pub ping: Duration,
    pub lease: Duration,
    pub first_admin: Option<FirstAdmin>,
    pub privacy: Privacy,
    pub smtp: Option<Smtp>,
    pub webhook_allow_private: bool,
    pub import_allow_private: bool,
    pub database_dir: Option<PathBuf>,
    pub log_format: LogFormat,
    pub log: String,
    /// What is allowed but unwise, for the log.
    pub warnings: Vec<String>,
}

fn wrong(name: &str, value: &str, accepted: &str) -> String {
    format!("{name}: {value:?} is not accepted; accepted: {accepted}")
}

fn number<T: FromStr + PartialOrd + fmt::Display + Copy>(
    name: &str,
    value: &str,
    range: std::ops::RangeInclusive<T>,
) -> Result<T, String> {
    value.trim().parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
        wrong(name, value, &format!("a whole number from {} to {}", range.start(), range.end()))
    })
}

fn millis(name: &str, value: &str) -> Result<Duration, String> {
    number(name, value, 1..=3_600_000).map(Duration::from_millis)
}

fn list(value: Option<&String>) -> impl Iterator<Item = &str> {
    value.into_iter().flat_map(|v| v.split(',')).map(str::trim).filter(|v| !v.is_empty())
}

fn filled(value: Option<String>) -> Option<String> {
    value.map(|v| v.trim().to_owned()).filter(|v| !v.is_empty())
}

fn web_url(name: &str, value: &str) -> Result<Url, String> {
    let accepted = "an http or https address such as https://chat.example.com";
    let url = Url::parse(value.trim()).map_err(|_| wrong(name, value, accepted))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong(name, value, accepted));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // The value is not repeated: it holds a password.
        return Err(format!("{name}: holds a user name or password; accepted: {accepted}"));
    }
    Ok(url)
}

fn static_keys(
    name: &str,
    value: Option<&String>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Secret>, String> {
    let keys: Vec<_> = list(value).collect();
    for (at, key) in keys.iter().enumerate() {
        let which = if keys.len() > 1 { format!("key {} of {name}", at + 1) } else { name.into() };
        let length = key.chars().count();
        if length < STATIC_KEY_MIN {
            return Err(format!(
                "{which} is too short: it has {length} characters; accepted: {STATIC_KEY_MIN} or \
                 more (`openssl rand -hex 32` makes a good one)"
            ));
        }
        if length < STATIC_KEY_GOOD {
            warnings.push(format!("{which} has {length} characters; {STATIC_KEY_GOOD} are better"));
        }
    }
    Ok(keys.into_iter().map(Secret::new).collect())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl Config {
    /// Takes the secrets that agents may name, from names and values of environment variables.
    pub fn take_secrets(&mut self, vars: impl Iterator<Item = (String, String)>) {
        let named = vars.filter(|(name, _)| name.starts_with(SECRET_PREFIX));
        self.secrets = named.map(|(name, value)| (name, Secret::new(&value))).collect();
    }

    /// Reads settings from names and values of environment variables, never from the process.
    ///
    /// # Errors
    /// One line that names the variable and what is accepted.
    pub fn from_vars(vars: &[(&str, &str)]) -> Result<Self, String> {
        let command = SettingsOnly::command().mut_args(|arg| arg.env(None::<&'static str>));
        let flags = SettingsOnly::command();
        let mut words = Vec::new();
        let (secrets, vars): (Vec<_>, Vec<_>) = vars
            .iter()
            .copied()
            .partition(|(name, _): &(&str, &str)| name.starts_with(SECRET_PREFIX));
        for (name, value) in &vars {
            let arg = flags
                .get_arguments()
                .find(|arg| arg.get_env().is_some_and(|env| env == *name))
                .and_then(clap::Arg::get_long)
                .ok_or_else(|| format!("{name}: no such setting"))?;
            words.push(format!("--{arg}={value}"));
        }
        let matches = command.try_get_matches_from(words).map_err(|e| e.to_string())?;
        let settings =
            SettingsOnly::from_arg_matches(&matches).map_err(|e| e.to_string())?.settings;
        let mut config = Self::try_from(settings)?;
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        config.take_secrets(secrets.into_iter().map(owned));
        Ok(config)
    }
}

/// Natter's own database must not be one of those that models may be let at.
fn database_dir(folder: Option<String>, data_dir: &str) -> Result<Option<PathBuf>, String> {
    let Some(folder) = filled(folder) else { return Ok(None) };
    let real =
        |folder: &str| std::path::absolute(folder).ok().map(|p| p.canonicalize().unwrap_or(p));
    let (inner, own) = (real(&folder), real(data_dir));
    if inner.zip(own).is_some_and(|(inner, own)| own.starts_with(&inner)) {
        return Err(wrong(
            "NATTER_DATABASE_DIR",
            &folder,
            "a folder that does not hold NATTER_DATA_DIR",
        ));
    }
    Ok(Some(PathBuf::from(folder)))
}

impl TryFrom<Settings> for Config {
    type Error = String;

    fn try_from(s: Settings) -> Result<Self, String> {
        let mut warnings = Vec::new();
        let widget_keys = static_keys("WIDGET_API_KEY", s.widget_api_key.as_ref(), &mut warnings)?;
        let admin_keys = static_keys("ADMIN_API_KEY", s.admin_api_key.as_ref(), &mut warnings)?;
        if widget_keys.iter().any(|key| admin_keys.contains(key)) {
            return Err("WIDGET_API_KEY and ADMIN_API_KEY hold the same key: the widget's key \
                        stands in web pages, so whoever reads one would be admin; accepted: two \
                        different keys"
                .into());
        }
        let public_url =
            filled(s.public_url).map(|value| web_url("NATTER_PUBLIC_URL", &value)).transpose()?;
        if let Some(url) = &public_url
            && url.scheme() == "http"
            && !is_loopback(url)
        {
            warnings.push(format!(
                "NATTER_PUBLIC_URL {url} is not encrypted: keys and chats can be read on the way"
            ));
        }
        let smtp = smtp(s.smtp_url, s.smtp_from)?;
        if smtp.is_some() && public_url.is_none() {
            warnings.push(
                "SMTP_URL is set and NATTER_PUBLIC_URL is not: links in mails lead to NATTER_LISTEN"
                    .into(),
            );
        }
        Ok(Self {
            listen: s.listen.trim().parse().map_err(|_| {
                wrong("NATTER_LISTEN", &s.listen, "an IP address and port such as 127.0.0.1:8080")
            })?,
            public_url,
            demo: match s.demo.trim() {
                "auto" => Demo::Auto,
                "true" => Demo::Open,
                "false" => Demo::Off,
                other => return Err(wrong("NATTER_DEMO", other, "auto, true or false")),
            },
            metrics: match s.metrics.trim() {
                "true" => true,
                "false" => false,
                other => return Err(wrong("NATTER_METRICS", other, "true or false")),
            },
            data_dir: PathBuf::from(&s.data_dir),
            database_url: database_url(s.database_url)?,
            master_key: master_key(s.master_key)?,
            widget_keys,
            admin_keys,
            openai: model_server(
                "OPENAI_BASE_URL",
                s.openai_api_key,
                s.openai_base_url,
                s.openai_model,
                "https://api.openai.com/v1",
            )?,
            anthropic: model_server(
                "ANTHROPIC_BASE_URL",
                s.anthropic_api_key,
                s.anthropic_base_url,
                s.anthropic_model,
                "https://api.anthropic.com",
            )?,
            secrets: BTreeMap::new(),
            max_history_messages: number(
                "MAX_HISTORY_MESSAGES",
                &s.max_history_messages,
                0..=1000,
            )?,
            cors_origins: cors_origins(s.cors_origin.as_ref())?,
            rate_limit_max_requests: number(
                "RATE_LIMIT_MAX_REQUESTS",
                &s.rate_limit_max_requests,
                1..=u32::MAX,
            )?,
            rate_limit_window: millis("RATE_LIMIT_WINDOW_MS", &s.rate_limit_window_ms)?,
            license_auth_required: match s.license_api_auth.trim() {
                "public" => false,
                "required" => true,
                other => {
                    return Err(wrong("NATTER_LICENSE_API_AUTH", other, "public or required"));
                }
            },
            license_rate_limit: number(
                "NATTER_LICENSE_RATE_LIMIT",
                &s.license_rate_limit,
                1..=1_000_000,
            )?,
            license_lease: Duration::from_secs(
                3600 * number("NATTER_LICENSE_LEASE_HOURS", &s.license_lease_hours, 1..=8784_u64)?,
            ),
            trusted_proxies: trusted_proxies(s.trusted_proxies.as_ref())?,
            disconnect_grace: number(
                "NATTER_DISCONNECT_GRACE_SECONDS",
                &s.disconnect_grace_seconds,
                0..=3600,
            )
            .map(Duration::from_secs)?,
            conversation_idle: number(
                "NATTER_CONVERSATION_IDLE_HOURS",
                &s.conversation_idle_hours,
                1..=24 * 365,
            )
            .map(|hours: u64| Duration::from_secs(hours * 3600))?,
            timeouts: Timeouts {
                connect: millis("NATTER_CONNECT_TIMEOUT_MS", &s.connect_timeout_ms)?,
                first_token: millis("NATTER_FIRST_TOKEN_TIMEOUT_MS", &s.first_token_timeout_ms)?,
                idle: millis("NATTER_IDLE_TIMEOUT_MS", &s.idle_timeout_ms)?,
            },
            builtin_word_delay: number(
                "NATTER_BUILTIN_WORD_DELAY_MS",
                &s.builtin_word_delay_ms,
                0..=1000,
            )
            .map(Duration::from_millis)?,
            ping: number("NATTER_PING_SECONDS", &s.ping_seconds, 1..=3600)
                .map(Duration::from_secs)?,
            lease: number("NATTER_LEASE_SECONDS", &s.lease_seconds, 1..=3600)
                .map(Duration::from_secs)?,
            first_admin: first_admin(s.admin_email, s.admin_password)?,
            privacy: Privacy {
                retention_days: days("NATTER_RETENTION_DAYS", s.retention_days)?,
                conversation_retention_days: days(
                    "NATTER_CONVERSATION_RETENTION_DAYS",
                    s.conversation_retention_days,
                )?,
                anonymize_ip: flag("NATTER_ANONYMIZE_IP", s.anonymize_ip)?,
                store_questions: flag("NATTER_STORE_QUESTIONS", s.store_questions)?,
            },
            smtp,
            webhook_allow_private: flag(
                "NATTER_WEBHOOK_ALLOW_PRIVATE",
                Some(s.webhook_allow_private),
            )?
            .unwrap_or(false),
            database_dir: database_dir(s.database_dir, &s.data_dir)?,
            import_allow_private: flag(
                "NATTER_IMPORT_ALLOW_PRIVATE",
                Some(s.import_allow_private),
            )?
            .unwrap_or(false),
            log_format: match s.log_format.trim() {
                "auto" => LogFormat::Auto,
                "pretty" => LogFormat::Pretty,
                "json" => LogFormat::Json,
                other => return Err(wrong("NATTER_LOG_FORMAT", other, "auto, pretty or json")),
            },
            log: s.log,
            warnings,
        })
    }
}

fn database_url(value: Option<String>) -> Result<Option<Secret>, String> {
    let Some(value) = filled(value) else { return Ok(None) };
    if ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| value.starts_with(scheme)) {
        return Ok(Some(Secret::new(&value)));
    }
    // The value may hold a password, so only its scheme is repeated.
    let scheme = value.split_once(':').map_or("", |(scheme, _)| scheme);
    Err(wrong("DATABASE_URL", scheme, "sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE"))
}

fn master_key(value: Option<String>) -> Result<Option<Secret>, String> {
    let Some(value) = filled(value) else { return Ok(None) };
    if value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(Some(Secret::new(&value)));
    }
    Err(format!(
        "NATTER_MASTER_KEY: has {} characters; accepted: 64 hex digits (`openssl rand -hex 32`)",
        value.chars().count()
    ))
}

fn days(name: &str, value: Option<String>) -> Result<Option<u32>, String> {
    filled(value).map(|value| number(name, &value, 1..=36_500)).transpose()
}

fn flag(name: &str, value: Option<String>) -> Result<Option<bool>, String> {
    match filled(value).as_deref() {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => Err(wrong(name, other, "true or false")),
    }
}

fn first_admin(
    email: Option<String>,
    password: Option<String>,
) -> Result<Option<FirstAdmin>, String> {
    let (email, password) = match (filled(email), filled(password)) {
        (Some(email), Some(password)) => (email, password),
        // The command line's `admin create` takes the password alone.
        (None, _) => return Ok(None),
        (Some(_), None) => {
            return Err("NATTER_ADMIN_EMAIL needs NATTER_ADMIN_PASSWORD beside it".into());
        }
    };
    let mut errors = shared::FieldErrors::default();
    shared::admin::check_email(&mut errors, "email", &email);
    if !errors.0.is_empty() {
        return Err(wrong("NATTER_ADMIN_EMAIL", &email, "an e-mail address"));
    }
    shared::admin::check_password(&mut errors, &password);
    if !errors.0.is_empty() {
        return Err(format!(
            "NATTER_ADMIN_PASSWORD: has {} characters; accepted: 12 to 200",
            password.chars().count()
        ));
    }
    Ok(Some(FirstAdmin { email, password: Secret::new(&password) }))
}

fn smtp(url: Option<String>, from: Option<String>) -> Result<Option<Smtp>, String> {
    match (filled(url), filled(from)) {
        (None, None) => Ok(None),
        (Some(url), Some(from)) => {
            let smtp = Smtp { url: Secret::new(&url), from };
            crate::alerts::Mailer::new(&smtp, "")?;
            Ok(Some(smtp))
        }
        (Some(_), None) => Err("SMTP_URL needs SMTP_FROM beside it: the sender's address".into()),
        (None, Some(_)) => Err("SMTP_FROM needs SMTP_URL beside it: the mail server".into()),
    }
}

fn model_server(
    name: &str,
    key: Option<String>,
    base_url: Option<String>,
    model: Option<String>,
    home: &str,
) -> Result<Option<ModelSettings>, String> {
    let (key, base_url) = (filled(key), filled(base_url));
    if key.is_none() && base_url.is_none() {
        return Ok(None);
    }
    let url = web_url(name, base_url.as_deref().unwrap_or(home))?;
    Ok(Some(ModelSettings {
        base_url: url.as_str().trim_end_matches('/').to_owned(),
        key: key.as_deref().map(Secret::new),
        model: filled(model),
    }))
}

fn cors_origins(value: Option<&String>) -> Result<Option<Vec<String>>, String> {
    let mut origins = Vec::new();
    for entry in list(value) {
        if entry == "*" {
            return Ok(None);
        }
        let origin = web_url("CORS_ORIGIN", entry)?.origin().ascii_serialization();
        origins.push(origin);
    }
    Ok(if origins.is_empty() { None } else { Some(origins) })
}

fn trusted_proxies(value: Option<&String>) -> Result<Vec<IpNet>, String> {
    list(value)
        .map(|entry| {
            entry
                .parse::<IpNet>()
                .or_else(|_| entry.parse::<std::net::IpAddr>().map(IpNet::from))
                .map_err(|_| {
                    wrong("NATTER_TRUSTED_PROXIES", entry, "CIDR such as 10.0.0.0/8 or ::1/128")
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_settings_at_all_are_enough() {
        let config = Config::from_vars(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert!(config.openai.is_none() && config.widget_keys.is_empty());
        assert_eq!(config.disconnect_grace, Duration::from_secs(30));
        assert_eq!((config.license_auth_required, config.license_rate_limit), (false, 60));
        assert_eq!(config.license_lease, Duration::from_secs(72 * 3600));
    }

    #[test]
    fn a_wrong_value_names_the_variable_the_value_and_what_is_accepted() {
        for (name, value, accepted) in [
            ("NATTER_LISTEN", "nowhere", "127.0.0.1:8080"),
            ("NATTER_DEMO", "yes", "auto, true or false"),
            ("MAX_HISTORY_MESSAGES", "1001", "0 to 1000"),
            ("RATE_LIMIT_WINDOW_MS", "0", "from 1 to"),
            ("NATTER_TRUSTED_PROXIES", "10.0.0.0/99", "CIDR"),
            ("NATTER_PUBLIC_URL", "ftp://x", "https://"),
            ("NATTER_LOG_FORMAT", "xml", "json"),
            ("NATTER_RETENTION_DAYS", "0", "1 to 36500"),
            ("NATTER_CONVERSATION_RETENTION_DAYS", "36501", "1 to 36500"),
            ("NATTER_ANONYMIZE_IP", "yes", "true or false"),
            ("NATTER_STORE_QUESTIONS", "1", "true or false"),
            ("NATTER_WEBHOOK_ALLOW_PRIVATE", "on", "true or false"),
            ("NATTER_LICENSE_API_AUTH", "optional", "public or required"),
            ("NATTER_LICENSE_RATE_LIMIT", "0", "1 to 1000000"),
            ("NATTER_LICENSE_LEASE_HOURS", "0", "1 to 8784"),
            ("NATTER_LICENSE_LEASE_HOURS", "8785", "1 to 8784"),
        ] {
            let error = Config::from_vars(&[(name, value)]).unwrap_err();
            for part in [name, value, accepted] {
                assert!(error.contains(part), "{error} should name {part}");
            }
        }
    }

    #[test]
    fn secrets_are_refused_without_being_shown() {
        let short = "short-secret-value";
        for name in ["WIDGET_API_KEY", "ADMIN_API_KEY", "NATTER_MASTER_KEY"] {
            let error = Config::from_vars(&[(name, short)]).unwrap_err();
            assert!(error.contains(name) && !error.contains(short), "{error}");
        }
        for vars in [
            [("NATTER_ADMIN_EMAIL", "a@b.example"), ("NATTER_ADMIN_PASSWORD", "short")],
            [("SMTP_URL", "smtp://u:short@h:x"), ("SMTP_FROM", "a@b.example")],
        ] {
            let error = Config::from_vars(&vars).unwrap_err();
            assert!(!error.contains("short") || error.contains("too short"), "{error}");
        }
        for alone in [("NATTER_ADMIN_EMAIL", "a@b.example"), ("SMTP_URL", "smtp://h")] {
            assert!(Config::from_vars(&[alone]).is_err(), "{}", alone.0);
        }
        let same = "k".repeat(40);
        let error =
            Config::from_vars(&[("WIDGET_API_KEY", &same), ("ADMIN_API_KEY", &same)]).unwrap_err();
        assert!(error.contains("WIDGET_API_KEY") && error.contains("ADMIN_API_KEY"));
        assert!(!error.contains(&same));
        let error = Config::from_vars(&[("DATABASE_URL", "mysql://u:pw@h/d")]).unwrap_err();
        assert!(error.contains("mysql") && !error.contains("pw"), "{error}");
    }

    #[test]
    fn static_keys_are_accepted_from_24_characters_and_warned_about_below_32() {
        let with = |n: usize| Config::from_vars(&[("WIDGET_API_KEY", &"k".repeat(n))]);
        assert!(with(23).is_err());
        assert_eq!(with(24).unwrap().warnings.len(), 1);
        assert_eq!(with(31).unwrap().warnings.len(), 1);
        assert!(with(32).unwrap().warnings.is_empty());
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let secret = "s".repeat(40);
        let config = Config::from_vars(&[
            ("WIDGET_API_KEY", &secret),
            ("OPENAI_API_KEY", &secret),
            ("DATABASE_URL", &format!("postgres://u:{secret}@h/d")),
        ])
        .unwrap();
        assert!(!format!("{config:?}").contains(&secret));
    }
}
