//! The routes with their description: each is named once, and router and OpenAPI document both come of it.

use super::{front::Front, problem};
use crate::domain::access::Role;
use axum::{
    Router,
    handler::Handler,
    routing::{self, MethodRouter},
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Version of OpenAPI that is spoken: its schemas are those of JSON Schema 2020-12.
const OPENAPI: &str = "3.1.0";
/// Where schemas of the document are.
const SCHEMAS: &str = "/components/schemas";
/// What it is.
const DESCRIPTION: &str = "The network face of one data directory: on a unix socket that only its owner and root can \
open, and over TCP where the settings say so, for whoever has a token.";
/// How a caller says who it is.
const BEARER: &str = "A token of `chimera token create` or `chimera login`, over TCP. On the unix socket the kernel says \
who asks, and whoever can open it may do everything. `x-role` of an operation is the least role that may ask: viewer, \
operator, director.";
/// What the groups of routes are.
const GROUPS: [(&str, &str); 11] = [
    ("missions", "What is done about a brief"),
    ("tasks", "Features, from a wish to the staging environment"),
    (
        "previews",
        "Candidates as they run, for whoever looks at one from elsewhere; each ends with the last who does",
    ),
    ("desk", "What waits for a person"),
    ("incidents", "What is or was wrong with the services"),
    ("control", "The house as a whole"),
    ("login", "Who asks: a token by a vendor's word"),
    ("journal", "What has happened, with its proof"),
    ("events", "What happens"),
    ("hooks", "What other systems send; proven by their signature, whoever brings it"),
    ("health", "For whoever watches the watcher"),
];

/// A schema of a type, made when the document is.
type Make = fn(&mut SchemaGenerator) -> Value;

fn make<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// Who may ask for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Anybody: nothing is told, or it is proven in another way.
    Nobody,
    /// Whoever has this role, or one that may more.
    Role(Role),
}

/// What one route is, in words and schemas.
pub(super) struct Leaf {
    id: &'static str,
    group: &'static str,
    summary: &'static str,
    paths: Vec<(&'static str, &'static str)>,
    query: Option<Make>,
    body: Option<Make>,
    raw: Option<&'static str>,
    also: Vec<Make>,
    answer: Answer,
    once: bool,
    needs: Option<Needs>,
    refusals: Vec<(u16, &'static str)>,
}

/// What it answers where nothing is wrong.
enum Answer {
    Json(u16, Make),
    Text(&'static str),
    Stream(&'static str),
}

impl Leaf {
    /// A route by its name for programs, its group, and what it is for.
    pub fn new(id: &'static str, group: &'static str, summary: &'static str) -> Self {
        let answer = Answer::Text("text/plain");
        Self {
            id,
            group,
            summary,
            paths: Vec::new(),
            query: None,
            body: None,
            raw: None,
            also: Vec::new(),
            answer,
            once: false,
            needs: None,
            refusals: Vec::new(),
        }
    }
    /// Who may ask. Where nothing is said: viewers may read, and only directors may give orders.
    pub fn needs(mut self, role: Role) -> Self {
        self.needs = Some(Needs::Role(role));
        self
    }
    /// Anybody may ask.
    pub fn open(mut self) -> Self {
        self.needs = Some(Needs::Nobody);
        self
    }
    /// A part of its path, and what stands there.
    pub fn path(mut self, name: &'static str, what: &'static str) -> Self {
        self.paths.push((name, what));
        self
    }
    /// Its query.
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(make::<T>);
        self
    }
    /// Its body.
    pub fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(make::<T>);
        self
    }
    /// Its body, where that is bytes of this media type.
    pub fn takes(mut self, media_type: &'static str) -> Self {
        self.raw = Some(media_type);
        self
    }
    /// A schema that only the document needs.
    pub fn also<T: JsonSchema>(mut self) -> Self {
        self.also.push(make::<T>);
        self
    }
    /// It answers JSON.
    pub fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answer = Answer::Json(status, make::<T>);
        self
    }
    /// It answers text of this media type.
    pub fn tells(mut self, media_type: &'static str) -> Self {
        self.answer = Answer::Text(media_type);
        self
    }
    /// It answers a stream of events, of which this is to be known.
    pub fn streams(mut self, what: &'static str) -> Self {
        self.answer = Answer::Stream(what);
        self
    }
    /// What can be read is refused so, too, and why.
    pub fn refuses(mut self, status: u16, why: &'static str) -> Self {
        self.refusals.push((status, why));
        self
    }
    /// It starts something: a word of the caller's makes sure that it does so once.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }
}

/// Routes so far.
pub(super) struct Api {
    router: Router<Arc<Front>>,
    leaves: Vec<(&'static str, &'static str, Leaf)>,
}

impl Api {
    /// None.
    pub fn new() -> Self {
        Self { router: Router::new(), leaves: Vec::new() }
    }

    /// A question.
    pub fn get<T: 'static>(
        self,
        path: &'static str,
        leaf: Leaf,
        handler: impl Handler<T, Arc<Front>>,
    ) -> Self {
        self.add(("get", path), leaf, routing::get(handler))
    }

    /// An order.
    pub fn post<T: 'static>(
        self,
        path: &'static str,
        leaf: Leaf,
        handler: impl Handler<T, Arc<Front>>,
    ) -> Self {
        self.add(("post", path), leaf, routing::post(handler))
    }

    fn add(
        mut self,
        (method, path): (&'static str, &'static str),
        leaf: Leaf,
        route: MethodRouter<Arc<Front>>,
    ) -> Self {
        self.router = self.router.route(path, route);
        self.leaves.push((method, path, leaf));
        self
    }

    /// Router and document.
    pub fn done(self) -> (Router<Arc<Front>>, Value) {
        let document = document(&self.leaves);
        (self.router, document)
    }

    /// Method and path of every route, and who may ask there.
    pub fn routes(&self) -> Vec<(&'static str, &'static str, Needs)> {
        self.leaves.iter().map(|(method, path, leaf)| (*method, *path, needs(method, leaf))).collect()
    }
}

