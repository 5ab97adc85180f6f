//! What admins do to products and plans: make, change, remove.
//!
//! What enters: JSON as an admin wrote it, and who it was. What leaves: the product or plan as it is
//! from now on, or every complaint by its field.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shared::product::{Plan, PlanLicenses, PlanSettings, PlanWidget, Product, ProductSettings};
use shared::{ErrorCode, FieldErrors, Look};

use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::keys::form::merged_ui;
use crate::merge::{asked_version, differences, merge, merge_inner};
use crate::people::Actor;
use crate::store::products::{CatalogEdit, CatalogEdited, PlanRow, ProductRow};

/// What the server alone knows: sent back to it, it is ignored.
const READ_ONLY: &[&str] = &["id", "version", "created_at", "updated_at"];

fn taken() -> ApiError {
    ApiError::field("identifier", "is taken: another one has it")
}

fn in_use(message: &str) -> ApiError {
    ApiError::new(ErrorCode::InUse).with_message(message)
}

fn product_settings(row: &ProductRow) -> ProductSettings {
    ProductSettings {
        identifier: row.identifier.clone(),
        name: row.name.clone(),
        description: row.description.clone(),
    }
}

/// A product as the API shows it.
#[must_use]
pub fn product_view(row: &ProductRow) -> Product {
    Product {
        id: row.id.clone(),
        version: row.version,
        settings: product_settings(row),
        created_at: clock::rfc3339(row.created_at),
        updated_at: clock::rfc3339(row.updated_at),
    }
}

/// The product with this id.
///
/// # Errors
/// 404 when there is none.
pub async fn product(app: &App, id: &str) -> Result<ProductRow, ApiError> {
    app.store.product(id).await?.ok_or_else(|| ErrorCode::NotFound.into())
}

fn read_product(
    old: &ProductSettings,
    mut given: Map<String, Value>,
) -> Result<ProductSettings, ApiError> {
    let mut errors = FieldErrors::default();
    given.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    let merged = merge(old, given, ProductSettings::FIELDS, "a product", &mut errors);
    let Some(mut settings) = merged else { return Err(errors.into()) };
    settings.name = settings.name.trim().to_owned();
    settings.check(&mut errors);
    errors.into_result()?;
    Ok(settings)
}

/// Makes a product.
///
/// # Errors
/// Complaints by field.
pub async fn make_product(
    app: &App,
    actor: &Actor,
    given: Map<String, Value>,
) -> Result<Product, ApiError> {
    let nothing = ProductSettings::default();
    let settings = read_product(&nothing, given)?;
    let (id, now_ms) = (app.clock.ulid(), app.clock.now_ms());
    let changes = differences(&nothing, &settings);
    let audit = actor.audit(&app.clock, "product.created", "product", &id, changes);
    let row = ProductRow {
        id,
        version: 1,
        identifier: settings.identifier,
        name: settings.name,
        description: settings.description,
        created_at: now_ms,
        updated_at: now_ms,
    };
    match app.store.edit_catalog(CatalogEdit::AddProduct(row.clone()), audit).await? {
        CatalogEdited::Done => Ok(product_view(&row)),
        CatalogEdited::Taken | CatalogEdited::Refused => Err(taken()),
    }
}

/// Changes a product: what is given replaces what was.
///
/// # Errors
/// Complaints by field, 404, 409 when somebody else was faster.
pub async fn change_product(
    app: &App,
    actor: &Actor,
    id: &str,
    given: Map<String, Value>,
) -> Result<Product, ApiError> {
    let version = asked_version(&given)?;
    let mut row = product(app, id).await?;
    if version.is_some_and(|version| version != row.version) {
        return Err(ApiError::conflict(&product_view(&row)));
    }
    let old = product_settings(&row);
    let settings = read_product(&old, given)?;
    let changes = differences(&old, &settings);
    if changes.is_empty() {
        return Ok(product_view(&row));
    }
    row.identifier = settings.identifier;
    row.name = settings.name;
    row.description = settings.description;
    row.updated_at = app.clock.now_ms();
    let audit = actor.audit(&app.clock, "product.updated", "product", id, changes);
    match app.store.edit_catalog(CatalogEdit::UpdateProduct(row), audit).await? {
        CatalogEdited::Done => Ok(product_view(&product(app, id).await?)),
        CatalogEdited::Taken => Err(taken()),
        CatalogEdited::Refused => Err(ApiError::conflict(&product_view(&product(app, id).await?))),
    }
}

