//! The tests of Portico as a whole are in `main.rs`; this package has nothing else.
