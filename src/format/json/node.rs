//! A JSON value of any shape, in the order of its document, for documents whose shape nobody declared.
//!
//! Not here: what any value means.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Entries, stands_for};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::format) enum Node {
    Null,
    Bool(bool),
    /// A number; NaN and infinite ones too.
    Number(f64),
    Text(String),
    List(Vec<Node>),
    /// Keys are different.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The value of a key.
    pub(in crate::format) fn get(&self, wanted: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().find(|(key, _)| key == wanted).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The value's kind, for messages.
    pub(in crate::format) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(stands_for(value).map_or_else(|| Node::Text(value.to_owned()), Node::Number))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = seq.next_element()? {
            list.push(node);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Node, A::Error> {
        Entries::deserialize(MapAccessDeserializer::new(map)).map(|entries| Node::Object(entries.0))
    }
}
