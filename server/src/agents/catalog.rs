//! The agents in memory, and which of them answers a request.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use reqwest::Client;
use retrieval::Index;
use shared::agent::{AgentSettings, ProviderKind};
use shared::{ChatRequest, ErrorCode};
use tokio::sync::Mutex;
use url::Url;

use super::builtin::Builtin;
use super::model::{self, Dialect, Endpoint, ModelServer, Names};
use super::{Agent, Provider, edit};
use crate::app::App;
use crate::config::{Config, ModelSettings, Secret};
use crate::error::ApiError;
use crate::keys::KeyRecord;
use crate::people::Actor;
use crate::sources::{self, Source};
use crate::store::StoreError;
use crate::store::agents::{AgentEdit, AgentRow};

/// The id of the agent that a new installation has.
pub const DEFAULT_AGENT: &str = "demo";

/// Every agent, as it was when the database was last read.
#[derive(Debug)]
pub struct Agents {
    catalog: RwLock<Arc<Catalog>>,
    client: Client,
    reloading: Mutex<()>,
}

#[derive(Debug, Default)]
struct Catalog {
    agents: HashMap<String, Arc<Agent>>,
    default: Option<Arc<Agent>>,
}

/// What answers a request, and from what.
#[derive(Clone, Debug)]
pub struct Chosen {
    pub agent: Arc<Agent>,
    pub material: Material,
    /// The one data source that was asked for; none where the agent's own are used.
    pub data_source_id: Option<String>,
}

/// What a question may be answered from.
#[derive(Clone, Debug)]
pub struct Material {
    pub documents: Arc<Index>,
    pub databases: Vec<Arc<Source>>,
}

impl Material {
    /// What is in these sources.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(app: &App, source_ids: &[String]) -> Result<Self, ApiError> {
        let sources = source_ids.iter().filter_map(|id| app.library.get(id));
        Ok(Self {
            documents: sources::index(app, source_ids).await?,
            databases: sources.filter(|source| source.database.is_some()).collect(),
        })
    }
}

impl Agents {
    /// With no agent yet: see [`reload`].
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(config: &Config) -> Result<Self, String> {
        let client = model::client(config.timeouts)?;
        Ok(Self { catalog: RwLock::default(), client, reloading: Mutex::default() })
    }

    fn now(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The agent with this id, if there is one.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Agent>> {
        self.now().agents.get(id).cloned()
    }

    /// Every agent, in the order of their names.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Agent>> {
        let mut all: Vec<_> = self.now().agents.values().cloned().collect();
        all.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        all
    }

    /// The agent with this id; where none is named, the default.
    #[must_use]
    pub fn named_or_default(&self, id: Option<&str>) -> Option<Arc<Agent>> {
        match id {
            Some(id) => self.get(id),
            None => self.now().default.clone(),
        }
    }
}

/// Makes the first agent, once in an installation's life.
///
/// # Errors
/// When the database fails.
pub async fn seed(app: &App) -> Result<(), ApiError> {
    const FACT: &str = "demo_agent";
    if app.store.fact(FACT).await?.is_some() {
        return Ok(());
    }
    let settings = AgentSettings {
        name: String::from("Demo"),
        data_source_ids: vec![sources::GUIDE.to_owned()],
        ..AgentSettings::default()
    };
    let mut row = edit::to_row(&settings, DEFAULT_AGENT, app.clock.now_ms());
    row.is_default = true;
    let actor = Actor::local("setup");
    let changes = crate::merge::differences(&AgentSettings::default(), &settings);
    let audit = actor.audit(&app.clock, "agent.created", "agent", DEFAULT_AGENT, changes);
    // False when another server that starts on this database was faster.
    app.store.edit_agent(AgentEdit::Add(row), audit, app.clock.now_ms()).await?;
    app.store.set_once(FACT, DEFAULT_AGENT).await?;
    Ok(())
}

/// Reads the agents again.
///
/// # Errors
/// When the database fails; what was read before holds on.
pub async fn reload(app: &App) -> Result<(), StoreError> {
    // One after the other: an older reading must not replace a newer one.
    let _turn = app.agents.reloading.lock().await;
    let rows = app.store.agents().await?;
    let mut catalog = Catalog::default();
    for row in rows {
        let agent = Arc::new(build(app, &row));
        if row.is_default {
            catalog.default = Some(Arc::clone(&agent));
        }
        catalog.agents.insert(row.id, agent);
    }
    *app.agents.catalog.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
    Ok(())
}

