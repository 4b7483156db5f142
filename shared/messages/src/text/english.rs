//! Text messages in English.

use crate::language::Language;
use crate::names::phone;
use crate::text::gsm::gsm_name;
use crate::text::wordings::{Wordings, offer};
use crate::time::short_time;
use crate::{Message, Practice};

pub(crate) fn english(message: &Message, practice: &Practice<'_>) -> Wordings {
    let call = phone(practice.phone);
    let until = |millis| short_time(millis, practice.time_zone, Language::English);
    match message {
        Message::Invitation { given_name, link, expires_at_millis, representative } => {
            let (what, short) = if *representative {
                ("Set up the patient portal for someone you care for", "set up portal access")
            } else {
                ("Set up your patient portal", "set up your portal")
            };
            let until = until(*expires_at_millis);
            offer(
                gsm_name(given_name.as_deref()),
                "Hello",
                &format!("{what}: {link} until {until}"),
                format!("{short}: {link} until {until}"),
                "Reply STOP to opt out",
            )
        }
        Message::AutomaticInvitation { given_name, link, expires_at_millis, reminder, .. } => {
            let what = if *reminder { "your patient portal is ready" } else { "set up your patient portal" };
            let until = until(*expires_at_millis);
            let words = format!("{what}: {link} until {until}. Reply STOP to opt out");
            Wordings::one(match gsm_name(given_name.as_deref()) {
                Some(given_name) => format!("{given_name}, {words}"),
                None => words,
            })
        }
        Message::Restored { sign_in, .. } => Wordings {
            rich: vec![
                format!(
                    "Your patient portal access is back. Same user name and password. Sign in: \
                     {sign_in} Questions? Call {call}"
                ),
                format!("Your patient portal access is back. Sign in: {sign_in} Questions? {call}"),
                format!("Your patient portal access is back. Sign in: {sign_in}"),
            ],
            bare: format!("Your patient portal access is back. Questions? Call {call}"),
        },
        Message::VerifyAgain { link, expires_at_millis, .. } => {
            let until = until(*expires_at_millis);
            Wordings {
                rich: vec![
                    format!(
                        "To get your patient portal back, check who you are and choose a new \
                         password: {link} until {until}"
                    ),
                    format!("Get your patient portal back: {link} until {until}"),
                ],
                bare: format!("get your portal back: {link} until {until}"),
            }
        }
        Message::Code { code, minutes } | Message::ConfirmEmail { code, minutes } => Wordings {
            rich: vec![format!(
                "Your code is {code}. It works for {minutes} min. Never tell it to anyone who \
                 calls you."
            )],
            bare: format!("Your code is {code}. Never tell it to anyone who calls you."),
        },
        Message::Registered { sign_in, .. } => {
            let bare = format!("You are registered for the patient portal. Not you? Call us: {call}");
            Wordings {
                rich: vec![
                    format!(
                        "You are registered for the patient portal. Sign in: {sign_in} Not you? \
                         Call us: {call}"
                    ),
                    bare.clone(),
                ],
                bare,
            }
        }
        Message::RepresentativeRegistered { .. } => Wordings::one(format!(
            "Someone who cares for you can now use the patient portal for you. Not right? Call us: {call}"
        )),
        Message::Revoked { .. } => Wordings::one(format!(
            "Your access to the patient portal is turned off. Questions? Call us: {call}"
        )),
        Message::Reset { link, expires_at_millis, .. } => {
            let until = until(*expires_at_millis);
            Wordings {
                rich: vec![
                    format!(
                        "If you asked for a new patient portal password, choose it here: {link} until \
                         {until}. If not, do nothing."
                    ),
                    format!("If you asked for a new password: {link} until {until}"),
                ],
                bare: format!("new password: {link} until {until}"),
            }
        }
        Message::NotVerified => Wordings::one(format!(
            "Someone asked for portal access with your e-mail. What they entered does not match. Nothing \
             was changed. Call us: {call}"
        )),
        Message::Usernames { .. } => {
            Wordings::one(format!("To get your user name for the patient portal, call us: {call}"))
        }
        Message::PasswordChanged { .. } => Wordings::one(format!(
            "Your patient portal password was changed. Other devices were signed out. Not you? Call us now: \
             {call}"
        )),
        Message::NewBrowser { .. } => Wordings::one(format!(
            "Somebody signed in to your patient portal account from a new browser. Not you? Call us right away: \
             {call}"
        )),
        Message::UsernameChanged { .. } => Wordings::one(format!(
            "Your user name for the patient portal was changed. Not you? Call us right away: {call}"
        )),
        Message::EmailChanged { .. } => Wordings::one(format!(
            "The e-mail address of your patient portal account was changed. Not you? Call us right away: \
             {call}"
        )),
        Message::DetailsProposed { .. } => Wordings::one(format!(
            "Someone asked us in the portal to change your contact details. We will look at it. Not you? \
             Call us: {call}"
        )),
        Message::DetailsDecided { accepted: true, .. } => Wordings::one(format!(
            "We changed your contact details, as asked in the patient portal. Not right? Call us: {call}"
        )),
        Message::DetailsDecided { accepted: false, .. } => Wordings::one(format!(
            "We did not accept the changes to your contact details. To find out why, call us: {call}"
        )),
        Message::ContactChanged => Wordings::one(format!(
            "We no longer use this number for your patient portal: your contact details were changed. Not right? Call \
             us: {call}"
        )),
        Message::CredentialsSet { sign_in, .. } => Wordings {
            rich: vec![
                format!(
                    "Our office has a user name and a temporary password for you. Sign in within 7 days: \
                     {sign_in} Not expected? Call us: {call}"
                ),
                format!("Ask us for your user name and password: {call}. Sign in within 7 days: {sign_in}"),
            ],
            bare: format!(
                "Our office has a user name and temporary password for you. They work for 7 days. Not \
                 expected? Call us: {call}"
            ),
        },
        Message::AccountAdded { sign_in, .. } => Wordings {
            rich: vec![
                format!(
                    "You can now use the patient portal for one more person, with the user name that you \
                     have. Sign in: {sign_in} Not expected? Call us: {call}"
                ),
                format!("You can now use the portal for one more person: {sign_in} Not expected? {call}"),
            ],
            bare: format!(
                "You can now use the patient portal for one more person you care for. Not expected? Call \
                 us: {call}"
            ),
        },
        Message::AccessWidened { .. } => Wordings::one(format!(
            "Your account lets somebody use the portal for you, or see more there. Not you? Call us right away: \
             {call}"
        )),
        Message::RepresentativeEnded { .. } => Wordings::one(format!(
            "Your portal access for someone you cared for has ended. Your other access stays. Questions? \
             Call us: {call}"
        )),
        Message::AccessWillChange { .. } => Wordings::one(format!(
            "Your portal access for someone you care for will change soon. Questions? Call us: {call}"
        )),
        Message::AccessNarrowed { .. } => Wordings::one(format!(
            "Your portal access for someone you care for is now limited. Questions? Call us: {call}"
        )),
    }
}
