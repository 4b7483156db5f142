//! Reads of patients, of the directory, and of what waits for staff.

use portico_domain::model::attention::Cause;
use portico_domain::model::chart::Care;
use portico_domain::model::ids::{AccountId, ChangeId, PatientId, PracticeId};
use portico_domain::model::patient::{Checks, Patient};
use portico_domain::model::person::Line;
use portico_domain::model::proposal::Proposal;
use portico_domain::model::refusal::PortError;
use portico_domain::ports::{
    Addresses, Attention, Directory, FailedChecks, Holders, Holds as _, Noted, Patients, Proposals,
    RepresentativeRequests as _,
};
use portico_domain::time::Timestamp;

use crate::expression::Terms;
use crate::item::{Item, optional, record, s};
use crate::keys::{self, NAMES};
use crate::table::{COSTS, Table, unavailable};

/// Most directory entries read for one e-mail address.
const ADDRESS_ENTRIES: usize = 200;

/// Most entries on one page of the directory.
const DIRECTORY_PAGE: i32 = 200;

impl Patients for Table {
    async fn charts(
        &self,
        practice: &PracticeId,
        ids: &[PatientId],
    ) -> Result<Vec<(Patient, Care)>, PortError> {
        let both = ids.iter().flat_map(|id| [keys::patient(practice, id), keys::care(practice, id)]);
        let mut found = self.batch(&both.collect::<Vec<_>>()).await?;
        let mut charts = Vec::new();
        for id in ids {
            let patient = optional(found.take(&keys::patient(practice, id)))?;
            let care = optional(found.take(&keys::care(practice, id)))?.unwrap_or_default();
            charts.extend(patient.map(|patient| (patient, care)));
        }
        Ok(charts)
    }

    async fn patient(&self, practice: &PracticeId, id: &PatientId) -> Result<Option<Patient>, PortError> {
        optional(self.get(&keys::patient(practice, id)).await?)
    }

    async fn care(&self, practice: &PracticeId, id: &PatientId) -> Result<Care, PortError> {
        Ok(optional(self.get(&keys::care(practice, id)).await?)?.unwrap_or_default())
    }
}

impl Addresses for Table {
    async fn holders(&self, practice: &PracticeId, email: &str) -> Result<Holders, PortError> {
        let values = vec![(":from", s(keys::emails_like(email)))];
        let range = "begins_with(#sk, :from)";
        let items = self.query(&keys::directory(practice), range, values, ADDRESS_ENTRIES).await?;
        let mut holders = Holders::default();
        for item in items.iter().filter(|item| !item.contains_key("former")) {
            holders.patients.extend(patient_of(item).filter(|_| holders.patients.len() < 50));
            let account = item.get("account").and_then(|id| AccountId::parse(id.as_s().ok()?).ok());
            holders.accounts.extend(account.filter(|_| holders.accounts.len() < 50));
        }
        Ok(holders)
    }

    async fn at_phone(&self, practice: &PracticeId, number: &str) -> Result<Vec<PatientId>, PortError> {
        let values = vec![(":from", s(keys::numbered_of(practice)))];
        let pk = keys::standing(number).pk;
        let items = self.query(&pk, "begins_with(#sk, :from)", values, ADDRESS_ENTRIES).await?;
        Ok(items.iter().filter_map(patient_of).collect())
    }
}

impl FailedChecks for Table {
    async fn checks(&self, practice: &PracticeId, patient: &PatientId) -> Result<Checks, PortError> {
        Ok(optional(self.get(&keys::checks(practice, patient)).await?)?.unwrap_or_default())
    }
}

impl Proposals for Table {
    async fn changes(&self, practice: &PracticeId) -> Result<Vec<Proposal>, PortError> {
        let values = vec![(":from", s(keys::CHANGES))];
        let range = "begins_with(#sk, :from)";
        let items = self.query(&keys::practice(practice).pk, range, values, usize::MAX).await?;
        items.into_iter().map(record).collect()
    }

    async fn change(&self, practice: &PracticeId, id: ChangeId) -> Result<Option<Proposal>, PortError> {
        optional(self.get(&keys::change(practice, id)).await?)
    }

    async fn decided_change(
        &self,
        practice: &PracticeId,
        patient: &PatientId,
        id: ChangeId,
    ) -> Result<Option<Proposal>, PortError> {
        optional(self.get(&keys::decided_change(practice, patient, id)).await?)
    }
}

