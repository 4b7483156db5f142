//! What a signed-in person sees.

mod account;
mod own;
mod representatives;
mod sessions;

pub use account::AccountPage;
pub use own::{Form, OwnPage};
pub use representatives::{Person, RepresentativesPage, Typed};
pub use sessions::{Place, SessionsPage};
