//! What must hold of every document, whatever is in it, and the documents to begin with.
//!
//! Not here: feeding documents to it (`fuzz_targets`, and `tests/properties.rs` of perfgate for those that are kept).

pub mod properties;
pub mod seeds;
