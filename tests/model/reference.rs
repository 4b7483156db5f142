//! The reference model: one patient's way through the portal as one would explain it at a front desk. It
//! has no store, no tokens and no transactions, only who got which message, what was decided, and what time
//! it is.

use std::collections::{BTreeMap, BTreeSet};

/// Seconds since the sequence began. Every operation takes one.
pub type Seconds = i64;

/// Where a message can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// The patient's e-mail address; they have two, and the chart says which one counts.
    Email(usize),
    /// The patient's mobile phone.
    Mobile,
    /// The representative's e-mail address.
    Martas,
    /// The representative's mobile phone.
    MartasMobile,
    /// The e-mail address of whoever the patient invites to help.
    Bens,
}

/// The channel of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Email,
    Text,
}

/// The reason for a revocation, the most severe last. The more severe it is, the more it takes to get
/// access back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    Other,
    Compromised,
    IdentityError,
}

/// Which password somebody enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// The password that was chosen last.
    Right,
    /// The password before the last one, or a wrong one if there was none.
    Old,
    /// A password that nobody has.
    Wrong,
}

/// What a signed-in person enters where the password is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    Nothing,
    Right,
    Wrong,
}

/// An operation. A `usize` selects a link (of those ever mailed), an account or a session, counted from
/// the latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Staff invite the patient; if `true`, they override that the patient declined.
    Invite(Way, bool),
    Cancel,
    InviteRepresentative,
    Revoke(Why),
    RevokeOne(usize),
    Access(bool),
    Decline,
    /// The chart's e-mail address becomes the other one.
    MoveEmail,
    /// The chart's last name becomes the other one.
    Rename,
    ConfirmContact(Way),
    /// Staff set user name (a new one, if `true`) and a temporary password.
    SetCredentials(bool),
    Unlock(usize),
    Delete(usize),

    Open(usize),
    /// Somebody states facts, right or wrong; on a reset link the birth date and the code that staff tell.
    Facts(usize, bool),
    Code(usize),
    Check(usize, bool),
    /// Somebody registers; if `true`, with a user name that is taken.
    Register(usize, bool),
    /// Somebody adds the patient to the login of an account, with the right password or a wrong one.
    LinkLogin(usize, usize, bool),
    Renew(usize),
    NotMe(usize),
    /// Somebody chooses a password at the end of a reset link.
    NewPassword(usize),

    SignIn(usize, Entered),
    SignOut(usize),
    /// A signed-in person changes the password; the old one is right or wrong.
    ChangePassword(usize, bool),
    EndOthers(usize),
    /// A signed-in person invites somebody to help the patient.
    InviteHelper(usize, Given),
    /// A signed-in person lets a representative's account see everything, or less.
    Level(usize, usize, bool, Given),
    /// A signed-in person ends a representative's access.
    EndHelper(usize, usize),
    /// A signed-in person proposes the other e-mail address for the patient's chart.
    Propose(usize, Given),
    /// Staff decide a proposal: whether they accept it, and whether they asked the patient.
    Decide(usize, bool, bool),
    ForgotPassword(usize),
    ForgotUsername(Address),
    /// The portal asks of every session ever given out whether it is active.
    WhoIsIn,

    /// An attacker alters a link's token, and tries it everywhere.
    Forge(usize),
    /// An attacker tries a link's token where links of another purpose belong.
    Misplace(usize),
    /// An attacker shows the ticket of the second link at the first.
    ForeignTicket(usize, usize),
    /// An attacker shows a ticket that was replaced, or one that they made up.
    EarlierTicket(usize),
    /// An attacker enters ten wrong passwords.
    Guess(usize),

    Wait(Seconds),
}

/// The secret that a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    Link(usize),
    Code(usize),
}

/// What the model expects of one operation.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub status: u16,
    pub code: &'static str,
    /// Messages with a link or a code, and their addresses.
    pub mails: Vec<(Address, Carried)>,
    /// The link, account or session that the operation was about.
    pub link: Option<usize>,
    pub other: Option<usize>,
    pub account: Option<usize>,
    pub session: Option<usize>,
    pub proposal: Option<usize>,
    /// The password that was entered or chosen.
    pub password: Option<usize>,
    /// Whether the portal is told that a session is active, for each session.
    pub active: Vec<bool>,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The patient is to register.
    Register,
    /// Somebody is to register as a representative.
    Represent,
    /// The holder of this account is to pass the checks again, and gets back the access that was revoked.
    ComeBack(usize),
    /// Nothing: the record only says that access came back at once.
    Restored,
    /// The holder of this account is to choose a new password.
    Reset(usize),
}

/// The state of a link. Whether it is locked or expired is derived from counts and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    Pending,
    Accepted,
    Superseded,
    Cancelled,
    Revoked,
    Reported,
}

#[derive(Clone, Debug)]
pub struct Code {
    at: Seconds,
    tries: u32,
    /// Whether the message really went out.
    sent: bool,
}

#[derive(Clone, Debug)]
pub struct Link {
    pub purpose: Purpose,
    pub to: Address,
    pub stands: Stands,
    pub expires: Seconds,
    made: Seconds,
    /// When it was made, or last asked for again.
    asked: Seconds,
    wrong_facts: u32,
    wrong_all: u32,
    /// The facts count as stated until then.
    proof: Option<Seconds>,
    codes: u32,
    code: Option<Code>,
    /// The latest ticket works until then.
    ticket: Option<Seconds>,
    pub tickets: usize,
    /// When a code was accepted: the same one gets the same ticket for a minute.
    given: Option<Seconds>,
    /// When it was used, and by which account: the same form gets the same answer for a minute.
    used: Option<(Seconds, usize)>,
    /// The address for the code of a reset link, on another channel than the link's.
    second: Option<Address>,
    /// The account that invited the representative; `None` if staff did.
    by: Option<usize>,
}

impl Link {
    pub const fn is_reset(&self) -> bool {
        matches!(self.purpose, Purpose::Reset(_))
    }

    pub const fn is_locked(&self) -> bool {
        self.wrong_facts >= 5 || self.wrong_all >= 10
    }

    pub fn is_pending(&self, now: Seconds) -> bool {
        self.stands == Stands::Pending && now < self.expires
    }

    pub fn opens(&self, now: Seconds) -> bool {
        self.is_pending(now) && !self.is_locked()
    }

