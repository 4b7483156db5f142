//! The Onboarding Tool's pages, for staff: their frame, how a form calls an operation and leads back, and the words.
//!
//! A form on `/console/…` is a second door to an operation that the API has, too. The session in the cookie stands for
//! the API key; the answer is a redirect to the page that the form came from, with what happened said on top.

mod form;
mod frame;
mod row;
mod said;
mod words;

pub use form::{Back, NoFields, back, not_done_because, refused};
pub use frame::{Desk, assets, desk_page, desk_problem};
pub use row::{Row, Tag};
pub use said::Said;
pub use words::{
    AttentionWords, attention_words, born, by_day, contact, cure, day_name, grant_word, how_far, in_words,
    list_name, locked, stopped, when,
};
