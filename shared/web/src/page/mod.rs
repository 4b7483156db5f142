//! The hosted pages: their frame, their forms, and the pages that several functions show.

pub(crate) mod ask;
pub(crate) mod code;
pub(crate) mod dead_end;
pub(crate) mod draft;
pub(crate) mod field;
pub(crate) mod frame;
pub(crate) mod html;
pub(crate) mod practice;
pub(crate) mod registration;
pub(crate) mod visit;
