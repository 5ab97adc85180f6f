//! What the conversation promises, told as what happens on the wire.

use shared::{Message, RunningTurn};

use super::*;

fn event(seq: u64, event: StreamEvent) -> Event {
    Event { seq: Some(seq), event }
}

fn start(turn: &str) -> Event {
    event(
        1,
        StreamEvent::Start {
            conversation_id: "c".into(),
            turn_id: turn.into(),
            message_id: format!("{turn}-answer"),
            user_message_id: "question".into(),
        },
    )
}

fn token(seq: u64, text: &str) -> Event {
    event(seq, StreamEvent::Token { token: text.into() })
}

fn done(seq: u64, text: &str) -> Event {
    event(
        seq,
        StreamEvent::Done {
            message: text.into(),
            conversation_id: "c".into(),
            message_id: "answer".into(),
            usage: None,
            finish_reason: FinishReason::Stop,
        },
    )
}

fn failed(seq: u64) -> Event {
    let code = ErrorCode::UpstreamFailed;
    event(seq, StreamEvent::Error { error: code.text().into(), code, retryable: true })
}

fn refusal(code: ErrorCode) -> Refusal {
    Refusal { error: code.text().into(), code, message: None, retry_after: None }
}

fn asked(message: &str) -> Model {
    let mut model = Model::default();
    assert!(model.push(message, "id-1"));
    model
}

fn texts(model: &Model) -> Vec<(Role, &str)> {
    model.entries().iter().map(|entry| (entry.role, entry.text.as_str())).collect()
}

fn answer(model: &Model) -> &Entry {
    model.entries().last().unwrap()
}

fn known(id: &str, role: Role, text: &str, status: MessageStatus) -> Message {
    Message {
        id: id.into(),
        role,
        content: text.into(),
        status,
        created_at: "2026-01-01T00:00:00Z".into(),
        client_message_id: (role == Role::User).then(|| format!("client-{id}")),
        sources: Vec::new(),
        rating: None,
    }
}

fn conversation(messages: Vec<Message>, running: Option<&str>) -> Conversation {
    Conversation {
        id: "c".into(),
        messages,
        running_turn: running.map(|turn| RunningTurn { turn_id: turn.into(), seq: 7 }),
    }
}

#[test]
fn the_visitors_message_is_shown_before_the_server_has_it() {
    let model = asked("Hello?");
    assert_eq!(texts(&model), [(Role::User, "Hello?"), (Role::Assistant, "")]);
    let ask = Ask::Chat { message: "Hello?".into(), client_id: "id-1".into() };
    assert_eq!(model.ask(), Some(ask));
}

#[test]
fn one_message_at_a_time() {
    let mut model = asked("one");
    assert!(!model.push("two", "id-2"));
    assert_eq!(model.entries().len(), 2);
}

#[test]
fn tokens_grow_the_answer_and_done_replaces_it() {
    let mut model = asked("Hi");
    model.apply(start("t"));
    assert_eq!(model.apply(token(2, " Hel")), Applied::Changed);
    model.apply(token(3, "lo "));
    assert_eq!(answer(&model).text, " Hello ");
    let before = answer(&model).revision;
    assert_eq!(model.apply(done(4, "Hello")), Applied::Over);
    assert_eq!(answer(&model).text, "Hello");
    assert_eq!(answer(&model).revision, before, "the same words are not drawn again");
    assert_eq!(answer(&model).progress, Progress::Complete);
    assert_eq!(model.ask(), None);
}

#[test]
fn done_with_other_words_wins() {
    let mut model = asked("Hi");
    model.apply(start("t"));
    model.apply(token(2, "wrong"));
    let before = answer(&model).revision;
    model.apply(done(3, "right"));
    assert_eq!(answer(&model).text, "right");
    assert!(answer(&model).revision > before, "other words are drawn anew");
}

#[test]
fn an_event_is_applied_once_whatever_is_sent_again() {
    let mut model = asked("Hi");
    for event in [start("t"), token(2, "a"), start("t"), token(2, "a"), token(3, "b")] {
        model.apply(event);
    }
    assert_eq!(answer(&model).text, "ab");
}

#[test]
fn a_missing_event_is_noticed_and_asked_for() {
    let mut model = asked("Hi");
    model.apply(start("t"));
    assert_eq!(model.apply(token(4, "late")), Applied::Gap);
    assert_eq!(answer(&model).text, "");
    assert_eq!(model.ask(), Some(Ask::Resume { turn_id: "t".into(), after: 1 }));
}

#[test]
fn a_broken_stream_goes_on_behind_its_last_event() {
    let mut model = asked("Hi");
    model.apply(start("t"));
    model.apply(token(2, "a"));
    assert_eq!(model.ask(), Some(Ask::Resume { turn_id: "t".into(), after: 2 }));
    model.apply(token(3, "b"));
    assert_eq!(answer(&model).text, "ab");
}

#[test]
fn a_stored_answer_replayed_as_start_and_done_is_taken() {
    let mut model = asked("Hi");
    model.apply(start("t"));
    assert_eq!(model.apply(done(90, "all")), Applied::Over);
    assert_eq!(answer(&model).text, "all");
}

