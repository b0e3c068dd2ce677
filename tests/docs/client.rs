//! clients/python/chimera_client.py out of the OpenAPI document that the daemon serves: a type for each schema, a method for
//! each operation. What no document says, how a stream is read and a line is found, stands in the form beside this file.

use serde_json::Value;
use std::fmt::Write as _;

const FORM: &str = include_str!("client.py.in");

/// The client.
pub fn module(document: &Value) -> String {
    let mut schemas = String::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        schemas.push_str(&declared(name, schema));
    }
    let mut operations = String::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (verb, operation) in methods.as_object().unwrap() {
            operations.push_str(&method(verb, path, operation));
        }
    }
    FORM.replace("#{schemas}#\n", &schemas).replace("#{operations}#\n", &operations)
}

/// A schema by its name.
fn declared(name: &str, schema: &Value) -> String {
    let doc = words(&schema["description"]);
    let Some(fields) = schema["properties"].as_object() else {
        let meant = annotation(schema);
        // Quoted: what it is made of may come later.
        return format!("\n# {doc}\n{name}: TypeAlias = {meant:?}\n");
    };
    let needed: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut out = format!("\nclass {name}(TypedDict):\n    \"\"\"{doc}\"\"\"\n\n");
    for (field, of) in fields {
        let meant = annotation(of);
        let meant = if needed.contains(&field.as_str()) { meant } else { format!("NotRequired[{meant}]") };
        let _ = write!(out, "    {field}: {meant}\n    \"\"\"{}\"\"\"\n", words(&of["description"]));
    }
    out.push('\n');
    out
}

/// What Python calls it.
fn annotation(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap().to_owned();
    }
    if let Some(one) = schema.get("const") {
        return format!("Literal[{one}]");
    }
    if let Some(several) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let several: Vec<String> = several.iter().map(annotation).collect();
        return format!("Union[{}]", several.join(", "));
    }
    let one = |word: &Value| match word.as_str() {
        Some("string") => "str".to_owned(),
        Some("integer") => "int".to_owned(),
        Some("number") => "float".to_owned(),
        Some("boolean") => "bool".to_owned(),
        Some("null") => "None".to_owned(),
        Some("array") => format!("List[{}]", annotation(&schema["items"])),
        Some("object") => match &schema["additionalProperties"] {
            of @ Value::Object(_) => format!("Dict[str, {}]", annotation(of)),
            _ => "Dict[str, Any]".to_owned(),
        },
        _ => "Any".to_owned(),
    };
    match schema["type"].as_array() {
        Some(several) => format!("Union[{}]", several.iter().map(one).collect::<Vec<_>>().join(", ")),
        None => one(&schema["type"]),
    }
}

/// An operation as a method. Streams have methods of their own in the form.
fn method(verb: &str, path: &str, operation: &Value) -> String {
    let name = operation["operationId"].as_str().unwrap();
    let found =
        operation["responses"].as_object().unwrap().iter().find(|(status, _)| status.starts_with('2'));
    let (media, answer) = found.and_then(|(_, answer)| answer["content"].as_object()?.iter().next()).unwrap();
    if media == "text/event-stream" {
        return String::new();
    }
    let of = |place: &str| -> Vec<&Value> {
        let all = operation["parameters"].as_array().into_iter().flatten();
        all.filter(|parameter| parameter["in"] == place).collect()
    };
    let mut given = vec!["self".to_owned()];
    let named = |parameter: &Value| parameter["name"].as_str().unwrap().to_owned();
    let (paths, query) = (of("path"), of("query"));
    given.extend(paths.iter().map(|part| format!("{}: str", named(part))));
    let body = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next());
    let json =
        body.is_some_and(|(media, content)| media == "application/json" && content.get("schema").is_some());
    match body {
        Some((_, content)) if json => given.push(format!("body: {}", annotation(&content["schema"]))),
        Some(_) => given.push("body: bytes".to_owned()),
        None => {}
    }
    let once = of("header").iter().any(|header| header["name"] == "Idempotency-Key");
    if once || !query.is_empty() {
        given.push("*".to_owned());
    }
    for parameter in &query {
        given.push(format!(
            "{}: Optional[{}] = None",
            python(&named(parameter)),
            annotation(&parameter["schema"])
        ));
    }
    if once {
        given.push("key: Optional[str] = None".to_owned());
    }
    let told = match media.as_str() {
        "application/json" => annotation(&answer["schema"]),
        "application/octet-stream" | "image/png" => "bytes".to_owned(),
        _ => "str".to_owned(),
    };
    let mut out = format!("\n    def {name}(\n");
    for one in &given {
        let _ = writeln!(out, "        {one},");
    }
    let doc = words(&operation["summary"]);
    let _ = write!(out, "    ) -> {told}:\n        \"\"\"{doc}.");
    if once {
        out.push_str("\n\n        The same `key` does it once; without one each call has its own.\n        ");
    }
    out.push_str("\"\"\"\n");
    let mut place = path.to_owned();
    for part in &paths {
        let name = named(part);
        place = place.replace(&format!("{{{name}}}"), &format!("{{_part({name})}}"));
    }
    let mut call = vec![format!("{:?}", verb.to_uppercase())];
    call.push(format!("{}{place:?}", if paths.is_empty() { "" } else { "f" }));
    if !query.is_empty() {
        let pairs: Vec<String> = query
            .iter()
            .map(|parameter| format!("{:?}: {}", named(parameter), python(&named(parameter))))
            .collect();
        call.push(format!("query={{{}}}", pairs.join(", ")));
    }
    match body {
        Some(_) if json => call.push("body=_json(body)".to_owned()),
        Some((media, _)) => call.push(format!("body=({media:?}, body)")),
        None => {}
    }
    if once {
        call.push("key=key or str(uuid.uuid4())".to_owned());
    }
    let call = format!("self._call({})", call.join(", "));
    let _ = match told.as_str() {
        "bytes" => writeln!(out, "        return {call}"),
        "str" => writeln!(out, "        return {call}.decode(\"utf-8\")"),
        _ => writeln!(out, "        answer: {told} = json.loads({call})\n        return answer"),
    };
    out
}

/// A name that is no word of the language.
fn python(name: &str) -> String {
    if name == "from" { "from_".to_owned() } else { name.to_owned() }
}

/// A description in one line of a docstring.
fn words(text: &Value) -> String {
    text.as_str().unwrap_or_default().replace('\\', "\\\\").replace('"', "'").replace('\n', " ")
}
