//! The rules once more, written from the specifications and the documentation instead of the server: what is live, and
//! the answer to each request. Times are milliseconds.

use super::story::{Presenter, Standing};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const CODE_LIFE: i64 = MINUTE;
const ACCESS_LIFE_SECONDS: i64 = 600;
const GRACE: i64 = 10 * SECOND;
const FAMILY_IDLE: i64 = 7 * DAY;
const FAMILY_LIFE: i64 = 30 * DAY;
const SESSION_IDLE: i64 = HOUR;
const SESSION_LIFE: i64 = DAY;
/// The time for which a used code is distinguished from an unknown one.
const CODE_MEMORY: i64 = DAY;

/// A user or a client.
#[derive(Clone, Copy)]
struct Party {
    enabled: bool,
    /// Everything issued up to this time is void.
    cut: i64,
}

struct Session {
    user: usize,
    began: i64,
    seen: i64,
    ended: bool,
}

struct Code {
    issued: i64,
    used: bool,
    /// The family that it represents.
    family: usize,
}

/// A grant, with or without tokens as yet.
struct Family {
    client: usize,
    session: usize,
    offline: bool,
    /// The refresh tokens so far; the last is the live one.
    chain: Vec<usize>,
    rotated: i64,
    revoked: bool,
}

struct Access {
    family: usize,
    issued: i64,
    /// True if it ends with the session in which it was issued.
    of_session: bool,
    revoked: bool,
}

/// The refresh token in a token response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yield {
    /// A new refresh token.
    New,
    /// The refresh token with this number again.
    Again(usize),
}

/// A refusal: status and error.
pub type Refusal = (u16, &'static str);

const INVALID_GRANT: Refusal = (400, "invalid_grant");
const INVALID_CLIENT: Refusal = (401, "invalid_client");
const NOT_YOURS: Refusal = (400, "unauthorized_client");

/// The outcome of an authorization request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorized {
    Code,
    /// The form is shown again.
    NotSignedIn,
    /// The client gets `login_required`.
    LoginRequired,
    /// An error page without a link back.
    NoSuchClient,
}

/// The whole expected state.
pub struct Reference {
    pub now: i64,
    users: [Party; 2],
    clients: [Party; 2],
    sessions: Vec<Session>,
    codes: Vec<Code>,
    families: Vec<Family>,
    access: Vec<Access>,
    /// The family of each refresh token.
    refresh: Vec<usize>,
}

impl Reference {
    pub fn new(now: i64) -> Self {
        let party = Party { enabled: true, cut: i64::MIN };
        Self {
            now,
            users: [party; 2],
            clients: [party; 2],
            sessions: Vec::new(),
            codes: Vec::new(),
            families: Vec::new(),
            access: Vec::new(),
            refresh: Vec::new(),
        }
    }

    /// The client that presents a code or a token of this family.
    fn presenter(&self, family: usize, by: Presenter) -> usize {
        let owner = self.families[family].client;
        if by == Presenter::Owner { owner } else { 1 - owner }
    }

    pub fn client_of_code(&self, code: usize, by: Presenter) -> usize {
        self.presenter(self.codes[code].family, by)
    }

    pub fn client_of_access(&self, token: usize, by: Presenter) -> usize {
        self.presenter(self.access[token].family, by)
    }

    pub fn client_of_refresh(&self, token: usize, by: Presenter) -> usize {
        self.presenter(self.refresh[token], by)
    }

    pub fn sign_in(&mut self, user: usize, client: usize, offline: bool) -> Authorized {
        if !self.clients[client].enabled {
            return Authorized::NoSuchClient;
        }
        if !self.users[user].enabled {
            return Authorized::NotSignedIn;
        }
        self.sessions.push(Session { user, began: self.now, seen: self.now, ended: false });
        self.issue_code(self.sessions.len() - 1, client, offline)
    }

    pub fn come_back(&mut self, session: usize, client: usize, offline: bool) -> Authorized {
        if !self.clients[client].enabled {
            return Authorized::NoSuchClient;
        }
        if !self.is_signed_in(session) {
            return Authorized::LoginRequired;
        }
        let session_row = &mut self.sessions[session];
        // Use is noted once a minute.
        if self.now - session_row.seen >= MINUTE {
            session_row.seen = self.now;
        }
        self.issue_code(session, client, offline)
    }

    fn issue_code(&mut self, session: usize, client: usize, offline: bool) -> Authorized {
        let family = Family { client, session, offline, chain: Vec::new(), rotated: i64::MIN / 2, revoked: false };
        self.families.push(family);
        self.codes.push(Code { issued: self.now, used: false, family: self.families.len() - 1 });
        Authorized::Code
    }

    fn is_signed_in(&self, session: usize) -> bool {
        let Session { user, began, .. } = self.sessions[session];
        let user = self.users[user];
        self.is_live(session) && user.enabled && user.cut < began
    }

    /// True if a session has neither ended nor expired.
    fn is_live(&self, session: usize) -> bool {
        let Session { began, seen, ended, .. } = self.sessions[session];
        !ended && self.now < seen + SESSION_IDLE && self.now < began + SESSION_LIFE
    }

    /// Records that a grant bound to a session uses that session.
    fn note_use_of_session(&mut self, family: usize) {
        let Family { session, offline, .. } = self.families[family];
        let seen = &mut self.sessions[session].seen;
        // Use is noted once a minute.
        if !offline && self.now - *seen >= MINUTE {
            *seen = self.now;
        }
    }

    /// True if tokens may be issued for grants of this session.
    fn may_speak(&self, session: usize) -> bool {
        let session = &self.sessions[session];
        let user = self.users[session.user];
        user.enabled && user.cut < session.began
    }

