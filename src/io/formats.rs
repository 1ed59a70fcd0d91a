//! By which format a document is read: the one that the caller names, the one that its content tells, one that the user
//! describes, or a guess.
//!
//! Not here: finding the documents (`load`).

use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::format::{self, Detection, Document, Format, mapped};
use crate::model::mapping::Mapping;
use crate::text::{self, Untrusted};

/// By which formats inputs are read.
#[derive(Clone, Default)]
pub struct Formats {
    /// The one of every input, where it is not to be recognised.
    pub forced: Option<Forced>,
    /// Those that the user describes, tried where no other fits.
    pub own: Vec<Mapping>,
}

/// The format that every input is read by.
#[derive(Clone)]
pub enum Forced {
    /// One of perfgate's.
    Known(&'static Format),
    /// One that the user describes.
    Own(Mapping),
}

impl Formats {
    /// Whether folders of a format are looked for.
    pub(super) fn allow_tree(&self, format: &Format) -> bool {
        match &self.forced {
            None => true,
            Some(Forced::Known(forced)) => forced.name == format.name,
            Some(Forced::Own(_)) => false,
        }
    }

    /// The format of a document. What the user describes comes before a guess, and behind what tools write.
    pub(super) fn of(&self, document: &Document<'_>) -> Result<Forced, Diagnostic> {
        if let Some(forced) = &self.forced {
            return Ok(forced.clone());
        }
        let detected = format::detect(document.text);
        if !matches!(&detected, Detection::One(format) if !format.is_a_guess())
            && !matches!(detected, Detection::Several(_))
            && let Some(mapping) = self.own.iter().find(|mapping| mapped::finds(mapping, document.text))
        {
            return Ok(Forced::Own(mapping.clone()));
        }
        match detected {
            Detection::One(format) => Ok(Forced::Known(format)),
            Detection::Several(formats) => Err(ambiguous(&document.name, &formats)),
            Detection::None => Err(self.unrecognised(document)),
        }
    }
}

impl Formats {
    /// Says why a document cannot be read, and how far each of the user's own formats came.
    fn unrecognised(&self, document: &Document<'_>) -> Diagnostic {
        let mut diagnostic = unrecognised(&document.name, document.text);
        for mapping in &self.own {
            let mut found = Diagnostics::new();
            mapped::parse(mapping, document, &mut found);
            for said in found.into_vec() {
                let why = std::iter::once(said.message).chain(said.notes).collect::<Vec<_>>().join("; ");
                diagnostic = diagnostic.note(why);
            }
        }
        diagnostic
    }
}

fn ambiguous(name: &Untrusted, formats: &[&'static Format]) -> Diagnostic {
    let names: Vec<&str> = formats.iter().map(|f| f.name).collect();
    Diagnostic::new(Code::AmbiguousFormat, format!("the content fits several formats: {}", names.join(", ")))
        .at(Location::file(name.clone()))
        .help("if two results were put into one file, put each into a file of its own")
        .help(format!("otherwise say which it is: `--input-format {}`", names.first().copied().unwrap_or("NAME")))
}

fn unrecognised(name: &Untrusted, content: &str) -> Diagnostic {
    let first = content.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let diagnostic = Diagnostic::new(Code::Unrecognised, "no format fits the file's content")
        .at(Location::file(name.clone()))
        .note(format!("it starts with: {}", text::truncate(&text::line(first.trim()), 100)));
    if content.trim_start().starts_with(['{', '['])
        && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(content)
    {
        return diagnostic.note(format!("as JSON it is broken: {error}"));
    }
    let diagnostic =
        diagnostic.help("`perfgate formats` lists the formats; `--input-format NAME` reads it as one of them");
    if content.trim_start().starts_with(['{', '[']) {
        return diagnostic
            .help("`perfgate convert --explain --input-format json FILE` shows what the names of its fields tell; `[[format]]` in perfgate.toml says it in your words");
    }
    diagnostic
}
