//! Reads for a staff call: the API key's record with the records the call needs, practices and their keys.

use jiff::civil::Date;
use portico_domain::model::console::ConsoleSession;
use portico_domain::model::ids::PracticeId;
use portico_domain::model::practice::{ApiKey, Practice, PresentedKey};
use portico_domain::model::refusal::PortError;
use portico_domain::ports::{AlsoRead, ApiCalls, CallRecords, KeyUse, Keys, Logos, Once, OnceKey, Practices};
use portico_domain::time::Timestamp;

use crate::item::{Item, at, key_item, optional, record, s};
use crate::keys;
use crate::table::{COSTS, Table, unavailable};

impl KeyUse for Table {
    async fn used(&self, digest: &str, day: Date) -> Result<(), PortError> {
        let values = vec![(":day", s(day.to_string()))];
        let newer = "attribute_exists(#pk) AND (attribute_not_exists(#last_used) OR #last_used < :day)";
        self.update_if(&keys::api_key(digest), "SET #last_used = :day", newer, values).await.map(drop)
    }
}

impl ApiCalls for Table {
    async fn open(&self, key: &PresentedKey, along: AlsoRead<'_>) -> Result<CallRecords, PortError> {
        let key_at = keys::api_key(&key.digest);
        let patient_at = along.patient.map(|id| keys::patient(&key.claimed, id));
        let care_at = along.patient.filter(|_| along.care).map(|id| keys::care(&key.claimed, id));
        let once_at = along.once.map(|once| keys::once(&once.name));
        let session_at = key.session.as_ref().map(|session| keys::console(&key.digest, session));
        let all =
            [Some(&key_at), session_at.as_ref(), patient_at.as_ref(), care_at.as_ref(), once_at.as_ref()];
        let all: Vec<_> = all.into_iter().flatten().cloned().collect();
        let mut found = self.batch(&all).await?;
        let mut taken = |at: Option<keys::Key>| at.and_then(|at| found.take(&at));
        Ok(CallRecords {
            key: optional(taken(Some(key_at)))?,
            session: optional(taken(session_at))?,
            patient: optional(taken(patient_at))?,
            care: optional(taken(care_at))?,
            once: taken(once_at).and_then(|item| once(along.once?, &item)),
        })
    }

    async fn touch(&self, session: &ConsoleSession) -> Result<(), PortError> {
        let key = keys::console(&session.key, &session.digest);
        let values = vec![(":idle", at(session.idle_at)), (":now", at(session.touched_at))];
        let update = "SET #idle_at = :idle, #touched_at = :now";
        self.update_if(&key, update, "attribute_exists(#pk)", values).await.map(drop)
    }
}

fn once(asked: &OnceKey, item: &Item) -> Option<Once> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    let expires_at = item.get("expires_at")?.as_n().ok()?.parse().ok()?;
    Some(Once {
        key: OnceKey { name: asked.name.clone(), body: text("body")? },
        resource: text("resource")?,
        expires_at: Timestamp::from_millis(expires_at),
    })
}

impl Practices for Table {
    async fn practice(&self, id: &PracticeId) -> Result<Option<Practice>, PortError> {
        let now = self.clock.now();
        if let Some(copy) = self.copies.get(id, now) {
            return Ok(Some(copy));
        }
        let call =
            self.client.get_item().table_name(&*self.name).set_key(Some(key_item(&keys::practice(id))));
        let answer = Box::pin(call.return_consumed_capacity(COSTS).send()).await;
        let practice: Option<Practice> =
            optional(answer.map_err(|error| unavailable("GetItem", &error))?.item)?;
        if let Some(practice) = &practice {
            self.copies.put(practice.clone(), now);
        }
        Ok(practice)
    }
}

impl Logos for Table {
    async fn logo(&self, practice: &PracticeId, file: &str) -> Result<Option<Vec<u8>>, PortError> {
        let found = self.get(&keys::logo(practice, file)).await?;
        Ok(found.and_then(|item| Some(item.get("png")?.as_b().ok()?.clone().into_inner())))
    }
}

impl Keys for Table {
    async fn keys(&self, practice: &PracticeId) -> Result<Vec<ApiKey>, PortError> {
        let pk = keys::practice(practice).pk;
        let items =
            self.query(&pk, "begins_with(#sk, :from)", vec![(":from", s("KEY#"))], usize::MAX).await?;
        let mut all: Vec<ApiKey> = items.into_iter().map(record).collect::<Result<_, _>>()?;
        // The day of the last use is in the record that every call reads, and in no second one.
        for key in &mut all {
            let used: Option<ApiKey> = optional(self.get(&keys::api_key(&key.digest)).await?)?;
            key.last_used = used.and_then(|used| used.last_used);
        }
        Ok(all)
    }

    async fn enrolled(&self, practice: &PracticeId) -> Result<Option<Practice>, PortError> {
        optional(self.get(&keys::practice(practice)).await?)
    }
}
