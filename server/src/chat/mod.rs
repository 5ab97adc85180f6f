//! A question and its answer, from admission to the stored end, and everything that reads along.
//!
//! [`begin`](turn::begin) admits a question and starts a task that writes its answer into a
//! [`LiveTurn`](live::LiveTurn). Requests only ever read from that: the one that asked, one that
//! resumes, one that joins. So an answer goes on when its reader leaves, and no reader can hold
//! another one up.

pub mod conversation;
pub mod follow;
pub mod lease;
pub mod live;
pub mod session;
pub mod stream;
pub mod thread;
pub mod transcript;
pub mod turn;
