//! The one sound when a page is entered.
//!
//! Browsers are silent before the visitor's first gesture: a sound that is refused waits for that,
//! once. Nothing here throws, and what is muted is not even downloaded.

use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::app::App;
use crate::dom::{self, Listener, call, get, put, window};
use crate::news::News;
use crate::store::HEARD;

/// Longer than the sound.
const SOUND_MS: i32 = 2000;

impl App {
    /// Sounds, if that is wished for and this is the first page to do so.
    pub fn sound(self: &Rc<Self>) {
        if self.may_sound() && !self.sounded.replace(true) {
            let app = Rc::clone(self);
            dom::spawn(Box::pin(async move {
                // Without Web Audio, or without the file, there is silence.
                let _ = app.ring().await;
            }));
        }
    }

    fn may_sound(&self) -> bool {
        let store = self.store.borrow();
        self.look.borrow().engagement_sound && !store.memory.muted && !store.has_mark(HEARD)
    }

    async fn ring(&self) -> Option<()> {
        let context: Function = get(&window(), "AudioContext").dyn_into().ok()?;
        let context = Reflect::construct(&context, &Array::new()).ok()?;
        let file = settled(&window().fetch_with_str(&self.handle.sound())).await?;
        let bytes = settled(&call(&file, "arrayBuffer", &[])).await?;
        let sound = settled(&call(&context, "decodeAudioData", &[&bytes])).await?;
        allowed(&context).await;
        if self.may_sound() && !self.ended.get() {
            // In the gesture at hand, if it took one.
            call(&context, "resume", &[]);
            let source = call(&context, "createBufferSource", &[]);
            put(&source, "buffer", sound);
            call(&source, "connect", &[&get(&context, "destination")]);
            call(&source, "start", &[]);
            self.store.borrow_mut().mark(HEARD);
            dom::pause(SOUND_MS, None).await;
        }
        call(&context, "close", &[]);
        None
    }

    /// Turns the sound off, or on for the next page.
    pub fn mute(self: &Rc<Self>) {
        let mut store = self.store.borrow_mut();
        store.act();
        store.memory.muted = !store.memory.muted;
        store.save();
        let muted = store.memory.muted;
        drop(store);
        self.tell(&News::Muted { muted });
        self.changed();
    }
}

async fn settled(promise: &JsValue) -> Option<JsValue> {
    JsFuture::from(Promise::resolve(promise)).await.ok().filter(|value| !value.is_undefined())
}

/// Resolves when the browser lets the context sound, or at the visitor's first gesture.
async fn allowed(context: &JsValue) {
    let mut gestures = Vec::new();
    let first = Promise::new(&mut |resolve, _| {
        // Refused, it is pending, or it fails: for that any function does that only returns.
        let sounds = call(context, "resume", &[]);
        call(&sounds, "then", &[&resolve, &get(&window(), "Number")]);
        // A click is what every browser takes for one, of a finger too.
        for name in ["click", "keydown"] {
            let resolve = resolve.clone();
            let then = move |_| drop(resolve.call0(&JsValue::UNDEFINED));
            gestures.push(Listener::new(&window(), name, Box::new(then)));
        }
    });
    let _ = JsFuture::from(first).await;
}
