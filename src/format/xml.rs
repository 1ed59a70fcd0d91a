//! Walking over XML documents, for the formats that are XML: elements with their attributes, and where they stand.
//!
//! Not here: text between elements, entities of a document's own (which are refused), and what any element means.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::Document;
use crate::diag::{Code, Diagnostic, Location};
use crate::text;

/// An element that begins.
pub(super) struct Element {
    /// Its name as it is written.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// Where it begins, in bytes.
    at: usize,
}

impl Element {
    /// The value of an attribute.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Where it stands in its document.
    pub(super) fn location(&self, document: &Document<'_>) -> Location {
        document.span(self.at, self.name.len() + 1)
    }
}

/// A step of a walk.
pub(super) enum Step {
    /// An element begins.
    Open(Element),
    /// The innermost open element ends.
    Close,
}

/// How deep elements may be nested.
const DEEPEST: usize = 256;

/// Walks over a document from its beginning to its end.
///
/// # Errors
/// A located message where it is not XML, or ends early.
pub(super) fn walk(document: &Document<'_>, mut step: impl FnMut(Step)) -> Result<(), Diagnostic> {
    let mut reader = Reader::from_str(document.text);
    let mut depth = 0_usize;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let broken = |why: &str| {
            Diagnostic::new(Code::MalformedDocument, format!("not valid XML: {}", text::shown(&why.into())))
                .at(document.span(at, 1))
                .help("look whether the command that wrote it was killed, or wrote something else as well")
        };
        let event = reader.read_event().map_err(|error| broken(&error.to_string()))?;
        match event {
            Event::Start(start) => {
                depth += 1;
                if depth > DEEPEST {
                    let message = format!("the XML is nested more than {DEEPEST} levels deep");
                    return Err(Diagnostic::new(Code::NestedTooDeep, message).at(document.span(at, 1)));
                }
                step(Step::Open(element(&start, at).map_err(|why| broken(&why))?));
            }
            Event::Empty(start) => {
                step(Step::Open(element(&start, at).map_err(|why| broken(&why))?));
                step(Step::Close);
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                step(Step::Close);
            }
            Event::Eof if depth > 0 => {
                let end = document.text.trim_end().len().saturating_sub(1);
                let message = "the file is cut short: it ends in the middle of its XML";
                return Err(Diagnostic::new(Code::MalformedDocument, message)
                    .at(document.span(end, 1))
                    .help("look whether the command that wrote it was killed, or the disk was full"));
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn element(start: &BytesStart<'_>, at: usize) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(Element { name: start.name().as_ref().to_owned(), attributes, at })
}