fn needs(method: &str, leaf: &Leaf) -> Needs {
    let usual = if method == "get" { Role::Viewer } else { Role::Director };
    leaf.needs.unwrap_or(Needs::Role(usual))
}

fn document(leaves: &[(&'static str, &'static str, Leaf)]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = SCHEMAS.into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for (method, path, leaf) in leaves {
        let operation = operation(method, leaf, &mut generator);
        let there = paths.entry((*path).to_owned()).or_insert_with(|| json!({}));
        there[*method] = operation;
    }
    let schemas = generator.take_definitions(true);
    let tags: Vec<Value> =
        GROUPS.iter().map(|(name, what)| json!({"name": name, "description": what})).collect();
    let mut document = json!({
        "openapi": OPENAPI,
        "info": {
            "title": "Chimera",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": DESCRIPTION,
        },
        "servers": [
            {"url": "http://localhost", "description": "The unix socket; the host's name means nothing"},
            {"url": "https://localhost:7341", "description": "Over TCP, at `listen` of [server]"},
        ],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": BEARER}},
        },
    });
    bound(&mut document);
    document
}

/// Says how large a whole number may be: a format alone binds nobody.
fn bound(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let most = match object.get("format").and_then(Value::as_str) {
                Some("uint64" | "uint") => Some(u64::MAX),
                Some("uint32") => Some(u32::MAX.into()),
                _ => None,
            };
            if let Some(most) = most {
                object.entry("maximum").or_insert(most.into());
            }
            object.values_mut().for_each(bound);
        }
        Value::Array(values) => values.iter_mut().for_each(bound),
        _ => {}
    }
}

fn operation(method: &str, leaf: &Leaf, generator: &mut SchemaGenerator) -> Value {
    leaf.also.iter().for_each(|make| drop(make(generator)));
    let mut parameters: Vec<Value> = leaf
        .paths
        .iter()
        .map(|(name, what)| {
            json!({"name": name, "in": "path", "required": true, "description": what, "schema": {"type": "string"}})
        })
        .collect();
    parameters.extend(leaf.query.iter().flat_map(|make| queries(&make(generator), generator)));
    if leaf.once {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A word of yours: the same request under the same word is done once and answered the same",
            "schema": {"type": "string", "pattern": "^[!-~]{1,200}[ \\t]*$"},
        }));
    }
    let (status, answer) = match &leaf.answer {
        Answer::Json(status, make) => (
            *status,
            json!({"description": "Done", "content": {"application/json": {"schema": make(generator)}}}),
        ),
        Answer::Text(media_type) => {
            (200, json!({"description": "Told", "content": {*media_type: {"schema": {"type": "string"}}}}))
        }
        Answer::Stream(what) => {
            parameters.push(json!({
                "name": "Last-Event-ID", "in": "header", "required": false,
                "description": "The id of the last event that came: the stream goes on right after it",
                "schema": {"type": "integer", "minimum": 0},
            }));
            (200, json!({"description": what, "content": {"text/event-stream": {"schema": event()}}}))
        }
    };
    let wrong = make::<problem::Problem>(generator);
    let mut operation = json!({
        "operationId": leaf.id, "tags": [leaf.group], "summary": leaf.summary, "security": [],
        "responses": {
            status.to_string(): answer,
            "default": {"description": "What did not work", "content": {problem::MEDIA_TYPE: {"schema": wrong}}},
        },
    });
    for (status, why) in &leaf.refusals {
        let content = json!({problem::MEDIA_TYPE: {"schema": make::<problem::Problem>(generator)}});
        operation["responses"][status.to_string()] = json!({"description": why, "content": content});
    }
    if let Needs::Role(role) = needs(method, leaf) {
        operation["security"] = json!([{"bearer": []}]);
        operation["x-role"] = role.word().into();
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let (Some(make), "post") = (leaf.body, method) {
        let schema = make(generator);
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    if let Some(media_type) = leaf.raw {
        let bytes = json!({"type": "string", "format": "binary", "minLength": 1});
        let content = if media_type == "application/json" { json!({}) } else { json!({"schema": bytes}) };
        operation["requestBody"] = json!({"required": true, "content": {media_type: content}});
    }
    operation
}

/// One event of a stream, as a reader of server-sent events has it.
fn event() -> Value {
    json!({
        "type": "object", "required": ["data"],
        "properties": {
            "id": {"type": "string", "description": "The place in the stream that one goes on after"},
            "event": {"type": "string", "description": "Its type; `message` where none is named"},
            "data": {"type": "string", "contentMediaType": "application/json"},
            "retry": {"type": "integer", "minimum": 0, "description": "Milliseconds before one connects again"},
        },
    })
}

/// Parameters of a query's type, which is no schema of the document itself.
fn queries(reference: &Value, generator: &mut SchemaGenerator) -> Vec<Value> {
    let name = reference["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let Some(schema) = generator.definitions_mut().shift_remove(name) else { return Vec::new() };
    let required =
        |key: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == key));
    let all = schema["properties"].as_object().into_iter().flatten();
    all.map(|(key, property)| {
        let mut property = property.clone();
        let words = property.as_object_mut().and_then(|property| property.remove("description"));
        json!({
            "name": key, "in": "query", "required": required(key),
            "description": words.unwrap_or_default(), "schema": present(property),
        })
    })
    .collect()
}

/// A parameter that may be left out is never null.
fn present(mut schema: Value) -> Value {
    if let Some(types) = schema["type"].as_array_mut() {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(fields) = schema.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    schema
}
