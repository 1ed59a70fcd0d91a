//! Reading JSON documents so that every error says where it is: line, column and path.
//!
//! Python writes bare `NaN`, `Infinity` and `-Infinity`, which are not JSON. They are read as the strings `"NaN"`, …
//! by [`standard`], so that one bad number costs one row and not the file.
//!
//! Not here: what any document means.
