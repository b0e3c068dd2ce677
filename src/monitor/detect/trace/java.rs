//! Stack traces of the Java machine: `Caused by`, `Suppressed`, `Wrapped by`, `... 23 more`, packaging data, Kotlin.
//!
//! Owns nothing; reads lines without their prefixes. What is no frame of that machine is passed over.

use super::{
    model::{Fault, Language, Link, Step, Trace},
    text::{digits, last_part, name, number, says_error, typed},
};

/// Packages that are not the program's own.
const FOREIGN: &[&str] = &[
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "jakarta.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "groovy.",
    "clojure.",
    "org.springframework.",
    "org.apache.",
    "org.hibernate.",
    "org.eclipse.",
    "org.jboss.",
    "org.junit.",
    "org.slf4j.",
    "org.postgresql.",
    "org.mockito.",
    "org.codehaus.",
    "org.jetbrains.",
    "org.glassfish.",
    "org.aspectj.",
    "org.jooq.",
    "org.quartz.",
    "org.redisson.",
    "org.flywaydb.",
    "ch.qos.",
    "io.netty.",
    "io.micronaut.",
    "io.quarkus.",
    "io.vertx.",
    "io.ktor.",
    "io.grpc.",
    "io.lettuce.",
    "io.micrometer.",
    "io.undertow.",
    "io.reactivex.",
    "io.opentelemetry.",
    "reactor.",
    "akka.",
    "play.api.",
    "okhttp3.",
    "okio.",
    "retrofit2.",
    "redis.clients.",
    "feign.",
    "rx.",
    "lombok.",
    "com.fasterxml.",
    "com.google.",
    "com.zaxxer.",
    "com.mysql.",
    "com.mongodb.",
    "com.oracle.",
    "com.microsoft.",
    "com.amazonaws.",
    "software.amazon.",
    "com.netflix.",
    "com.squareup.",
    "com.datastax.",
    "net.bytebuddy.",
    "net.sf.",
    "android.",
    "androidx.",
    "dalvik.",
    "oracle.",
    "liquibase.",
    "javassist.",
    "brave.",
    "graphql.",
    "gnu.",
];

/// `at a.b.C.d(C.java:12) ~[a.jar:1]` as function and what stands in the brackets.
fn parts(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start().strip_prefix("at ")?;
    let (function, rest) = rest.split_once('(')?;
    let (inside, _) = rest.split_once(')')?;
    let function = function.trim_end();
    let place = inside.rsplit_once(':').map_or(inside, |(file, _)| file);
    let known = ["Native Method", "Unknown Source", "SourceFile", "<generated>", "Redefined", ""]
        .contains(&place)
        || [".java", ".kt", ".kts", ".scala", ".groovy", ".clj"].iter().any(|end| place.ends_with(end));
    let told =
        !function.is_empty() && function.contains('.') && !function.contains(' ') && !inside.contains('/');
    (known && told).then_some((function, inside))
}

/// Whether a line is a step of such a trace.
#[must_use]
pub fn step_line(line: &str) -> bool {
    parts(line).is_some() || more(line)
}

/// `... 23 more`, `... 4 common frames omitted`.
fn more(line: &str) -> bool {
    line.trim_start()
        .strip_prefix("... ")
        .and_then(|rest| rest.split_once(' '))
        .is_some_and(|(count, rest)| digits(count) && (rest.starts_with("more") || rest.contains("frames")))
}

fn step(line: &str) -> Option<Step> {
    let (function, inside) = parts(line)?;
    // `app//a.B.c`, `java.base@21/java.util.X.y`: loader and module.
    let function = function
        .rsplit_once('/')
        .map_or(function, |(_, rest)| if rest.starts_with("0x") { function } else { rest });
    let (file, at) = inside.split_once(':').map_or((inside, None), |(file, line)| (file, number(line)));
    let package: Vec<&str> =
        function.split('.').take_while(|part| !part.starts_with(char::is_uppercase)).collect();
    let placed = if file.contains('.') && !package.is_empty() && package.len() < function.split('.').count() {
        format!("{}/{file}", package.join("/"))
    } else {
        file.to_owned()
    };
    let generated = ["$$FastClass", "$$EnhancerBy", "$$SpringCGLIB", "$Proxy", "GeneratedMethodAccessor"];
    let own = !FOREIGN.iter().any(|start| function.starts_with(start))
        && !generated.iter().any(|part| function.contains(part))
        && inside != "Native Method";
    Some(Step::new(&placed, at, function, own))
}

/// How a line names a fault: link, whether the one before led to it, type and message.
fn fault(line: &str) -> Option<(Link, bool, &str, &str)> {
    let text = line.trim();
    let text = text.strip_prefix("[CIRCULAR REFERENCE: ").unwrap_or(text);
    for (word, link, reversed) in [
        ("Caused by: ", Link::Cause, false),
        ("Suppressed: ", Link::Suppressed, false),
        ("Wrapped by: ", Link::First, true),
    ] {
        if let Some(rest) = text.strip_prefix(word) {
            let (kind, message) = typed(rest).unwrap_or((rest, ""));
            return Some((link, reversed, kind, message));
        }
    }
    let text = text
        .strip_prefix("Exception in thread \"")
        .and_then(|rest| rest.split_once("\" "))
        .map_or(text, |(_, r)| r);
    let (kind, message) = typed(text)?;
    let classy = kind.contains('.') && last_part(kind).starts_with(char::is_uppercase);
    (says_error(kind) || classy).then_some((Link::First, false, kind, message))
}

/// A type named within a line of prose, such as that of a logger: `request failed: a.b.CException: why`.
fn within(line: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    for word in line.split([' ', '[', '(']) {
        let kind = word.trim_end_matches([':', ',', ';', ']', ')']);
        if kind.contains('.') && name(kind) && says_error(kind) {
            let rest = &line[from + kind.len()..];
            return Some((kind, rest.strip_prefix(": ").unwrap_or_default()));
        }
        from += word.len() + 1;
    }
    None
}

/// The trace in these lines, if there is one of this language.
#[must_use]
pub fn parse(lines: &[&str]) -> Option<Trace> {
    let mut faults: Vec<Fault> = Vec::new();
    let (mut header, mut reversed, mut begun) = (None, false, false);
    for line in lines {
        if let Some(step) = step(line) {
            if !begun {
                let (kind, message) = header.unwrap_or(("", ""));
                faults.push(Fault::new(Link::First, kind, message));
                begun = true;
            }
            if let Some(fault) = faults.last_mut() {
                fault.push(step);
            }
        } else if let Some((link, back, kind, message)) = fault(line) {
            if link == Link::First && !back {
                // Anew only before the first step: a later one is another record's.
                header = if begun { header } else { Some((kind, message)) };
            } else if faults.len() < Trace::FAULTS_MOST {
                if !begun {
                    let (kind, message) = header.unwrap_or(("", ""));
                    faults.push(Fault::new(Link::First, kind, message));
                    begun = true;
                }
                reversed |= back;
                faults.push(Fault::new(link, kind, message));
            }
        } else if header.is_none() && !begun {
            header = within(line);
        }
    }
    let steps: usize = faults.iter().map(|fault| fault.steps.len()).sum();
    if steps == 0 && !lines.iter().any(|line| more(line)) {
        return None;
    }
    if reversed {
        faults.reverse();
        faults.iter_mut().for_each(|fault| fault.link = Link::Cause);
    }
    let crash = lines.iter().any(|line| line.starts_with("Exception in thread \"main\""))
        || faults.iter().any(|fault| fault.kind.ends_with("OutOfMemoryError"));
    Trace::of(Language::Java, faults, crash)
}
