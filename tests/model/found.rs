//! Sequences that showed a fault once, shrunk, each under the sentence that it broke.
