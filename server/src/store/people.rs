//! People who sign in, their browsers, and API keys.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes;
use super::{
    Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, holds, page_start,
    spellings, statements,
};

statements! {
    ADD_USER = "INSERT INTO users (id, email, folded_email, name, role, password_hash, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (folded_email) DO NOTHING";
    /// What is null stays: two who change different things do not undo each other's.
    UPDATE_USER = "UPDATE users SET version = version + 1, email = COALESCE($2, email), \
        folded_email = COALESCE($3, folded_email), name = COALESCE($4, name), \
        role = COALESCE($5, role), password_hash = COALESCE($6, password_hash) \
        WHERE id = $1 AND version = COALESCE($7, version)";
    DELETE_USER = "DELETE FROM users WHERE id = $1";
    /// Keeps those apart who would each remove the last admin but one.
    LOCK_USERS = "UPDATE users SET role = role WHERE role = 'admin'";
    COUNT_ADMINS = "SELECT COUNT(*) FROM users WHERE role = 'admin'";
    COUNT_USERS = "SELECT COUNT(*) FROM users";
    USERS = "SELECT id, version, email, name, role, password_hash, created_at, last_signed_in_at \
        FROM users ORDER BY created_at DESC, id DESC";
    USER = "SELECT id, version, email, name, role, password_hash, created_at, last_signed_in_at \
        FROM users WHERE id = $1";
    USER_BY_EMAIL = "SELECT id, version, email, name, role, password_hash, created_at, last_signed_in_at \
        FROM users WHERE folded_email = $1";
    ADMIN_EMAILS = "SELECT email FROM users WHERE role = 'admin' ORDER BY email";
    END_SIGN_INS = "DELETE FROM sign_ins WHERE user_id = $1";
    ADD_SIGN_IN = "INSERT INTO sign_ins (token_hash, user_id, created_at, expires_at) \
        VALUES ($1, $2, $3, $4)";
    SIGNED_IN = "UPDATE users SET last_signed_in_at = $2 WHERE id = $1";
    SIGN_IN = "SELECT users.id, users.version, users.email, users.name, users.role, users.password_hash, \
        users.created_at, users.last_signed_in_at FROM sign_ins \
        JOIN users ON users.id = sign_ins.user_id \
        WHERE sign_ins.token_hash = $1 AND sign_ins.expires_at > $2";
    END_SIGN_IN = "DELETE FROM sign_ins WHERE token_hash = $1";
    FORGET_SIGN_INS = "DELETE FROM sign_ins WHERE expires_at <= $1";
    ADD_API_KEY = "INSERT INTO api_keys (id, label, scopes, key_hash, prefix, last_four, \
        created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    DELETE_API_KEY = "DELETE FROM api_keys WHERE id = $1";
    API_KEYS = concat!("SELECT id, label, scopes, prefix, last_four, created_at, last_used_at, expires_at \
        FROM api_keys WHERE (created_at < $1 OR (created_at = $1 AND id < $2)) \
        AND ", holds!("label", "$3", "$4", "$5"), " ORDER BY created_at DESC, id DESC LIMIT $6");
    /// The oldest first: those that an audit is about.
    AUDITED_API_KEYS = "SELECT id, label, scopes, prefix, last_four, created_at, last_used_at, \
        expires_at FROM api_keys WHERE expires_at IS NULL OR expires_at > $1 \
        ORDER BY created_at, id LIMIT 1000";
    COUNT_API_KEYS = concat!("SELECT COUNT(*) FROM api_keys WHERE ",
        holds!("label", "$1", "$2", "$3"));
    API_KEY = "SELECT id, label, scopes, prefix, last_four, created_at, last_used_at, expires_at \
        FROM api_keys WHERE key_hash = $1";
    TOUCH_API_KEY = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1";
}

/// Somebody who signs in.
#[derive(Clone, FromRow)]
pub struct UserRow {
    pub id: String,
    pub version: i64,
    pub email: String,
    pub name: String,
    /// admin, viewer.
    pub role: String,
    pub password_hash: String,
    pub created_at: i64,
    pub last_signed_in_at: Option<i64>,
}

impl std::fmt::Debug for UserRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// An API key without the key.
#[derive(Clone, Debug, FromRow)]
pub struct ApiKeyRow {
    pub id: String,
    pub label: String,
    /// JSON array.
    pub scopes: String,
    pub prefix: String,
    pub last_four: String,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
    pub expires_at: Option<i64>,
}

