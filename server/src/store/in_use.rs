//! Who holds on to an agent or a data source, so that it cannot be removed.

use super::{Store, StoreError, fetch_all, statements};

statements! {
    KEYS_OF_AGENT = "SELECT name, COUNT(*) OVER () FROM license_keys WHERE agent_id = $1 \
        ORDER BY created_at, id LIMIT 5";
    KEYS_OF_SOURCE = "SELECT name, COUNT(*) OVER () FROM license_keys WHERE data_source_id = $1 \
        ORDER BY created_at, id LIMIT 5";
    AGENTS_OF_SOURCE = "SELECT name, COUNT(*) OVER () FROM agents WHERE data_source_ids LIKE $1 \
        ORDER BY created_at, id LIMIT 5";
    /// A pending order issues its key later, on the terms of the day on which it was placed.
    ORDERS_NAMING = "SELECT id, COUNT(*) OVER () FROM orders WHERE status = 'pending' \
        AND terms LIKE $1 ORDER BY created_at, id LIMIT 5";
    PLANS_NAMING = "SELECT name, COUNT(*) OVER () FROM plans WHERE widget LIKE $1 \
        ORDER BY name, id LIMIT 5";
}

/// A LIKE pattern for JSON of this server in which a field names this id. An id holds neither of
/// the pattern's signs; a `_` of the field stands for itself, too.
pub(super) fn named(field: &str, id: &str) -> String {
    format!("%\"{field}\":\"{id}\"%")
}

/// Holders of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holders {
    /// Those that were made first, at most 5.
    names: Vec<String>,
    count: usize,
}

impl Holders {
    fn of(rows: Vec<(String, i64)>) -> Option<Self> {
        let count = rows.first().and_then(|(_, count)| usize::try_from(*count).ok())?;
        Some(Self { names: rows.into_iter().map(|(name, _)| name).collect(), count })
    }
}

impl std::fmt::Display for Holders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, name) in self.names.iter().enumerate() {
            write!(f, "{}{name:?}", if at == 0 { "" } else { ", " })?;
        }
        match self.count.saturating_sub(self.names.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl Store {
    /// The license keys that are bound to an agent; None when none is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keys_of_agent(&self, id: &str) -> Result<Option<Holders>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(Holders::of(fetch_all!(&mut conn, (String, i64), KEYS_OF_AGENT, id)?))
    }

    /// The license keys that are bound to a data source; None when none is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keys_of_source(&self, id: &str) -> Result<Option<Holders>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(Holders::of(fetch_all!(&mut conn, (String, i64), KEYS_OF_SOURCE, id)?))
    }

    /// The agents that draw on a data source; None when none does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agents_of_source(&self, id: &str) -> Result<Option<Holders>, StoreError> {
        let mut conn = self.conn().await?;
        let listed = super::sources::listed(id);
        Ok(Holders::of(fetch_all!(&mut conn, (String, i64), AGENTS_OF_SOURCE, listed)?))
    }

    /// The plans whose keys are bound to an agent (`agent_id`) or to a data source
    /// (`data_source_id`); None when none is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plans_naming(&self, field: &str, id: &str) -> Result<Option<Holders>, StoreError> {
        let mut conn = self.conn().await?;
        let named = named(field, id);
        Ok(Holders::of(fetch_all!(&mut conn, (String, i64), PLANS_NAMING, named)?))
    }

    /// The pending orders whose keys will be bound to an agent (`agent_id`) or to a data source
    /// (`data_source_id`); None when none will be.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn orders_naming(
        &self,
        field: &str,
        id: &str,
    ) -> Result<Option<Holders>, StoreError> {
        let mut conn = self.conn().await?;
        let named = named(field, id);
        Ok(Holders::of(fetch_all!(&mut conn, (String, i64), ORDERS_NAMING, named)?))
    }
}
