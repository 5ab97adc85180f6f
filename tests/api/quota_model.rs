//! The monthly limit against a model: whatever happens in whatever order, the server counts what the
//! model counts, and admits what the model admits.

use proptest::prelude::*;
use serde_json::json;
use system_tests::app::{JULY_MS, START_MS};
use system_tests::{Reply, TestApp, both, for_all, types};

use crate::kit::*;

/// Something that happens to a key with a limit.
#[derive(Clone, Copy, Debug)]
enum Step {
    Answered,
    /// The model server fails before the first token: given back.
    FailedAtOnce,
    /// It fails after a token: counted.
    FailedHalfWay,
    /// Refused for another reason: never counted.
    Invalid,
    Limit(Option<u8>),
    Month(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Answered),
        2 => Just(Step::FailedAtOnce),
        2 => Just(Step::FailedHalfWay),
        1 => Just(Step::Invalid),
        2 => proptest::option::weighted(0.8, 1..4_u8).prop_map(Step::Limit),
        1 => any::<bool>().prop_map(Step::Month),
    ]
}

both! {
    async fn the_server_counts_and_admits_what_a_model_does(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        for_all((1..4_u8, prop::collection::vec(step(), 1..12)), async |(limit, steps)| {
            app.clock.set(START_MS);
            let key = make_key(&app, json!({"name": "Shop", "monthly_usage_limit": limit})).await;
            let (mut limit, mut used, mut month) = (Some(i64::from(limit)), [0_i64; 2], 0);
            for (number, step) in steps.into_iter().enumerate() {
                let ask = |message: &str| {
                    let call = app.ask(&format!("s{number}"), message);
                    call.key(key["key"].as_str().unwrap())
                };
                let open = limit.is_none_or(|limit| used[month] < limit);
                match step {
                    Step::Limit(new) => {
                        limit = new.map(i64::from);
                        change_key(&app, &key, json!({"monthly_usage_limit": new})).await;
                    }
                    Step::Month(july) => {
                        month = usize::from(july);
                        app.clock.set(if july { JULY_MS } else { START_MS });
                    }
                    Step::Invalid => {
                        ask(" ").send().await.error(400, "invalid_request").await;
                    }
                    _ if !open => {
                        ask("Hi").send().await.error(429, "monthly_limit_reached").await;
                    }
                    Step::Answered => {
                        assert_eq!(types(&ask("Hi").events().await).last(), Some(&"done"));
                        used[month] += 1;
                    }
                    Step::FailedAtOnce => {
                        app.upstream.then(Reply::refusal(400, "no"));
                        ask("Hi").send().await.error(502, "upstream_failed").await;
                    }
                    Step::FailedHalfWay => {
                        app.upstream.then(Reply::stream().delta("half").cut());
                        assert_eq!(types(&ask("Hi").events().await).last(), Some(&"error"));
                        used[month] += 1;
                    }
                }
                assert_eq!(read_key(&app, &key).await["monthly_usage"], used[month], "{step:?}");
            }
        })
        .await;
    }
}
