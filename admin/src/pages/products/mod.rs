//! Products, and the plans in which they are sold.

mod plan;
mod plan_look;
mod product;

use leptos::prelude::*;
use shared::product::{Product, ProductSettings};

pub use plan::PlanPage;
pub use product::ProductPage;

use crate::api;
use crate::draft::Draft;
use crate::listing::Listing;
use crate::nav::Nav;
use crate::route::Route;
use crate::session::may_write;
use crate::ui::{
    Dialog, DialogFoot, EmptyState, FailureBox, Head, Icon, Search, Table, TextArea, TextField,
    When,
};

const COLUMNS: &[&str] = &["Product", "Identifier", "Description", "Changed"];

#[component]
pub fn ProductsPage() -> impl IntoView {
    let list = Listing::<Product>::new("/api/products", &["q"]);
    let creating = RwSignal::new(false);
    view! {
        <Head title=Signal::stored("Products & plans".to_owned()) text="What you sell. Each plan says what an order of it issues.">
            <Show when=may_write>
                <button type="button" class="button primary" on:click=move |_| creating.set(true)><Icon name="add" /> "Create product"</button>
            </Show>
        </Head>
        <div class="tools"><Search list placeholder="Name, identifier or description" /></div>
        <Table list label="Products" columns=COLUMNS row empty=nothing />
        <Dialog open=creating title=Signal::stored("Create product".to_owned())><CreateProduct open=creating /></Dialog>
    }
}

fn nothing() -> AnyView {
    view! {
        <EmptyState icon="product" title="Nothing to sell yet"
            text="A product is your software or service. Its plans say what a customer gets: a license key with so many activations, for so long." />
    }
    .into_any()
}

fn row(product: Product) -> AnyView {
    let page = Route::Product(product.id.clone()).path();
    view! {
        <tr>
            <th scope="row"><a href=page>{product.settings.name}</a></th>
            <td data-label="Identifier"><code>{product.settings.identifier}</code></td>
            <td data-label="Description"><span class="clip">{product.settings.description}</span></td>
            <td data-label="Changed"><When at=product.updated_at day=true /></td>
        </tr>
    }
    .into_any()
}

#[component]
fn CreateProduct(open: RwSignal<bool>) -> impl IntoView {
    let nav = expect_context::<Nav>();
    let draft = Draft::of_new(ProductSettings::default(), ProductSettings::check);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let new = draft.now.get_untracked();
            draft.save(
                async move { api::post::<Product>("/api/products", &new).await },
                move |made| {
                    open.set(false);
                    nav.go(&Route::Product(made.id));
                },
            );
        }
    };
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <ProductFields draft disabled=Signal::stored(false) />
            <DialogFoot open saving=draft.saving action="Create product" />
        </form>
    }
}

/// What is known of a product.
#[component]
pub fn ProductFields(draft: Draft<ProductSettings>, disabled: Signal<bool>) -> impl IntoView {
    let name = draft.field("name", |one| one.name.clone(), |one, value| one.name = value);
    let identifier = draft.field(
        "identifier",
        |one| one.identifier.clone(),
        |one, value| one.identifier = value,
    );
    let description = draft.field(
        "description",
        |one| one.description.clone(),
        |one, value| one.description = value,
    );
    view! {
        <TextField bind=name label="Name" required=true disabled />
        <TextField bind=identifier label="Identifier" required=true disabled hint="What programs call it: a-z, 0-9, '-', '_' and '.'." />
        <TextArea bind=description label="Description" rows=3 disabled />
    }
}
