//! An HTML page as text: its title, and its words with a line for every block. No script runs, nothing is fetched.

/// Elements whose content is no text of the page.
const SILENT: [&str; 5] = ["script", "style", "template", "noscript", "svg"];
/// Elements that begin a line.
const BLOCKS: [&str; 30] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "tr",
    "ul",
];
/// Named characters that pages use for what they mean.
const NAMED: [(&str, &str); 12] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("copy", "©"),
    ("mdash", "—"),
    ("ndash", "–"),
    ("hellip", "…"),
    ("times", "×"),
    ("euro", "€"),
];

/// Whether a text begins as a page does.
pub(super) fn looks_like_html(raw: &str) -> bool {
    let head: String = raw.trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html")
}

/// Title and text.
pub(super) fn read(html: &str) -> (String, String) {
    let (mut title, mut text) = (String::new(), String::new());
    let mut in_title = false;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        if in_title {
            title.push_str(before);
        } else {
            put(&mut text, before);
        }
        if let Some(comment) = from.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some(end) = from.find('>') else {
            rest = "";
            break;
        };
        let (tag, after) = (from.get(1..end).unwrap_or_default(), from.get(end + 1..).unwrap_or_default());
        rest = after;
        let closes = tag.starts_with('/');
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        if name == "title" {
            in_title = !closes;
        } else if SILENT.contains(&name.as_str()) && !closes && !tag.ends_with('/') {
            rest = behind(after, &name);
        } else if BLOCKS.contains(&name.as_str()) {
            text.push('\n');
            if name == "li" && !closes {
                text.push_str("- ");
            }
        } else if matches!(name.as_str(), "td" | "th") && !closes {
            text.push_str("  ");
        }
    }
    if !in_title {
        put(&mut text, rest);
    }
    let lines =
        text.lines().map(|line| line.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" "));
    let lines: Vec<String> = lines.filter(|line| !line.is_empty() && line != "-").collect();
    (decoded(title.trim()), lines.join("\n"))
}

/// What comes after the end of an element; nothing where it does not end.
fn behind<'a>(html: &'a str, name: &str) -> &'a str {
    let end = format!("</{name}");
    let at = html.to_ascii_lowercase().find(&end);
    let rest = at.and_then(|at| html.get(at..)).and_then(|rest| rest.split_once('>'));
    rest.map_or("", |(_, after)| after)
}

fn put(text: &mut String, raw: &str) {
    let flat: String = decoded(raw).chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    text.push_str(&flat);
}

fn decoded(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let name: &str = after.split(';').next().unwrap_or_default();
        let known = NAMED.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
        let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        });
        let found = known.or_else(|| number.and_then(char::from_u32).map(String::from));
        match found.filter(|_| after.len() > name.len()) {
            Some(text) => {
                out.push_str(&text);
                rest = after.get(name.len() + 1..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_title_and_its_words() {
        let html = "<!doctype html><html><head><title>A &amp; B</title><style>p{}</style></head><body>\
                    <h1>Shop</h1>\n<p>Two  <b>pieces</b>,\n 3&nbsp;&euro;&#33;</p><script>if (a<b) alert(1)</script>\
                    <ul><li>tea<li>bread</ul><!-- <p>no --><table><tr><td>a</td><td>b</td></tr></table></body>";
        let (title, text) = read(html);
        assert_eq!(title, "A & B");
        assert_eq!(text, "Shop\nTwo pieces, 3 €!\n- tea\n- bread\na b");
    }

    #[test]
    fn a_page_that_is_torn_or_no_page_ends() {
        for html in ["<", "<p", "<!--", "a & b &", "<script>never closed", "&#xffffffff;", "<title>open"] {
            let (_, text) = read(html);
            assert!(text.len() <= html.len(), "{html}");
        }
        assert!(looks_like_html("  <!DOCTYPE html><p>") && !looks_like_html("{\"a\": 1}"));
    }
}
