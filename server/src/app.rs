//! What every request shares: settings, store, keys, agents, and the turns in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use retrieval::Guide;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::agents::Agents;
use crate::alerts::hooks::Wanted;
use crate::alerts::{Mailer, Sender};
use crate::chat::live::Turns;
use crate::chat::session::Recognised;
use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::keys::Keys;
use crate::keys::hosts::Activations;
use crate::keys::rate::Rates;
use crate::keys::token::Signer;
use crate::keys::vault::Vault;
use crate::licensing::signing::Signing;
use crate::settings::Settings;
use crate::sources::{Fetcher, Library};
use crate::store::Store;
use crate::upkeep::LastUsed;
use crate::usage::log::Refusals;

/// The server's state. Everything in it is safe to share and never replaced.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub store: Store,
    /// What admins have set in the dashboard.
    pub settings: Settings,
    pub vault: Arc<Vault>,
    pub keys: Keys,
    /// Activations that were checked not long ago.
    pub activations: Activations,
    /// Users whose claims were noted not long ago.
    pub recognised: Recognised,
    pub rates: Rates,
    pub last_used: LastUsed,
    /// When devices last asked about their licenses.
    pub last_seen: LastUsed,
    /// The keys that sign answers about licenses.
    pub signing: Signing,
    pub refusals: Refusals,
    pub signer: Signer,
    pub turns: Turns,
    pub agents: Agents,
    pub library: Library,
    pub fetcher: Fetcher,
    /// One file is read at a time: a hostile one may take half a gigabyte for a second.
    pub reading: Semaphore,
    /// Wakes the task that imports pages.
    pub importer: Notify,
    pub guide: Guide,
    /// The events that webhooks have chosen.
    pub wanted: Wanted,
    pub sender: Sender,
    pub mailer: Option<Mailer>,
    /// Wakes the task that tells of events.
    pub teller: Notify,
    /// In the link that the server prints while there is no admin.
    pub setup_token: Secret,
    /// The demo page's chatbot, unless there is no demo.
    pub demo: Option<DemoKey>,
    /// Names this process among those that share a database.
    pub node: String,
    /// Answers being written and what goes with them: waited for when the server stops.
    pub tasks: TaskTracker,
    /// Cancelled when work that never ends by itself must end.
    pub background: CancellationToken,
    /// Cancelled when everything must end at once, with nothing stored: what a kill does.
    pub(crate) killed: CancellationToken,
    pub(crate) stopping: AtomicBool,
}

/// The demo page's license key.
#[derive(Clone, Debug)]
pub struct DemoKey {
    pub license_key_id: String,
    pub chatbot_id: String,
}

impl App {
    /// How long a turn's lease is, in milliseconds.
    #[must_use]
    pub fn lease_ms(&self) -> i64 {
        i64::try_from(self.config.lease.as_millis()).unwrap_or(i64::MAX)
    }

    /// How long a conversation stays open without a message, in milliseconds.
    #[must_use]
    pub fn idle_ms(&self) -> i64 {
        i64::try_from(self.config.conversation_idle.as_millis()).unwrap_or(i64::MAX)
    }

    /// Whether the server takes no new questions because it is about to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// How handlers get at it.
pub type Shared = Arc<App>;
