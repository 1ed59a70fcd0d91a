//! The secret that a request is made with.
//!
//! A [`Token`] has neither `Debug` nor `Display` and never reaches a message, so that no later change can print it. It
//! comes from variables or a file, never from an option: the arguments of a process are for everybody to see.
//!
//! Not here: what a token may do; the place says that when it is used.

use crate::diag::{Code, Diagnostic, Location};
use crate::io::{files, system};

/// Variable of ours, before all others.
const OWN: &str = "PERFGATE_TOKEN";
/// Variable that names a file that holds the token.
const OWN_FILE: &str = "PERFGATE_TOKEN_FILE";

/// A secret, in printable ASCII.
pub struct Token(#[cfg_attr(not(feature = "github"), expect(dead_code, reason = "nothing is sent"))] String);

impl Token {
    /// The secret in a text; blanks and line ends around it are not part of it. `source` is where it stands, for the
    /// message.
    ///
    /// # Errors
    /// If it is empty, or holds a character that no header can carry. The message does not show it.
    pub fn new(text: &str, source: &str) -> Result<Self, Diagnostic> {
        let secret = text.trim();
        let refused = |why: &str| Diagnostic::new(Code::InvalidToken, format!("the token in {source} {why}"));
        if secret.is_empty() {
            return Err(refused("is empty"));
        }
        if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refused("holds a blank, a control character or a letter outside of ASCII")
                .help("copy it again; a token is one word"));
        }
        Ok(Self(secret.to_owned()))
    }

    /// The token of this process: `PERFGATE_TOKEN`, else the file that `PERFGATE_TOKEN_FILE` names, else the variable
    /// `usual` that the place's CI sets. An empty variable counts as none. `None` where there is no token.
    ///
    /// # Errors
    /// If the file cannot be read, or what was found is no token.
    pub fn from_environment(usual: &str) -> Result<Option<Self>, Diagnostic> {
        let given = |name: &str| system::variable(name).filter(|text| !text.trim().is_empty());
        if let Some(text) = given(OWN) {
            return Self::new(&text, OWN).map(Some);
        }
        if let Some(path) = given(OWN_FILE) {
            let bytes = files::read(&path).map_err(|error| Diagnostic {
                code: Code::InvalidToken,
                message: format!("the file that {OWN_FILE} names cannot be used: {}", error.message),
                ..error
            })?;
            let text = String::from_utf8(bytes).map_err(|_| {
                Diagnostic::new(Code::InvalidToken, format!("the file that {OWN_FILE} names is not text"))
                    .at(Location::file(path.as_str()))
            })?;
            return Self::new(&text, &format!("the file that {OWN_FILE} names")).map(Some);
        }
        given(usual).map(|text| Self::new(&text, usual)).transpose()
    }

    /// The secret itself, for a header.
    #[cfg(feature = "github")]
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_a_token_are_not_part_of_it() {
        for text in ["tok", "tok\n", " tok\r\n", "\ttok"] {
            assert_eq!(Token::new(text, "X").ok().map(|t| t.0).as_deref(), Some("tok"));
        }
    }

    #[test]
    fn what_no_header_can_carry_is_refused_without_being_shown() {
        for text in ["", " \n", "se\u{1b}cret", "se cret", "se\ncret", "sécret", "se\0cret"] {
            let refused = Token::new(text, "PERFGATE_TOKEN").err().unwrap();
            assert_eq!(refused.code, Code::InvalidToken);
            assert!(refused.message.contains("PERFGATE_TOKEN") && !refused.message.contains("cret"), "{refused:?}");
        }
    }
}
