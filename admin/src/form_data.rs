//! Forms with files, sent by the browser's old way: fetch tells nobody how far it is with sending.

use std::rc::Rc;

use gloo_net::http::Response;
use js_sys::Promise;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{FormData, ProgressEvent, ResponseInit, XmlHttpRequest};

/// `POST`s a form; `sent` hears which share of it, 0 to 1, is sent.
///
/// # Errors
/// When no answer came.
pub async fn post(path: &str, form: &FormData, sent: Rc<dyn Fn(f64)>) -> Result<Response, JsValue> {
    let request = XmlHttpRequest::new()?;
    request.open("POST", path)?;
    request.set_request_header("accept", "application/json")?;
    let heard = Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| {
        if event.total() > 0.0 {
            sent(event.loaded() / event.total());
        }
    });
    request.upload()?.set_onprogress(Some(heard.as_ref().unchecked_ref()));
    let ended = Promise::new(&mut |done, _| request.set_onloadend(Some(&done)));
    request.send_with_opt_form_data(Some(form))?;
    JsFuture::from(ended).await?;
    let status = request.status()?;
    if status == 0 {
        return Err(JsValue::NULL);
    }
    let init = ResponseInit::new();
    init.set_status(status);
    let text = request.response_text()?;
    web_sys::Response::new_with_opt_str_and_init(text.as_deref(), &init).map(Response::from)
}
