//! One of each message, for previews and tests.

use crate::{Addressee, Coming, Message};

/// Every message by name, written to somebody of this given name. `link` is the URL of a link, `sign_in` that of the
/// sign-in page; links work until `expires_at_millis`, in milliseconds since 1970.
pub fn samples(
    link: &str,
    sign_in: &str,
    given_name: Option<&str>,
    expires_at_millis: i64,
    postal_address: &str,
) -> [(&'static str, Message); 34] {
    let unsubscribe = link.replace("/i/", "/u/");
    let (link, sign_in) = (|| link.to_owned(), || sign_in.to_owned());
    let addressee = || Addressee::named(given_name.map(str::to_owned));
    let will_change = |coming| Message::AccessWillChange {
        addressee: addressee(),
        coming,
        day: "March 4, 2027".to_owned(),
    };
    let automatic = |reminder| Message::AutomaticInvitation {
        addressee: addressee(),
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
                addressee: addressee(),
                link: link(),
                expires_at_millis,
                representative: false,
            },
        ),
        (
            "invitation_representative",
            Message::Invitation {
                addressee: addressee(),
                link: link(),
                expires_at_millis,
                representative: true,
            },
        ),
        (
            "invitation_of_a_child",
            Message::Invitation {
                addressee: Addressee { is_guardian: true, ..addressee() },
                link: link(),
                expires_at_millis,
                representative: false,
            },
        ),
        ("automatic_invitation", automatic(false)),
        ("automatic_reminder", automatic(true)),
        ("restored", Message::Restored { addressee: addressee(), sign_in: sign_in() }),
        ("verify_again", Message::VerifyAgain { addressee: addressee(), link: link(), expires_at_millis }),
        ("code", Message::Code { code: "042917".to_owned(), minutes: 10 }),
        (
            "registered",
            Message::Registered {
                addressee: addressee(),
                username: "ana.lopez@example.com".to_owned(),
                sign_in: sign_in(),
            },
        ),
        ("representative_registered", Message::RepresentativeRegistered { addressee: addressee() }),
        (
            "representative_registered_for_a_child",
            Message::RepresentativeRegistered { addressee: Addressee { is_guardian: true, ..addressee() } },
        ),
        ("revoked", Message::Revoked { addressee: addressee() }),
        ("reset", Message::Reset { addressee: addressee(), link: link(), expires_at_millis }),
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
                addressee: addressee(),
                has_representatives: true,
                sign_in: sign_in(),
            },
        ),
        (
            "new_browser",
            Message::NewBrowser {
                addressee: addressee(),
                browser: Some("Safari on iPhone".to_owned()),
                at_millis: expires_at_millis,
                sign_in: sign_in(),
            },
        ),
        (
            "username_changed",
            Message::UsernameChanged { addressee: addressee(), username: "ana.lopez@example.com".to_owned() },
        ),
        ("email_changed", Message::EmailChanged { addressee: addressee() }),
        ("confirm_email", Message::ConfirmEmail { code: "042917".to_owned(), minutes: 10 }),
        ("details_proposed", Message::DetailsProposed { addressee: addressee() }),
        ("details_accepted", Message::DetailsDecided { addressee: addressee(), accepted: true }),
        ("details_declined", Message::DetailsDecided { addressee: addressee(), accepted: false }),
        ("contact_changed", Message::ContactChanged),
        ("credentials_set", Message::CredentialsSet { addressee: addressee(), sign_in: sign_in() }),
        ("account_added", Message::AccountAdded { addressee: addressee(), sign_in: sign_in() }),
        ("access_widened", Message::AccessWidened { addressee: addressee(), sign_in: sign_in() }),
        ("representative_ended", Message::RepresentativeEnded { addressee: addressee() }),
        ("access_narrows_soon", will_change(Coming::Narrows)),
        ("access_ends_soon", will_change(Coming::Ends)),
        ("access_rests_soon", will_change(Coming::Rests)),
        ("authority_ends_soon", will_change(Coming::AuthorityEnds)),
        ("access_narrowed", Message::AccessNarrowed { addressee: addressee() }),
    ]
}
