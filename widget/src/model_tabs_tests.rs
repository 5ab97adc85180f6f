//! What holds when another tab has begun the turn.

use shared::{Message, MessageStatus, RunningTurn};

use super::*;

fn following() -> Model {
    let mut model = Model::default();
    model.push_theirs("Tea?", "id-1");
    model
}

fn conversation(texts: &[(&str, Role)], running: bool) -> Conversation {
    let message = |(at, (text, role)): (usize, &(&str, Role))| Message {
        id: format!("m{at}"),
        role: *role,
        content: (*text).to_owned(),
        status: MessageStatus::Complete,
        created_at: String::new(),
        client_message_id: (*role == Role::User).then(|| "id-1".to_owned()),
        sources: Vec::new(),
        rating: None,
    };
    Conversation {
        id: "c".into(),
        messages: texts.iter().enumerate().map(message).collect(),
        running_turn: running.then(|| RunningTurn { turn_id: "t".into(), seq: 1 }),
    }
}

#[test]
fn the_message_of_another_tab_is_shown_and_not_sent() {
    let mut model = following();
    assert_eq!((model.entries().len(), model.is_running(), model.is_theirs()), (2, true, true));
    assert_eq!(model.ask(), None);
    assert!(!model.push("Mine", "id-2"), "one turn at a time");
    model.name("t");
    model.name("another");
    assert_eq!(model.ask(), Some(Ask::Resume { turn_id: "t".into(), after: 0 }));
}

#[test]
fn a_message_tried_again_in_another_tab_stays_in_its_place() {
    let mut model = following();
    model.fail(Why::Lost, true);
    model.push_theirs("Tea?", "id-1");
    assert_eq!(model.entries().len(), 2);
    assert_eq!(model.entries()[1].progress, Progress::Waiting(None));
}

#[test]
fn a_turn_that_is_begun_here_is_this_tab_s() {
    let mut model = following();
    model.fail(Why::Lost, true);
    assert!(model.is_theirs(), "also when it is over: the page has heard of it there");
    assert!(model.retry());
    assert!(!model.is_theirs());
    model.name("t");
    assert_eq!(model.position(), None, "its own stream names it");
}

#[test]
fn only_a_turn_that_the_server_runs_is_left_to_the_other_tab() {
    let mut model = Model::default();
    model.load(Some(conversation(&[("Tea?", Role::User)], true)), None);
    model.follow();
    assert!(model.is_theirs());
    model.load(None, Some(("id-1".into(), "Tea?".into())));
    model.follow();
    assert!(!model.is_theirs(), "nobody else sends it");
}

#[test]
fn a_conversation_that_is_shown_already_is_left_alone() {
    let known = conversation(&[("Tea?", Role::User), ("Yes.", Role::Assistant)], false);
    let mut model = Model::default();
    assert!(model.shows(None));
    assert!(!model.shows(Some(&known)));
    model.load(Some(known.clone()), None);
    assert!(model.shows(Some(&known)));
    assert!(!model.shows(None));
    let other = conversation(&[("Tea?", Role::User), ("No.", Role::Assistant)], false);
    assert!(!model.shows(Some(&other)));
}