#[test]
fn a_ping_says_nothing() {
    let mut model = asked("Hi");
    assert_eq!(model.apply(Event { seq: None, event: StreamEvent::Ping }), Applied::Ignored);
    assert_eq!(model.apply(start("t")), Applied::Changed);
}

#[test]
fn retry_sends_the_same_message_under_the_same_id_and_does_not_double_it() {
    let mut model = asked("Hi");
    model.apply(start("t"));
    model.apply(token(2, "half"));
    assert_eq!(model.apply(failed(3)), Applied::Over);
    assert!(matches!(answer(&model).progress, Progress::Failed { retryable: true, .. }));
    assert!(model.retry());
    assert_eq!(texts(&model), [(Role::User, "Hi"), (Role::Assistant, "")]);
    assert_eq!(model.ask(), Some(Ask::Chat { message: "Hi".into(), client_id: "id-1".into() }));
    model.apply(start("t2"));
    model.apply(done(2, "whole"));
    assert_eq!(texts(&model), [(Role::User, "Hi"), (Role::Assistant, "whole")]);
}

#[test]
fn retry_waits_for_a_running_turn() {
    assert!(!asked("Hi").retry());
    assert!(!Model::default().retry());
}

#[test]
fn stop_names_the_turn_at_once_or_as_soon_as_it_has_a_name() {
    let mut model = asked("Hi");
    assert_eq!(model.stop(), None);
    assert_eq!(model.stop_due(), None);
    model.apply(start("t"));
    assert_eq!(model.stop_due().as_deref(), Some("t"));
    assert_eq!(model.stop_due(), None, "said once");
    assert_eq!(model.stop().as_deref(), Some("t"));
}

#[test]
fn a_stopped_answer_keeps_its_part() {
    let mut model = asked("Hi");
    model.apply(start("t"));
    model.apply(token(2, "half "));
    model.apply(event(
        3,
        StreamEvent::Done {
            message: "half".into(),
            conversation_id: "c".into(),
            message_id: "m".into(),
            usage: None,
            finish_reason: FinishReason::Stopped,
        },
    ));
    assert_eq!(
        (answer(&model).text.as_str(), &answer(&model).progress),
        ("half", &Progress::Stopped)
    );
}

#[test]
fn a_reload_takes_the_running_answer_up_from_its_start() {
    let mut model = Model::default();
    let messages = vec![
        known("1", Role::User, "Hi", MessageStatus::Complete),
        known("2", Role::Assistant, "a part", MessageStatus::Complete),
    ];
    model.load(Some(conversation(messages, Some("t"))), None);
    assert_eq!(texts(&model), [(Role::User, "Hi"), (Role::Assistant, "")]);
    assert_eq!(model.ask(), Some(Ask::Resume { turn_id: "t".into(), after: 0 }));
    for event in [start("t"), token(2, "a part "), token(3, "and the rest")] {
        model.apply(event);
    }
    assert_eq!(answer(&model).text, "a part and the rest");
    model.fail(Why::Lost, true);
    assert!(model.retry(), "the message's id came with the conversation");
}

#[test]
fn a_message_lost_by_leaving_the_page_is_sent_again_under_its_id() {
    let mut model = Model::default();
    model.load(None, Some(("id-9".into(), "Hi".into())));
    assert_eq!(model.ask(), Some(Ask::Chat { message: "Hi".into(), client_id: "id-9".into() }));

    let mut model = Model::default();
    let messages = vec![
        known("1", Role::User, "Hi", MessageStatus::Complete),
        known("2", Role::Assistant, "Hello", MessageStatus::Complete),
    ];
    model.load(Some(conversation(messages, None)), Some(("client-1".into(), "Hi".into())));
    assert_eq!(model.ask(), None, "it had arrived");
    assert_eq!(model.entries().len(), 2);
}

#[test]
fn a_loaded_conversation_shows_one_answer_for_each_question() {
    let mut model = Model::default();
    let messages = vec![
        known("1", Role::User, "Hi", MessageStatus::Complete),
        known("2", Role::Assistant, "broke", MessageStatus::Failed),
        known("3", Role::Assistant, "whole", MessageStatus::Complete),
    ];
    model.load(Some(conversation(messages, None)), None);
    assert_eq!(texts(&model), [(Role::User, "Hi"), (Role::Assistant, "whole")]);
}

#[test]
fn a_loaded_question_without_an_answer_can_be_tried_again() {
    let mut model = Model::default();
    let messages = vec![known("1", Role::User, "Hi", MessageStatus::Complete)];
    model.load(Some(conversation(messages, None)), None);
    assert!(matches!(answer(&model).progress, Progress::Failed { retryable: true, .. }));
    assert!(model.retry());
}

