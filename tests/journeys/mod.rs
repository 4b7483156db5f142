//! One journey for each row of the feature table, by its id.

mod invite;
