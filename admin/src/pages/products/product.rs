//! One product, with its plans.

use std::sync::Arc;

use leptos::prelude::*;
use shared::product::{Plan, PlanSettings, Product, ProductSettings};

use super::ProductFields;
use crate::api;
use crate::draft::{Draft, Edits, run, theirs};
use crate::listing::Listing;
use crate::nav::Nav;
use crate::remote::{Load, Remote};
use crate::route::Route;
use crate::session::{may_write, read_only};
use crate::ui::{
    Badge, Card, ConfirmRequest, Dialog, DialogFoot, EmptyState, FailureBox, Head, Icon, SaveBar,
    Search, Skeleton, Table, TextField, Toasts, Tone, confirm,
};

const COLUMNS: &[&str] = &["Plan", "Identifier", "Issues", "Can be ordered"];

#[component]
pub fn ProductPage(id: String) -> impl IntoView {
    let product = Remote::<Product>::new();
    let path = StoredValue::new(format!("/api/products/{id}"));
    let read = move || {
        let path = path.get_value();
        product.read(async move { api::get(&path).await });
    };
    read();
    move || match product.state.get() {
        Load::Waiting => view! { <Skeleton lines=6 /> }.into_any(),
        Load::Failed(failure) => {
            let retry = Callback::new(move |()| read());
            view! { <Head title=Signal::stored("Product".to_owned()) back=Route::Products /><FailureBox failure retry /> }.into_any()
        }
        Load::Ready(product) => view! { <Opened product /> }.into_any(),
    }
}

#[component]
fn Opened(product: Product) -> impl IntoView {
    let (toasts, nav) = (expect_context::<Toasts>(), expect_context::<Nav>());
    let id = StoredValue::new(product.id.clone());
    let path = StoredValue::new(format!("/api/products/{}", product.id));
    let draft = Draft::new(product.settings, product.version, ProductSettings::check);
    let title = Signal::derive(move || draft.base.with(|one| one.name.clone()));
    let take =
        move |product: Product, edits| draft.rebase(product.settings, product.version, edits);
    let save = Callback::new(move |()| {
        if draft.is_fine() {
            let (path, body) = (path.get_value(), draft.patch());
            draft.save(async move { api::patch::<Product>(&path, &body).await }, move |saved| {
                take(saved, Edits::Kept);
                toasts.done("Saved.");
            });
        }
    });
    let delete = move |_| {
        let here = nav.route.get_untracked();
        confirm(ConfirmRequest {
            title: format!("Delete {}?", untrack(move || title.get())),
            text: "A product without plans can be deleted; it is gone from the catalogue."
                .to_owned(),
            action: "Delete",
            type_to_confirm: None,
            is_dangerous: true,
            then: Arc::new(move || {
                let (path, here) = (path.get_value(), here.clone());
                run(async move { api::delete(&path).await }, move |()| {
                    toasts.done("The product is deleted.");
                    nav.leave_deleted(&here, &Route::Products);
                });
            }),
        });
    };
    view! {
        <Head title back=Route::Products>
            <Show when=may_write>
                <button type="button" class="button danger" on:click=delete><Icon name="trash" /> "Delete"</button>
            </Show>
        </Head>
        <div class="stack">
            <Plans product=id.get_value() />
            <Card title="Product"><ProductFields draft disabled=read_only() /></Card>
        </div>
        <SaveBar draft save take_theirs=theirs(take) />
    }
}

#[component]
fn Plans(product: String) -> impl IntoView {
    let list = Listing::<Plan>::within(&format!("/api/plans?product_id={product}"));
    let creating = RwSignal::new(false);
    let product = StoredValue::new(product);
    view! {
        <section>
            <div class="spread section-head">
                <h2>"Plans"</h2>
                <Show when=may_write>
                    <button type="button" class="button" on:click=move |_| creating.set(true)><Icon name="add" /> "Create plan"</button>
                </Show>
            </div>
            <div class="tools"><Search list placeholder="Identifier, name or description" /></div>
            <Table list label="Plans" columns=COLUMNS row empty=nothing />
        </section>
        <Dialog open=creating title=Signal::stored("Create plan".to_owned())><CreatePlan open=creating product=product.get_value() /></Dialog>
    }
}

fn nothing() -> AnyView {
    view! { <EmptyState icon="license" title="No plan yet" text="Customers order plans: such as a license for one website for a year." /> }.into_any()
}

fn row(plan: Plan) -> AnyView {
    let page = Route::Plan(plan.id.clone()).path();
    let (text, tone) =
        if plan.settings.is_active { ("Yes", Tone::Good) } else { ("No", Tone::Plain) };
    let issues = super::plan::issues(&plan.settings);
    view! {
        <tr>
            <th scope="row"><a href=page>{plan.settings.name}</a></th>
            <td data-label="Identifier"><code>{plan.settings.identifier}</code></td>
            <td data-label="Issues">{issues}</td>
            <td data-label="Can be ordered"><Badge text=text.to_owned() tone /></td>
        </tr>
    }
    .into_any()
}

#[component]
fn CreatePlan(open: RwSignal<bool>, product: String) -> impl IntoView {
    let nav = expect_context::<Nav>();
    let draft = Draft::of_new(
        PlanSettings { product_id: product, ..PlanSettings::default() },
        PlanSettings::check,
    );
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let new = draft.now.get_untracked();
            draft.save(async move { api::post::<Plan>("/api/plans", &new).await }, move |made| {
                open.set(false);
                nav.go(&Route::Plan(made.id));
            });
        }
    };
    let name = draft.field("name", |one| one.name.clone(), |one, value| one.name = value);
    let identifier = draft.field(
        "identifier",
        |one| one.identifier.clone(),
        |one, value| one.identifier = value,
    );
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <TextField bind=name label="Name" required=true autofocus=true />
            <TextField bind=identifier label="Identifier" required=true hint="What shops order it by, together with the product's: product/plan." />
            <p class="hint">"What it issues is set on the next page."</p>
            <DialogFoot open saving=draft.saving action="Create plan" />
        </form>
    }
}
