//! Holds each request against GitHub's own description of its interface.

use serde_json::Value;

/// The description, cut down by trim.py to what perfgate sends.
pub struct Contract(Value);

impl Contract {
    pub fn new() -> Self {
        Self(serde_json::from_str(include_str!("openapi.json")).unwrap())
    }

    /// Why a request is none that GitHub describes; `path` is below the address of the interface.
    pub fn faults(&self, method: &str, path: &str, query: &[(String, String)], body: Option<&Value>) -> Vec<String> {
        let paths = self.0["paths"].as_object().unwrap();
        let fitting = paths.iter().filter_map(|(template, methods)| Some((values(template, path)?, methods)));
        // Where two fit, as `/issues/{n}` and `/issues/comments`, the one with fewer values is meant.
        let Some((values, methods)) = fitting.min_by_key(|(values, _)| values.len()) else {
            return vec![format!("{path} is no path of GitHub")];
        };
        let Some(operation) = methods.get(method.to_lowercase()) else {
            return vec![format!("{path} takes no {method}")];
        };
        let mut faults = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap();
        let of = |place: &'static str| parameters.iter().filter(move |p| p["in"] == place);
        for (name, value) in &values {
            match of("path").find(|p| p["name"] == **name) {
                None => faults.push(format!("{path}: no parameter {name}")),
                Some(parameter) => faults.extend(unfit(&parameter["schema"], &typed(value))),
            }
        }
        for (name, value) in query {
            match of("query").find(|p| p["name"] == **name) {
                None => faults.push(format!("{path}: no parameter `{name}`")),
                Some(parameter) => faults.extend(unfit(&parameter["schema"], &typed(value))),
            }
        }
        for parameter in of("query").filter(|p| p["required"] == true) {
            if !query.iter().any(|(name, _)| parameter["name"] == **name) {
                faults.push(format!("{path}: lacks {}", parameter["name"]));
            }
        }
        match (operation.get("body"), body) {
            (Some(schema), Some(body)) => faults.extend(unfit(schema, body)),
            (None, Some(_)) => faults.push(format!("{method} {path} takes no body")),
            (Some(schema), None) if schema.get("required").is_some() => {
                faults.push(format!("{method} {path} needs a body"));
            }
            _ => {}
        }
        faults
    }
}

fn unfit(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    validator.iter_errors(value).map(|error| format!("{error} in {value}")).collect()
}

/// A number where it is one: addresses have no types.
fn typed(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
}

/// The values of a path's parameters, if it fits the template.
fn values(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let mut found = Vec::new();
    for (part, given) in template.iter().zip(&path) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) if !given.is_empty() => found.push((name.to_owned(), (*given).to_owned())),
            _ if part == given => {}
            _ => return None,
        }
    }
    (template.len() == path.len()).then_some(found)
}
