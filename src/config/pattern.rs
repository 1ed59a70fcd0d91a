//! Globs on benchmark names.
//!
//! `*` is any text without `/`, `**` any text, `**/` also nothing at all (`**/parse` matches `parse`), `?` one character
//! except `/`. Everything else is literal: `[`, `]`, `{` and `}` are part of the names that tools write.
//!
//! Matching is in three steps. What stands before the first and after the last wildcard is compared first; that rejects
//! nearly every name. Then a walk from the left: after a mismatch it goes back to the last `*`, and from there to the last
//! `**`, never to earlier ones, because the leftmost match of what stands before a wildcard leaves that wildcard the most
//! to choose from. It allocates nothing, but made-up names can cost it their length squared, so one that has taken too
//! many steps is matched again by a table, whose cost is the product of both lengths whatever the name is.
//!
//! Not here: which names exist (`verdict`), and globs of files (`io`).

use crate::model::BenchmarkId;

/// A compiled glob on benchmark names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    tokens: Vec<Token>,
    /// Bytes before the first wildcard.
    head: usize,
    /// Bytes after the last wildcard.
    tail: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(u8),
    /// `?`
    One,
    /// `*`
    Star,
    /// `**`
    Any,
    /// `**/` at the start of a path segment
    Folders,
}

impl Pattern {
    /// Compiles a glob; every text is one.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let mut tokens = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        loop {
            let segment_start = matches!(tokens.last(), None | Some(Token::Literal(b'/') | Token::Folders));
            let (token, after) = match rest {
                [b'*', b'*', b'/', after @ ..] if segment_start => (Token::Folders, after),
                [b'*', b'*', after @ ..] => (Token::Any, after),
                [b'*', after @ ..] => (Token::Star, after),
                [b'?', after @ ..] => (Token::One, after),
                [byte, after @ ..] => (Token::Literal(*byte), after),
                [] => break,
            };
            tokens.push(token);
            rest = after;
        }
        let literal = |token: &&Token| matches!(token, Token::Literal(_));
        let head = tokens.iter().take_while(literal).count();
        let tail = tokens.iter().rev().take_while(literal).count();
        Self { text, tokens, head, tail }
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches the benchmark's name, or its name qualified by its package (`package::name`).
    pub fn matches(&self, benchmark: &BenchmarkId) -> bool {
        let name = benchmark.name.raw();
        if self.matches_text(name) {
            return true;
        }
        let Some(package) = &benchmark.package else { return false };
        // The qualified name, read in place: this is called for every series and rule.
        let (package, name) = (package.raw().as_bytes(), name.as_bytes());
        let start = package.len() + 2;
        self.run(start + name.len(), |at| match at.checked_sub(start) {
            Some(in_name) => name.get(in_name).copied(),
            None => Some(package.get(at).copied().unwrap_or(b':')),
        })
    }

    /// Whether it matches a text.
    pub fn matches_text(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        self.run(bytes.len(), |at| bytes.get(at).copied())
    }

    /// Matches the bytes `0..length` that `byte` gives; it gives `None` past the end.
    fn run(&self, length: usize, byte: impl Fn(usize) -> Option<u8>) -> bool {
        let pattern = self.text.as_bytes();
        if self.head == pattern.len() {
            return length == self.head && pattern.iter().enumerate().all(|(at, wanted)| byte(at) == Some(*wanted));
        }
        let fits = length >= self.head + self.tail
            && pattern.iter().rev().take(self.tail).zip(1..).all(|(wanted, back)| byte(length - back) == Some(*wanted))
            && pattern.iter().take(self.head).enumerate().all(|(at, wanted)| byte(at) == Some(*wanted));
        fits && self.walk(length, &byte).unwrap_or_else(|| self.by_table(length, &byte))
    }

    /// Matches by a table of which tokens can be reached at each byte.
    fn by_table(&self, length: usize, byte: impl Fn(usize) -> Option<u8>) -> bool {
        let mut reached = vec![false; self.tokens.len() + 1];
        self.enter(0, &mut reached);
        for here in (0..length).map_while(byte) {
            let mut next = vec![false; self.tokens.len() + 1];
            for (token, _) in reached.iter().enumerate().filter(|(_, reached)| **reached) {
                let after_one = token.checked_sub(1).and_then(|before| self.tokens.get(before)) == Some(&Token::One);
                if after_one && continues(here) {
                    // The rest of the character that `?` stands for.
                    self.enter(token, &mut next);
                }
                match self.tokens.get(token) {
                    Some(Token::Literal(wanted)) if *wanted == here => self.enter(token + 1, &mut next),
                    Some(Token::One) if here != b'/' && !continues(here) => self.enter(token + 1, &mut next),
                    Some(Token::Star) if here != b'/' => self.enter(token, &mut next),
                    Some(Token::Any) => self.enter(token, &mut next),
                    Some(Token::Folders) if here == b'/' => self.enter(token, &mut next),
                    Some(Token::Folders) => {
                        if let Some(slot) = next.get_mut(token) {
                            *slot = true;
                        }
                    }
                    _ => {}
                }
            }
            reached = next;
        }
        reached.last() == Some(&true)
    }

    /// Marks a token as reached, and what follows it where it can stand for nothing.
    fn enter(&self, token: usize, reached: &mut [bool]) {
        let empty =
            self.tokens.iter().skip(token).take_while(|t| matches!(t, Token::Star | Token::Any | Token::Folders));
        let count = empty.count() + 1;
        reached.iter_mut().skip(token).take(count).for_each(|slot| *slot = true);
    }

    /// Matches by a walk that goes back to the last wildcards. `None` if that takes too many steps.
    fn walk(&self, length: usize, byte: impl Fn(usize) -> Option<u8>) -> Option<bool> {
        let mut steps = 16 * (length + self.tokens.len()) + 256;
        let (mut token, mut at) = (0, 0);
        // Where to go on after a mismatch: the token after the wildcard, and the next position to try it at.
        let mut star: Option<(usize, usize)> = None;
        let mut any: Option<(usize, usize, bool)> = None;
        loop {
            steps = steps.checked_sub(1)?;
            let here = byte(at);
            let matched = match self.tokens.get(token) {
                None if at == length => return Some(true),
                Some(Token::Literal(wanted)) if here == Some(*wanted) => {
                    at += 1;
                    true
                }
                Some(Token::One) => match here {
                    Some(c) if c != b'/' && !continues(c) => {
                        at += 1;
                        while byte(at).is_some_and(continues) {
                            at += 1;
                        }
                        true
                    }
                    _ => false,
                },
                Some(Token::Star) => {
                    star = Some((token + 1, at));
                    true
                }
                Some(kind @ (Token::Any | Token::Folders)) => {
                    any = Some((token + 1, at, *kind == Token::Folders));
                    star = None;
                    true
                }
                None | Some(Token::Literal(_)) => false,
            };
            if matched {
                token += 1;
                continue;
            }
            if let Some((after, from)) = star
                && byte(from).is_some_and(|c| c != b'/')
            {
                star = Some((after, from + 1));
                (token, at) = (after, from + 1);
                continue;
            }
            star = None;
            let Some((after, from, folders)) = any else { return Some(false) };
            let mut next = from + 1;
            while folders && next <= length && byte(next - 1) != Some(b'/') {
                next += 1;
            }
            if let (false, Some(Token::Literal(wanted))) = (folders, self.tokens.get(after)) {
                // Straight to where what follows can start.
                while next < length && byte(next) != Some(*wanted) {
                    next += 1;
                }
            }
            if next > length {
                return Some(false);
            }
            any = Some((after, next, folders));
            (token, at) = (after, next);
        }
    }
}

