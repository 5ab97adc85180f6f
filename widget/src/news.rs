//! What the tabs of one site tell each other of their common conversation, and what to make of it:
//! plain Rust, no browser.
//!
//! One tab sends a message and asks for its answer; the others show the message at once and take
//! the answer from the server by the turn's name. So nothing is asked twice, and what a tab has
//! missed it asks the server for.

/// What has happened in another tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A message is being sent, for the first time or again.
    Sent {
        client_id: String,
        message: String,
    },
    /// The server has named the turn.
    Named {
        turn_id: String,
    },
    /// The answer with this id has come to its end; none where nothing of it came.
    Over {
        id: String,
    },
    /// Another conversation has begun, or another visitor is there.
    Other,
    /// The visitor is to be forgotten.
    Reset,
    /// So many answers are unread; the last that was counted.
    Unread {
        count: u32,
        id: String,
    },
    Muted {
        muted: bool,
    },
    /// A thumb was pressed: `up`, `down`, or nothing any more.
    Rated {
        id: String,
        rating: String,
    },
}

impl News {
    /// As it goes over the channel: what it is, and two details.
    #[must_use]
    pub fn write(&self) -> [String; 3] {
        let (kind, first, second) = match self {
            Self::Sent { client_id, message } => ("sent", client_id.clone(), message.clone()),
            Self::Named { turn_id } => ("named", turn_id.clone(), String::new()),
            Self::Over { id } => ("over", id.clone(), String::new()),
            Self::Other => ("other", String::new(), String::new()),
            Self::Reset => ("reset", String::new(), String::new()),
            Self::Unread { count, id } => ("unread", count.to_string(), id.clone()),
            Self::Muted { muted } => {
                let muted = if *muted { "1" } else { "" };
                ("muted", muted.to_owned(), String::new())
            }
            Self::Rated { id, rating } => ("rated", id.clone(), rating.clone()),
        };
        [kind.to_owned(), first, second]
    }

    /// Reads what [`Self::write`] has written; what a newer version says is left out.
    #[must_use]
    pub fn read([kind, first, second]: [String; 3]) -> Option<Self> {
        Some(match kind.as_str() {
            "sent" => Self::Sent { client_id: first, message: second },
            "named" => Self::Named { turn_id: first },
            "over" => Self::Over { id: first },
            "other" => Self::Other,
            "reset" => Self::Reset,
            "unread" => Self::Unread { count: first.parse().ok()?, id: second },
            "muted" => Self::Muted { muted: !first.is_empty() },
            "rated" => Self::Rated { id: first, rating: second },
            _ => return None,
        })
    }
}

/// How it stands with the conversation in this tab.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Here {
    /// There is a session.
    pub ready: bool,
    /// A turn is running that this tab has begun.
    pub sending: bool,
    /// A turn is running that another tab has begun; it has a name.
    pub following: bool,
    pub named: bool,
    /// In the background: what it shows nobody sees.
    pub hidden: bool,
    /// The last answer, where it has come to its end.
    pub answer: Option<String>,
}

/// What a tab does about the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    /// Shows the message and waits for its answer.
    Show,
    /// Takes the answer from the server.
    Follow,
    /// Asks the server for the whole conversation: something was missed.
    CatchUp,
    /// The same, once it can be, or somebody looks.
    CatchUpLater,
    /// Begins with a new session.
    Restart,
}

/// What news of the conversation mean here.
#[must_use]
pub fn step(news: &News, here: &Here) -> Step {
    let catch_up = if here.hidden || !here.ready { Step::CatchUpLater } else { Step::CatchUp };
    match news {
        // Both have sent at once: the server takes one, and tells the other.
        News::Sent { .. } | News::Named { .. } | News::Over { .. } if here.sending => Step::Nothing,
        News::Other if here.sending => Step::CatchUpLater,
        News::Sent { .. } if here.ready && !here.following => Step::Show,
        News::Named { .. } if here.following => Step::Follow,
        // Its own stream tells it the end.
        News::Over { .. } if here.following && here.named && !here.hidden => Step::Nothing,
        News::Over { id } if here.answer.as_ref() == Some(id) && !here.following => Step::Nothing,
        News::Sent { .. } | News::Named { .. } | News::Over { .. } => catch_up,
        News::Other if here.ready => Step::Restart,
        News::Other => Step::CatchUpLater,
        News::Reset | News::Unread { .. } | News::Muted { .. } | News::Rated { .. } => {
            Step::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> News {
        News::Sent { client_id: "c".into(), message: "Hi".into() }
    }

    fn named() -> News {
        News::Named { turn_id: "t".into() }
    }

    fn over() -> News {
        News::Over { id: "m".into() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let all = [
            sent(),
            named(),
            over(),
            News::Other,
            News::Reset,
            News::Unread { count: 3, id: "m".into() },
            News::Muted { muted: true },
            News::Muted { muted: false },
            News::Rated { id: "m".into(), rating: "up".into() },
        ];
        for news in all {
            assert_eq!(News::read(news.write()).as_ref(), Some(&news));
        }
        let unknown = ["brew", "", ""].map(str::to_owned);
        assert_eq!(News::read(unknown), None);
    }

    #[test]
    fn a_message_is_shown_at_once_and_its_answer_taken_by_its_name() {
        let here = Here { ready: true, ..Here::default() };
        assert_eq!(step(&sent(), &here), Step::Show);
        let here = Here { following: true, ..here };
        assert_eq!(step(&named(), &here), Step::Follow);
        let here = Here { named: true, ..here };
        assert_eq!(step(&over(), &here), Step::Nothing, "its own stream ends too");
    }

    #[test]
    fn a_tab_that_is_sending_minds_its_own_turn() {
        let here = Here { ready: true, sending: true, ..Here::default() };
        for news in [sent(), named(), over()] {
            assert_eq!(step(&news, &here), Step::Nothing);
        }
        assert_eq!(step(&News::Other, &here), Step::CatchUpLater);
    }

    #[test]
    fn what_was_missed_is_asked_for() {
        let here = Here { ready: true, ..Here::default() };
        assert_eq!(step(&named(), &here), Step::CatchUp);
        assert_eq!(step(&over(), &here), Step::CatchUp);
        let unnamed = Here { following: true, ..here.clone() };
        assert_eq!(step(&over(), &unnamed), Step::CatchUp, "it was refused over there");
        assert_eq!(step(&sent(), &unnamed), Step::CatchUp, "the end of the last one was missed");
        let known = Here { answer: Some("m".into()), ..here };
        assert_eq!(step(&over(), &known), Step::Nothing);
    }

    #[test]
    fn nothing_is_asked_for_in_the_background_or_without_a_session() {
        let hidden = Here { ready: true, hidden: true, ..Here::default() };
        let quiet = Here::default();
        for here in [&hidden, &quiet] {
            for news in [named(), over()] {
                assert_eq!(step(&news, here), Step::CatchUpLater);
            }
        }
        assert_eq!(step(&sent(), &quiet), Step::CatchUpLater);
        assert_eq!(step(&News::Other, &quiet), Step::CatchUpLater);
        let followed = Here { following: true, named: true, ..hidden };
        assert_eq!(step(&over(), &followed), Step::CatchUpLater, "it has no stream there");
    }

    #[test]
    fn another_conversation_or_visitor_needs_a_session_of_its_own() {
        let here = Here { ready: true, ..Here::default() };
        assert_eq!(step(&News::Other, &here), Step::Restart);
    }
}
