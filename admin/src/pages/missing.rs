//! An address where nothing is.

use leptos::prelude::*;

use crate::route::Route;
use crate::ui::{EmptyState, Head};

#[component]
pub fn MissingPage() -> impl IntoView {
    view! {
        <Head title=Signal::stored("Not found".to_owned()) />
        <EmptyState icon="search" title="Nothing is at this address" text="The link may be old, or what it showed was deleted.">
            <a class="button" href=Route::Overview.path()>"Go to the overview"</a>
        </EmptyState>
    }
}
