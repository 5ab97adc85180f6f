//! The audit log: who changed what, when, from where.

use leptos::prelude::*;
use shared::admin::AuditEntry;

use crate::listing::Listing;
use crate::trail::{self, Change};
use crate::ui::{Days, EmptyState, Filter, Head, Icon, Search, Table, When};

const COLUMNS: &[&str] = &["When", "Who", "What", "About", "IP address"];

#[component]
pub fn AuditLogPage() -> impl IntoView {
    let list = Listing::<AuditEntry>::new(
        "/api/audit-log",
        &["action", "subject_id", "actor", "from", "to"],
    );
    let only = move || list.filter("subject_id");
    view! {
        <Head title=Signal::stored("Audit log".to_owned()) text="Who changed what, from where. Nobody can edit it, and it never holds a key, a password or another secret." />
        <div class="tools">
            <Search list name="actor" placeholder="Who: a name or an id" />
            <Filter list name="action" label="Action" options=actions() />
            <Days list />
            <Show when=move || !only().is_empty()>
                <button type="button" class="button" on:click=move |_| list.set_filter("subject_id", String::new())>
                    <Icon name="close" /> "One thing only: show all"
                </button>
            </Show>
        </div>
        <Table list label="Audit log" columns=COLUMNS row=move |entry| row(list, &entry) empty=nothing />
    }
}

fn actions() -> Signal<Vec<(String, String)>> {
    let option = |name: &&str| ((*name).to_owned(), trail::action(name));
    let every = ("".to_owned(), "Every action".to_owned());
    Signal::stored(std::iter::once(every).chain(trail::ACTIONS.iter().map(option)).collect())
}

fn nothing() -> AnyView {
    view! { <EmptyState icon="audit" title="Nothing was changed yet" text="Every change by a person, a program or the command line stands here." /> }.into_any()
}

fn row(list: Listing<AuditEntry>, entry: &AuditEntry) -> AnyView {
    let changes = trail::changes(entry);
    let kind = trail::actor(&entry.actor.kind);
    let name = if entry.actor.name.is_empty() {
        entry.actor.kind.clone()
    } else {
        entry.actor.name.clone()
    };
    let who = if name == entry.actor.kind { kind.to_owned() } else { name };
    let more = (who != kind).then_some(kind);
    let address = entry.ip_address.clone();
    view! {
        <tr>
            <td data-label="When"><When at=entry.created_at.clone() /></td>
            <td data-label="Who"><div class="two"><span>{who}</span><span class="soft">{more}</span></div></td>
            <th scope="row"><div class="did"><span>{trail::action(&entry.action)}</span>{details(changes)}</div></th>
            <td data-label="About">{about(list, entry)}</td>
            <td data-label="IP address">{if address.is_empty() { view! { <span class="soft">"none"</span> }.into_any() } else { address.into_any() }}</td>
        </tr>
    }
    .into_any()
}

/// What was changed, behind a line that opens it.
fn details(changes: Vec<Change>) -> Option<AnyView> {
    if changes.is_empty() {
        return None;
    }
    let number = crate::format::plural(changes.len() as i64, "field", "fields");
    let line = |change: Change| {
        let old = change.old.map(|old| {
            view! { <del>{old}</del><span class="unseen">" became "</span><span aria-hidden="true">" → "</span> }
        });
        view! { <dt>{change.field}</dt><dd>{old}<ins>{change.new}</ins></dd> }
    };
    let lines = view! {
        <details class="changes">
            <summary>{number}</summary>
            // Long texts scroll, so the keyboard must reach them.
            <div tabindex="0" role="region" aria-label="What was changed"><dl>{changes.into_iter().map(line).collect_view()}</dl></div>
        </details>
    };
    Some(lines.into_any())
}

/// With a capital, as it stands alone.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn about(list: Listing<AuditEntry>, entry: &AuditEntry) -> AnyView {
    let (kind, id) = (trail::subject(&entry.subject_kind), entry.subject_id.clone());
    let named = trail::name(entry).unwrap_or_else(|| capital(&kind));
    let link = match trail::page(entry) {
        Some(page) => view! { <a href=page.path()>{named}</a> }.into_any(),
        None => view! { <span>{named}</span> }.into_any(),
    };
    let only = (!id.is_empty()).then(|| {
        view! {
            <button type="button" class="quiet square" title="Everything about this" aria-label=format!("Everything about this {kind}")
                on:click=move |_| list.set_filter("subject_id", id.clone())><Icon name="history" /></button>
        }
    });
    view! { <span class="inline">{link}{only}</span> }.into_any()
}
