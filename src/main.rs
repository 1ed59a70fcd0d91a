//! The `perfgate` program.

fn main() {}
