//! The floor for reading a Criterion tree: a single-threaded program that only reads the files `perfgate compare
//! TREE@base TREE` needs, and does nothing with them. Used by `benches/scale.py`.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a measuring aid, not part of the program")]

use std::path::Path;

fn main() -> std::io::Result<()> {
    let mut bytes = 0;
    for folder in std::env::args_os().skip(1) {
        read(Path::new(&folder), &mut bytes)?;
    }
    println!("{bytes} bytes");
    Ok(())
}

fn read(folder: &Path, bytes: &mut usize) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, bytes)?;
        } else if path.file_name().is_some_and(|n| n == "benchmark.json" || n == "sample.json") {
            *bytes += std::fs::read(&path)?.len();
        }
    }
    Ok(())
}
