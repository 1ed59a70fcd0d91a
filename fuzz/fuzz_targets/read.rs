//! Documents for the reader that the variable `NAME` names. Without it, writes the documents to begin with below `SEEDS` and
//! lists the names.
#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use perfgate_fuzz::properties::{Property, by_name, names};
use perfgate_fuzz::seeds;

static PROPERTY: OnceLock<Property> = OnceLock::new();

fn start() {
    if let Ok(name) = std::env::var("NAME") {
        PROPERTY.get_or_init(|| by_name(&name).unwrap_or_else(|| panic!("nothing is called `{name}`")));
        return;
    }
    let target = std::env::var("SEEDS").expect("NAME or SEEDS must be set");
    seeds::write(Path::new("fixtures"), Path::new(&target)).expect("the seeds could not be written");
    for name in names() {
        println!("{name}");
    }
    std::process::exit(0);
}

fuzz_target!(init: start(), |data: &[u8]| {
    PROPERTY.get().expect("set at the start").check(data);
});