#[test]
fn refusals_lead_to_what_helps() {
    for (code, next) in [
        (ErrorCode::SessionExpired, Next::Renew),
        (ErrorCode::ConversationClosed, Next::Renew),
        (ErrorCode::TurnInProgress, Next::Reload),
        (ErrorCode::IdentityInvalid, Next::SignIn),
        (ErrorCode::IdentityRequired, Next::SignIn),
        (ErrorCode::StorageUnavailable, Next::Later),
        (ErrorCode::NotFound, Next::Failed),
        (ErrorCode::UpstreamFailed, Next::Failed),
    ] {
        assert_eq!(asked("Hi").refuse(&refusal(code)), next, "{code:?}");
    }
    let mut resuming = asked("Hi");
    resuming.apply(start("t"));
    assert_eq!(resuming.refuse(&refusal(ErrorCode::NotFound)), Next::Reload);
}

#[test]
fn a_limit_ends_sending_and_a_new_conversation_lifts_only_its_own() {
    let mut model = asked("Hi");
    model.refuse(&refusal(ErrorCode::MonthlyLimitReached));
    assert_eq!(model.limit(), Some(&Limit::Month));
    assert!(matches!(answer(&model).progress, Progress::Failed { retryable: false, .. }));
    model.clear();
    assert_eq!(model.limit(), Some(&Limit::Month));

    let mut model = asked("Hi");
    let mut body = refusal(ErrorCode::ConversationMessageLimit);
    body.message = Some("Enough.".into());
    model.refuse(&body);
    assert_eq!(model.limit(), Some(&Limit::Conversation(Some("Enough.".into()))));
    model.clear();
    assert_eq!(model.limit(), None);
}

#[test]
fn a_message_that_another_turn_kept_out_goes_back_to_the_composer() {
    let mut model = asked("unsent");
    assert_eq!(model.take_back().as_deref(), Some("unsent"));
    assert!(model.entries().is_empty() && !model.is_running());
}

#[test]
fn a_message_refused_for_want_of_a_name_waits_in_the_composer() {
    let mut model = asked("unsent");
    assert_eq!(model.refuse(&refusal(ErrorCode::IdentityRequired)), Next::SignIn);
    assert!(model.is_running(), "it has not failed: nobody has heard it yet");
    assert_eq!(model.take_back().as_deref(), Some("unsent"));
    assert!(model.entries().is_empty());
}

#[test]
fn a_question_goes_along_when_its_visitor_gets_a_name() {
    let asked_anonymously = || {
        let mut model = asked("Hi");
        model.apply(start("t"));
        model.apply(token(2, "Hel"));
        let pending = model.pending().map(|(id, text)| (id.to_owned(), text.to_owned()));
        (model, pending)
    };
    // The conversation went over to the user, with the answer that is being written.
    let (mut model, pending) = asked_anonymously();
    let mut question = known("1", Role::User, "Hi", MessageStatus::Complete);
    question.client_message_id = Some("id-1".into());
    model.load(Some(conversation(vec![question], Some("t"))), pending);
    assert_eq!(texts(&model), [(Role::User, "Hi"), (Role::Assistant, "")]);
    assert_eq!(model.ask(), Some(Ask::Resume { turn_id: "t".into(), after: 0 }));

    // The user has a conversation of their own: the question is asked there.
    let (mut model, pending) = asked_anonymously();
    let own = vec![
        known("8", Role::User, "Before", MessageStatus::Complete),
        known("9", Role::Assistant, "Then", MessageStatus::Complete),
    ];
    model.load(Some(conversation(own, None)), pending);
    assert_eq!(model.entries().len(), 4);
    assert_eq!(model.ask(), Some(Ask::Chat { message: "Hi".into(), client_id: "id-1".into() }));
}

#[test]
fn nothing_of_one_visitor_is_left_for_the_next() {
    let mut model = asked("secret");
    model.apply(start("t"));
    model.clear();
    assert!(model.entries().is_empty() && !model.is_running());
    assert_eq!((model.pending(), model.ask()), (None, None));
    assert_eq!(model.apply(token(2, "secret")), Applied::Ignored, "a late token shows nothing");
}

#[test]
fn a_thumb_pressed_again_is_taken_back() {
    let mut model = asked("Hi");
    model.apply(start("t"));
    model.apply(done(2, "Hello"));
    let key = answer(&model).key;
    assert_eq!(model.rate(key, Rating::Up), Some(("answer".into(), Some(Rating::Up))));
    assert_eq!(model.rate(key, Rating::Down), Some(("answer".into(), Some(Rating::Down))));
    assert_eq!(model.rate(key, Rating::Down), Some(("answer".into(), None)));
}

#[test]
fn keys_of_entries_are_never_used_again() {
    let mut model = asked("Hi");
    let first: Vec<u32> = model.entries().iter().map(|entry| entry.key).collect();
    model.clear();
    assert!(model.push("again", "id-2"));
    assert!(model.entries().iter().all(|entry| !first.contains(&entry.key)));
}

#[test]
fn an_answer_that_is_stopped_without_a_connection_keeps_its_part_and_is_no_failure() {
    let mut model = asked("Hi");
    model.apply(start("t"));
    model.apply(token(2, "Half"));
    model.end_here();
    assert!(!model.is_running());
    assert_eq!(
        (answer(&model).text.as_str(), &answer(&model).progress),
        ("Half", &Progress::Stopped)
    );
    let mut model = asked("Hi");
    model.end_here();
    assert!(matches!(answer(&model).progress, Progress::Failed { retryable: true, .. }));
}