    /// The state that staff see.
    pub fn shown(&self, now: Seconds) -> &'static str {
        match self.stands {
            Stands::Pending if self.is_locked() => "locked",
            Stands::Pending if now >= self.expires => "expired",
            Stands::Pending => "pending",
            Stands::Accepted => "accepted",
            Stands::Superseded => "superseded",
            Stands::Cancelled => "cancelled",
            Stands::Revoked => "revoked",
            Stands::Reported => "reported_wrong_recipient",
        }
    }

    fn end(&mut self, how: Stands) {
        if self.stands == Stands::Pending {
            self.stands = how;
        }
    }
}

/// What an account may do for the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    Active(Seconds),
    Suspended,
    /// Ended, with the number of the revocation that did it.
    Ended(u32),
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub struct Account {
    /// User names are numbered; no two accounts ever have the same.
    pub name: usize,
    /// The address of its holder, if that is a representative.
    pub address: Option<Address>,
    /// Whether it is the patient's own account now.
    pub own: bool,
    pub grant: Grant,
    /// Whether it shows everything about the patient, not appointments and messages alone.
    pub full: bool,
    pub deleted: bool,
    /// The numbers of its passwords; the last one is valid.
    pub passwords: Vec<usize>,
    /// A temporary password set by staff: until when it works, and whether it was used.
    temporary: Option<(Seconds, bool)>,
    /// Whether the terms were accepted. Registration includes that; with credentials from staff, the first
    /// change of password does.
    terms: bool,
    /// Everything that ends sessions raises this number.
    epoch: u32,
    wrong: u32,
    last_try: Seconds,
    reset: Option<usize>,
    /// When a password was chosen at the end of a reset link.
    reset_at: Option<Seconds>,
}

/// A new e-mail address for the chart that somebody proposed.
#[derive(Clone, Debug)]
pub struct Proposal {
    account: usize,
    /// Whether the account was the patient's own.
    own: bool,
    at: Seconds,
    email: usize,
    decided: bool,
}

impl Account {
    pub const fn shown(&self) -> &'static str {
        match self.grant {
            Grant::Active(_) => "active",
            Grant::Suspended => "suspended",
            Grant::Ended(_) => "revoked",
        }
    }

    fn is_live(&self) -> bool {
        !self.deleted && !matches!(self.grant, Grant::Ended(_))
    }

    fn has_access(&self) -> bool {
        !self.deleted && matches!(self.grant, Grant::Active(_))
    }

    pub const fn must_change(&self) -> bool {
        self.temporary.is_some() || !self.terms
    }

    /// Ends all sessions and forgets the wrong passwords.
    fn begin_anew(&mut self) {
        self.epoch += 1;
        self.wrong = 0;
    }
}

#[derive(Clone, Debug)]
pub struct Session {
    account: usize,
    began: Seconds,
    used: Seconds,
    epoch: u32,
    restricted: bool,
    signed_out: bool,
}

/// The patient, and everything around them.
#[derive(Clone, Debug)]
pub struct Model {
    pub now: Seconds,
    /// Which of the two addresses the chart has.
    pub email: usize,
    /// Which one the EHR sent last: what staff accepted holds until the EHR sends another one.
    pub sent_email: usize,
    /// Which of the two last names.
    pub name: usize,
    access: bool,
    declined: bool,
    revocation: Option<(u32, Why)>,
    revocations: u32,
    invitation: Option<usize>,
    offers: Vec<usize>,
    pub proposals: Vec<Proposal>,
    /// Nobody resets the patient's own password until then, except through staff.
    reset_rests: Option<Seconds>,
    /// Addresses that somebody reported as not the patient's.
    reported: BTreeSet<Address>,
    signed_in_once: bool,
    pub accounts: Vec<Account>,
    pub names: usize,
    pub passwords: usize,
    pub links: Vec<Link>,
    pub sessions: Vec<Session>,
    counts: BTreeMap<(&'static str, usize, Address), (i64, u32)>,
}

const LINK_SECONDS: Seconds = 72 * 3600;
const RESET_SECONDS: Seconds = 3600;
const DAY: Seconds = 86_400;

/// What a stranger asks for. Each has a number of messages a day of its own.
#[derive(Clone, Copy)]
enum Asked {
    Reset,
    Username,
    Renewal,
}

impl Asked {
    const fn name(self) -> &'static str {
        match self {
            Self::Reset => "mail-reset",
            Self::Username => "mail-username",
            Self::Renewal => "mail-renewal",
        }
    }

    const fn most(self) -> u32 {
        match self {
            Self::Reset => 10,
            Self::Username | Self::Renewal => 3,
        }
    }
}

const GONE: (u16, &str) = (410, "link_unavailable");
const WRONG: (u16, &str) = (401, "sign_in_failed");
const TOO_MANY: (u16, &str) = (429, "too_many_requests");

