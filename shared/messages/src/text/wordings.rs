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

/// Where the practice's name goes, in words that don't begin with it.
pub(crate) const NAME: &str = "{practice}";

/// Words with the practice's name: in its place, or in front.
pub(crate) fn named(words: &str, name: &str) -> String {
    if words.contains(NAME) { words.replace(NAME, name) } else { format!("{name}: {words}") }
}