/// The agent that a row describes.
pub(super) fn build(app: &App, row: &AgentRow) -> Agent {
    let settings = edit::settings_of(row);
    let (kind, provider) = provider(app, row, &settings);
    Agent {
        id: row.id.clone(),
        name: settings.name,
        is_active: settings.is_active,
        history_messages: settings.history_messages,
        kind,
        instructions: settings.instructions,
        fallback: settings.fallback_message,
        source_ids: settings.data_source_ids,
        provider,
    }
}

impl Agent {
    /// Who writes its answers now.
    #[must_use]
    pub fn kind(&self) -> ProviderKind {
        self.kind
    }

    /// The data sources that it may draw on.
    #[must_use]
    pub fn source_ids(&self) -> &[String] {
        &self.source_ids
    }
}

/// The model server that the environment names for an agent that nobody has edited.
fn from_environment<'a>(
    config: &'a Config,
    row: &AgentRow,
) -> Option<(Dialect, &'a ModelSettings)> {
    if row.id != DEFAULT_AGENT || row.version > 1 {
        return None;
    }
    let openai = config.openai.as_ref().map(|settings| (Dialect::OpenAi, settings));
    let anthropic = || config.anthropic.as_ref().map(|settings| (Dialect::Anthropic, settings));
    openai.or_else(anthropic)
}

fn provider(app: &App, row: &AgentRow, settings: &AgentSettings) -> (ProviderKind, Provider) {
    let config = &app.config;
    let model = |kind, endpoint| {
        let client = app.agents.client.clone();
        let server = ModelServer::new(client, endpoint, config.timeouts);
        (kind, Provider::Model(Arc::new(server)))
    };
    if let Some((dialect, named)) = from_environment(config, row) {
        let kind = match dialect {
            Dialect::OpenAi => ProviderKind::Openai,
            Dialect::Anthropic => ProviderKind::Anthropic,
        };
        return model(
            kind,
            Endpoint {
                dialect,
                base_url: dialect.base(&named.base_url),
                key: named.key.clone(),
                model: named.model.clone(),
                temperature: None,
                max_output_tokens: None,
                names: Names::environment(dialect),
            },
        );
    }
    let Some(dialect) = Dialect::of(settings.provider) else {
        return (settings.provider, Provider::Builtin(Builtin::new(config.builtin_word_delay)));
    };
    let key = match key_of(app, row, settings) {
        Ok(key) => key,
        Err(why) => return (settings.provider, Provider::Unusable(why)),
    };
    let given = Some(settings.model.clone()).filter(|model| !model.is_empty());
    model(
        settings.provider,
        Endpoint {
            dialect,
            base_url: base_url(config, dialect, settings),
            key,
            model: given,
            temperature: settings.temperature,
            max_output_tokens: settings.max_output_tokens,
            names: Names::AGENT,
        },
    )
}

/// Where an agent's model server is: as set, else as the environment has it, else at its makers'.
fn base_url(config: &Config, dialect: Dialect, settings: &AgentSettings) -> String {
    let named = environment(config, dialect).map(|named| named.base_url.as_str());
    dialect.base(match settings.base_url.as_str() {
        "" => named.unwrap_or(dialect.home()),
        given => given,
    })
}

fn environment(config: &Config, dialect: Dialect) -> Option<&ModelSettings> {
    match dialect {
        Dialect::OpenAi => config.openai.as_ref(),
        Dialect::Anthropic => config.anthropic.as_ref(),
    }
}

/// The key that goes to an agent's model server.
fn key_of(
    app: &App,
    row: &AgentRow,
    settings: &AgentSettings,
) -> Result<Option<Secret>, &'static str> {
    if let Some(name) = &settings.api_key_env {
        let key = secret(&app.config, settings, name)?;
        return key.map(Some).ok_or("The environment variable in api_key_env is not set.");
    }
    let Some(sealed) = &row.api_key_sealed else { return Ok(None) };
    let opened = app.vault.open(&edit::key_place(&row.id), sealed);
    opened
        .map(|key| Some(Secret::new(&key)))
        .ok_or("The agent's key cannot be opened: set it again.")
}

