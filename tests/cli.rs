//! The program as a user meets it: output, messages, exit codes. The README's own blocks are run too.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that panics has failed")]

use perfgate::format::FORMATS;

#[test]
fn commands_do_what_their_files_say() {
    trycmd::TestCases::new().case("tests/cmd/*.toml").case("README.md").case("docs/formats.md");
}

/// `UPDATE_EXPECTED=1` writes the table.
#[test]
fn the_readme_lists_the_formats() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let (before, rest) = readme.split_once("<!-- formats -->\n").unwrap();
    let (table, after) = rest.split_once("<!-- end of formats -->").unwrap();
    let mut expected = String::from("| name | what | written by | tested with |\n|---|---|---|---|\n");
    for format in FORMATS {
        let (name, title, url) = (format.name, format.title, format.url);
        let written_by = format.written_by.replace('|', "\\|");
        expected.push_str(&format!("| `{name}` | [{title}]({url}) | `{written_by}` | {} |\n", format.tested));
    }
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        let updated = format!("{before}<!-- formats -->\n{expected}<!-- end of formats -->{after}");
        std::fs::write("README.md", updated).unwrap();
        return;
    }
    assert_eq!(table, expected);
}
