//! Writes of practices and their keys.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use portico_domain::model::console::ConsoleSession;
use portico_domain::model::ids::PracticeId;
use portico_domain::model::practice::{ApiKey, Practice};
use portico_domain::model::refusal::PortError;
use portico_domain::time::Timestamp;

use super::NEW;
use crate::item::{at, item, key_item, n, s};
use crate::keys::{self, Key};
use crate::table::Table;

impl Table {
    pub(super) fn create_practice(&self, practice: &Practice) -> Result<Vec<TransactWriteItem>, PortError> {
        let listed = key_item(&keys::listed_practice(&practice.id));
        Ok(vec![
            self.put(item(&keys::practice(&practice.id), practice, None)?, NEW, vec![])?,
            self.put(listed, "", vec![])?,
        ])
    }

    pub(super) fn change_practice(&self, practice: &Practice) -> Result<TransactWriteItem, PortError> {
        self.put_next(item(&keys::practice(&practice.id), practice, None)?, practice.version)
    }

    pub(super) fn put_logo(
        &self,
        practice: &PracticeId,
        file: &str,
        png: &[u8],
    ) -> Result<TransactWriteItem, PortError> {
        let mut logo = key_item(&keys::logo(practice, file));
        logo.insert("png".to_owned(), AttributeValue::B(png.into()));
        self.put(logo, "", vec![])
    }

    pub(super) fn issue_key(&self, key: &ApiKey) -> Result<Vec<TransactWriteItem>, PortError> {
        Ok(vec![
            self.put(item(&keys::api_key(&key.digest), key, None)?, NEW, vec![])?,
            self.put(item(&keys::practice_key(&key.practice, &key.digest), key, None)?, NEW, vec![])?,
        ])
    }

    pub(super) fn open_console(&self, session: &ConsoleSession) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut used = key_item(&keys::launch(&session.key, &session.launch));
        used.insert(keys::TTL.to_owned(), n(session.ends_at.seconds()));
        let at = keys::console(&session.key, &session.digest);
        Ok(vec![
            self.put(used, NEW, vec![])?,
            self.put(item(&at, session, Some(session.ends_at))?, NEW, vec![])?,
        ])
    }

    pub(super) fn revoke_key(
        &self,
        digest: &str,
        practice: &PracticeId,
        when: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let end = |key: &Key| {
            let values = vec![(":at", at(when)), (":practice", s(practice.as_str()))];
            self.updating(key, "SET #revoked_at = :at", "#practice = :practice", values, &[])
        };
        Ok(vec![end(&keys::api_key(digest))?, end(&keys::practice_key(practice, digest))?])
    }
}
