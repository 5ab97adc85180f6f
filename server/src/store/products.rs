//! Products and the plans they are sold in.
//!
//! Changes take the change counter's lock first, which keeps them apart: so that an identifier is
//! free can be asked before it is taken.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes;
use super::{
    Conn, Store, StoreError, Write, contains_pattern, execute, fetch_all, fetch_optional, fold,
    page_start, statements,
};

macro_rules! plans {
    ($rest:literal) => {
        concat!(
            "SELECT plans.id, plans.version, plans.product_id, plans.identifier, plans.name, \
             plans.description, plans.is_active, plans.licenses, plans.widget, plans.metadata, \
             plans.created_at, plans.updated_at, products.name AS product_name FROM plans \
             JOIN products ON products.id = plans.product_id ",
            $rest
        )
    };
}

statements! {
    ADD_PRODUCT = "INSERT INTO products (id, version, identifier, name, description, folded, \
        created_at, updated_at) VALUES ($1, 1, $2, $3, $4, $5, $6, $6)";
    UPDATE_PRODUCT = "UPDATE products SET version = version + 1, identifier = $3, name = $4, \
        description = $5, folded = $6, updated_at = $7 WHERE id = $1 AND version = $2";
    DELETE_PRODUCT = "DELETE FROM products WHERE id = $1 \
        AND NOT EXISTS (SELECT 1 FROM plans WHERE product_id = $1)";
    PRODUCT_NAMED = "SELECT id FROM products WHERE identifier = $1";
    PRODUCT = "SELECT id, version, identifier, name, description, created_at, updated_at \
        FROM products WHERE id = $1";
    PRODUCTS = "SELECT id, version, identifier, name, description, created_at, updated_at \
        FROM products WHERE (created_at < $1 OR (created_at = $1 AND id < $2)) \
        AND ($3 = '' OR folded LIKE $3 ESCAPE '\\') ORDER BY created_at DESC, id DESC LIMIT $4";
    COUNT_PRODUCTS = "SELECT COUNT(*) FROM products WHERE ($1 = '' OR folded LIKE $1 ESCAPE '\\')";
    ADD_PLAN = "INSERT INTO plans (id, version, product_id, identifier, name, description, folded, \
        is_active, licenses, widget, metadata, created_at, updated_at) \
        SELECT $1, 1, $2, $3, $4, $5, $6, CAST($7 AS BOOLEAN), $8, $9, $10, CAST($11 AS BIGINT), \
        CAST($11 AS BIGINT) WHERE EXISTS (SELECT 1 FROM products WHERE id = $2)";
    UPDATE_PLAN = "UPDATE plans SET version = version + 1, identifier = $3, name = $4, \
        description = $5, folded = $6, is_active = $7, licenses = $8, widget = $9, metadata = $10, \
        updated_at = $11 WHERE id = $1 AND version = $2";
    DELETE_PLAN = "DELETE FROM plans WHERE id = $1 \
        AND NOT EXISTS (SELECT 1 FROM orders WHERE plan_id = $1)";
    PLAN_NAMED = "SELECT id FROM plans WHERE product_id = $1 AND identifier = $2";
    PLAN = plans!("WHERE plans.id = $1");
    PLAN_BY_NAMES = plans!("WHERE products.identifier = $1 AND plans.identifier = $2");
    PLANS = plans!("WHERE (plans.created_at < $1 OR (plans.created_at = $1 AND plans.id < $2)) \
        AND ($3 = '' OR plans.folded LIKE $3 ESCAPE '\\') AND ($4 = '' OR plans.product_id = $4) \
        ORDER BY plans.created_at DESC, plans.id DESC LIMIT $5");
    COUNT_PLANS = "SELECT COUNT(*) FROM plans WHERE ($1 = '' OR folded LIKE $1 ESCAPE '\\') \
        AND ($2 = '' OR product_id = $2)";
}

/// A product as it is stored.
#[derive(Clone, Debug, FromRow)]
pub struct ProductRow {
    pub id: String,
    pub version: i64,
    pub identifier: String,
    pub name: String,
    pub description: String,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A plan as it is stored.
#[derive(Clone, Debug, FromRow)]
pub struct PlanRow {
    pub id: String,
    pub version: i64,
    pub product_id: String,
    pub identifier: String,
    pub name: String,
    pub description: String,
    pub is_active: bool,
    /// JSON.
    pub licenses: String,
    /// JSON, or `null`.
    pub widget: String,
    /// JSON object.
    pub metadata: String,
    pub created_at: i64,
    pub updated_at: i64,
    /// As the product is called now; not written.
    pub product_name: String,
}

/// What is done to a product or a plan. An update's row has the version that is changed.
#[derive(Clone, Debug)]
pub enum CatalogEdit {
    AddProduct(ProductRow),
    UpdateProduct(ProductRow),
    /// Unless it has plans.
    DeleteProduct(String),
    AddPlan(PlanRow),
    UpdatePlan(PlanRow),
    /// Unless it was ordered.
    DeletePlan(String),
}

/// What became of a [`CatalogEdit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatalogEdited {
    Done,
    /// Another one has the identifier.
    Taken,
    /// It has another version, or is gone, or is in use.
    Refused,
}

struct EditCatalog {
    edit: CatalogEdit,
    audit: NewAudit,
}