/// What is changed about somebody; `None` stays.
#[derive(Clone, Default)]
pub struct UserEdit {
    /// Only when they are of this version; `None` = of any.
    pub version: Option<i64>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub role: Option<&'static str>,
    pub password_hash: Option<String>,
}

impl std::fmt::Debug for UserEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserEdit").finish_non_exhaustive()
    }
}

/// What is done to people and their credentials.
#[derive(Clone, Debug)]
pub enum PeopleEdit {
    /// With `first`, only when there is nobody yet.
    AddUser {
        user: UserRow,
        first: bool,
    },
    /// With `sign_out`, the user's browsers are signed out.
    UpdateUser {
        id: String,
        change: UserEdit,
        sign_out: bool,
    },
    DeleteUser(String),
    AddApiKey {
        row: ApiKeyRow,
        key_hash: String,
    },
    DeleteApiKey(String),
}

/// What came of a [`PeopleEdit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    Done,
    /// There is none, or, with `first`, there is somebody already.
    NotFound,
    EmailTaken,
    LastAdmin,
    /// There is none of that version, or none at all.
    Overtaken,
}

struct EditPeople {
    edit: PeopleEdit,
    audit: NewAudit,
}

impl Write for EditPeople {
    type Out = Edited;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<Edited, sqlx::Error> {
        let edited = self.edit.run(conn).await?;
        if edited == Edited::Done {
            audit::add(conn, &self.audit).await?;
        }
        Ok(edited)
    }
}

fn done(changed: u64) -> Edited {
    if changed > 0 { Edited::Done } else { Edited::NotFound }
}

/// Whether taking this user's admin role away leaves none.
async fn is_last_admin(conn: &mut Conn, user_id: &str) -> Result<bool, sqlx::Error> {
    execute!(&mut *conn, LOCK_USERS)?;
    let user = fetch_optional!(&mut *conn, UserRow, USER, user_id)?;
    if user.is_none_or(|user| user.role != "admin") {
        return Ok(false);
    }
    let admins = fetch_optional!(&mut *conn, (i64,), COUNT_ADMINS)?;
    Ok(admins.is_none_or(|(n,)| n <= 1))
}

impl PeopleEdit {
    async fn run(&self, conn: &mut Conn) -> Result<Edited, sqlx::Error> {
        match self {
            Self::AddUser { user, first } => {
                if *first {
                    // Keeps two who set up at the same time apart.
                    changes::next(conn).await?;
                    let users = fetch_optional!(&mut *conn, (i64,), COUNT_USERS)?;
                    if users.is_some_and(|(n,)| n > 0) {
                        return Ok(Edited::NotFound);
                    }
                }
                let added = execute!(
                    &mut *conn,
                    ADD_USER,
                    &user.id,
                    &user.email,
                    super::fold(&user.email),
                    &user.name,
                    &user.role,
                    &user.password_hash,
                    user.created_at
                )?;
                Ok(if added > 0 { Edited::Done } else { Edited::EmailTaken })
            }
            Self::UpdateUser { id, change, sign_out } => {
                let demoted = change.role.is_some_and(|role| role != "admin");
                if demoted && is_last_admin(conn, id).await? {
                    return Ok(Edited::LastAdmin);
                }
                let folded = change.email.as_deref().map(super::fold);
                if let Some(folded) = &folded {
                    let other = fetch_optional!(&mut *conn, UserRow, USER_BY_EMAIL, folded)?;
                    if other.is_some_and(|other| other.id != *id) {
                        return Ok(Edited::EmailTaken);
                    }
                }
                let changed = execute!(
                    &mut *conn,
                    UPDATE_USER,
                    id,
                    &change.email,
                    folded,
                    &change.name,
                    change.role,
                    &change.password_hash,
                    change.version
                )?;
                if changed == 0 {
                    return Ok(Edited::Overtaken);
                }
                if *sign_out {
                    execute!(&mut *conn, END_SIGN_INS, id)?;
                }
                Ok(Edited::Done)
            }
            Self::DeleteUser(id) => {
                if is_last_admin(conn, id).await? {
                    return Ok(Edited::LastAdmin);
                }
                Ok(done(execute!(&mut *conn, DELETE_USER, id)?))
            }
            Self::AddApiKey { row, key_hash } => Ok(done(execute!(
                &mut *conn,
                ADD_API_KEY,
                &row.id,
                &row.label,
                &row.scopes,
                key_hash,
                &row.prefix,
                &row.last_four,
                row.created_at,
                row.expires_at
            )?)),
            Self::DeleteApiKey(id) => Ok(done(execute!(&mut *conn, DELETE_API_KEY, id)?)),
        }
    }
}

