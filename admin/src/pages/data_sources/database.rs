//! A data source that is a database: where it is, whether it answers, and what of it may be read.

use leptos::prelude::*;
use shared::data_source::{DatabaseSettings, DatabaseTable, DatabaseTest, Engine};

use super::detail::{Edited, SourcePage};
use crate::allowed;
use crate::api;
use crate::format::plural;
use crate::remote::{Load, Remote};
use crate::session::{may_write, read_only};
use crate::ui::{Bind, Card, FailureBox, Icon, NumberField, SecretField, Skeleton, Switch};

fn number(n: Option<i64>) -> u32 {
    n.map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX))
}

#[component]
pub fn DatabaseParts(page: SourcePage) -> impl IntoView {
    let draft = page.draft;
    let disabled = read_only();
    let engine = page.source.with_untracked(|source| {
        source.settings.database.as_ref().map(|database| database.engine).unwrap_or_default()
    });
    let connection =
        draft.field("connection", |e: &Edited| e.connection.clone(), |e, v| e.connection = v);
    let is_set = Signal::derive(move || page.source.with(|source| source.has_connection));
    let (placeholder, hint) = match engine {
        Engine::Postgres => (
            "postgres://reader:password@host/name",
            "Of a user who may only read what visitors may know. It is stored encrypted and never shown again.",
        ),
        Engine::Sqlite => (
            "shop.db",
            "The name of a file in the folder that the server's NATTER_DATABASE_DIR names.",
        ),
    };
    let get = |e: &Edited| e.settings.database.clone().unwrap_or_default();
    let rows = draft.field(
        "database.max_rows",
        move |e: &Edited| Some(i64::from(get(e).max_rows)),
        |e, n: Option<i64>| of(e, |d| d.max_rows = number(n)),
    );
    let time = draft.field(
        "database.timeout_ms",
        move |e: &Edited| Some(i64::from(get(e).timeout_ms)),
        |e, n: Option<i64>| of(e, |d| d.timeout_ms = number(n)),
    );
    let sql = draft.field(
        "database.show_sql",
        move |e: &Edited| get(e).show_sql,
        |e, on| of(e, |d| d.show_sql = on),
    );
    let tables = draft.field(
        "database.tables",
        move |e: &Edited| get(e),
        |e, v: DatabaseSettings| e.settings.database = Some(v),
    );
    view! {
        <Card title="Connection">
            <SecretField bind=connection label="Where the database is" placeholder hint is_set disabled />
            <div class="pair">
                <NumberField bind=rows label="Rows at most" unit="rows" hint="Of one answer of the database." disabled />
                <NumberField bind=time label="Longest time" unit="ms" hint="For one query." disabled />
            </div>
            <Switch bind=sql label="Show the query" hint="Answers show visitors the SQL that was run." disabled />
        </Card>
        <Tables page tables engine disabled />
    }
}

fn of(edited: &mut Edited, change: impl FnOnce(&mut DatabaseSettings)) {
    if let Some(database) = &mut edited.settings.database {
        change(database);
    }
}

#[component]
fn Tables(
    page: SourcePage,
    tables: Bind<DatabaseSettings>,
    engine: Engine,
    disabled: Signal<bool>,
) -> impl IntoView {
    let test = Remote::<DatabaseTest>::new();
    let asked = RwSignal::new(false);
    let has_connection = move || page.source.with(|source| source.has_connection);
    // What is typed and not saved is not tested; what is ticked does not matter.
    let unsaved = move || page.draft.now.with(|now| !now.connection.is_kept());
    let ask = move |_| {
        asked.set(true);
        let path = page.path("/test-connection");
        test.read(async move { api::act(&path).await });
    };
    let outcome = move || match (asked.get(), test.state.get()) {
        (false, _) => view! { <Allowed tables /> }.into_any(),
        (_, Load::Waiting) => view! { <Skeleton lines=3 /> }.into_any(),
        (_, Load::Failed(failure)) => view! { <FailureBox failure /> }.into_any(),
        (_, Load::Ready(answer)) => view! { <Schema answer tables engine disabled /> }.into_any(),
    };
    view! {
        <Card title="Tables and columns" text="What may be read. What is not ticked does not exist for the model.">
            <Show when=may_write>
                <div class="actions">
                    <button type="button" class="button" disabled=move || !has_connection() || unsaved() || test.busy.get() on:click=ask>
                        {move || if test.busy.get() { "Connecting…" } else { "Connect and list the tables" }}
                    </button>
                    <Show when=move || !has_connection() || unsaved()><span class="hint">"Save where the database is first."</span></Show>
                </div>
            </Show>
            <div class="schema">{outcome}</div>
            <p class="error">{move || tables.error.get()}</p>
        </Card>
    }
}

