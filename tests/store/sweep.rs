//! Who is due for an automatic message, and what the quality measure reads.

use portico_domain::model::chart::Visit;
use portico_domain::model::measure::Means;
use portico_domain::model::patient::Status;
use portico_domain::ports::{
    Commit as _, MeasureLog as _, Measures as _, VisitsChanged, Waiting as _, Write,
};
use serde_json::json;

use super::{NOW, Store, lost, next, other_practice, patient, patient_id, practice, read};

#[tokio::test]
async fn who_was_passed_over_by_an_older_record_is_still_due() {
    let store = Store::new().await;
    let mut due = patient("p1");
    due.sweep_due_at = Some(NOW);
    store.has([Write::CreatePatient(due.clone(), Status::Uninvited)]).await;
    // A change in between sets the same instant again.
    store.has([Write::ChangePatient(next(&due, "Rosalind"), Status::Uninvited)]).await;
    let passed_over = |version| {
        let (practice, patient) = (practice(), patient_id("p1"));
        [Write::SweepDue { practice, patient, version, from: NOW, until: None }]
    };
    let waiting = async || store.waiting(&practice(), NOW, None, 10).await.unwrap().len();
    assert_eq!(store.commit(&passed_over(1)).await, lost(&[0]));
    assert_eq!(waiting().await, 1);
    store.commit(&passed_over(2)).await.unwrap();
    assert_eq!(waiting().await, 0);
}

fn visit(id: &str, date: &str) -> Visit {
    read(json!({"id": id, "date": date}))
}

#[tokio::test]
async fn visits_are_read_by_period_whatever_month_they_are_in() {
    let store = Store::new().await;
    let log = async |practice, patient, gone, kept| {
        let changed = VisitsChanged { practice, patient: patient_id(patient), gone, kept };
        store.log_visits(&changed).await.unwrap();
    };
    let of_december = vec![visit("v1", "2026-12-31"), visit("v2", "2026-12-01")];
    log(practice(), "p1", vec![], of_december).await;
    log(practice(), "p2", vec![], vec![visit("v1", "2027-01-01"), visit("v2", "2027-02-28")]).await;
    log(other_practice(), "p1", vec![], vec![visit("v1", "2026-12-31")]).await;
    let seen = async |from: &str, to: &str| {
        let visits = store.visits_between(&practice(), from.parse().unwrap(), to.parse().unwrap()).await;
        let days =
            visits.unwrap().into_iter().map(|logged| (logged.patient.to_string(), logged.date.to_string()));
        days.map(|(patient, date)| format!("{patient} {date}")).collect::<Vec<_>>()
    };
    assert_eq!(seen("2026-12-31", "2027-01-01").await, ["p1 2026-12-31", "p2 2027-01-01"]);
    assert_eq!(seen("2026-12-01", "2026-12-30").await, ["p1 2026-12-01"]);
    assert_eq!(seen("2027-01-02", "2027-02-27").await, Vec::<String>::new());
    log(practice(), "p1", vec![visit("v1", "2026-12-31")], vec![visit("v1", "2027-02-28")]).await;
    assert_eq!(seen("2026-12-31", "2027-12-31").await, ["p2 2027-01-01", "p1 2027-02-28", "p2 2027-02-28"]);
}

#[tokio::test]
async fn what_two_learn_at_once_of_a_patient_is_not_lost() {
    let store = Store::new().await;
    let mut means = Means::unknown(practice(), patient_id("p1"));
    means.version = 1;
    assert!(store.put_means(&means).await.unwrap());
    assert!(!store.put_means(&means).await.unwrap(), "somebody was faster");
    means.version = 2;
    assert!(store.put_means(&means).await.unwrap());
    assert_eq!(store.means_of(&practice(), &patient_id("p1")).await.unwrap(), Some(means.clone()));
    assert_eq!(store.all_means(&practice()).await.unwrap(), [means]);
    assert_eq!(store.all_means(&other_practice()).await.unwrap(), []);
}
