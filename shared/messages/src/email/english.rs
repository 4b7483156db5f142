//! E-mails in English.

use crate::email::words::{Button, Call, Fact, Foot, Layout, Words};
use crate::names::greeting_name;
use crate::{Coming, Message};

pub(crate) const LAYOUT_EN: Layout = Layout {
    copy_address: "Or copy this address into your browser:",
    no_answers: "Please do not reply. This mailbox can't read answers.",
};

pub(crate) fn english<'a>(message: &'a Message, name: &str, until: impl Fn(i64) -> String) -> Words<'a> {
    let greeting = |given_name: &Option<String>| match greeting_name(given_name.as_deref()) {
        Some(given_name) => format!("Hello {given_name},"),
        None => "Hello,".to_owned(),
    };
    let works_until = |millis: &i64| {
        format!("This link works once, until {}. After that, call us for a new one.", until(*millis))
    };
    let code_rules = |minutes: &u32| {
        vec![
            format!("The code works for {minutes} {}.", minutes_en(*minutes)),
            "Never tell it to anyone who calls you, not even someone who says they are from \
                 our office."
                .to_owned(),
        ]
    };
    match message {
        Message::Invitation { given_name, link, expires_at_millis, representative } => Words {
            subject: if *representative {
                format!("{name}: set up the patient portal for someone you care for")
            } else {
                format!("{name}: set up your patient portal")
            },
            greeting: greeting(given_name),
            lead: vec![if *representative {
                format!(
                    "{name} invites you to use its patient portal for someone you care for. It is \
                     our safe website for patients and the people who help them. Setting it up \
                     takes about two minutes."
                )
            } else {
                format!(
                    "{name} invites you to its patient portal. It is our safe website for you. \
                     Setting it up takes about two minutes."
                )
            }],
            fact: None,
            button: Some(Button { label: "Set up my access", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call {
                before: "If this is not for you, ignore it, or call us at ",
                after: ". Nothing happens unless you set it up.",
            },
        },
        Message::AutomaticInvitation { given_name, link, expires_at_millis, reminder, .. } => Words {
            subject: if *reminder {
                format!("{name}: your patient portal is ready for you")
            } else {
                format!("{name}: set up your patient portal")
            },
            greeting: greeting(given_name),
            lead: vec![if *reminder {
                format!(
                    "{name} has invited you to its patient portal, and you have not set it up yet. It takes \
                     about two minutes."
                )
            } else {
                format!(
                    "{name} invites you to its patient portal. It is our website for our patients. Setting it \
                     up takes about two minutes."
                )
            }],
            fact: None,
            button: Some(Button { label: "Set up my access", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call {
                before: "Not sure this is from us? Call the number on your appointment card, or ",
                after: ". Nothing happens unless you set it up.",
            },
        },
        Message::Restored { given_name, sign_in } => Words {
            subject: format!("{name}: your patient portal access is back"),
            greeting: greeting(given_name),
            lead: vec![
                "You can use our patient portal again. Sign in with the same user name and \
                 password as before."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If this is not for you, or you have questions, call us at ", after: "." },
        },
        Message::VerifyAgain { given_name, link, expires_at_millis } => Words {
            subject: format!("{name}: get your patient portal access back"),
            greeting: greeting(given_name),
            lead: vec![
                "You can get your access to our patient portal back. To keep you safe, we first check that \
                 it \
                 is you. Then you choose a new password. It takes about two minutes."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Get my access back", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call { before: "If this is not for you, ignore it, or call us at ", after: "." },
        },
        Message::Code { code, minutes } => Words {
            subject: format!("{name}: your code for the patient portal"),
            greeting: "Hello,".to_owned(),
            lead: vec![],
            fact: Some(Fact {
                label: "Enter this code on the page that you have open:",
                values: vec![code.as_str()],
                large: true,
            }),
            button: None,
            close: code_rules(minutes),
            call: Call { before: "If you did not ask for a code, ignore it, or call us at ", after: "." },
        },
        Message::Registered { given_name, username, sign_in } => Words {
            subject: format!("{name}: you are registered for the patient portal"),
            greeting: greeting(given_name),
            lead: vec!["You are all set. You can now use our patient portal.".to_owned()],
            fact: Some(Fact { label: "Your user name is:", values: vec![username.as_str()], large: false }),
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::RepresentativeRegistered { given_name } => Words {
            subject: format!("{name}: someone registered to help you with the patient portal"),
            greeting: greeting(given_name),
            lead: vec![
                "Someone used the link that we sent you and registered as the person who cares for you. \
                 They can now use our patient portal for you."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you do not know about this, call us right away at ", after: "." },
        },
        Message::Revoked { given_name } => Words {
            subject: format!("{name}: your patient portal access is turned off"),
            greeting: greeting(given_name),
            lead: vec![format!(
                "{name} has turned off your access to its patient portal. You can't sign in any \
                 more."
            )],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you have questions, or want your access back, call us at ", after: "." },
        },
        Message::Reset { given_name, link, expires_at_millis } => Words {
            subject: format!("{name}: choose a new password for the patient portal"),
            greeting: greeting(given_name),
            lead: vec![
                "Someone, we think you, asked for a new password for your account in our patient portal. \
                 First we check that it is you. Then you choose the new password. It takes about two \
                 minutes."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Choose a new password", link }),
            close: vec![
                format!(
                    "This link works once, until {}. After that, you can ask for a new one.",
                    until(*expires_at_millis)
                ),
                "If you did not ask for this, do nothing: your password stays as it is.".to_owned(),
            ],
            call: Call {
                before: "If you have questions, or think that someone else asked, call us at ",
                after: ".",
            },
        },
        Message::NotVerified => Words {
            subject: format!("{name}: someone asked for access to the patient portal"),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "Someone, perhaps you, used this e-mail address to ask for access to our patient portal. \
                 What they entered does not match what our office has. Nobody got access, and nothing was \
                 changed."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: "If it was you, call us at ",
                after: " and we will help you. If it was not you, you need not do anything.",
            },
        },
        Message::Usernames { usernames, sign_in } => Words {
            subject: format!("{name}: your user name for the patient portal"),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "Someone, we think you, asked for the user name that belongs to this e-mail address in our \
                 patient portal."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: match usernames.as_slice() {
                    [_] => "The user name is:",
                    _ => "Several people use this address. Their user names are:",
                },
                values: usernames.iter().map(String::as_str).collect(),
                large: false,
            }),
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![
                "If you forgot your password too, choose “Forgot password” on the sign-in page.".to_owned(),
            ],
            call: Call { before: "If you did not ask for this, ignore it, or call us at ", after: "." },
        },
        Message::PasswordChanged { given_name, has_representatives, sign_in } => Words {
            subject: format!("{name}: your patient portal password was changed"),
            greeting: greeting(given_name),
            lead: [
                Some(
                    "The password of your account in our patient portal was changed. To keep you safe, all \
                     other devices were signed out. Sign in with the new password from now on.",
                ),
                has_representatives.then_some(
                    "Other people can use the portal for you, too. You can see who, and end it, under \
                     Representatives.",
                ),
            ]
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect(),
            fact: None,
            button: has_representatives.then_some(Button { label: "See who", link: sign_in }),
            close: Vec::new(),
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::NewBrowser { given_name, browser, at_millis, sign_in } => Words {
            subject: format!("{name}: a new sign-in to your patient portal account"),
            greeting: greeting(given_name),
            lead: vec![
                format!(
                    "Somebody signed in to your patient portal account from a browser that had not signed in \
                     before: {}, {}.",
                    browser.as_deref().unwrap_or("an unknown browser"),
                    until(*at_millis)
                ),
                "If this was you, you don't need to do anything. If it was not you, choose a new password now: \
                 on the sign-in page, use \u{201c}Forgot password\u{201d}."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Go to the sign-in page", link: sign_in }),
            close: vec![],
            call: Call { before: "Or call us right away at ", after: "." },
        },
        Message::UsernameChanged { given_name, username } => Words {
            subject: format!("{name}: your patient portal user name was changed"),
            greeting: greeting(given_name),
            lead: vec![
                "The user name of your account in our patient portal was changed. Your password stays the \
                 same."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: "Your new user name is:",
                values: vec![username.as_str()],
                large: false,
            }),
            button: None,
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::EmailChanged { given_name } => Words {
            subject: format!("{name}: the e-mail address of your patient portal account was changed"),
            greeting: greeting(given_name),
            lead: vec![
                "The e-mail address of your account in our patient portal was changed. Messages about your \
                 account now go to the new address."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::ConfirmEmail { code, minutes } => Words {
            subject: format!("{name}: your code to confirm this e-mail address"),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "Someone, we think you, wants to use this e-mail address for an account in our patient \
                 portal."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: "To confirm it, enter this code on the page that you have open:",
                values: vec![code.as_str()],
                large: true,
            }),
            button: None,
            close: code_rules(minutes),
            call: Call { before: "If you did not ask for a code, ignore it, or call us at ", after: "." },
        },
        Message::DetailsProposed { given_name } => Words {
            subject: format!("{name}: someone asked us to change your contact details"),
            greeting: greeting(given_name),
            lead: vec![
                "Someone who is signed in to our patient portal asked us to change your contact details. We \
                 will look at it first. Until then, nothing changes."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: "If this was not you or someone who helps you, call us right away at ",
                after: ".",
            },
        },
        Message::DetailsDecided { given_name, accepted } => Words {
            subject: if *accepted {
                format!("{name}: we changed your contact details")
            } else {
                format!("{name}: we did not change your contact details")
            },
            greeting: greeting(given_name),
            lead: vec![
                if *accepted {
                    "You, or someone who helps you, asked us in our patient portal to change your contact \
                     details. We have accepted the changes."
                } else {
                    "You, or someone who helps you, asked us in our patient portal to change your contact \
                     details. We did not accept the changes, so everything stays as it was."
                }
                .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: if *accepted {
                    "If this is not right, call us right away at "
                } else {
                    "To find out why, call us at "
                },
                after: ".",
            },
        },
        Message::ContactChanged => Words {
            subject: format!("{name}: your contact details were changed"),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "We changed the contact details that we have for you, and no longer use this e-mail address for \
                 your patient portal. Links that we sent here no longer work."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you did not ask for this, call us right away at ", after: "." },
        },
        Message::CredentialsSet { given_name, sign_in } => Words {
            subject: format!("{name}: you can now sign in to the patient portal"),
            greeting: greeting(given_name),
            lead: vec![
                "Our office has made a user name and a temporary password for you, so that you can use our \
                 patient portal. We do not write them in a message: our office tells you what they are."
                    .to_owned(),
                "Sign in with them within 7 days. Then you choose a password of your own.".to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If you did not expect this, call us right away at ", after: "." },
        },
        Message::AccountAdded { given_name, sign_in } => Words {
            subject: format!("{name}: you can now use the patient portal for someone you care for"),
            greeting: greeting(given_name),
            lead: vec![
                "You can now use our patient portal for one more person you care for. Sign in with the user \
                 name and password that you already have."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If you did not expect this, call us right away at ", after: "." },
        },
        Message::AccessWidened { given_name, sign_in } => Words {
            subject: format!("{name}: someone may use the patient portal for you"),
            greeting: greeting(given_name),
            lead: vec![
                "In your patient portal account, somebody was invited to use the portal for you, or may see more \
                 there than before. You can see who, and end it, under Representatives."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::RepresentativeEnded { given_name } => Words {
            subject: format!("{name}: a change to your patient portal access"),
            greeting: greeting(given_name),
            lead: vec![
                "Your access to our patient portal for someone you cared for has ended. If you use the \
                 portal for yourself or for others, nothing changes there."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you have questions, call us at ", after: "." },
        },
        Message::AccessWillChange { given_name, coming, day } => Words {
            subject: format!("{name}: your patient portal access will change"),
            greeting: greeting(given_name),
            lead: vec![coming_en(*coming, day)],
            fact: None,
            button: None,
            close: vec![
                match coming {
                    Coming::AuthorityEnds => "Do you have a new paper? Show it to us before that day.",
                    Coming::Narrows | Coming::Ends | Coming::Rests => {
                        "This happens at a birthday, for everybody. If you use the portal for yourself or for \
                         others, nothing changes there."
                    }
                }
                .to_owned(),
            ],
            call: Call { before: "If you have questions, call us at ", after: "." },
        },
        Message::AccessNarrowed { given_name } => Words {
            subject: format!("{name}: a change to your patient portal access"),
            greeting: greeting(given_name),
            lead: vec![
                "At our office, parents and other helpers see less of a portal from a certain birthday on. In \
                 the portal of someone you care for, you now see appointments and messages only. If you use the \
                 portal for yourself or for others, nothing changes there."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you have questions, call us at ", after: "." },
        },
    }
}

fn coming_en(coming: Coming, day: &str) -> String {
    match coming {
        Coming::Narrows => format!(
            "From {day} on, you will see appointments and messages only in the portal of someone you care for."
        ),
        Coming::Ends => format!("Your access to the portal of someone you care for ends on {day}."),
        Coming::Rests => format!(
            "On {day}, all access to the portal of someone you care for stops until our office turns it on again."
        ),
        Coming::AuthorityEnds => format!(
            "The paper that lets you use the portal for someone you care for is good until {day}. On that day, \
             your access ends."
        ),
    }
}

const fn minutes_en(minutes: u32) -> &'static str {
    if minutes == 1 { "minute" } else { "minutes" }
}

/// The foot of a mail that nobody asked for; `None` for all others.
pub(crate) fn foot_en<'a>(message: &'a Message, name: &str) -> Option<Foot<'a>> {
    let Message::AutomaticInvitation { unsubscribe, postal_address, .. } = message else { return None };
    Some(Foot {
        why: format!("You get this e-mail because you are a patient of {name}."),
        stop: "Stop invitations by e-mail",
        link: unsubscribe,
        address: postal_address,
    })
}
