//! How the key gets onto a page.

use leptos::prelude::*;

use super::KeyPage;
use super::samples::Samples;
use crate::browser;
use crate::snippets::{self, Names};
use crate::ui::Card;

#[component]
pub fn Embed(page: KeyPage) -> impl IntoView {
    let names = Names::ChatbotId(page.key.with_untracked(|key| key.chatbot_id.clone()));
    let server = browser::origin();
    let (pages, builders) =
        (snippets::embed(&server, &names), snippets::frameworks(&server, &names));
    view! {
        <Card title="On a web page" text="Paste it before </body>. It names the key by its public chatbot id, so it can be copied at any time; the key itself works in the same place.">
            <Samples samples=pages label="Ways to embed the chat" />
        </Card>
        <Card title="With a framework or a site builder">
            <Samples samples=builders label="Frameworks and site builders" />
        </Card>
        <Card title="Without the widget">
            <p>"Programs ask over the streaming endpoint, or with any OpenAI SDK. They need the license key itself, not the chatbot id."</p>
            <div class="actions">
                <a class="button" href="/docs/headless-clients" target="_blank">"Streaming endpoint"</a>
                <a class="button" href="/docs/openai-clients" target="_blank">"OpenAI SDKs"</a>
                <a class="button" href="/docs/embedding" target="_blank">"All about embedding"</a>
            </div>
        </Card>
    }
}
