//! I1 to I5: staff invite.

use portico_testkit::World;
use serde_json::json;

#[tokio::test]
async fn i1_staff_invite_one_patient_by_email_and_see_when_it_was_sent() {
    let world = World::new().await;
    world.patient("p1", World::chart()).await;
    let invitation = world.invite("p1", "email").await.expect(201).json();
    assert_eq!(invitation["sent_to"], "rosa.quillfeather@example.com");
    let mail = world.last_mail().await;
    assert_eq!(mail.get("to"), "rosa.quillfeather@example.com");
    assert!(mail.get("text").contains("Riverside Family Medicine"));
    let portal = world.portal("p1").await;
    assert_eq!((&portal["status"], &portal["color"]), (&json!("invited"), &json!("orange")));
    assert_eq!(portal["invitation"]["delivery"], "sent");
    assert!(portal["invitation"]["sent_at"].is_string());
}
