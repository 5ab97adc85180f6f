//! Agents: the list, one agent's editor, and trying it out.

mod edit;
mod form;
mod list;
mod trial;

pub use edit::{AgentPage, NewAgentPage};
pub use list::AgentsPage;

use shared::agent::ProviderKind;

/// A provider as people know it.
#[must_use]
pub fn provider_name(provider: ProviderKind) -> &'static str {
    match provider {
        ProviderKind::Builtin => "Built in",
        ProviderKind::Openai => "OpenAI protocol",
        ProviderKind::Anthropic => "Anthropic",
    }
}
