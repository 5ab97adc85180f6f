//! What happens in an installation that somebody may want to be told of.

/// Every event that a webhook may choose.
pub const EVENTS: &[&str] = &[
    "conversation.started",
    "message.created",
    "feedback.created",
    "usage.limit_approaching",
    "usage.limit_reached",
    "license_key.created",
    "license_key.regenerated",
    "license_key.deactivated",
    "license_key.expiring",
    "license.activated",
    "license.activation_pending",
    "license.instance_deactivated",
    "license.activation_limit_reached",
    "order.created",
    "lead.captured",
];

/// Events that ring the dashboard's bell and go out by e-mail.
pub const NOTABLE: &[&str] = &[
    "usage.limit_approaching",
    "usage.limit_reached",
    "license_key.expiring",
    "license.activated",
    "license.activation_pending",
    "license.activation_limit_reached",
];
