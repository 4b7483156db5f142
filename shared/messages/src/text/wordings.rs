//! The versions of one text message, from the longest to the shortest.

/// The versions of one message; each follows the practice's name.
pub(crate) struct Wordings {
    /// From the longest to the shortest. For the last one, the practice's name may be shortened a little.
    pub(crate) rich: Vec<String>,
    /// The words that must be sent even if the practice's name is cut or left out.
    pub(crate) bare: String,
}

impl Wordings {
    /// For a message that is short enough in its only version.
    pub(crate) fn one(words: String) -> Self {
        Self { rich: vec![words.clone()], bare: words }
    }
}

/// The versions of an invitation. People who share a phone tell two invitations apart by the given name, so
/// it stays longer than the opt-out words: carriers accept STOP even if the text doesn't say so.
pub(crate) fn offer(
    given_name: Option<String>,
    hello: &str,
    full: &str,
    bare: String,
    stop: &str,
) -> Wordings {
    let rich = match given_name {
        Some(given_name) => vec![
            format!("{hello} {given_name}. {full}. {stop}"),
            format!("{given_name}, {bare}. {stop}"),
            format!("{hello} {given_name}. {full}"),
            format!("{given_name}, {bare}"),
        ],
        None => vec![format!("{full}. {stop}"), format!("{bare}. {stop}"), full.to_owned(), bare.clone()],
    };
    Wordings { rich, bare }
}