    /// True if a used code is still known as used, whenever rows are swept.
    pub fn is_remembered(&self, code: usize) -> bool {
        self.now < self.codes[code].issued + CODE_MEMORY
    }

    pub fn redeem(&mut self, code: usize, by: Presenter, proven: bool) -> Result<Yield, Refusal> {
        let Code { issued, used, family } = self.codes[code];
        let client = self.presenter(family, by);
        if !self.clients[client].enabled {
            return Err(INVALID_CLIENT);
        }
        if by == Presenter::Another {
            return Err(INVALID_GRANT);
        }
        if used {
            self.families[family].revoked = true;
            return Err(INVALID_GRANT);
        }
        let session = self.families[family].session;
        // A client's cut-off takes its codes along.
        let void = !self.is_live(session) || !self.may_speak(session) || self.clients[client].cut >= issued;
        if void {
            return Err(INVALID_GRANT);
        }
        self.codes[code].used = true;
        if self.now >= issued + CODE_LIFE || !proven {
            return Err(INVALID_GRANT);
        }
        self.families[family].rotated = self.now;
        Ok(self.issue(family))
    }

    pub fn refresh(&mut self, token: usize, by: Presenter) -> Result<Yield, Refusal> {
        let family = self.refresh[token];
        if !self.clients[self.presenter(family, by)].enabled {
            return Err(INVALID_CLIENT);
        }
        if by == Presenter::Another || !self.is_family_alive(family) {
            return Err(INVALID_GRANT);
        }
        let Family { chain, rotated, .. } = &self.families[family];
        let age = chain.iter().rev().position(|held| *held == token).expect("it is of the family");
        match age {
            0 => {
                self.families[family].rotated = self.now;
                self.note_use_of_session(family);
                Ok(self.issue(family))
            }
            1 if self.now - rotated <= GRACE => {
                let successor = chain[chain.len() - 1];
                self.issue_access(family);
                Ok(Yield::Again(successor))
            }
            _ => {
                self.families[family].revoked = true;
                Err(INVALID_GRANT)
            }
        }
    }

    fn issue(&mut self, family: usize) -> Yield {
        self.issue_access(family);
        self.refresh.push(family);
        self.families[family].chain.push(self.refresh.len() - 1);
        Yield::New
    }

    fn issue_access(&mut self, family: usize) {
        let of_session = self.is_live(self.families[family].session);
        self.access.push(Access { family, issued: self.now, of_session, revoked: false });
    }

    /// True if the live token of a family is valid.
    fn is_family_alive(&self, family: usize) -> bool {
        let Family { session, offline, rotated, revoked, .. } = self.families[family];
        let began = self.sessions[session].began;
        let lasts = self.now < rotated + FAMILY_IDLE && self.now < began + FAMILY_LIFE;
        !revoked && lasts && self.may_speak(session) && (offline || self.is_live(session))
    }

    pub fn is_refresh_alive(&self, token: usize) -> bool {
        let family = self.refresh[token];
        self.is_family_alive(family) && self.families[family].chain.last() == Some(&token)
    }

    pub fn is_access_alive(&self, token: usize) -> bool {
        let Access { family, issued, of_session, revoked } = self.access[token];
        let family = &self.families[family];
        let client = self.clients[family.client];
        let session = &self.sessions[family.session];
        let user = self.users[session.user];
        // NumericDates are whole seconds.
        let lasts = self.now / SECOND < issued / SECOND + ACCESS_LIFE_SECONDS;
        let of_parties = client.enabled && client.cut < issued && user.enabled && user.cut < issued;
        lasts && !revoked && !family.revoked && of_parties && !(of_session && session.ended)
    }

    /// The answer to a client that revokes a token: a void token belongs to no client.
    pub fn revoke_access(&mut self, token: usize, by: Presenter) -> Result<(), Refusal> {
        if !self.clients[self.client_of_access(token, by)].enabled {
            return Err(INVALID_CLIENT);
        }
        match by {
            Presenter::Another if self.is_access_alive(token) => return Err(NOT_YOURS),
            Presenter::Another => {}
            Presenter::Owner => self.access[token].revoked = true,
        }
        Ok(())
    }

    pub fn revoke_refresh(&mut self, token: usize, by: Presenter) -> Result<(), Refusal> {
        let family = self.refresh[token];
        if !self.clients[self.presenter(family, by)].enabled {
            return Err(INVALID_CLIENT);
        }
        if by == Presenter::Another {
            return Err(NOT_YOURS);
        }
        self.families[family].revoked = true;
        Ok(())
    }

    /// True if the family of a refresh token may have been deleted.
    pub fn is_past(&self, token: usize) -> bool {
        let session = self.families[self.refresh[token]].session;
        self.now >= self.sessions[session].began + FAMILY_LIFE
    }

    pub fn sign_out(&mut self, session: usize) {
        if self.is_signed_in(session) {
            self.sessions[session].ended = true;
        }
    }

    pub fn change_user(&mut self, user: usize, to: Standing) {
        let party = &mut self.users[user];
        match to {
            Standing::Enable => party.enabled = true,
            Standing::Disable => *party = Party { enabled: false, cut: self.now },
            Standing::SignOut => party.cut = self.now,
        }
    }

    pub fn change_client(&mut self, client: usize, enabled: bool) {
        self.clients[client].enabled = enabled;
        if !enabled {
            self.clients[client].cut = self.now;
            self.families.iter_mut().filter(|family| family.client == client).for_each(|family| family.revoked = true);
        }
    }

    pub fn is_client_enabled(&self, client: usize) -> bool {
        self.clients[client].enabled
    }
}