/// What may be read, as long as nobody has asked the database what it has.
#[component]
fn Allowed(tables: Bind<DatabaseSettings>) -> impl IntoView {
    move || {
        let allowed = tables.get.get().tables;
        if allowed.is_empty() {
            return view! { <p class="soft">"Nothing may be read yet."</p> }.into_any();
        }
        let line = |table: shared::data_source::AllowedTable| {
            let schema = table.schema.map(|schema| schema + ".").unwrap_or_default();
            view! { <li><strong>{schema}{table.name}</strong> <span class="soft">{table.columns.join(", ")}</span></li> }
        };
        view! { <ul class="allowed">{allowed.into_iter().map(line).collect_view()}</ul> }.into_any()
    }
}

#[component]
fn Schema(
    answer: DatabaseTest,
    tables: Bind<DatabaseSettings>,
    engine: Engine,
    disabled: Signal<bool>,
) -> impl IntoView {
    let listed = StoredValue::new(answer.tables.clone());
    let reached = answer.ok || !answer.tables.is_empty() || !answer.missing.is_empty();
    let gone = move || {
        tables.get.with(|database| {
            listed.with_value(|listed| allowed::gone(&database.tables, engine, listed))
        })
    };
    let forget = move |_| {
        let mut database = tables.get.get_untracked();
        let gone = gone();
        database.tables.retain(|table| !gone.contains(&table.name));
        tables.set.run(database);
    };
    view! {
        <div class="note" class:bad=!answer.ok role="status"><Icon name=if answer.ok { "check" } else { "warning" } /><p>{answer.message}</p></div>
        {reached.then(|| view! {
            <Show when=move || !gone().is_empty()>
                <p class="inline">"The database does not have " {move || gone().join(", ")} " any more." <button type="button" class="button small" disabled=move || disabled.get() on:click=forget>"Take it from the list"</button></p>
            </Show>
            <p class="soft">{plural(answer.tables.len() as i64, "table or view", "tables and views")}</p>
            {answer.tables.into_iter().map(|table| view! { <OneTable table tables engine disabled /> }).collect_view()}
        })}
    }
}

#[component]
fn OneTable(
    table: DatabaseTable,
    tables: Bind<DatabaseSettings>,
    engine: Engine,
    disabled: Signal<bool>,
) -> impl IntoView {
    let name = if table.schema == allowed::usual_schema(engine) {
        table.name.clone()
    } else {
        format!("{}.{}", table.schema, table.name)
    };
    let table = StoredValue::new(table);
    let all = table.with_value(|table| table.columns.len());
    let may = Memo::new(move |_| {
        tables.get.with(|database| {
            table.with_value(|table| allowed::columns_of(&database.tables, engine, table))
        })
    });
    let change = move |edit: &dyn Fn(&mut DatabaseSettings, &DatabaseTable)| {
        let mut database = tables.get.get_untracked();
        table.with_value(|table| edit(&mut database, table));
        tables.set.run(database);
    };
    let column = move |at: usize| {
        let one = table.with_value(|table| table.columns[at].clone());
        let (shown, set) = (one.name.clone(), one.name.clone());
        let ticked = move || {
            tables.get.with(|database| {
                table.with_value(|table| allowed::has(&database.tables, engine, table, &shown))
            })
        };
        view! {
            <label>
                <input type="checkbox" disabled=move || disabled.get() prop:checked=ticked
                    on:change=move |event| { let on = event_target_checked(&event); change(&|database, table| allowed::set(&mut database.tables, engine, table, &set, on)); } />
                <span>{one.name} " " <span class="hint">{one.data_type}</span></span>
            </label>
        }
    };
    view! {
        <details class="one-table">
            <summary><Icon name="table" /> <strong>{name.clone()}</strong> <span class="hint">{move || format!("{} of {}", may.get(), plural(all as i64, "column", "columns"))}</span></summary>
            <div class="checks">
                <label class="every">
                    <input type="checkbox" disabled=move || disabled.get() prop:checked=move || may.get() == all prop:indeterminate=move || { (1..all).contains(&may.get()) }
                        on:change=move |event| { let on = event_target_checked(&event); change(&|database, table| allowed::set_all(&mut database.tables, engine, table, on)); } />
                    <span>{format!("All columns of {name}")}</span>
                </label>
                {(0..all).map(column).collect_view()}
            </div>
        </details>
    }
}
