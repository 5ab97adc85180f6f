//! Licenses that are sold: what admins sell, what orders issue, and what the customer's software
//! asks.
//!
//! What enters: JSON of admins (`catalog`, `orders`), files of orders (`import`), requests of software
//! (`request`). What leaves:
//! products, plans, orders with their license keys, and answers about a license (`desk`), signed
//! when the software asks for it (`signing`).

pub mod catalog;
pub mod desk;
pub mod export;
pub mod import;
pub mod letter;
pub mod orders;
pub mod request;
pub mod signing;
pub mod terms;
