//! Which page an address shows, and the address of a page.
//!
//! Own, and small, because leaving a page with unsaved edits has to be asked about, which routers
//! that render as they match do not let happen. No browser in here.

/// Where every page of the dashboard lives.
pub const BASE: &str = "/admin";

/// A page of the dashboard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    #[default]
    Overview,
    LicenseKeys,
    /// A license key's id, and which tab is open.
    LicenseKey(String, KeyTab),
    Conversations,
    Conversation(String),
    Agents,
    Agent(String),
    DataSources,
    DataSource(String),
    Products,
    Product(String),
    /// A plan's id.
    Plan(String),
    Orders,
    Order(String),
    Licenses,
    /// The id of a license key that an order issued.
    License(String),
    ApiKeys,
    Webhooks,
    Webhook(String),
    Notifications,
    AuditLog,
    Users,
    Settings,
    /// Nothing lives at this address.
    Missing,
}

/// A tab of a license key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyTab {
    #[default]
    General,
    Restrictions,
    Ui,
    Button,
    Identity,
    Usage,
    Activations,
    Embed,
}

impl KeyTab {
    /// Every tab, in the order in which they stand.
    pub const ALL: &'static [Self] = &[
        Self::General,
        Self::Restrictions,
        Self::Ui,
        Self::Button,
        Self::Identity,
        Self::Usage,
        Self::Activations,
        Self::Embed,
    ];

    /// Its part of the address.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Restrictions => "restrictions",
            Self::Ui => "ui",
            Self::Button => "opening-button",
            Self::Identity => "identity",
            Self::Usage => "usage",
            Self::Activations => "activations",
            Self::Embed => "embed",
        }
    }

    /// What stands on it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::General => "General",
            Self::Restrictions => "Restrictions",
            Self::Ui => "UI options",
            Self::Button => "Opening button",
            Self::Identity => "Identity",
            Self::Usage => "Usage",
            Self::Activations => "Activations",
            Self::Embed => "Embed",
        }
    }

    fn parse(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|tab| tab.slug() == slug)
    }
}

impl Route {
    /// The page at this path.
    #[must_use]
    pub fn parse(path: &str) -> Self {
        let Some(rest) = path.strip_prefix(BASE) else { return Self::Missing };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let own = |part: &str| part.to_owned();
        match parts[..] {
            [] => Self::Overview,
            ["license-keys"] => Self::LicenseKeys,
            ["license-keys", id] => Self::LicenseKey(own(id), KeyTab::General),
            ["license-keys", id, tab] => {
                KeyTab::parse(tab).map_or(Self::Missing, |tab| Self::LicenseKey(own(id), tab))
            }
            ["conversations"] => Self::Conversations,
            ["conversations", id] => Self::Conversation(own(id)),
            ["agents"] => Self::Agents,
            ["agents", id] => Self::Agent(own(id)),
            ["data-sources"] => Self::DataSources,
            ["data-sources", id] => Self::DataSource(own(id)),
            ["products"] => Self::Products,
            ["products", id] => Self::Product(own(id)),
            ["plans", id] => Self::Plan(own(id)),
            ["orders"] => Self::Orders,
            ["orders", id] => Self::Order(own(id)),
            ["licenses"] => Self::Licenses,
            ["licenses", id] => Self::License(own(id)),
            ["api-keys"] => Self::ApiKeys,
            ["webhooks"] => Self::Webhooks,
            ["webhooks", id] => Self::Webhook(own(id)),
            ["notifications"] => Self::Notifications,
            ["audit-log"] => Self::AuditLog,
            ["users"] => Self::Users,
            ["settings"] => Self::Settings,
            _ => Self::Missing,
        }
    }

