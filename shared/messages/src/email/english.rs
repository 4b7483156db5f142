//! E-mails in English.

use crate::email::words::{Button, Call, Fact, Foot, Layout, Words};
use crate::names::greeting_name;
use crate::{Addressee, Coming, Message};

pub(crate) const LAYOUT_EN: Layout = Layout {
    copy_address: "Or copy this address into your browser:",
    no_answers: "No one reads replies to this email. Call us instead.",
    not_sure: "Not sure this is from us? Call the number on your appointment card.",
    portal: "Our portal is at",
    no_password: "We never ask for your password by email.",
};

pub(crate) fn english<'a>(message: &'a Message, name: &str, until: impl Fn(i64) -> String) -> Words<'a> {
    let greeting = |to: &Addressee| match (to.is_guardian, greeting_name(to.given_name.as_deref())) {
        (true, Some(child)) => format!("To the parent or guardian of {child}:"),
        (true, None) => "To the parent or guardian:".to_owned(),
        (false, Some(given_name)) => format!("Hello {given_name},"),
        (false, None) => "Hello,".to_owned(),
    };
    let works_until = |millis: &i64| {
        format!(
            "This link works once, until {}. After that, open it to ask for a new one, or call us.",
            until(*millis)
        )
    };
    let code_rules = |minutes: &u32| {
        vec![
            format!("The code works for {minutes} {}.", minutes_en(*minutes)),
            "Our office never asks for this code.".to_owned(),
        ]
    };
    match message {
        Message::Invitation { addressee, link, expires_at_millis, representative } => Words {
            subject: if *representative {
                "Create an account to help someone"
            } else {
                "Create your patient portal account"
            }
            .to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                if *representative {
                    format!(
                        "{name} invites you to its patient portal, for a person you help. There you can see what we \
                         share about that person, at any hour."
                    )
                } else if addressee.is_guardian {
                    format!(
                        "{name} has a patient portal for your child. There you can see what we share about \
                         your child, at any hour."
                    )
                } else {
                    format!(
                        "{name} has a patient portal for you. There you can see what we share with you, at any \
                         hour."
                    )
                },
                "It is free, and setting it up takes about five minutes.".to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Create my account", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call {
                before: "If this is not for you, ignore it, or call us at ",
                after: ". Nothing happens unless you set it up.",
            },
        },
        Message::AutomaticInvitation { addressee, link, expires_at_millis, reminder, .. } => Words {
            subject: if *reminder {
                "Your patient portal account is waiting for you"
            } else {
                "Create your patient portal account"
            }
            .to_owned(),
            greeting: greeting(addressee),
            lead: vec![if *reminder {
                format!(
                    "{name} has invited you to its patient portal, and you have no account yet. Creating one takes \
                     about five minutes."
                )
            } else {
                format!(
                    "{name} invites you to its patient portal. It is our website for our patients. Creating your \
                     account takes about five minutes."
                )
            }],
            fact: None,
            button: Some(Button { label: "Create my account", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call { before: "Questions? Call us at ", after: ". Nothing happens unless you set it up." },
        },
        Message::Restored { addressee, sign_in } => Words {
            subject: "Your patient portal access is back".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "You can use our patient portal again. Sign in with the same username and \
                 password as before."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If this is not for you, or you have questions, call us at ", after: "." },
        },
        Message::VerifyAgain { addressee, link, expires_at_millis } => Words {
            subject: "Get your patient portal access back".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "You can get your access to our patient portal back. To keep you safe, we first check that \
                 it \
                 is you. Then you choose a new password. It takes about five minutes."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Get my access back", link }),
            close: vec![works_until(expires_at_millis)],
            call: Call { before: "If this is not for you, ignore it, or call us at ", after: "." },
        },
        Message::Code { code, minutes } => Words {
            subject: "Your code for the patient portal".to_owned(),
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
        Message::Registered { addressee, username, sign_in } => Words {
            subject: "You are registered for the patient portal".to_owned(),
            greeting: greeting(addressee),
            lead: vec!["You are all set. You can now use our patient portal.".to_owned()],
            fact: Some(Fact { label: "Your username is:", values: vec![username.as_str()], large: false }),
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::RepresentativeRegistered { addressee } => Words {
            subject: "Someone registered to help with the patient portal".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                if addressee.is_guardian {
                    "Someone used the link that we sent you and created an account to help your child. They can now \
                     use our patient portal for your child. If it was you, you don't need to do anything."
                } else {
                    "Someone used the link that we sent you and created an account to help you. They can now use our \
                     patient portal for you."
                }
                .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you do not know about this, call us right away at ", after: "." },
        },
        Message::Revoked { addressee } => Words {
            subject: "Your patient portal access is turned off".to_owned(),
            greeting: greeting(addressee),
            lead: vec![format!(
                "{name} has turned off your access to its patient portal. You can no longer sign in."
            )],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you have questions, or want your access back, call us at ", after: "." },
        },
        Message::Reset { addressee, link, expires_at_millis } => Words {
            subject: "Choose a new password for the patient portal".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "Someone, we think you, asked for a new password for your account in our patient portal. \
                 First we check that it is you. Then you choose the new password. It takes about five \
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
            subject: "Someone asked for access to the patient portal".to_owned(),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "Someone, perhaps you, used this email address to ask for access to our patient portal. \
                 What they entered does not match what our office has. Nobody got access, and nothing was \
                 changed."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call {
                before: "If it was you, call us at ",
                after: " and we will help you. If it was not you, you don't need to do anything.",
            },
        },
        Message::Usernames { usernames, sign_in } => Words {
            subject: "Your username for the patient portal".to_owned(),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "Someone, we think you, asked for the username that belongs to this email address in our \
                 patient portal."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: match usernames.as_slice() {
                    [_] => "The username is:",
                    _ => "Several people use this address. Their usernames are:",
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
        Message::PasswordChanged { addressee, has_representatives, sign_in } => Words {
            subject: "Your patient portal password was changed".to_owned(),
            greeting: greeting(addressee),
            lead: [
                Some(
                    "The password of your account in our patient portal was changed. To keep you safe, all \
                     other devices were signed out. Sign in with the new password from now on.",
                ),
                has_representatives.then_some(
                    "Other people can use the portal for you, too. You can see who, and remove them, under \
                     “People who can use the portal for me”.",
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
        Message::NewBrowser { addressee, browser, at_millis, sign_in } => Words {
            subject: "A new sign-in to your patient portal account".to_owned(),
            greeting: greeting(addressee),
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
        Message::UsernameChanged { addressee, username } => Words {
            subject: "Your patient portal username was changed".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "The username of your account in our patient portal was changed. Your password stays the \
                 same."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: "Your new username is:",
                values: vec![username.as_str()],
                large: false,
            }),
            button: None,
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::EmailChanged { addressee } => Words {
            subject: "The email address of your patient portal account was changed".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "The email address of your account in our patient portal was changed. Messages about your \
                 account now go to the new address."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::ConfirmEmail { code, minutes } => Words {
            subject: "Your code to confirm this email address".to_owned(),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "Someone, we think you, wants to use this email address for an account in our patient \
                 portal."
                    .to_owned(),
            ],
            fact: Some(Fact {
                label: "To confirm it, enter this code on the page “Your email” of your account:",
                values: vec![code.as_str()],
                large: true,
            }),
            button: None,
            close: code_rules(minutes),
            call: Call { before: "If you did not ask for a code, ignore it, or call us at ", after: "." },
        },
        Message::DetailsProposed { addressee } => Words {
            subject: "Someone asked us to change your contact details".to_owned(),
            greeting: greeting(addressee),
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
        Message::DetailsDecided { addressee, accepted } => Words {
            subject: if *accepted {
                "We changed your contact details".to_owned()
            } else {
                "We did not change your contact details".to_owned()
            },
            greeting: greeting(addressee),
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
            subject: "Your contact details were changed".to_owned(),
            greeting: "Hello,".to_owned(),
            lead: vec![
                "We changed the contact details that we have for you, and no longer use this email address for \
                 your patient portal. Links that we sent here no longer work."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you did not ask for this, call us right away at ", after: "." },
        },
        Message::CredentialsSet { addressee, sign_in } => Words {
            subject: "You can now sign in to the patient portal".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "Our office has made a username and a temporary password for you, so that you can use our \
                 patient portal. We do not write them in a message: our office tells you what they are."
                    .to_owned(),
                "Sign in with them within 7 days. Then you choose a password of your own.".to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If you did not expect this, call us right away at ", after: "." },
        },
        Message::AccountAdded { addressee, sign_in } => Words {
            subject: "You can now use the patient portal for a person you help".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "You can now use our patient portal for one more person you help. Sign in with the username and password that you already have."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If you did not expect this, call us right away at ", after: "." },
        },
        Message::AccessWidened { addressee, sign_in } => Words {
            subject: "Someone may use the patient portal for you".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "In your patient portal account, somebody was invited to use the portal for you, or may see more \
                 there than before. You can see who, and remove them, under “People who can use the portal for me”."
                    .to_owned(),
            ],
            fact: None,
            button: Some(Button { label: "Sign in", link: sign_in }),
            close: vec![],
            call: Call { before: "If this was not you, call us right away at ", after: "." },
        },
        Message::RepresentativeEnded { addressee } => Words {
            subject: "A change to your patient portal access".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "Your access to our patient portal for a person you helped has ended. If you use the \
                 portal for yourself or for others, nothing changes there."
                    .to_owned(),
            ],
            fact: None,
            button: None,
            close: vec![],
            call: Call { before: "If you have questions, call us at ", after: "." },
        },
        Message::AccessWillChange { addressee, coming, day } => Words {
            subject: "Your patient portal access will change".to_owned(),
            greeting: greeting(addressee),
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
        Message::AccessNarrowed { addressee } => Words {
            subject: "A change to your patient portal access".to_owned(),
            greeting: greeting(addressee),
            lead: vec![
                "At our office, parents and other helpers see less of a portal from a certain birthday on. In \
                 the portal of a person you help, you now see appointments and messages only. If you use the \
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
            "From {day} on, you will see appointments and messages only in the portal of a person you help."
        ),
        Coming::Ends => format!("Your access to the portal of a person you help ends on {day}."),
        Coming::Rests => format!(
            "On {day}, all access to the portal of a person you help stops until our office turns it on again."
        ),
        Coming::AuthorityEnds => format!(
            "The paper that lets you use the portal for a person you help is good until {day}. On that day, \
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
        why: format!("You get this email because you are a patient of {name}."),
        stop: "Stop invitations by email",
        link: unsubscribe,
        address: postal_address,
    })
}