/// Removes a product.
///
/// # Errors
/// 404; 409 while it has plans.
pub async fn remove_product(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    let row = product(app, id).await?;
    let changes = Map::from_iter([("identifier".to_owned(), json!([row.identifier, null]))]);
    let audit = actor.audit(&app.clock, "product.deleted", "product", id, changes);
    match app.store.edit_catalog(CatalogEdit::DeleteProduct(id.to_owned()), audit).await? {
        CatalogEdited::Done => Ok(()),
        CatalogEdited::Taken | CatalogEdited::Refused => {
            product(app, id).await?;
            Err(in_use("The product has plans: remove them first."))
        }
    }
}

/// The settings of a stored plan.
///
/// # Errors
/// When the row was not written by this server.
pub fn plan_settings(row: &PlanRow) -> Result<PlanSettings, ApiError> {
    fn json<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
        serde_json::from_str(text).map_err(|e| ApiError::internal(&e))
    }
    Ok(PlanSettings {
        product_id: row.product_id.clone(),
        identifier: row.identifier.clone(),
        name: row.name.clone(),
        description: row.description.clone(),
        is_active: row.is_active,
        licenses: json(&row.licenses)?,
        widget: json(&row.widget)?,
        metadata: json(&row.metadata)?,
    })
}

/// A plan as the API shows it.
///
/// # Errors
/// When the row was not written by this server.
pub fn plan_view(row: &PlanRow) -> Result<Plan, ApiError> {
    Ok(Plan {
        id: row.id.clone(),
        version: row.version,
        settings: plan_settings(row)?,
        product_name: row.product_name.clone(),
        created_at: clock::rfc3339(row.created_at),
        updated_at: clock::rfc3339(row.updated_at),
    })
}

/// The plan with this id.
///
/// # Errors
/// 404 when there is none.
pub async fn plan(app: &App, id: &str) -> Result<PlanRow, ApiError> {
    app.store.plan(id).await?.ok_or_else(|| ErrorCode::NotFound.into())
}

fn read_widget(
    old: Option<&PlanWidget>,
    given: Value,
    errors: &mut FieldErrors,
) -> Option<PlanWidget> {
    let base = old.cloned().unwrap_or_default();
    let Value::Object(mut given) = given else {
        errors.add("widget", "must be an object, or null");
        return None;
    };
    let ui = given.remove("ui");
    let mut widget =
        merge_inner("widget", &base, Value::Object(given), PlanWidget::FIELDS, "a plan", errors)?;
    let mut inner = FieldErrors::default();
    match ui {
        None => {}
        Some(Value::Null) => widget.ui = Look::default(),
        Some(Value::Object(ui)) => {
            match serde_json::from_value(merged_ui(&base.ui, ui, &mut inner)) {
                Ok(ui) => widget.ui = ui,
                Err(why) => errors.add("widget.ui", &why.to_string()),
            }
        }
        Some(_) => errors.add("widget.ui", "must be an object"),
    }
    errors.add_inner("widget", inner);
    Some(widget)
}

fn read_plan(old: &PlanSettings, mut given: Map<String, Value>) -> Result<PlanSettings, ApiError> {
    let mut errors = FieldErrors::default();
    given.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    let licenses = match given.remove("licenses") {
        None => Some(old.licenses.clone()),
        Some(Value::Null) => Some(PlanLicenses::default()),
        Some(licenses) => merge_inner(
            "licenses",
            &old.licenses,
            licenses,
            PlanLicenses::FIELDS,
            "a plan",
            &mut errors,
        ),
    };
    let widget = match given.remove("widget") {
        None => old.widget.clone(),
        Some(Value::Null) => None,
        Some(widget) => read_widget(old.widget.as_ref(), widget, &mut errors),
    };
    let merged = merge(old, given, PlanSettings::FIELDS, "a plan", &mut errors);
    let (Some(mut settings), Some(licenses)) = (merged, licenses) else {
        return Err(errors.into());
    };
    settings.licenses = licenses;
    settings.widget = widget;
    settings.name = settings.name.trim().to_owned();
    settings.check(&mut errors);
    errors.into_result()?;
    Ok(settings)
}