type Answer = (u16, &'static str);
type Mails = Vec<(Address, Carried)>;

const fn ok(status: u16) -> Answer {
    (status, "")
}

fn pick(n: usize, of: usize) -> Option<usize> {
    (of > 0).then(|| of - 1 - n % of)
}

impl Model {
    pub fn new() -> Self {
        Self {
            now: 0,
            email: 0,
            sent_email: 0,
            name: 0,
            access: true,
            declined: false,
            revocation: None,
            revocations: 0,
            invitation: None,
            offers: Vec::new(),
            proposals: Vec::new(),
            reset_rests: None,
            reported: BTreeSet::new(),
            signed_in_once: false,
            accounts: Vec::new(),
            names: 0,
            passwords: 0,
            links: Vec::new(),
            sessions: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// The patient's portal status.
    pub fn status(&self) -> &'static str {
        let live = self.accounts.iter().any(Account::is_live);
        if self.revocation.is_some() && self.invitation.is_none() {
            "revoked"
        } else if !self.access {
            "blocked"
        } else if live && self.revocation.is_none() {
            if self.signed_in_once { "active" } else { "registered" }
        } else if self.invitation.is_some() {
            "invited"
        } else if self.declined {
            "declined"
        } else {
            "uninvited"
        }
    }

    /// Applies one operation and returns what the answer must be.
    pub fn apply(&mut self, op: &Op) -> Said {
        self.now += 1;
        let mut said = Said::default();
        let (status, code) = self.act(op, &mut said);
        (said.status, said.code) = (status, code);
        said
    }

    fn act(&mut self, op: &Op, said: &mut Said) -> Answer {
        match *op {
            Op::Invite(way, over) => self.invite(way, over, &mut said.mails),
            Op::Cancel => {
                self.end_invitation(Stands::Cancelled);
                ok(200)
            }
            Op::InviteRepresentative => self.invite_representative(&mut said.mails),
            Op::Revoke(why) => self.revoke(why),
            Op::RevokeOne(n) => {
                said.account = self.account(n);
                self.revoke_one(said.account)
            }
            Op::Access(on) => self.switch(on),
            Op::Decline => {
                if !self.declined {
                    self.declined = true;
                    self.end_invitation(Stands::Cancelled);
                }
                ok(200)
            }
            Op::MoveEmail => {
                self.sent_email = 1 - self.sent_email;
                self.put_email(self.sent_email);
                ok(200)
            }
            Op::Rename => {
                self.name = 1 - self.name;
                ok(200)
            }
            Op::ConfirmContact(way) => {
                let at = self.contact(way);
                self.reported.remove(&at);
                ok(200)
            }
            Op::SetCredentials(rename) => self.set_credentials(rename, said),
            Op::Unlock(n) => {
                said.account = self.account(n);
                let Some(account) = self.living(said.account) else { return (404, "not_found") };
                account.wrong = 0;
                self.counts.remove(&("patient", 0, Address::Mobile));
                ok(200)
            }
            Op::Delete(n) => {
                said.account = self.account(n);
                self.delete(said.account)
            }

            Op::Open(n) => {
                said.link = self.mailed(n);
                if said.link.is_some_and(|l| self.links[l].opens(self.now)) { ok(200) } else { GONE }
            }
            Op::Facts(n, right) => {
                said.link = self.mailed(n);
                said.link.map_or(GONE, |l| self.facts(l, right))
            }
            Op::Code(n) => {
                said.link = self.mailed(n);
                said.link.map_or(GONE, |l| self.code(l, &mut said.mails))
            }
            Op::Check(n, right) => {
                said.link = self.mailed(n);
                said.link.map_or(GONE, |l| self.check(l, right))
            }
            Op::Register(n, taken) => {
                said.link = self.mailed(n);
                said.password = Some(self.new_password());
                let Some(l) = said.link else { return GONE };
                self.register(l, taken && !self.accounts.is_empty(), said)
            }
            Op::LinkLogin(n, a, right) => {
                said.link = self.mailed(n);
                said.account = self.account(a);
                said.password =
                    self.entered(said.account, if right { Entered::Right } else { Entered::Wrong });
                let Some(l) = said.link else { return GONE };
                self.link_login(l, said.account, right)
            }
            Op::Renew(n) => {
                said.link = self.mailed(n);
                if let Some(l) = said.link {
                    self.renew(l, &mut said.mails);
                }
                ok(202)
            }
            Op::NotMe(n) => {
                said.link = self.mailed(n);
                if let Some(l) = said.link {
                    self.not_me(l);
                }
                ok(202)
            }
            Op::NewPassword(n) => {
                said.link = self.mailed(n);
                let password = self.new_password();
                said.password = Some(password);
                said.link.map_or(GONE, |l| self.choose(l, password))
            }

            Op::SignIn(n, entered) => {
                said.account = self.account(n);
                said.password = self.entered(said.account, entered);
                let right = entered == Entered::Right;
                said.account.map_or(WRONG, |a| self.sign_in(a, right))
            }
            Op::SignOut(n) => {
                said.session = pick(n, self.sessions.len());
                if let Some(s) = said.session {
                    self.sessions[s].signed_out = true;
                }
                ok(204)
            }
            Op::ChangePassword(n, right) => {
                said.session = pick(n, self.sessions.len());
                let password = self.new_password();
                said.password = Some(password);
                said.session.map_or((401, "unauthorized"), |s| self.change_password(s, right, password))
            }
            Op::EndOthers(n) => {
                said.session = pick(n, self.sessions.len());
                said.session.map_or((401, "unauthorized"), |s| self.end_others(s))
            }
            Op::InviteHelper(n, given) => {
                said.session = pick(n, self.sessions.len());
                said.session.map_or((401, "unauthorized"), |s| self.invite_helper(s, given, &mut said.mails))
            }
            Op::Level(n, a, full, given) => {
                said.session = pick(n, self.sessions.len());
                said.account = self.account(a);
                let account = said.account;
                said.session.map_or((401, "unauthorized"), |s| self.level(s, account, full, given))
            }
            Op::EndHelper(n, a) => {
                said.session = pick(n, self.sessions.len());
                said.account = self.account(a);
                let account = said.account;
                said.session.map_or((401, "unauthorized"), |s| self.end_helper(s, account))
            }
            Op::Propose(n, given) => {
                said.session = pick(n, self.sessions.len());
                said.session.map_or((401, "unauthorized"), |s| self.propose(s, given))
            }
            Op::Decide(n, accept, asked) => {
                said.proposal = pick(n, self.proposals.len());
                said.proposal.map_or((404, "not_found"), |p| self.decide(p, accept, asked))
            }
            Op::ForgotPassword(n) => {
                said.account = self.account(n);
                if let Some(a) = said.account {
                    self.forgot_password(a, &mut said.mails);
                }
                ok(202)
            }
            Op::ForgotUsername(at) => {
                self.forgot_username(at);
                ok(202)
            }
            Op::WhoIsIn => {
                said.active = (0..self.sessions.len()).map(|s| self.asked(s)).collect();
                ok(200)
            }

            Op::Forge(n) | Op::Misplace(n) | Op::EarlierTicket(n) => {
                said.link = self.mailed(n);
                GONE
            }
            Op::ForeignTicket(n, m) => {
                said.link = self.mailed(n);
                said.other = self.mailed(m).filter(|other| Some(*other) != said.link);
                GONE
            }
            Op::Guess(n) => {
                said.account = self.account(n);
                if let Some(a) = said.account {
                    for _ in 0..10 {
                        self.enter(a, false);
                    }
                }
                WRONG
            }

            Op::Wait(seconds) => {
                self.now += seconds;
                ok(200)
            }
        }
    }

    // --- who and which ---

    /// The `n`th of the links that were ever mailed, counted from the latest.
    fn mailed(&self, n: usize) -> Option<usize> {
        let sent: Vec<usize> =
            (0..self.links.len()).filter(|l| self.links[*l].purpose != Purpose::Restored).collect();
        pick(n, sent.len()).map(|place| sent[place])
    }

    pub fn account(&self, n: usize) -> Option<usize> {
        pick(n, self.accounts.len())
    }

    fn living(&mut self, account: Option<usize>) -> Option<&mut Account> {
        self.accounts.get_mut(account?).filter(|account| !account.deleted)
    }

    fn new_password(&mut self) -> usize {
        self.passwords += 1;
        self.passwords - 1
    }

    fn entered(&self, account: Option<usize>, entered: Entered) -> Option<usize> {
        let passwords = &self.accounts.get(account?)?.passwords;
        let back = match entered {
            Entered::Right => 1,
            Entered::Old => 2,
            Entered::Wrong => return None,
        };
        passwords.len().checked_sub(back).map(|place| passwords[place])
    }

    const fn contact(&self, way: Way) -> Address {
        match way {
            Way::Email => Address::Email(self.email),
            Way::Text => Address::Mobile,
        }
    }

    fn reached(&self, way: Way) -> Option<Address> {
        Some(self.contact(way)).filter(|at| !self.reported.contains(at))
    }

    /// The patient's address for notices: e-mail before text.
    fn notice(&self) -> Option<Address> {
        self.reached(Way::Email).or_else(|| self.reached(Way::Text))
    }

    /// The patient's own account, unless it was ended.
    fn own(&self) -> Option<usize> {
        self.accounts.iter().position(|account| account.own && account.is_live())
    }

    /// Whether a fixed window still has room for one more of this kind.
    fn has_room(&self, what: &'static str, who: usize, at: Address, most: u32, window: Seconds) -> bool {
        let (began, count) = self.counts.get(&(what, who, at)).copied().unwrap_or_default();
        began != self.now / window || count < most
    }

    fn count(&mut self, what: &'static str, who: usize, at: Address, window: Seconds) {
        let now = self.now / window;
        let entry = self.counts.entry((what, who, at)).or_default();
        *entry = if entry.0 == now { (now, entry.1 + 1) } else { (now, 1) };
    }

    /// Counts a message. A phone gets three texts an hour, and an address a few messages a day of each kind that
    /// strangers can cause. Returns `false` and counts nothing if that is used up.
    fn may_send(&mut self, to: Address, asked: Option<Asked>) -> bool {
        let text = matches!(to, Address::Mobile | Address::MartasMobile);
        if text && !self.has_room("text", 0, to, 3, 3600) {
            return false;
        }
        if asked.is_some_and(|asked| !self.has_room(asked.name(), 0, to, asked.most(), DAY)) {
            return false;
        }
        if text {
            self.count("text", 0, to, 3600);
        }
        if let Some(asked) = asked {
            self.count(asked.name(), 0, to, DAY);
        }
        true
    }

    /// Counts a notice without a link that a stranger caused.
    fn notify(&mut self, to: Option<Address>, asked: Asked) {
        if let Some(to) = to.filter(|to| self.has_room(asked.name(), 0, *to, asked.most(), DAY)) {
            self.count(asked.name(), 0, to, DAY);
        }
    }

    /// Whether there were twenty wrong facts, codes and answers about the patient today.
    fn is_tried_out(&self) -> bool {
        !self.has_room("patient", 0, Address::Mobile, 20, DAY)
    }

    fn count_wrong(&mut self) {
        self.count("patient", 0, Address::Mobile, DAY);
    }

    fn new_link(&mut self, purpose: Purpose, to: Address, second: Option<Address>) -> usize {
        let works = if matches!(purpose, Purpose::Reset(_)) { RESET_SECONDS } else { LINK_SECONDS };
        self.links.push(Link {
            purpose,
            to,
            stands: if purpose == Purpose::Restored { Stands::Accepted } else { Stands::Pending },
            expires: self.now + works,
            made: self.now,
            asked: self.now,
            wrong_facts: 0,
            wrong_all: 0,
            proof: None,
            codes: 0,
            code: None,
            ticket: None,
            tickets: 0,
            given: None,
            used: None,
            second,
            by: None,
        });
        self.links.len() - 1
    }

    fn end_invitation(&mut self, how: Stands) {
        if let Some(l) = self.invitation.take() {
            self.links[l].end(how);
        }
    }

    fn end_offers(&mut self, how: Stands, which: impl Fn(&Link) -> bool) {
        let (gone, stay): (Vec<usize>, Vec<usize>) =
            self.offers.drain(..).partition(|l| which(&self.links[*l]));
        self.offers = stay;
        for link in gone {
            self.links[link].end(how);
        }
    }

    fn end_resets(&mut self, how: Stands, of: impl Fn(&Account) -> bool) {
        for account in self.accounts.iter_mut().filter(|account| !account.deleted && of(account)) {
            if let Some(l) = account.reset.take() {
                self.links[l].end(how);
            }
        }
    }

    // --- staff ---

    fn invite(&mut self, way: Way, over: bool, mails: &mut Mails) -> Answer {
        self.prepare(way, over, None, mails)
    }

    /// Makes an invitation, or what takes its place if there is an account already.
    fn prepare(&mut self, way: Way, over: bool, asked: Option<Asked>, mails: &mut Mails) -> Answer {
        let to = self.contact(way);
        if !self.access || self.reported.contains(&to) || (self.declined && !over) {
            return (422, "not_eligible");
        }
        if self.revocation.is_none()
            && let Some(own) = self.own()
        {
            if !self.may_send(to, asked) {
                return TOO_MANY;
            }
            self.send_reset(own, to, mails);
            return ok(201);
        }
        if !self.may_send(to, asked) {
            return TOO_MANY;
        }
        let purpose = self.way_back();
        self.end_invitation(Stands::Superseded);
        self.declined = false;
        let link = self.new_link(purpose, to, None);
        if purpose == Purpose::Restored {
            let (revocation, _) = self.revocation.take().unwrap();
            self.give_back(revocation, |_| true);
        } else {
            self.invitation = Some(link);
            mails.push((to, Carried::Link(link)));
        }
        ok(201)
    }

    /// The purpose of a new invitation: to register or, after a revocation, what its reason asks for.
    fn way_back(&self) -> Purpose {
        let Some((revocation, why)) = self.revocation else { return Purpose::Register };
        let ended = |account: &Account| !account.deleted && account.grant == Grant::Ended(revocation);
        let own = self.accounts.iter().position(|account| ended(account) && account.own);
        match (own, why) {
            _ if !self.accounts.iter().any(ended) => Purpose::Register,
            (_, Why::Other) => Purpose::Restored,
            (Some(account), Why::Compromised) => Purpose::ComeBack(account),
            // The link goes to the patient, who must not open another person's account with it.
            (None, Why::Compromised) | (_, Why::IdentityError) => Purpose::Register,
        }
    }

    fn give_back(&mut self, revocation: u32, which: impl Fn(usize) -> bool) {
        for (place, account) in self.accounts.iter_mut().enumerate() {
            if !account.deleted && account.grant == Grant::Ended(revocation) && which(place) {
                account.grant = Grant::Active(self.now);
            }
        }
    }

    fn send_reset(&mut self, account: usize, to: Address, mails: &mut Mails) {
        // The code goes by another channel than the link.
        let second = match to {
            Address::Email(_) => self.reached(Way::Text),
            Address::Mobile | Address::MartasMobile => self.reached(Way::Email),
            Address::Martas => Some(Address::MartasMobile),
            Address::Bens => None,
        };
        let link = self.new_link(Purpose::Reset(account), to, second);
        if let Some(older) = self.accounts[account].reset.replace(link) {
            self.links[older].end(Stands::Superseded);
        }
        mails.push((to, Carried::Link(link)));
    }

    fn invite_representative(&mut self, mails: &mut Mails) -> Answer {
        if !self.access || self.reported.contains(&Address::Martas) {
            return (422, "not_eligible");
        }
        if self.revocation.is_some() {
            return (409, "conflict");
        }
        self.offer(Address::Martas, None, mails);
        ok(201)
    }

    /// Invites a representative. Each address has one invitation, and what has expired is cleared away.
    fn offer(&mut self, to: Address, by: Option<usize>, mails: &mut Mails) {
        let now = self.now;
        self.end_offers(Stands::Superseded, |link| link.to == to || now >= link.expires);
        let link = self.new_link(Purpose::Represent, to, None);
        self.links[link].by = by;
        self.offers.push(link);
        mails.push((to, Carried::Link(link)));
    }

    fn revoke(&mut self, why: Why) -> Answer {
        let counts = self.revocation.map_or(why, |(_, known)| known.max(why));
        let worse = self.revocation.is_some_and(|(_, known)| known < why);
        if self.revocation.is_some() && self.invitation.is_none() && self.offers.is_empty() && !worse {
            return ok(200);
        }
        let earlier = self.revocation.map(|(revocation, _)| revocation);
        let revocation = earlier.unwrap_or_else(|| {
            self.revocations += 1;
            self.revocations
        });
        for account in self.accounts.iter_mut().filter(|account| account.is_live()) {
            account.grant = Grant::Ended(revocation);
        }
        self.end_resets(Stands::Revoked, |_| true);
        self.end_invitation(Stands::Revoked);
        self.end_offers(Stands::Revoked, |_| true);
        self.revocation = Some((revocation, counts));
        ok(200)
    }

    fn revoke_one(&mut self, account: Option<usize>) -> Answer {
        self.revocations += 1;
        let revocation = self.revocations;
        let Some(account) = self.living(account) else { return (404, "not_found") };
        if account.is_live() {
            account.grant = Grant::Ended(revocation);
            let (address, reset) = (account.address, account.reset.take());
            if let Some(l) = reset {
                self.links[l].end(Stands::Revoked);
            }
            // An invitation to the same person would give access again.
            self.end_offers(Stands::Revoked, |link| Some(link.to) == address);
        }
        ok(200)
    }

    fn switch(&mut self, on: bool) -> Answer {
        if self.access == on {
            return ok(200);
        }
        self.access = on;
        for account in self.accounts.iter_mut().filter(|account| account.is_live()) {
            account.grant = if on { Grant::Active(self.now) } else { Grant::Suspended };
        }
        if !on {
            self.end_resets(Stands::Cancelled, |_| true);
            self.end_invitation(Stands::Cancelled);
            self.end_offers(Stands::Cancelled, |_| true);
        }
        ok(200)
    }

    /// Puts an e-mail address on the chart. Links to the one before end.
    fn put_email(&mut self, email: usize) {
        let old = self.contact(Way::Email);
        if std::mem::replace(&mut self.email, email) == email {
            return;
        }
        if self.invitation.is_some_and(|l| self.links[l].to == old) {
            self.end_invitation(Stands::Superseded);
        }
        self.end_resets(Stands::Superseded, |account| account.own);
        self.reported.remove(&old);
    }

    fn set_credentials(&mut self, rename: bool, said: &mut Said) -> Answer {
        let password = self.new_password();
        let name = self.names;
        said.password = Some(password);
        said.account = self.own();
        said.other = Some(if rename { name } else { said.account.map_or(name, |a| self.accounts[a].name) });
        if !self.access {
            return (422, "not_eligible");
        }
        if self.revocation.is_some() {
            return (409, "conflict");
        }
        self.end_resets(Stands::Cancelled, |_| true);
        let place = said.account.unwrap_or_else(|| {
            self.end_invitation(Stands::Superseded);
            self.declined = false;
            self.add_account(None, password)
        });
        let account = &mut self.accounts[place];
        account.temporary = Some((self.now + 7 * 86_400, false));
        account.begin_anew();
        if said.account.is_none() {
            // Somebody who has never been on our pages has not accepted the terms yet.
            account.terms = false;
        } else {
            account.passwords.push(password);
            if rename {
                account.name = name;
                self.names += 1;
            }
        }
        said.account = Some(place);
        ok(200)
    }

    /// The patient's own account, or one of a representative with this address.
    fn add_account(&mut self, address: Option<Address>, password: usize) -> usize {
        self.accounts.push(Account {
            name: self.names,
            address,
            own: address.is_none(),
            grant: Grant::Active(self.now),
            full: true,
            deleted: false,
            passwords: vec![password],
            temporary: None,
            terms: true,
            epoch: 0,
            wrong: 0,
            last_try: 0,
            reset: None,
            reset_at: None,
        });
        self.names += 1;
        self.accounts.len() - 1
    }

    fn delete(&mut self, account: Option<usize>) -> Answer {
        let Some(account) = self.living(account) else { return (404, "not_found") };
        account.deleted = true;
        account.begin_anew();
        let reset = account.reset.take();
        if let Some(l) = reset {
            self.links[l].end(Stands::Cancelled);
        }
        if self.accounts.iter().all(|account| account.deleted) {
            self.signed_in_once = false;
        }
        let comes_back =
            |l: usize| matches!(self.links[l].purpose, Purpose::ComeBack(a) if self.accounts[a].deleted);
        if self.invitation.is_some_and(comes_back) {
            self.end_invitation(Stands::Cancelled);
        }
        ok(204)
    }

    // --- links ---

    /// Whether the patient's record still names this invitation and access is not switched off.
    fn stands_behind(&self, l: usize) -> bool {
        self.access && (self.invitation == Some(l) || self.offers.contains(&l))
    }

    fn facts(&mut self, l: usize, right: bool) -> Answer {
        let now = self.now;
        let behind = self.links[l].is_reset() || self.stands_behind(l);
        if !self.links[l].opens(now) {
            return GONE;
        }
        if self.is_tried_out() {
            return TOO_MANY;
        }
        let link = &mut self.links[l];
        if !behind {
            return GONE;
        }
        if !right {
            link.wrong_facts += 1;
            link.wrong_all += 1;
            self.count_wrong();
            return (422, "verification_failed");
        }
        if link.is_reset() {
            link.ticket = Some(now + 1800);
            link.tickets += 1;
        } else {
            link.proof = Some(now + 900);
        }
        ok(200)
    }

    fn code(&mut self, l: usize, mails: &mut Mails) -> Answer {
        let now = self.now;
        let link = &self.links[l];
        if !link.opens(now) {
            return GONE;
        }
        let to = match link.purpose {
            Purpose::Reset(_) => link.second,
            _ if link.proof.is_none_or(|until| now >= until) => return (422, "verification_failed"),
            _ if !self.stands_behind(l) => return GONE,
            Purpose::Represent => Some(link.to),
            _ => self.reached(Way::Email),
        };
        let Some(to) = to else { return (400, "bad_request") };
        let wait = link.code.as_ref().is_some_and(|code| now < code.at + 60);
        if link.codes >= 5 || wait || !self.may_send(to, None) {
            return TOO_MANY;
        }
        let sent = !self.reported.contains(&to);
        let link = &mut self.links[l];
        link.codes += 1;
        link.code = Some(Code { at: now, tries: 0, sent });
        if sent {
            mails.push((to, Carried::Code(l)));
        }
        ok(202)
    }

    fn check(&mut self, l: usize, right: bool) -> Answer {
        let now = self.now;
        let behind = self.links[l].is_reset() || self.stands_behind(l);
        let tried_out = self.is_tried_out();
        let link = &mut self.links[l];
        let is_invitation = !link.is_reset();
        if is_invitation && link.opens(now) && link.proof.is_none_or(|until| now >= until) {
            return (422, "verification_failed");
        }
        if is_invitation && link.proof.is_some_and(|until| now < until) && tried_out {
            // The entry is counted, and not compared.
            if let Some(code) = link.code.as_mut().filter(|code| code.tries < 5 && now < code.at + 600) {
                code.tries += 1;
                link.wrong_all += 1;
            }
            return TOO_MANY;
        }
        if !link.opens(now) {
            return GONE;
        }
        if !behind {
            return GONE;
        }
        let is_repeated = right && link.code.is_none() && link.given.is_some_and(|at| now < at + 60);
        let Some(code) = link.code.as_mut().filter(|code| code.tries < 5 && now < code.at + 600) else {
            return if is_repeated { ok(200) } else { (422, "code_rejected") };
        };
        if !right || !code.sent {
            code.tries += 1;
            link.wrong_all += 1;
            self.count_wrong();
            return (422, "code_rejected");
        }
        link.code = None;
        link.given = Some(now);
        link.ticket = Some(now + 1800);
        link.tickets += 1;
        ok(200)
    }

    fn honours(&self, l: usize) -> bool {
        let link = &self.links[l];
        link.stands == Stands::Pending && link.ticket.is_some_and(|until| self.now < until)
    }

    fn begin_session(&mut self, account: usize) {
        self.sessions.push(Session {
            account,
            began: self.now,
            used: self.now,
            epoch: self.accounts[account].epoch,
            restricted: self.accounts[account].must_change(),
            signed_out: false,
        });
        self.signed_in_once = true;
    }

    fn use_up(&mut self, l: usize, account: usize) {
        self.links[l].end(Stands::Accepted);
        self.links[l].used = Some((self.now, account));
        if self.invitation == Some(l) {
            self.invitation = None;
            self.revocation = None;
        }
        self.offers.retain(|offer| *offer != l);
    }

    fn register(&mut self, l: usize, taken: bool, said: &mut Said) -> Answer {
        let password = said.password.unwrap_or_default();
        let somebodys = self.accounts.iter().position(|account| !account.deleted).filter(|_| taken);
        said.other = Some(somebodys.map_or(self.names, |a| self.accounts[a].name));
        if self.links[l].is_reset() || !self.honours(l) || !self.stands_behind(l) {
            return GONE;
        }
        if let Purpose::ComeBack(account) = self.links[l].purpose {
            return self.come_back(l, account, password);
        }
        if somebodys.is_some() {
            return (409, "username_taken");
        }
        let address = Some(self.links[l].to).filter(|_| self.links[l].purpose == Purpose::Represent);
        let account = self.add_account(address, password);
        self.use_up(l, account);
        self.begin_session(account);
        ok(201)
    }

    /// Sets a new password for the account that was there and gives back what the revocation took from it.
    /// Other accounts come back one by one, each through a link of its own.
    fn come_back(&mut self, l: usize, account: usize, password: usize) -> Answer {
        let Some((revocation, _)) = self.revocation else { return GONE };
        self.give_back(revocation, |place| place == account);
        self.end_resets(Stands::Superseded, |_| true);
        self.use_up(l, account);
        let returned = &mut self.accounts[account];
        returned.begin_anew();
        returned.temporary = None;
        returned.terms = true;
        returned.passwords.push(password);
        self.begin_session(account);
        ok(201)
    }

    fn link_login(&mut self, l: usize, account: Option<usize>, right: bool) -> Answer {
        let own = self.links[l].purpose != Purpose::Represent;
        let comes_back = matches!(self.links[l].purpose, Purpose::ComeBack(_));
        if let (Some(a), Some((at, by))) = (account, self.links[l].used)
            && (a == by && self.now < at + 60 && right && !comes_back)
            && self.accounts[a].grant == Grant::Active(at)
            && !self.accounts[a].must_change()
            && !self.accounts[a].deleted
        {
            self.begin_session(a);
            return ok(200);
        }
        if self.links[l].is_reset() || comes_back || !self.honours(l) {
            return GONE;
        }
        let Some(a) = account else { return WRONG };
        if !self.enter(a, right) {
            return WRONG;
        }
        if self.accounts[a].must_change() {
            return (409, "conflict");
        }
        if !self.stands_behind(l) {
            return GONE;
        }
        if !matches!(self.accounts[a].grant, Grant::Ended(_)) && self.accounts[a].own != own {
            // Their relation to the patient stays as it is, and the link is not spent.
            return (409, "conflict");
        }
        self.accounts[a].wrong = 0;
        self.accounts[a].own = own;
        self.accounts[a].grant = Grant::Active(self.now);
        self.use_up(l, a);
        self.begin_session(a);
        ok(200)
    }

    fn renew(&mut self, l: usize, mails: &mut Mails) {
        if self.links[l].is_reset() {
            return;
        }
        if self.links[l].purpose == Purpose::Represent {
            let (to, by) = (self.links[l].to, self.links[l].by);
            if !self.stands_behind(l) || self.links[l].is_locked() || !self.may_send(to, Some(Asked::Renewal))
            {
                return;
            }
            if self.links[l].opens(self.now) {
                mails.push((to, Carried::Link(l)));
            } else {
                self.offer(to, by, mails);
            }
            return;
        }
        let Some(current) = self.invitation else { return };
        let (to, opens) = (self.links[current].to, self.links[current].opens(self.now));
        if opens {
            // Sends the same link again. A text counts as one that a stranger caused.
            let asked = Asked::Renewal;
            if self.has_room(asked.name(), 0, to, asked.most(), DAY) {
                self.count(asked.name(), 0, to, DAY);
                mails.push((to, Carried::Link(current)));
            }
        } else if self.links[current].purpose == Purpose::Register {
            if self.links[current].is_locked() {
                self.notify(Some(to), Asked::Renewal);
            } else if self.revocation.is_some() {
                let to = self.notice();
                self.notify(to, Asked::Renewal);
            } else {
                let way = if to == Address::Mobile { Way::Text } else { Way::Email };
                // If no invitation can go out, a notice says so, provided that there is an address for it.
                if self.prepare(way, self.declined, Some(Asked::Renewal), mails).0 == 422 {
                    let to = self.notice();
                    self.notify(to, Asked::Renewal);
                }
            }
        }
    }

    fn not_me(&mut self, l: usize) {
        let offered = self.offers.contains(&l);
        let listed = self.invitation == Some(l) || offered;
        if self.links[l].is_reset() || !self.links[l].is_pending(self.now) || !listed {
            return;
        }
        self.links[l].end(Stands::Reported);
        if offered {
            self.offers.retain(|offer| *offer != l);
        } else {
            self.invitation = None;
        }
        self.reported.insert(self.links[l].to);
    }

    fn choose(&mut self, l: usize, password: usize) -> Answer {
        let Purpose::Reset(account) = self.links[l].purpose else { return GONE };
        if !self.honours(l) || !self.accounts[account].has_access() {
            return GONE;
        }
        self.links[l].end(Stands::Accepted);
        // Whoever had the old password may have invited somebody.
        self.end_offers(Stands::Cancelled, |link| link.by == Some(account));
        let now = self.now;
        let account = &mut self.accounts[account];
        account.begin_anew();
        account.temporary = None;
        account.passwords.push(password);
        account.reset_at = Some(now);
        ok(204)
    }

    // --- people ---

    /// Enters one password. Ten wrong ones in a row lock the user name for half a minute, each further one
    /// for twice as long, up to an hour. An attempt during a lock is none. After a hundred the password is off.
    fn enter(&mut self, a: usize, right: bool) -> bool {
        let now = self.now;
        let account = &mut self.accounts[a];
        let locked = account.wrong >= 10 && {
            let pause = (30 << (account.wrong - 10).min(7)).min(3600);
            now < account.last_try + pause
        };
        if locked || account.wrong >= 100 {
            return false;
        }
        let over = account.temporary.is_some_and(|(until, used)| used || now >= until);
        account.wrong += 1;
        account.last_try = now;
        right && !over && !account.deleted
    }

    fn sign_in(&mut self, a: usize, right: bool) -> Answer {
        if !self.enter(a, right) {
            return WRONG;
        }
        let account = &mut self.accounts[a];
        account.wrong = 0;
        if !account.has_access() {
            return (403, "access_revoked");
        }
        if let Some((_, used)) = &mut account.temporary {
            *used = true;
        }
        self.begin_session(a);
        ok(200)
    }

    fn holds(&self, s: usize) -> bool {
        let session = &self.sessions[s];
        let account = &self.accounts[session.account];
        let granted = matches!(account.grant, Grant::Active(since) if since <= session.began);
        !session.signed_out
            && !account.deleted
            && session.epoch == account.epoch
            && granted
            && self.now < session.used + 900
            && self.now < session.began + 12 * 3600
    }

    /// Whether a session is active. Its idle time starts again if a minute went by since its use was
    /// last noted.
    fn in_use(&mut self, s: usize) -> bool {
        let holds = self.holds(s);
        let session = &mut self.sessions[s];
        if holds && self.now >= session.used + 60 {
            session.used = self.now;
        }
        holds
    }

    fn asked(&mut self, s: usize) -> bool {
        !self.sessions[s].restricted && self.in_use(s)
    }

    fn change_password(&mut self, s: usize, right: bool, password: usize) -> Answer {
        if !self.in_use(s) {
            return (401, "unauthorized");
        }
        let a = self.sessions[s].account;
        let nobody = Address::Mobile;
        let room = self.has_room("own", s, nobody, 10, 3600);
        self.count("own", s, nobody, 3600);
        if !room {
            return TOO_MANY;
        }
        if !right {
            return WRONG;
        }
        let account = &mut self.accounts[a];
        account.begin_anew();
        account.temporary = None;
        account.terms = true;
        account.passwords.push(password);
        self.sessions[s].epoch = account.epoch;
        self.sessions[s].restricted = false;
        if let Some(l) = account.reset.take() {
            self.links[l].end(Stands::Cancelled);
        }
        ok(204)
    }

    /// The password that the holder of a session knows; if `changed`, the one before the change.
    pub fn known_password(&self, s: usize, changed: bool) -> Option<usize> {
        let passwords = &self.accounts[self.sessions[s].account].passwords;
        passwords.len().checked_sub(1 + usize::from(changed)).map(|place| passwords[place])
    }

    fn end_others(&mut self, s: usize) -> Answer {
        if !self.in_use(s) {
            return (401, "unauthorized");
        }
        if self.sessions[s].restricted {
            return (403, "forbidden");
        }
        let account = &mut self.accounts[self.sessions[s].account];
        account.epoch += 1;
        self.sessions[s].epoch = account.epoch;
        ok(204)
    }

    /// The account of a session that may act for the patient: everything is shown to it, and no new password is due.
    fn acting(&mut self, s: usize) -> Result<usize, Answer> {
        if !self.in_use(s) {
            return Err((401, "unauthorized"));
        }
        if self.sessions[s].restricted {
            return Err((403, "forbidden"));
        }
        let account = self.sessions[s].account;
        if self.accounts[account].full { Ok(account) } else { Err((404, "not_found")) }
    }

    /// The account of a session that may decide who else sees the records: the patient's own.
    fn acting_as_patient(&mut self, s: usize) -> Result<usize, Answer> {
        let account = self.acting(s)?;
        if self.accounts[account].own { Ok(account) } else { Err((403, "forbidden")) }
    }

    /// Asks for the password, unless it was given in the last ten minutes.
    fn confirm(&mut self, s: usize, given: Given) -> Result<(), Answer> {
        if self.now < self.sessions[s].began + 600 {
            return Ok(());
        }
        if given == Given::Nothing {
            return Err((400, "bad_request"));
        }
        let nobody = Address::Mobile;
        let room = self.has_room("own", s, nobody, 10, 3600);
        self.count("own", s, nobody, 3600);
        match given {
            _ if !room => Err(TOO_MANY),
            Given::Right => Ok(()),
            Given::Wrong | Given::Nothing => Err(WRONG),
        }
    }

    fn invite_helper(&mut self, s: usize, given: Given, mails: &mut Mails) -> Answer {
        let account = match self.acting_as_patient(s) {
            Ok(account) => account,
            Err(answer) => return answer,
        };
        if let Err(answer) = self.confirm(s, given) {
            return answer;
        }
        let (to, nobody) = (Address::Bens, Address::Mobile);
        let just = |l: &usize| {
            let link = &self.links[*l];
            link.to == to && link.by == Some(account) && self.now < link.made + 60
        };
        if self.offers.iter().any(just) {
            // A second click.
            return ok(201);
        }
        if self.reported.contains(&to) {
            return (422, "not_eligible");
        }
        if !self.has_room("own-mail", 0, to, 3, DAY) || !self.has_room("offers", account, nobody, 10, DAY) {
            return TOO_MANY;
        }
        self.count("own-mail", 0, to, DAY);
        self.count("offers", account, nobody, DAY);
        self.offer(to, Some(account), mails);
        ok(201)
    }

    /// The representative's account that is meant, if their access has not ended.
    fn helper(&self, account: Option<usize>) -> Result<usize, Answer> {
        let there = |a: &usize| self.accounts[*a].is_live() && !self.accounts[*a].own;
        account.filter(there).ok_or((404, "not_found"))
    }

    fn level(&mut self, s: usize, who: Option<usize>, full: bool, given: Given) -> Answer {
        let confirmed = match self.acting_as_patient(s) {
            Ok(_) if full => self.confirm(s, given),
            Ok(_) => Ok(()),
            Err(answer) => Err(answer),
        };
        match confirmed.and_then(|()| self.helper(who)) {
            Ok(who) => self.accounts[who].full = full,
            Err(answer) => return answer,
        }
        ok(204)
    }

    fn end_helper(&mut self, s: usize, who: Option<usize>) -> Answer {
        match self.acting_as_patient(s).and_then(|_| self.helper(who)) {
            Ok(who) => self.revoke_one(Some(who)),
            Err(answer) => return answer,
        };
        ok(204)
    }

    fn propose(&mut self, s: usize, given: Given) -> Answer {
        let account = match self.acting(s) {
            Ok(account) => account,
            Err(answer) => return answer,
        };
        if let Err(answer) = self.confirm(s, given) {
            return answer;
        }
        let (at, email) = (self.now, 1 - self.email);
        let is_same =
            |known: &Proposal| known.account == account && known.email == email && self.waits(known);
        if self.proposals.iter().any(is_same) {
            // The office has it already.
            return ok(202);
        }
        let nobody = Address::Mobile;
        if !self.has_room("changes", 0, nobody, 10, DAY) {
            return TOO_MANY;
        }
        self.count("changes", 0, nobody, DAY);
        let own = self.accounts[account].own;
        self.proposals.push(Proposal { account, own, at, email, decided: false });
        ok(202)
    }

    /// Whether staff still have to decide about a proposal. A reset makes void what the account proposed before.
    pub fn waits(&self, proposal: &Proposal) -> bool {
        let reset = self.accounts[proposal.account].reset_at;
        !proposal.decided && reset.is_none_or(|reset| proposal.at > reset)
    }

    fn decide(&mut self, p: usize, accept: bool, asked: bool) -> Answer {
        let proposal = self.proposals[p].clone();
        if !self.waits(&proposal) {
            return (404, "not_found");
        }
        let for_another = !proposal.own && self.own().is_some();
        if accept && for_another && !asked {
            return (400, "bad_request");
        }
        self.proposals[p].decided = true;
        if accept {
            if for_another {
                self.reset_rests = Some(self.now + 72 * 3600);
            }
            self.put_email(proposal.email);
        }
        ok(200)
    }

    fn forgot_password(&mut self, a: usize, mails: &mut Mails) {
        let account = &self.accounts[a];
        let (own, access) = (account.own, account.has_access());
        if account.deleted || (!access && !own) {
            return;
        }
        let to = if own { self.notice() } else { account.address };
        if !access || (own && self.reset_rests.is_some_and(|until| self.now < until)) {
            self.notify(to, Asked::Reset);
            return;
        }
        let Some(to) = to else { return };
        if self.is_tried_out() {
            let to = self.notice();
            self.notify(to, Asked::Reset);
            return;
        }
        let newest = account.reset.filter(|l| {
            let link = &self.links[*l];
            link.stands == Stands::Pending && !link.is_locked() && link.to == to
        });
        let live = newest.filter(|l| self.links[*l].opens(self.now));
        // A link that works is sent again, once in ten minutes.
        if live.is_some_and(|l| self.now < self.links[l].asked + 600) {
            return;
        }
        if self.may_send(to, Some(Asked::Reset)) {
            match live {
                Some(l) => mails.push((to, Carried::Link(l))),
                None => return self.send_reset(a, to, mails),
            }
        }
        // Whether a mail went out or not, the newest link works for an hour again.
        if let Some(l) = newest {
            self.links[l].expires = self.now + RESET_SECONDS;
            self.links[l].asked = self.now;
        }
    }

    fn forgot_username(&mut self, at: Address) {
        let told = match at {
            Address::Email(_) => self.reached(Way::Email) == Some(at),
            Address::Martas | Address::Bens => {
                self.accounts.iter().any(|account| account.address == Some(at) && account.has_access())
            }
            Address::Mobile | Address::MartasMobile => false,
        };
        self.notify(Some(at).filter(|_| told), Asked::Username);
    }
}
