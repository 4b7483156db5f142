//! The sign-in page, and what a signed-in person sees.

mod account;
mod own;
mod representatives;
mod sessions;
mod sign_in;

pub use account::AccountPage;
pub use own::{Form, OwnPage};
pub use representatives::{Person, RepresentativesPage, Typed};
pub use sessions::{Place, SessionsPage};
pub use sign_in::SignInPage;
