//! A way that a code can go, with as much of the address as its owner recognizes, and nobody else can use.

use serde::{Deserialize, Serialize};

use crate::model::chart::Channel;

/// A way that a code can go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeWay {
    /// The channel.
    pub channel: Channel,
    /// The last two digits of the phone, or the masked e-mail address.
    pub hint: String,
}

impl CodeWay {
    /// The way to this address or number.
    pub fn to(channel: Channel, address: &str) -> Self {
        let hint = match channel {
            Channel::Email | Channel::Print => masked_email(address),
            Channel::Sms | Channel::Voice => last_two(address),
        };
        Self { channel, hint }
    }
}

/// The last two characters of a number.
fn last_two(phone: &str) -> String {
    let from = phone.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    phone.get(from..).unwrap_or_default().to_owned()
}

/// The first letters of an address' two parts and its last part, as in `a•••@e•••.com`. The number of dots does not tell
/// the length.
fn masked_email(address: &str) -> String {
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    let (host, last) = domain.rsplit_once('.').unwrap_or((domain, ""));
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    format!("{}•••@{}•••.{last}", first(local), first(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_tells_its_owner_where_the_code_goes_and_nobody_else_the_address() {
        for (channel, address, hint) in [
            (Channel::Sms, "+12025550163", "63"),
            (Channel::Voice, "+12025550104", "04"),
            (Channel::Email, "ana.lopez@example.com", "a•••@e•••.com"),
            (Channel::Email, "b@mail.example.org", "b•••@m•••.org"),
        ] {
            assert_eq!(CodeWay::to(channel, address).hint, hint, "{address}");
        }
    }
}
