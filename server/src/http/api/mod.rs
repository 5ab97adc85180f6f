//! The admin API, `/api`: thin handlers, one file per thing.

pub mod about;
pub mod activations;
pub mod agents;
pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod check;
pub mod conversations;
pub mod data_sources;
pub mod license_keys;
pub mod notifications;
pub mod order_files;
pub mod orders;
pub mod overview;
pub mod plans;
pub mod products;
pub mod settings;
pub mod signing_keys;
pub mod usage;
pub mod users;
pub mod webhooks;

use serde::Deserialize;

use crate::error::ApiError;
use crate::extract::paging::{self, After};

/// Which page of a list is asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1..=200, default 50.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl PageQuery {
    /// The page's length, and the place after which it begins.
    fn read(&self) -> Result<(u32, After), ApiError> {
        let limit = paging::limit(self.limit.as_deref(), paging::USUAL)?;
        Ok((limit, paging::cursor(self.cursor.as_deref(), "next_cursor")?))
    }
}

/// Which page of a list is asked for, and what is searched in it. All are optional.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// 1..=200, default 50.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Part of what the route says is searched, whatever its case; at most 500 bytes.
    q: Option<String>,
}

impl SearchQuery {
    /// The page's length, the place after which it begins, and what is searched.
    fn read(self) -> Result<(u32, After, Option<String>), ApiError> {
        let (limit, after) = PageQuery { limit: self.limit, cursor: self.cursor }.read()?;
        Ok((limit, after, paging::text("q", self.q)?))
    }
}
