//! Reduces a JSON Schema to the subset of OpenAPI that Gemini takes as a function's parameters; anything else in
//! it makes the vendor refuse the whole request. References are replaced by what they point at.

use serde_json::{Map, Value, json};

/// Deeper parts of a schema become "anything"; a recursive type would never end.
const DEPTH_MOST: usize = 12;
/// Keys that are taken over as they are.
const PLAIN: [&str; 7] =
    ["description", "nullable", "minItems", "maxItems", "minimum", "maximum", "required"];

/// The reduced schema; `None` for an object without properties, which the API wants left out.
#[must_use]
pub fn parameters(schema: &Value) -> Option<Value> {
    let reduced = reduce(schema, schema, 0);
    let has_properties = reduced["properties"].as_object().is_some_and(|fields| !fields.is_empty());
    has_properties.then_some(reduced)
}

fn reduce(schema: &Value, root: &Value, depth: usize) -> Value {
    let Some(fields) = schema.as_object().filter(|_| depth < DEPTH_MOST) else {
        return json!({"type": "string"});
    };
    if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
        let found = target.strip_prefix('#').and_then(|path| root.pointer(path));
        let mut inner =
            found.map_or_else(|| json!({"type": "string"}), |found| reduce(found, root, depth + 1));
        if let Some(description) = fields.get("description") {
            inner["description"] = description.clone();
        }
        return inner;
    }
    let mut out = Map::new();
    for part in fields.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        if let Value::Object(inner) = reduce(part, root, depth + 1) {
            out.extend(inner);
        }
    }
    kind(fields, &mut out);
    for key in PLAIN {
        if let Some(value) = fields.get(key) {
            out.insert(key.to_owned(), value.clone());
        }
    }
    choices(fields, &mut out);
    parts(fields, root, depth, &mut out);
    if !out.contains_key("type") && !out.contains_key("anyOf") {
        let kind = if out.contains_key("properties") { "object" } else { "string" };
        out.insert("type".to_owned(), kind.into());
    }
    Value::Object(out)
}

/// `["string", "null"]` becomes a nullable string.
fn kind(fields: &Map<String, Value>, out: &mut Map<String, Value>) {
    match fields.get("type") {
        Some(Value::String(one)) => {
            out.insert("type".to_owned(), one.as_str().into());
        }
        Some(Value::Array(many)) => {
            if many.iter().any(|one| one == "null") {
                out.insert("nullable".to_owned(), true.into());
            }
            if let Some(one) = many.iter().find(|one| *one != "null") {
                out.insert("type".to_owned(), one.clone());
            }
        }
        _ => {}
    }
    let format = fields.get("format").and_then(Value::as_str);
    if let Some(format) = format.filter(|format| matches!(*format, "enum" | "date-time")) {
        out.insert("format".to_owned(), format.into());
    }
}

/// Only strings can be enumerated.
fn choices(fields: &Map<String, Value>, out: &mut Map<String, Value>) {
    let listed = fields.get("enum").and_then(Value::as_array).cloned();
    let listed = listed.or_else(|| fields.get("const").map(|one| vec![one.clone()]));
    let strings: Vec<Value> = listed.unwrap_or_default().into_iter().filter(Value::is_string).collect();
    if !strings.is_empty() {
        out.insert("enum".to_owned(), Value::Array(strings));
        out.insert("type".to_owned(), "string".into());
    }
}

fn parts(fields: &Map<String, Value>, root: &Value, depth: usize, out: &mut Map<String, Value>) {
    if let Some(properties) = fields.get("properties").and_then(Value::as_object) {
        let reduced = properties.iter().map(|(name, inner)| (name.clone(), reduce(inner, root, depth + 1)));
        out.insert("properties".to_owned(), Value::Object(reduced.collect()));
    }
    if let Some(items) = fields.get("items") {
        out.insert("items".to_owned(), reduce(items, root, depth + 1));
    } else if out.get("type").is_some_and(|kind| kind == "array") {
        out.insert("items".to_owned(), json!({"type": "string"}));
    }
    let Some(any) = fields.get("anyOf").or_else(|| fields.get("oneOf")).and_then(Value::as_array) else {
        return;
    };
    let null = |one: &&Value| one["type"] == "null";
    if any.iter().any(|one| null(&one)) {
        out.insert("nullable".to_owned(), true.into());
    }
    let real: Vec<Value> =
        any.iter().filter(|one| !null(one)).map(|one| reduce(one, root, depth + 1)).collect();
    match <[Value; 1]>::try_from(real) {
        Ok([Value::Object(only)]) => only.into_iter().for_each(|(key, value)| {
            out.entry(key).or_insert(value);
        }),
        Ok(_) => {}
        Err(several) => {
            out.insert("anyOf".to_owned(), Value::Array(several));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_vendor_refuses_is_gone() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Args", "type": "object",
            "additionalProperties": false, "required": ["path"],
            "$defs": {"Mode": {"description": "How.", "oneOf": [{"const": "a", "type": "string"}, {"const": "b", "type": "string"}]}},
            "properties": {
                "path": {"type": "string", "default": "x", "pattern": "^a", "minLength": 1},
                "limit": {"type": ["integer", "null"], "format": "uint32", "minimum": 0},
                "mode": {"$ref": "#/$defs/Mode"},
                "list": {"type": "array", "items": {"type": "string", "format": "date-time"}},
                "bare": {"type": "array"},
                "maybe": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
                "any": true
            }
        });
        assert_eq!(
            parameters(&schema),
            Some(json!({
                "type": "object", "required": ["path"],
                "properties": {
                    "path": {"type": "string"},
                    "limit": {"nullable": true, "type": "integer", "minimum": 0},
                    "mode": {"description": "How.", "anyOf": [
                        {"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["b"]}]},
                    "list": {"type": "array", "items": {"type": "string", "format": "date-time"}},
                    "bare": {"type": "array", "items": {"type": "string"}},
                    "maybe": {"nullable": true, "type": "boolean"},
                    "any": {"type": "string"}
                }
            }))
        );
    }

    #[test]
    fn no_parameters_and_endless_types() {
        assert_eq!(parameters(&json!({"type": "object", "properties": {}})), None);
        assert_eq!(parameters(&json!({})), None);
        let endless = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
        assert!(parameters(&endless).unwrap().to_string().len() < 2_000);
        let nowhere = json!({"type": "object", "properties": {"x": {"$ref": "#/$defs/None"}}});
        assert_eq!(parameters(&nowhere).unwrap()["properties"]["x"]["type"], "string");
    }
}
