//! Who is signed in, what they may do, and what happens when that ends in the middle of something.

use std::cell::RefCell;

use futures_channel::oneshot;
use leptos::prelude::*;
use shared::admin::{SetupState, SignIn, SignedIn, User, UserRole};

use crate::api::{self, Failure};

thread_local! {
    /// Requests that wait for the next sign-in.
    static WAITING: RefCell<Vec<oneshot::Sender<()>>> = const { RefCell::new(Vec::new()) };
    static EXPIRED: RefCell<Option<RwSignal<bool>>> = const { RefCell::new(None) };
}

/// What is known of the visitor of the dashboard.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Not asked yet.
    Asking,
    /// The server could not be reached.
    Unreachable(Failure),
    /// The first admin is still to be made.
    SetUp,
    SignedOut,
    SignedIn(User),
}

/// The session, for every page by `expect_context`.
#[derive(Clone, Copy)]
pub struct Session {
    pub standing: RwSignal<Standing>,
    /// It ended while a page was open; the page stays, and is asked to wait.
    pub expired: RwSignal<bool>,
}

impl Session {
    /// A session about which nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        let session =
            Self { standing: RwSignal::new(Standing::Asking), expired: RwSignal::new(false) };
        EXPIRED.with_borrow_mut(|slot| *slot = Some(session.expired));
        session
    }

    /// Asks the server who is signed in.
    pub async fn find_out(self) {
        let standing = match api::get::<SignedIn>("/api/auth/me").await {
            Ok(SignedIn { user }) => Standing::SignedIn(user),
            Err(failure) if failure.status == 401 => {
                match api::get::<SetupState>("/api/auth/setup").await {
                    Ok(SetupState { needed: true }) => Standing::SetUp,
                    Ok(_) => Standing::SignedOut,
                    Err(failure) => Standing::Unreachable(failure),
                }
            }
            Err(failure) => Standing::Unreachable(failure),
        };
        self.standing.set(standing);
    }

    /// Signs in; what waited for it goes on.
    ///
    /// # Errors
    /// What the server said.
    pub async fn sign_in(self, who: &SignIn) -> Result<(), Failure> {
        let SignedIn { user } = api::post("/api/auth/sign-in", who).await?;
        self.standing.set(Standing::SignedIn(user));
        self.expired.set(false);
        for waiting in WAITING.take() {
            let _ = waiting.send(());
        }
        Ok(())
    }

    /// Signs out.
    ///
    /// # Errors
    /// What the server said.
    pub async fn sign_out(self) -> Result<(), Failure> {
        api::act::<()>("/api/auth/sign-out").await?;
        self.standing.set(Standing::SignedOut);
        Ok(())
    }

    /// Whoever is signed in.
    #[must_use]
    pub fn user(self) -> Option<User> {
        match self.standing.get() {
            Standing::SignedIn(user) => Some(user),
            _ => None,
        }
    }

    /// Whether they may change things. Reads a signal.
    #[must_use]
    pub fn may_write(self) -> bool {
        self.user().is_some_and(|user| user.role == UserRole::Admin)
    }
}

/// Whether fields can be read only: the other side of [`may_write`], for forms.
#[must_use]
pub fn read_only() -> Signal<bool> {
    Signal::derive(|| !may_write())
}

/// Whether whoever is signed in may change things. Reads a signal.
#[must_use]
pub fn may_write() -> bool {
    expect_context::<Session>().may_write()
}

/// Resolves once somebody has signed in again.
pub async fn signed_in_again() {
    let (done, waiting) = oneshot::channel();
    WAITING.with_borrow_mut(|list| list.push(done));
    if let Some(expired) = EXPIRED.with_borrow(|slot| *slot) {
        expired.set(true);
    }
    let _ = waiting.await;
}