/// Whether a byte is inside a UTF-8 character, not its first.
fn continues(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Untrusted;

    #[test]
    fn wildcards() {
        let cases = [
            ("parse/**", "parse/json/1024", true),
            ("parse/**", "parse/", true),
            ("parse/**", "parse", false),
            ("parse/*", "parse/json", true),
            ("parse/*", "parse/json/1024", false),
            ("*/1024", "parse/1024", true),
            ("*/1024", "a/parse/1024", false),
            ("**/1024", "a/parse/1024", true),
            ("**/1024", "1024", true),
            ("**/1024", "x1024", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            ("a**b", "a/x/b", true),
            ("**", "", true),
            ("**", "a/b", true),
            ("*", "", true),
            ("*", "a/b", false),
            ("test_render[a]", "test_render[a]", true),
            ("test_render[a]", "test_rendera", false),
            ("test_render[*]", "test_render[x-1]", true),
            ("x{a,b}", "xa", false),
            ("a?c", "aµc", true),
            ("a?c", "a/c", false),
            ("a?c", "ac", false),
            ("a??", "aµ", false),
            ("*a*/b*c", "xax/bbcc", true),
            ("*a*/b*c", "xa/x/bc", false),
            ("**a*b", "xa/xab/ab", true),
            ("***", "a/b", true),
            ("a", "ab", false),
            ("", "", true),
        ];
        for (pattern, text, expected) in cases {
            let (compiled, bytes) = (Pattern::new(pattern), text.as_bytes());
            assert_eq!(compiled.matches_text(text), expected, "{pattern} on {text}");
            let by_table = compiled.by_table(bytes.len(), |at| bytes.get(at).copied());
            assert_eq!(by_table, expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn qualified_names_match_too() {
        let go = BenchmarkId::new("go", Some(Untrusted::from("example.com/a/b")), "Sum/n=64");
        for pattern in ["Sum/*", "example.com/a/b::Sum/n=64", "example.com/**", "**::Sum/*", "*/a/b::Sum/**"] {
            assert!(Pattern::new(pattern).matches(&go), "{pattern}");
        }
        for pattern in ["Sum", "example.com/*", "example.com/a/b", "*::Sum/*", "example.com/a/b:Sum/n=64"] {
            assert!(!Pattern::new(pattern).matches(&go), "{pattern}");
        }
    }

    /// The definition, word for word and exponential.
    fn reference(pattern: &[Token], text: &[u8]) -> bool {
        let Some((first, rest)) = pattern.split_first() else { return text.is_empty() };
        let skip =
            |allowed: &dyn Fn(usize) -> bool| (0..=text.len()).any(|n| allowed(n) && reference(rest, &text[n..]));
        match first {
            Token::Literal(c) => text.first() == Some(c) && reference(rest, &text[1..]),
            Token::One => text.first().is_some_and(|c| *c != b'/') && reference(rest, &text[1..]),
            Token::Star => skip(&|n| !text[..n].contains(&b'/')),
            Token::Any => skip(&|_| true),
            Token::Folders => skip(&|n| n == 0 || text[n - 1] == b'/'),
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(20_000))]
        #[test]
        fn agrees_with_the_definition(pattern in "[ab/*?]{0,9}", text in "[ab/]{0,10}") {
            let compiled = Pattern::new(pattern.clone());
            let expected = reference(&compiled.tokens, text.as_bytes());
            assert_eq!(compiled.matches_text(&text), expected, "{pattern} on {text}");
            let bytes = text.as_bytes();
            assert_eq!(compiled.by_table(bytes.len(), |at| bytes.get(at).copied()), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn hostile_names_cost_little() {
        // Each of these takes the walk more steps than it is allowed.
        let name = format!("{}/b", "a".repeat(20_000));
        for (pattern, expected) in [("**a*a*a*a*c*b", false), ("**aab**a*a/*b", false), ("**a*a*a*/b", true)] {
            assert_eq!(Pattern::new(pattern).matches_text(&name), expected, "{pattern}");
        }
    }
}
