//! Writes of grants. Each changes one grant inside the account's item, whatever else changes in the account.

use aws_sdk_dynamodb::types::TransactWriteItem;
use portico_domain::model::access_review::AccessReview;
use portico_domain::model::grant::{Authority, Level};
use portico_domain::model::ids::{AccountId, PatientId, RevocationId};
use portico_domain::model::refusal::PortError;
use portico_domain::time::Timestamp;

use crate::item::{at, item, n, s, value};
use crate::keys::{self, Key};
use crate::table::Table;

impl Table {
    pub(super) fn set_level(
        &self,
        account: AccountId,
        patient: &PatientId,
        level: Level,
    ) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::account(account),
            "SET #grants.#patient.#level = :level ADD #version :one",
            "attribute_exists(#grants.#patient)",
            vec![(":level", value(&level)?), (":one", n(1))],
            &[("patient", patient.as_str())],
        )
    }

    pub(super) fn set_authority(
        &self,
        account: AccountId,
        patient: &PatientId,
        authority: &Authority,
    ) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::account(account),
            "SET #grants.#patient.#authority = :authority ADD #version :one",
            "attribute_exists(#grants.#patient) AND #grants.#patient.#state <> :ended",
            vec![(":authority", value(authority)?), (":ended", s("ended")), (":one", n(1))],
            &[("patient", patient.as_str())],
        )
    }

    pub(super) fn put_review(
        &self,
        key: &Key,
        from: Option<Timestamp>,
        next: Option<&AccessReview>,
    ) -> Result<TransactWriteItem, PortError> {
        let (condition, values) = match from {
            None => (super::NEW, vec![]),
            Some(from) => ("#due_at = :from", vec![(":from", at(from))]),
        };
        let Some(next) = next else { return self.delete(key, condition, values) };
        let mut item = item(key, next, None)?;
        item.insert(keys::DUE_PK.to_owned(), s(keys::access_reviews(&next.practice)));
        self.put(item, condition, values)
    }

    pub(super) fn end_grant(
        &self,
        account: AccountId,
        patient: &PatientId,
        revocation: RevocationId,
    ) -> Result<TransactWriteItem, PortError> {
        self.updating(
                &keys::account(account),
                "SET #grants.#patient.#state = :ended, #grants.#patient.#ended_by = :revocation ADD #version :one",
                "attribute_exists(#grants.#patient)",
                vec![(":ended", s("ended")), (":revocation", value(&revocation)?), (":one", n(1))],
                &[("patient", patient.as_str())],
            )
    }

    pub(super) fn restore_grant(
        &self,
        account: AccountId,
        patient: &PatientId,
        revocation: RevocationId,
        since: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        self.updating(
            &keys::account(account),
            "SET #grants.#patient.#state = :active, #grants.#patient.#since = :since \
                 REMOVE #grants.#patient.#ended_by ADD #version :one",
            "#grants.#patient.#ended_by = :revocation",
            vec![
                (":active", s("active")),
                (":since", at(since)),
                (":revocation", value(&revocation)?),
                (":one", n(1)),
            ],
            &[("patient", patient.as_str())],
        )
    }

    pub(super) fn suspend_grant(
        &self,
        account: AccountId,
        patient: &PatientId,
        back_since: Option<Timestamp>,
    ) -> Result<TransactWriteItem, PortError> {
        let (set, from, to) = match back_since {
            None => ("SET #grants.#patient.#state = :to ADD #version :one", "active", "suspended"),
            Some(_) => (
                "SET #grants.#patient.#state = :to, #grants.#patient.#since = :since ADD #version :one",
                "suspended",
                "active",
            ),
        };
        let mut values = vec![(":to", s(to)), (":from", s(from)), (":one", n(1))];
        values.extend(back_since.map(|since| (":since", at(since))));
        self.updating(
            &keys::account(account),
            set,
            "#grants.#patient.#state = :from",
            values,
            &[("patient", patient.as_str())],
        )
    }
}