    /// The page's address.
    #[must_use]
    pub fn path(&self) -> String {
        let under = |place: &str, id: &str| format!("{BASE}/{place}/{id}");
        let place = match self {
            Self::Overview | Self::Missing => return BASE.to_owned(),
            Self::LicenseKey(id, KeyTab::General) => return under("license-keys", id),
            Self::LicenseKey(id, tab) => {
                return format!("{}/{}", under("license-keys", id), tab.slug());
            }
            Self::Conversation(id) => return under("conversations", id),
            Self::Agent(id) => return under("agents", id),
            Self::DataSource(id) => return under("data-sources", id),
            Self::Product(id) => return under("products", id),
            Self::Plan(id) => return under("plans", id),
            Self::Order(id) => return under("orders", id),
            Self::License(id) => return under("licenses", id),
            Self::Webhook(id) => return under("webhooks", id),
            Self::LicenseKeys => "license-keys",
            Self::Conversations => "conversations",
            Self::Agents => "agents",
            Self::DataSources => "data-sources",
            Self::Products => "products",
            Self::Orders => "orders",
            Self::Licenses => "licenses",
            Self::ApiKeys => "api-keys",
            Self::Webhooks => "webhooks",
            Self::Notifications => "notifications",
            Self::AuditLog => "audit-log",
            Self::Users => "users",
            Self::Settings => "settings",
        };
        format!("{BASE}/{place}")
    }

    /// The page without which of its tabs is open: what is loaded, edited and left as a whole.
    #[must_use]
    pub fn thing(&self) -> Self {
        match self {
            Self::LicenseKey(id, _) => Self::LicenseKey(id.clone(), KeyTab::General),
            other => other.clone(),
        }
    }

    /// The page in the menu under which this one stands.
    #[must_use]
    pub fn section(&self) -> Self {
        match self {
            Self::LicenseKey(..) => Self::LicenseKeys,
            Self::Conversation(_) => Self::Conversations,
            Self::Agent(_) => Self::Agents,
            Self::DataSource(_) => Self::DataSources,
            Self::Product(_) | Self::Plan(_) => Self::Products,
            Self::Order(_) => Self::Orders,
            Self::License(_) => Self::Licenses,
            Self::Webhook(_) => Self::Webhooks,
            other => other.clone(),
        }
    }

    /// What the page, or the list that it belongs to, is called.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::LicenseKeys | Self::LicenseKey(..) => "License Keys",
            Self::Conversations | Self::Conversation(_) => "Conversations",
            Self::Agents | Self::Agent(_) => "Agents",
            Self::DataSources | Self::DataSource(_) => "Data sources",
            Self::Products | Self::Product(_) => "Products & plans",
            Self::Plan(_) => "Plan",
            Self::Orders | Self::Order(_) => "Orders",
            Self::Licenses | Self::License(_) => "Licenses",
            Self::ApiKeys => "API keys",
            Self::Webhooks | Self::Webhook(_) => "Webhooks",
            Self::Notifications => "Notifications",
            Self::AuditLog => "Audit log",
            Self::Users => "Users",
            Self::Settings => "Settings",
            Self::Missing => "Not found",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind of page.
    fn pages() -> Vec<Route> {
        let id = || "01J".to_owned();
        let mut all = vec![
            Route::Overview,
            Route::LicenseKeys,
            Route::Conversations,
            Route::Conversation(id()),
            Route::Agents,
            Route::Agent(id()),
            Route::DataSources,
            Route::DataSource(id()),
            Route::Products,
            Route::Product(id()),
            Route::Plan(id()),
            Route::Orders,
            Route::Order(id()),
            Route::Licenses,
            Route::License(id()),
            Route::ApiKeys,
            Route::Webhooks,
            Route::Webhook(id()),
            Route::Notifications,
            Route::AuditLog,
            Route::Users,
            Route::Settings,
        ];
        all.extend(KeyTab::ALL.iter().map(|&tab| Route::LicenseKey(id(), tab)));
        all
    }

    #[test]
    fn every_page_is_found_again_at_its_address() {
        for page in pages() {
            assert_eq!(Route::parse(&page.path()), page);
            let slash = format!("{}/", page.path());
            assert_eq!(Route::parse(&slash), page, "a trailing slash changes nothing");
        }
    }

    #[test]
    fn an_unknown_address_is_no_page() {
        for path in ["/", "/admin/nothing", "/admin/license-keys/1/nothing", "/adm", ""] {
            assert_eq!(Route::parse(path), Route::Missing, "{path}");
        }
    }

    #[test]
    fn a_detail_stands_under_its_list() {
        for page in pages() {
            let section = page.section();
            assert_eq!(section.section(), section, "{page:?}");
        }
    }
}