impl Write for EditCatalog {
    type Out = CatalogEdited;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<CatalogEdited, sqlx::Error> {
        changes::next(conn).await?;
        if self.is_taken(conn).await? {
            return Ok(CatalogEdited::Taken);
        }
        if self.apply(conn).await? == 0 {
            return Ok(CatalogEdited::Refused);
        }
        audit::add(conn, &self.audit).await?;
        Ok(CatalogEdited::Done)
    }
}

impl EditCatalog {
    async fn is_taken(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let (named, id) = match &self.edit {
            CatalogEdit::AddProduct(row) | CatalogEdit::UpdateProduct(row) => {
                (fetch_optional!(&mut *conn, (String,), PRODUCT_NAMED, &row.identifier)?, &row.id)
            }
            CatalogEdit::AddPlan(row) | CatalogEdit::UpdatePlan(row) => {
                let (product, identifier) = (&row.product_id, &row.identifier);
                let named =
                    fetch_optional!(&mut *conn, (String,), PLAN_NAMED, product, identifier)?;
                (named, &row.id)
            }
            CatalogEdit::DeleteProduct(_) | CatalogEdit::DeletePlan(_) => return Ok(false),
        };
        Ok(named.is_some_and(|(other,)| other != *id))
    }

    async fn apply(&self, conn: &mut Conn) -> Result<u64, sqlx::Error> {
        let folded = |identifier: &str, name: &str, description: &str| {
            fold(&format!("{identifier}\n{name}\n{description}"))
        };
        match &self.edit {
            CatalogEdit::AddProduct(p) => {
                let folded = folded(&p.identifier, &p.name, &p.description);
                let (id, at) = (&p.id, p.created_at);
                execute!(
                    &mut *conn,
                    ADD_PRODUCT,
                    id,
                    &p.identifier,
                    &p.name,
                    &p.description,
                    folded,
                    at
                )
            }
            CatalogEdit::UpdateProduct(p) => {
                let folded = folded(&p.identifier, &p.name, &p.description);
                let (id, version, at) = (&p.id, p.version, p.updated_at);
                execute!(
                    &mut *conn,
                    UPDATE_PRODUCT,
                    id,
                    version,
                    &p.identifier,
                    &p.name,
                    &p.description,
                    folded,
                    at
                )
            }
            CatalogEdit::DeleteProduct(id) => execute!(&mut *conn, DELETE_PRODUCT, id),
            CatalogEdit::AddPlan(p) => execute!(
                &mut *conn,
                ADD_PLAN,
                &p.id,
                &p.product_id,
                &p.identifier,
                &p.name,
                &p.description,
                folded(&p.identifier, &p.name, &p.description),
                p.is_active,
                &p.licenses,
                &p.widget,
                &p.metadata,
                p.created_at
            ),
            CatalogEdit::UpdatePlan(p) => execute!(
                &mut *conn,
                UPDATE_PLAN,
                &p.id,
                p.version,
                &p.identifier,
                &p.name,
                &p.description,
                folded(&p.identifier, &p.name, &p.description),
                p.is_active,
                &p.licenses,
                &p.widget,
                &p.metadata,
                p.updated_at
            ),
            CatalogEdit::DeletePlan(id) => execute!(&mut *conn, DELETE_PLAN, id),
        }
    }
}

impl Store {
    /// Changes a product or a plan; see [`CatalogEdited`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn edit_catalog(
        &self,
        edit: CatalogEdit,
        audit: NewAudit,
    ) -> Result<CatalogEdited, StoreError> {
        self.writer.run(EditCatalog { edit, audit }).await
    }

    /// One product.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn product(&self, id: &str) -> Result<Option<ProductRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, ProductRow, PRODUCT, id)?)
    }

    /// A page of products, newest first, with how many there are; `q` is part of their names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn products(
        &self,
        after: Option<(i64, String)>,
        q: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<ProductRow>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (at, id) = page_start(after);
        let like = q.map(contains_pattern).unwrap_or_default();
        let limit = i64::from(limit);
        let rows = fetch_all!(&mut conn, ProductRow, PRODUCTS, at, &id, &like, limit)?;
        let total = fetch_optional!(&mut conn, (i64,), COUNT_PRODUCTS, &like)?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }

    /// One plan.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan(&self, id: &str) -> Result<Option<PlanRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, PlanRow, PLAN, id)?)
    }

    /// The plan with this identifier, of the product with that.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan_named(
        &self,
        product: &str,
        identifier: &str,
    ) -> Result<Option<PlanRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, PlanRow, PLAN_BY_NAMES, product, identifier)?)
    }

    /// A page of plans, newest first, with how many there are; `q` is part of their names,
    /// `product_id` empty for those of every product.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plans(
        &self,
        after: Option<(i64, String)>,
        q: Option<&str>,
        product_id: &str,
        limit: u32,
    ) -> Result<(Vec<PlanRow>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (at, id) = page_start(after);
        let like = q.map(contains_pattern).unwrap_or_default();
        let limit = i64::from(limit);
        let rows = fetch_all!(&mut conn, PlanRow, PLANS, at, &id, &like, product_id, limit)?;
        let total = fetch_optional!(&mut conn, (i64,), COUNT_PLANS, &like, product_id)?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }
}