/// Whether what the plan's keys would newly be bound to exists.
async fn check_binding(
    app: &App,
    old: Option<&PlanWidget>,
    new: Option<&PlanWidget>,
) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    let agent = |widget: Option<&PlanWidget>| widget.and_then(|w| w.agent_id.clone());
    let source = |widget: Option<&PlanWidget>| widget.and_then(|w| w.data_source_id.clone());
    if let Some(id) = agent(new).filter(|_| agent(new) != agent(old))
        && app.store.agent(&id).await?.is_none()
    {
        errors.add("widget.agent_id", "is no agent");
    }
    if let Some(id) = source(new).filter(|_| source(new) != source(old))
        && app.store.source(&id).await?.is_none()
    {
        errors.add("widget.data_source_id", "is no data source");
    }
    Ok(errors.into_result()?)
}

fn put(row: &mut PlanRow, settings: PlanSettings) {
    row.licenses = json!(settings.licenses).to_string();
    row.widget = json!(settings.widget).to_string();
    row.metadata = Value::Object(settings.metadata).to_string();
    row.product_id = settings.product_id;
    row.identifier = settings.identifier;
    row.name = settings.name;
    row.description = settings.description;
    row.is_active = settings.is_active;
}

/// Makes a plan.
///
/// # Errors
/// Complaints by field.
pub async fn make_plan(
    app: &App,
    actor: &Actor,
    given: Map<String, Value>,
) -> Result<Plan, ApiError> {
    let nothing = PlanSettings::default();
    let settings = read_plan(&nothing, given)?;
    check_binding(app, None, settings.widget.as_ref()).await?;
    let (id, now_ms) = (app.clock.ulid(), app.clock.now_ms());
    let changes = differences(&nothing, &settings);
    let audit = actor.audit(&app.clock, "plan.created", "plan", &id, changes);
    let mut row = PlanRow {
        id,
        version: 1,
        product_id: String::new(),
        identifier: String::new(),
        name: String::new(),
        description: String::new(),
        is_active: true,
        licenses: String::new(),
        widget: String::new(),
        metadata: String::new(),
        created_at: now_ms,
        updated_at: now_ms,
        product_name: String::new(),
    };
    put(&mut row, settings);
    let id = row.id.clone();
    match app.store.edit_catalog(CatalogEdit::AddPlan(row), audit).await? {
        CatalogEdited::Done => plan_view(&plan(app, &id).await?),
        CatalogEdited::Taken => Err(taken()),
        CatalogEdited::Refused => Err(ApiError::field("product_id", "is no product")),
    }
}

/// Changes a plan for the orders from now on: what is given replaces what was.
///
/// # Errors
/// Complaints by field, 404, 409 when somebody else was faster.
pub async fn change_plan(
    app: &App,
    actor: &Actor,
    id: &str,
    given: Map<String, Value>,
) -> Result<Plan, ApiError> {
    let version = asked_version(&given)?;
    let mut row = plan(app, id).await?;
    if version.is_some_and(|version| version != row.version) {
        return Err(ApiError::conflict(&plan_view(&row)?));
    }
    let old = plan_settings(&row)?;
    let settings = read_plan(&old, given)?;
    if settings.product_id != old.product_id {
        return Err(ApiError::field("product_id", "stays as it was made"));
    }
    check_binding(app, old.widget.as_ref(), settings.widget.as_ref()).await?;
    let changes = differences(&old, &settings);
    if changes.is_empty() {
        return plan_view(&row);
    }
    put(&mut row, settings);
    row.updated_at = app.clock.now_ms();
    let audit = actor.audit(&app.clock, "plan.updated", "plan", id, changes);
    match app.store.edit_catalog(CatalogEdit::UpdatePlan(row), audit).await? {
        CatalogEdited::Done => plan_view(&plan(app, id).await?),
        CatalogEdited::Taken => Err(taken()),
        CatalogEdited::Refused => Err(ApiError::conflict(&plan_view(&plan(app, id).await?)?)),
    }
}

/// Removes a plan that nobody has ordered.
///
/// # Errors
/// 404; 409 when there are orders of it.
pub async fn remove_plan(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    let row = plan(app, id).await?;
    let changes = Map::from_iter([("identifier".to_owned(), json!([row.identifier, null]))]);
    let audit = actor.audit(&app.clock, "plan.deleted", "plan", id, changes);
    match app.store.edit_catalog(CatalogEdit::DeletePlan(id.to_owned()), audit).await? {
        CatalogEdited::Done => Ok(()),
        CatalogEdited::Taken | CatalogEdited::Refused => {
            plan(app, id).await?;
            Err(in_use(
                "The plan was ordered. Switch it off (is_active: false) so that nobody can order \
                 it any more.",
            ))
        }
    }
}
