//! JSON Schemas of tool inputs from their Rust types, in the plain form every vendor takes: an object with
//! everything inlined; no `$ref`, `$schema`, `title`, `format`, `oneOf`, `const` or type lists.

use crate::providers::wire::ToolSpec;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// A tool's description for the model, its schema made from `T`.
#[must_use]
pub fn spec<T: JsonSchema>(name: &str, description: &str) -> ToolSpec {
    ToolSpec { name: name.to_owned(), description: description.to_owned(), input_schema: of::<T>() }
}

/// The schema of `T`.
#[must_use]
pub fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    plain(&mut schema);
    if let Some(object) = schema.as_object_mut() {
        object.remove("description");
        object.entry("type").or_insert_with(|| json!("object"));
        object.entry("properties").or_insert_with(|| json!({}));
    }
    schema
}

fn plain(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        if let Some(list) = schema.as_array_mut() {
            list.iter_mut().for_each(plain);
        }
        return;
    };
    for key in ["$schema", "title", "format", "default", "additionalProperties", "definitions"] {
        object.remove(key);
    }
    one_type(object);
    unwrap_optional(object);
    words_of_enum(object);
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.values_mut().for_each(plain);
    }
    if let Some(items) = object.get_mut("items") {
        plain(items);
    }
}

/// `["string", "null"]` is an optional string: that it may be left out is said by `required`.
fn one_type(object: &mut Map<String, Value>) {
    let first = object
        .get("type")
        .and_then(Value::as_array)
        .and_then(|types| types.iter().find(|word| word.as_str() != Some("null")).cloned());
    if let Some(word) = first {
        object.insert("type".to_owned(), word);
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
}

/// `anyOf: [X, null]` becomes `X`.
fn unwrap_optional(object: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = object.remove("anyOf") else { return };
    let real = choices.into_iter().find(|choice| choice.get("type").and_then(Value::as_str) != Some("null"));
    if let Some(Value::Object(mut real)) = real {
        for key in ["title", "format"] {
            real.remove(key);
        }
        words_of_enum(&mut real);
        for (key, value) in real {
            object.entry(key).or_insert(value);
        }
    }
}

/// `oneOf: [{const, description}..]` becomes an `enum` of words, what they mean joins the description.
fn words_of_enum(object: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = object.remove("oneOf") else { return };
    let mut words = Vec::new();
    let mut meanings = Vec::new();
    for choice in &choices {
        let listed = choice.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
        let named = choice.get("const").cloned().into_iter().chain(listed);
        for word in named {
            if let (Some(word), Some(meaning)) =
                (word.as_str(), choice.get("description").and_then(Value::as_str))
            {
                meanings.push(format!("{word}: {meaning}"));
            }
            words.push(word);
        }
    }
    let said = object.get("description").and_then(Value::as_str).unwrap_or_default();
    let description = format!("{said} {}", meanings.join(" ")).trim().to_owned();
    object.insert("type".to_owned(), json!("string"));
    object.insert("enum".to_owned(), Value::Array(words));
    object.insert("description".to_owned(), Value::String(description));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::TestBench;
    use crate::agents::{
        testing::Desk,
        tools::{Registry, Workplace, http_get::Reach},
    };
    use crate::domain::ids::TeamId;

    fn refused_words(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                for (key, inner) in object {
                    let is_name = at.ends_with("/properties");
                    if !is_name
                        && [
                            "$ref",
                            "$schema",
                            "oneOf",
                            "anyOf",
                            "allOf",
                            "const",
                            "definitions",
                            "$defs",
                            "format",
                        ]
                        .contains(&key.as_str())
                    {
                        found.push(format!("{at}/{key}"));
                    }
                    if !is_name && key == "type" && !inner.is_string() {
                        found.push(format!("{at}/type is {inner}"));
                    }
                    refused_words(inner, &format!("{at}/{key}"), found);
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| refused_words(inner, at, found)),
            _ => {}
        }
    }

    #[tokio::test]
    async fn b22_every_tool_has_a_plain_object_schema() {
        let desk = Desk::default();
        let bench = TestBench::repo(&[("a", "a")]);
        let reach = Reach { hosts: vec!["example.org".to_owned()], ..Reach::default() };
        let at = Workplace { test_command: Some("true"), reach: &reach, ..bench.workplace(&desk) };
        assert_eq!(at.team, TeamId(1));
        let specs = Registry::worker(&at).specs();
        assert_eq!(specs.len(), 13);
        for spec in specs {
            let mut found = Vec::new();
            refused_words(&spec.input_schema, &spec.name, &mut found);
            assert!(found.is_empty(), "{found:?}");
            assert_eq!(spec.input_schema["type"], "object", "{}", spec.name);
            let named = spec.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(named && !spec.description.is_empty());
            for (name, property) in spec.input_schema["properties"].as_object().unwrap() {
                assert!(property["description"].is_string(), "{}.{name} has no description", spec.name);
                assert!(property["type"].is_string(), "{}.{name} has no type: {property}", spec.name);
            }
        }
    }
}
