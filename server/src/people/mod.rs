//! Who administers: people who sign in, API keys, the static admin key, and what each may do.
//!
//! What enters: credentials. What leaves: an [`Actor`], whose name stands in the audit log.

pub mod api_key;
pub mod password;
pub mod sign_in;
pub mod users;

use std::net::IpAddr;

use serde_json::{Map, Value};
use shared::admin::{Scope, UserRole};

use crate::clock::Clock;
use crate::store::audit::NewAudit;
use crate::store::people::UserRow;

/// What a request of the admin API asks to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Read,
    Write,
    /// Orders, their license keys, activations.
    Licenses,
}

/// What somebody may do.
#[derive(Clone, Debug)]
pub enum Rights {
    Role(UserRole),
    Scopes(Vec<Scope>),
    /// The static admin key and the command line.
    All,
}

/// Somebody with a valid admin credential.
#[derive(Clone, Debug)]
pub struct Actor {
    /// user, api_key, static_key, cli, setup, system.
    pub kind: &'static str,
    pub id: Option<String>,
    pub name: String,
    pub rights: Rights,
    pub ip: Option<IpAddr>,
    /// The hash of the cookie of somebody who is signed in.
    pub sign_in: Option<String>,
}

impl Actor {
    /// The server itself, or whoever has its command line.
    #[must_use]
    pub fn local(kind: &'static str) -> Self {
        Self { kind, id: None, name: kind.to_owned(), rights: Rights::All, ip: None, sign_in: None }
    }

    /// Somebody by their own cookie or password.
    #[must_use]
    pub fn signed_in(user: &UserRow, ip: IpAddr, sign_in: Option<String>) -> Self {
        Self {
            kind: "user",
            id: Some(user.id.clone()),
            name: user.email.clone(),
            rights: Rights::Role(users::role(&user.role)),
            ip: Some(ip),
            sign_in,
        }
    }

    /// Whether this is allowed.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        match &self.rights {
            Rights::All | Rights::Role(UserRole::Admin) => true,
            Rights::Role(UserRole::Viewer) => permission == Permission::Read,
            Rights::Scopes(scopes) => scopes.iter().any(|scope| match scope {
                Scope::Admin => true,
                Scope::Read => permission == Permission::Read,
                Scope::Licenses => permission == Permission::Licenses,
            }),
        }
    }

    /// Whether nothing but the license keys of orders may be seen.
    #[must_use]
    pub fn is_limited_to_licenses(&self) -> bool {
        !self.may(Permission::Read)
    }

    /// A line for the audit log; `changes` hold no secret.
    #[must_use]
    pub fn audit(
        &self,
        clock: &Clock,
        action: &str,
        subject_kind: &str,
        subject_id: &str,
        changes: Map<String, Value>,
    ) -> NewAudit {
        NewAudit {
            id: clock.ulid(),
            created_at: clock.now_ms(),
            actor_kind: self.kind.to_owned(),
            actor_id: self.id.clone(),
            actor_name: self.name.clone(),
            action: action.to_owned(),
            subject_kind: subject_kind.to_owned(),
            subject_id: subject_id.to_owned(),
            changes: Value::Object(changes).to_string(),
            ip_address: self.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        }
    }
}
