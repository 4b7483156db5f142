//! Portico in a real browser: the main job without a script, in both languages; a mail scanner; what every page owes
//! its readers.

mod driver;
mod journey;
mod recovery;
mod scanner;
mod structure;
