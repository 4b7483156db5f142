//! Text messages in English.

use crate::language::Language;
use crate::names::phone;
use crate::text::gsm::gsm_name;
use crate::text::wordings::{NAME, Wordings};
use crate::time::short_time;
use crate::{Message, Practice};

pub(crate) fn english(message: &Message, practice: &Practice<'_>) -> Wordings {
    let call = phone(practice.phone);
    let until = |millis| short_time(millis, practice.time_zone, Language::English);
    match message {
        Message::Invitation { addressee, link, expires_at_millis, representative } => {
            let until = until(*expires_at_millis);
            let name = gsm_name(addressee.given_name.as_deref());
            let words = match (representative, addressee.is_guardian, name) {
                (true, _, Some(name)) => format!("{name}, create your account to help someone, by {until}"),
                (true, _, None) => format!("Create your account to help someone, by {until}"),
                (false, true, Some(child)) => {
                    format!("{child}'s parent or guardian: set up the portal by {until}")
                }
                (false, true, None) => format!("Parent or guardian: set up the portal by {until}"),
                (false, false, Some(name)) => format!("{name}, set up your patient portal by {until}"),
                (false, false, None) => format!("Set up your patient portal by {until}"),
            };
            Wordings::one(format!("{words}: {link} Reply STOP to opt out"))
        }
        Message::AutomaticInvitation { addressee, link, expires_at_millis, reminder, .. } => {
            let what = if *reminder { "your patient portal is ready" } else { "set up your patient portal" };
            let until = until(*expires_at_millis);
            let words = format!("{what}, by {until}: {link} Reply STOP to opt out");
            Wordings::one(match gsm_name(addressee.given_name.as_deref()) {
                Some(child) if addressee.is_guardian => format!("For {child}'s parent or guardian: {words}"),
                Some(name) => format!("{name}, {words}"),
                None => words,
            })
        }
        Message::Restored { sign_in, .. } => Wordings {
            rich: vec![
                format!(
                    "Your patient portal access is back. Same username and password. Sign in: \
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
                        "To get your patient portal back, by {until}, choose a new \
                         password: {link}"
                    ),
                    format!("Get your patient portal back, by {until}: {link}"),
                ],
                bare: format!("Get your portal back, by {until}: {link}"),
            }
        }
        // The code comes first, so that a notification shows it. The last line binds it to our site: phones fill it in there,
        // and nowhere else.
        Message::Code { code, minutes } | Message::ConfirmEmail { code, minutes } => {
            let bound = format!("@{} #{code}", practice.host());
            Wordings {
                rich: vec![format!(
                    "{code} is your code for the {NAME} portal. It works for {minutes} minutes. We will never call \
                     you to ask for it.\n{bound}"
                )],
                bare: format!("{code} is your code for the {NAME} portal. Tell it to no one.\n{bound}"),
            }
        }
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
        Message::RepresentativeRegistered { addressee } => Wordings::one(if addressee.is_guardian {
            format!(
                "Someone created an account to help your child with the patient portal. Not right? Call us: {call}"
            )
        } else {
            format!(
                "Someone who helps you can now use the patient portal for you. Not right? Call us: {call}"
            )
        }),
        Message::Revoked { .. } => {
            Wordings::one(format!("Your patient portal access was turned off. Questions? Call: {call}"))
        }
        Message::Reset { link, expires_at_millis, .. } => {
            let until = until(*expires_at_millis);
            Wordings {
                rich: vec![
                    format!("New patient portal password, until {until}: {link} Not you? Ignore it"),
                    format!("New portal password, until {until}: {link} Not you? Ignore it"),
                ],
                bare: format!("New portal password, until {until}: {link}"),
            }
        }
        Message::NotVerified => Wordings::one(format!(
            "We got a portal request with your email, but the details do not match. Nothing changed. Was it \
             you? Call {call}"
        )),
        Message::Usernames { .. } => {
            Wordings::one(format!("To get your username for the patient portal, call us: {call}"))
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
            "Your username for the patient portal was changed. Not you? Call us right away: {call}"
        )),
        Message::EmailChanged { .. } => Wordings::one(format!(
            "The email address of your patient portal account was changed. Not you? Call us right away: \
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
                    "Our office has a username and a temporary password for you. Sign in within 7 days: \
                     {sign_in} Not expected? Call us: {call}"
                ),
                format!("Ask us for your username and password: {call}. Sign in within 7 days: {sign_in}"),
            ],
            bare: format!(
                "Our office has a username and temporary password for you. They work for 7 days. Not \
                 expected? Call us: {call}"
            ),
        },
        Message::AccountAdded { sign_in, .. } => Wordings {
            rich: vec![
                format!(
                    "You can now use the patient portal for one more person, with the username that you \
                     have. Sign in: {sign_in} Not expected? Call us: {call}"
                ),
                format!("You can now use the portal for one more person: {sign_in} Not expected? {call}"),
            ],
            bare: format!(
                "You can now use the patient portal for one more person you help. Not expected? Call \
                 us: {call}"
            ),
        },
        Message::AccessWidened { .. } => Wordings::one(format!(
            "Your account lets somebody use the portal for you, or see more there. Not you? Call us right away: \
             {call}"
        )),
        Message::RepresentativeEnded { .. } => Wordings::one(format!(
            "Your portal access for a person you helped has ended. Your other access stays. Questions? \
             Call us: {call}"
        )),
        Message::AccessWillChange { .. } => Wordings::one(format!(
            "Your portal access for a person you help will change soon. Questions? Call us: {call}"
        )),
        Message::AccessNarrowed { .. } => Wordings::one(format!(
            "Your portal access for a person you help is now limited. Questions? Call us: {call}"
        )),
    }
}
