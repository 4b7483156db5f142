//! Writes of user names, accounts, sessions and registrations that wait for staff.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use portico_domain::model::account::{Account, Login};
use portico_domain::model::hold::Hold;
use portico_domain::model::ids::{AccountId, PracticeId};
use portico_domain::model::refusal::PortError;
use portico_domain::model::session::{Exchange, Session};
use portico_domain::time::Timestamp;

use super::{NEW, THERE, attempts};
use crate::item::{at, item, n, s, value};
use crate::keys::{self};
use crate::table::Table;

impl Table {
    pub(super) fn claim_username(&self, login: &Login) -> Result<TransactWriteItem, PortError> {
        self.put(item(&keys::login(&login.practice, &login.name), login, None)?, NEW, vec![])
    }

    pub(super) fn set_password(&self, login: &Login) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::login(&login.practice, &login.name),
            "SET #password = :password",
            "#account = :account",
            vec![(":password", value(&login.password)?), (":account", value(&login.account)?)],
            &[],
        )
    }

    pub(super) fn free_username(
        &self,
        practice: &PracticeId,
        name: &str,
        account: AccountId,
    ) -> Result<TransactWriteItem, PortError> {
        self.delete(&keys::login(practice, name), "#account = :account", vec![(":account", value(&account)?)])
    }

    pub(super) fn forget_attempts(&self, key: &str) -> Result<TransactWriteItem, PortError> {
        self.delete(&keys::limit(&attempts(key)), "", vec![])
    }

    pub(super) fn keep_session(&self, session: &Session) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::session(session.account, &session.digest),
            // Only a session whose record says that it is no longer restricted loses the mark. Moving a
            // session to the new epoch never lifts a restriction.
            if session.restricted { "SET #epoch = :epoch" } else { "SET #epoch = :epoch REMOVE #restricted" },
            THERE,
            vec![(":epoch", n(session.epoch))],
            &[],
        )
    }

    pub(super) fn drop_hold(
        &self,
        practice: &PracticeId,
        account: AccountId,
    ) -> Result<TransactWriteItem, PortError> {
        self.delete(&keys::hold(practice, account), "", vec![])
    }

    pub(super) fn create_account(&self, account: &Account) -> Result<TransactWriteItem, PortError> {
        self.put(item(&keys::account(account.id), account, None)?, NEW, vec![])
    }

    pub(super) fn change_account(&self, account: &Account) -> Result<TransactWriteItem, PortError> {
        self.put_next(item(&keys::account(account.id), account, None)?, account.version)
    }

    pub(super) fn keep_hold(&self, hold: &Hold) -> Result<TransactWriteItem, PortError> {
        self.put(item(&keys::hold(&hold.practice, hold.account), hold, None)?, NEW, vec![])
    }

    pub(super) fn decide_hold(
        &self,
        hold: &Hold,
        granted: Option<Timestamp>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut values = vec![
            (":held", s("held")),
            (":to", s(if granted.is_some() { "active" } else { "ended" })),
            (":one", n(1)),
        ];
        let mut set = "SET #grants.#patient.#state = :to".to_owned();
        if let Some(since) = granted {
            set.push_str(", #grants.#patient.#since = :since");
            values.push((":since", at(since)));
        }
        set.push_str(" ADD #version :one");
        Ok(vec![
            self.delete(&keys::hold(&hold.practice, hold.account), THERE, vec![])?,
            self.updating(
                &keys::account(hold.account),
                &set,
                "#grants.#patient.#state = :held",
                values,
                &[("patient", hold.patient.as_str())],
            )?,
        ])
    }

    pub(super) fn open_session(&self, session: &Session) -> Result<TransactWriteItem, PortError> {
        let key = keys::session(session.account, &session.digest);
        self.put(item(&key, session, Some(session.ends_at))?, NEW, vec![])
    }

    pub(super) fn end_session(
        &self,
        account: AccountId,
        digest: &str,
    ) -> Result<TransactWriteItem, PortError> {
        self.delete(&keys::session(account, digest), THERE, vec![])
    }

    pub(super) fn open_exchange(&self, exchange: &Exchange) -> Result<TransactWriteItem, PortError> {
        let key = keys::exchange(exchange.account, &exchange.digest);
        self.put(item(&key, exchange, Some(exchange.expires_at.plus_hours(24)))?, NEW, vec![])
    }

    pub(super) fn spend_exchange(&self, exchange: &Exchange) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::exchange(exchange.account, &exchange.digest),
            "SET #spent = :spent",
            "attribute_exists(#pk) AND attribute_not_exists(#spent)",
            vec![(":spent", AttributeValue::Bool(true))],
            &[],
        )
    }
}
