//! Delivery reports, replies of phone numbers, and the owners of a number.

use portico_domain::model::delivery::{Delivery, Feedback, Trouble};
use portico_domain::model::message::Message;
use portico_domain::model::text_reply::{Said, Word};
use portico_domain::ports::{
    Ledger as _, Links as _, Named, Numbers as _, Renumbered, Standings as _, Tracking as _, Write,
};
use serde_json::json;

use super::{NOW, Store, link, link_id, other_practice, patient_id, practice, read};

const NUMBER: &str = "+12025550143";

fn message() -> Message {
    read(json!({
        "id": "01KA0000000000000000000000", "practice": practice(), "template": "invitation", "channel": "email",
        "link": link_id(1), "about": "p1", "created_at": NOW, "state": "sent", "due_at": NOW,
    }))
}

#[tokio::test]
async fn feedback_is_kept_on_message_and_link_and_never_goes_back() {
    let store = Store::new().await;
    store.has([Write::CreateLink(link(1)), Write::Queue(message())]).await;
    let of = Named::Message(message().id);
    let reports = [
        (Delivery::Delivered, None, Delivery::Delivered),
        (Delivery::Sent, Some(Trouble::MailboxFull), Delivery::Delivered),
        (Delivery::Bounced, Some(Trouble::NoSuchAddress), Delivery::Bounced),
        (Delivery::Delivered, None, Delivery::Bounced),
        (Delivery::Complained, None, Delivery::Complained),
    ];
    for (delivery, trouble, shown) in reports {
        store.keep_feedback(&message(), &Feedback::new(delivery, trouble, NOW)).await.unwrap();
        let link = store.link(link_id(1)).await.unwrap().unwrap();
        assert_eq!(link.delivered().0, shown, "after {delivery:?}");
        let known = store.tracked(&of).await.unwrap().unwrap().feedback.unwrap();
        assert_eq!(known.delivery, shown);
    }
    assert_eq!(store.tracked(&Named::Provider("nobody's".to_owned())).await.unwrap(), None);
}

#[tokio::test]
async fn a_number_stands_where_its_latest_word_says_in_whatever_order_they_come() {
    let store = Store::new().await;
    assert!(store.standing(NUMBER).await.unwrap().may_text());
    let said = |word, seconds: i64| Said {
        number: NUMBER.to_owned(),
        word,
        at: NOW.plus_seconds(seconds),
        id: format!("reply-{seconds}"),
    };
    let words = [
        (said(Word::Stop, 10), false),
        (said(Word::Stop, 10), false),
        (said(Word::Start, 20), true),
        (said(Word::Stop, 15), true),
        (said(Word::Stop, 30), false),
    ];
    for (said, may_text) in words {
        store.say(&said).await.unwrap();
        assert_eq!(store.standing(NUMBER).await.unwrap().may_text(), may_text, "{said:?}");
    }
    assert!(store.standing("+12025550144").await.unwrap().may_text(), "another number said nothing");
}

#[tokio::test]
async fn a_number_is_found_on_the_charts_that_have_it_now() {
    let store = Store::new().await;
    let moved = |practice, from: Option<&str>, to: Option<&str>| Renumbered {
        practice,
        patient: patient_id("p1"),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    for practice in [practice(), other_practice()] {
        store.renumber(&moved(practice.clone(), None, Some(NUMBER))).await.unwrap();
    }
    assert_eq!(store.at_number(NUMBER).await.unwrap().len(), 2, "one patient in each of two practices");
    store.renumber(&moved(other_practice(), Some(NUMBER), Some("+12025550144"))).await.unwrap();
    assert_eq!(store.at_number(NUMBER).await.unwrap(), [(practice(), patient_id("p1"))]);
    store.renumber(&moved(practice(), Some(NUMBER), None)).await.unwrap();
    assert_eq!(store.at_number(NUMBER).await.unwrap(), []);
}
