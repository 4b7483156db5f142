//! One of each message, for previews and tests.

use crate::{Coming, Message};

/// Every message by name, written to somebody of this given name. `link` is the URL of a link, `sign_in` that of the
/// sign-in page; links work until `expires_at_millis`, in milliseconds since 1970.
pub fn samples(
    link: &str,
    sign_in: &str,
    given_name: Option<&str>,
    expires_at_millis: i64,
    postal_address: &str,
) -> [(&'static str, Message); 32] {
    let unsubscribe = link.replace("/i/", "/u/");
    let (link, sign_in) = (|| link.to_owned(), || sign_in.to_owned());
    let given_name = || given_name.map(str::to_owned);
    let will_change = |coming| Message::AccessWillChange {
        given_name: given_name(),
        coming,
        day: "March 4, 2027".to_owned(),
    };
    let automatic = |reminder| Message::AutomaticInvitation {
        given_name: given_name(),
        link: link(),
        expires_at_millis,
        reminder,
        unsubscribe: unsubscribe.clone(),
        postal_address: postal_address.to_owned(),
    };
    [
        (
            "invitation",
            Message::Invitation {
                given_name: given_name(),
                link: link(),
                expires_at_millis,
                representative: false,
            },
        ),
        (
            "invitation_representative",
            Message::Invitation {
                given_name: given_name(),
                link: link(),
                expires_at_millis,
                representative: true,
            },
        ),
        ("automatic_invitation", automatic(false)),
        ("automatic_reminder", automatic(true)),
        ("restored", Message::Restored { given_name: given_name(), sign_in: sign_in() }),
        ("verify_again", Message::VerifyAgain { given_name: given_name(), link: link(), expires_at_millis }),
        ("code", Message::Code { code: "042917".to_owned(), minutes: 10 }),
        (
            "registered",
            Message::Registered {
                given_name: given_name(),
                username: "ana.lopez@example.com".to_owned(),
                sign_in: sign_in(),
            },
        ),
        ("representative_registered", Message::RepresentativeRegistered { given_name: given_name() }),
        ("revoked", Message::Revoked { given_name: given_name() }),
        ("reset", Message::Reset { given_name: given_name(), link: link(), expires_at_millis }),
        ("not_verified", Message::NotVerified),
        (
            "username",
            Message::Usernames {
                usernames: ["ana.lopez@example.com"].map(str::to_owned).to_vec(),
                sign_in: sign_in(),
            },
        ),
        (
            "usernames",
            Message::Usernames {
                usernames: ["ana.lopez@example.com", "maria77", "j.lopez"].map(str::to_owned).to_vec(),
                sign_in: sign_in(),
            },
        ),
        (
            "password_changed",
            Message::PasswordChanged {
                given_name: given_name(),
                has_representatives: true,
                sign_in: sign_in(),
            },
        ),
        (
            "new_browser",
            Message::NewBrowser {
                given_name: given_name(),
                browser: Some("Safari on iPhone".to_owned()),
                at_millis: expires_at_millis,
                sign_in: sign_in(),
            },
        ),
        (
            "username_changed",
            Message::UsernameChanged {
                given_name: given_name(),
                username: "ana.lopez@example.com".to_owned(),
            },
        ),
        ("email_changed", Message::EmailChanged { given_name: given_name() }),
        ("confirm_email", Message::ConfirmEmail { code: "042917".to_owned(), minutes: 10 }),
        ("details_proposed", Message::DetailsProposed { given_name: given_name() }),
        ("details_accepted", Message::DetailsDecided { given_name: given_name(), accepted: true }),
        ("details_declined", Message::DetailsDecided { given_name: given_name(), accepted: false }),
        ("contact_changed", Message::ContactChanged),
        ("credentials_set", Message::CredentialsSet { given_name: given_name(), sign_in: sign_in() }),
        ("account_added", Message::AccountAdded { given_name: given_name(), sign_in: sign_in() }),
        ("access_widened", Message::AccessWidened { given_name: given_name(), sign_in: sign_in() }),
        ("representative_ended", Message::RepresentativeEnded { given_name: given_name() }),
        ("access_narrows_soon", will_change(Coming::Narrows)),
        ("access_ends_soon", will_change(Coming::Ends)),
        ("access_rests_soon", will_change(Coming::Rests)),
        ("authority_ends_soon", will_change(Coming::AuthorityEnds)),
        ("access_narrowed", Message::AccessNarrowed { given_name: given_name() }),
    ]
}