struct BeginSignIn {
    token_hash: String,
    user_id: String,
    now_ms: i64,
    expires_at: i64,
}

impl Write for BeginSignIn {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        let (token, user) = (&self.token_hash, &self.user_id);
        execute!(&mut *conn, ADD_SIGN_IN, token, user, self.now_ms, self.expires_at)?;
        execute!(&mut *conn, SIGNED_IN, user, self.now_ms)?;
        Ok(())
    }
}

struct EndSignIn(String);

impl Write for EndSignIn {
    type Out = ();
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, END_SIGN_IN, &self.0)?;
        Ok(())
    }
}

struct ForgetSignIns {
    now_ms: i64,
}

impl Write for ForgetSignIns {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, FORGET_SIGN_INS, self.now_ms)?;
        Ok(())
    }
}

struct TouchApiKey {
    id: String,
    now_ms: i64,
}

impl Write for TouchApiKey {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, TOUCH_API_KEY, &self.id, self.now_ms)?;
        Ok(())
    }
}

impl Store {
    /// Changes people or their credentials, with the line in the audit log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn edit_people(
        &self,
        edit: PeopleEdit,
        audit: NewAudit,
    ) -> Result<Edited, StoreError> {
        self.writer.run(EditPeople { edit, audit }).await
    }

    /// Everybody, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users(&self) -> Result<Vec<UserRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, UserRow, USERS)?)
    }

    /// How many people there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_count(&self) -> Result<i64, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, (i64,), COUNT_USERS)?.map_or(0, |(n,)| n))
    }

    /// One user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(&self, id: &str) -> Result<Option<UserRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, UserRow, USER, id)?)
    }

    /// The user with this e-mail address, whatever its case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, UserRow, USER_BY_EMAIL, super::fold(email))?)
    }

    /// The addresses of all admins.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn admin_emails(&self) -> Result<Vec<String>, StoreError> {
        let mut conn = self.conn().await?;
        let rows = fetch_all!(&mut conn, (String,), ADMIN_EMAILS)?;
        Ok(rows.into_iter().map(|(email,)| email).collect())
    }

    /// Signs a browser in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_sign_in(
        &self,
        token_hash: String,
        user_id: &str,
        now_ms: i64,
        expires_at: i64,
    ) -> Result<(), StoreError> {
        let user_id = user_id.to_owned();
        self.writer.run(BeginSignIn { token_hash, user_id, now_ms, expires_at }).await
    }

    /// Who is signed in with this cookie.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_in(
        &self,
        token_hash: &str,
        now_ms: i64,
    ) -> Result<Option<UserRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, UserRow, SIGN_IN, token_hash, now_ms)?)
    }

    /// Signs a browser out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sign_in(&self, token_hash: &str) -> Result<(), StoreError> {
        self.writer.run(EndSignIn(token_hash.to_owned())).await
    }

    /// Forgets sign-ins that are over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_sign_ins(&self, now_ms: i64) -> Result<(), StoreError> {
        self.writer.run(ForgetSignIns { now_ms }).await
    }

    /// A page of API keys, newest first, with how many there are; `q` is part of their labels.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn api_keys(
        &self,
        after: Option<(i64, String)>,
        q: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<ApiKeyRow>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (before_ms, before_id) = page_start(after);
        let (like, typed, capital) = q.map(spellings).unwrap_or_default();
        let rows = fetch_all!(
            &mut conn,
            ApiKeyRow,
            API_KEYS,
            before_ms,
            &before_id,
            &like,
            &typed,
            &capital,
            i64::from(limit)
        )?;
        let total = fetch_optional!(&mut conn, (i64,), COUNT_API_KEYS, &like, &typed, &capital)?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }

    /// Those that have not expired, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audited_api_keys(&self, now_ms: i64) -> Result<Vec<ApiKeyRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, ApiKeyRow, AUDITED_API_KEYS, now_ms)?)
    }

    /// The API key with this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn api_key(&self, key_hash: &str) -> Result<Option<ApiKeyRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, ApiKeyRow, API_KEY, key_hash)?)
    }

    /// Notes that an API key was used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch_api_key(&self, id: &str, now_ms: i64) -> Result<(), StoreError> {
        self.writer.run(TouchApiKey { id: id.to_owned(), now_ms }).await
    }
}