impl Attention for Table {
    async fn noted(&self, practice: &PracticeId) -> Result<Vec<Noted>, PortError> {
        #[derive(serde::Deserialize)]
        struct Note {
            patient: PatientId,
            cause: Cause,
            at: Timestamp,
            words: Option<Line>,
        }
        let pk = keys::practice(practice).pk;
        let range = "begins_with(#sk, :from)";
        let notes = self.query(&pk, range, vec![(":from", s(keys::NOTES))], usize::MAX);
        let (notes, holds, changes, requests) = futures_util::try_join!(
            notes,
            self.holds(practice),
            self.changes(practice),
            self.access_requests(practice)
        )?;
        let mut all = Vec::new();
        for item in notes {
            let Note { patient, cause, at, words } = record(item)?;
            all.push(Noted { patient, cause, at, waits: None, proposer: None, words });
        }
        all.extend(holds.into_iter().map(|hold| Noted {
            patient: hold.patient,
            cause: Cause::Hold,
            at: hold.since,
            waits: Some(hold.account.to_string()),
            proposer: None,
            words: None,
        }));
        all.extend(changes.into_iter().map(|change| Noted {
            patient: change.patient,
            cause: Cause::ChangeRequest,
            at: change.submitted_at,
            waits: Some(change.id.to_string()),
            proposer: Some(change.account),
            words: None,
        }));
        // Without a chart that fits, a request stands on its own page alone.
        all.extend(requests.into_iter().filter_map(|request| {
            Some(Noted {
                patient: request.matches.first()?.clone(),
                cause: Cause::RepresentativeRequest,
                at: request.asked_at,
                waits: Some(request.id.to_string()),
                proposer: None,
                words: None,
            })
        }));
        Ok(all)
    }
}

impl Directory for Table {
    async fn same_person(
        &self,
        practice: &PracticeId,
        family: &str,
        given: &str,
        birth_date: &str,
    ) -> Result<Vec<PatientId>, PortError> {
        let values = vec![(":from", s(keys::names_like(family, given)))];
        let items =
            self.query(&keys::directory(practice), "begins_with(#sk, :from)", values, usize::MAX).await?;
        let twin = |item: &&Item| {
            !item.contains_key("former")
                && item
                    .get("birth_date")
                    .and_then(|date| date.as_s().ok())
                    .is_some_and(|date| date == birth_date)
        };
        Ok(items.iter().filter(twin).filter_map(patient_of).collect())
    }

    async fn born_on(&self, practice: &PracticeId, birth_date: &str) -> Result<Vec<PatientId>, PortError> {
        let values = vec![(":from", s(keys::born_on(birth_date)))];
        let pk = keys::directory(practice);
        let items = self.query(&pk, "begins_with(#sk, :from)", values, ADDRESS_ENTRIES).await?;
        Ok(items.iter().filter_map(patient_of).collect())
    }

    async fn with_contact(
        &self,
        practice: &PracticeId,
        family: &str,
        given: &str,
    ) -> Result<Vec<PatientId>, PortError> {
        let values = vec![(":from", s(keys::contacts_like(family, given)))];
        let pk = keys::directory(practice);
        let items = self.query(&pk, "begins_with(#sk, :from)", values, ADDRESS_ENTRIES).await?;
        Ok(items.iter().filter_map(patient_of).collect())
    }

    async fn patients_after(
        &self,
        practice: &PracticeId,
        cursor: Option<String>,
    ) -> Result<(Vec<PatientId>, Option<String>), PortError> {
        let from = cursor.unwrap_or_else(|| NAMES.to_owned());
        // `NAME$` sorts right after every `NAME#…`.
        let values = vec![(":pk", s(keys::directory(practice))), (":from", s(from)), (":to", s("NAME$"))];
        let terms = Terms::of(&["#pk #sk"], values, &[]);
        let call = self
            .client
            .query()
            .table_name(&*self.name)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to");
        let call = call.limit(DIRECTORY_PAGE).consistent_read(true).return_consumed_capacity(COSTS);
        let call = call
            .set_expression_attribute_values(terms.values())
            .set_expression_attribute_names(Some(terms.names));
        let answer = Box::pin(call.send()).await.map_err(|error| unavailable("Query", &error))?;
        let ids = answer
            .items()
            .iter()
            .filter(|item| !item.contains_key("former"))
            .filter_map(patient_of)
            .collect();
        // The last key that was read, plus a blank, is the smallest key after it.
        let next = answer
            .last_evaluated_key
            .and_then(|key| key.get(keys::SK)?.as_s().ok().map(|sk| format!("{sk} ")));
        Ok((ids, next))
    }
}

pub(crate) fn patient_of(item: &Item) -> Option<PatientId> {
    PatientId::parse(item.get("patient")?.as_s().ok()?).ok()
}
