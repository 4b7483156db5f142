//! The ways to say one text message, from the fullest to the shortest.

/// Ways to say one message; each follows the practice's name.
pub(crate) struct Wordings {
    /// From the fullest to the shortest; the last may shorten the practice's name a little.
    pub(crate) rich: Vec<String>,
    /// What must be said whatever becomes of the practice's name.
    pub(crate) bare: String,
}

impl Wordings {
    /// Of a message that is short enough as it is.
    pub(crate) fn one(words: String) -> Self {
        Self { rich: vec![words.clone()], bare: words }
    }
}

/// The wordings of an offer. A household that shares a phone tells two offers apart by the given
/// name, so it stays longer than the opt-out words, which carriers honour unsaid.
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