/// The secret in the environment that an agent names. Its own keys go to where the environment
/// says, so that whoever can edit agents cannot have them sent elsewhere.
///
/// # Errors
/// When this variable is none that agents may name.
pub(super) fn secret(
    config: &Config,
    settings: &AgentSettings,
    name: &str,
) -> Result<Option<Secret>, &'static str> {
    if name.starts_with(crate::config::SECRET_PREFIX) {
        if let Some(host) = config.secrets.get(&format!("{name}_HOST"))
            && !is_at(config, settings, host.reveal())
        {
            return Err(
                "is for another host, which the server's environment names in the variable \
                        of this name with _HOST at its end",
            );
        }
        return Ok(config.secrets.get(name).cloned());
    }
    let dialect = match (name, settings.provider) {
        ("OPENAI_API_KEY", ProviderKind::Openai) => Dialect::OpenAi,
        ("ANTHROPIC_API_KEY", ProviderKind::Anthropic) => Dialect::Anthropic,
        _ => {
            return Err("must be a variable whose name begins with NATTER_SECRET_, or \
                        OPENAI_API_KEY or ANTHROPIC_API_KEY with the provider of that name");
        }
    };
    if !settings.base_url.is_empty() {
        return Err("of the server's own settings goes with an empty base_url alone; for another \
                    address use a variable whose name begins with NATTER_SECRET_");
    }
    Ok(environment(config, dialect).and_then(|named| named.key.clone()))
}

/// Whether an agent's model server is at this host, or at this host and port.
fn is_at(config: &Config, settings: &AgentSettings, host: &str) -> bool {
    let Some(dialect) = Dialect::of(settings.provider) else { return false };
    let Ok(url) = Url::parse(&base_url(config, dialect, settings)) else { return false };
    let Some(at) = url.host_str() else { return false };
    let port = url.port_or_known_default().unwrap_or_default();
    host.eq_ignore_ascii_case(at) || host.eq_ignore_ascii_case(&format!("{at}:{port}"))
}

/// What answers a request with this key: the agent and the data source that the key is bound to,
/// else those that the request names, else the default agent with its own.
///
/// # Errors
/// What is not allowed, or switched off.
pub async fn choose(app: &App, key: &KeyRecord, request: &ChatRequest) -> Result<Chosen, ApiError> {
    let agent_id = bound(&key.agent_id, &request.agent_id, ErrorCode::AgentNotAllowed)?;
    let source_id =
        bound(&key.data_source_id, &request.data_source_id, ErrorCode::DataSourceNotAllowed)?;
    let agent = app.agents.named_or_default(agent_id).ok_or(ErrorCode::AgentNotAllowed)?;
    if !agent.is_active {
        return Err(ErrorCode::AgentInactive.into());
    }
    let Some(source_id) = source_id else {
        let material = Material::of(app, &active(app, agent.source_ids())).await?;
        return Ok(Chosen { agent, material, data_source_id: None });
    };
    let is_own = agent.source_ids().iter().any(|own| own == source_id);
    let may_name = |source: &Source| is_own || source.is_public || key.data_source_id.is_some();
    let source = app.library.get(source_id).filter(|source| may_name(source));
    let source = source.ok_or(ErrorCode::DataSourceNotAllowed)?;
    if !source.is_active {
        return Err(ErrorCode::DataSourceInactive.into());
    }
    let material = Material::of(app, std::slice::from_ref(&source.id)).await?;
    Ok(Chosen { agent, material, data_source_id: Some(source.id.clone()) })
}

/// Those of an agent's sources that are switched on.
pub(super) fn active(app: &App, ids: &[String]) -> Vec<String> {
    let is_active = |id: &&String| app.library.get(id).is_some_and(|source| source.is_active);
    ids.iter().filter(is_active).cloned().collect()
}

/// The agents that a key may be answered by.
#[must_use]
pub fn usable(app: &App, key: &KeyRecord) -> Vec<Arc<Agent>> {
    let mut usable = app.agents.all();
    let may = |agent: &Agent| key.agent_id.as_ref().is_none_or(|bound| *bound == agent.id);
    usable.retain(|agent| agent.is_active && may(agent));
    usable
}

/// The name of what answers where a request names no agent; empty where nothing does.
#[must_use]
pub fn name_for(app: &App, key: &KeyRecord) -> String {
    let agent = app.agents.named_or_default(key.agent_id.as_deref());
    agent.map(|agent| agent.name.clone()).unwrap_or_default()
}

/// What a key is bound to, else what the request names; naming another than the bound is refused.
fn bound<'a>(
    key: &'a Option<String>,
    request: &'a Option<String>,
    code: ErrorCode,
) -> Result<Option<&'a str>, ErrorCode> {
    match (key.as_deref(), request.as_deref()) {
        (Some(bound), Some(named)) if bound != named => Err(code),
        (Some(bound), _) => Ok(Some(bound)),
        (None, named) => Ok(named),
    }
}
