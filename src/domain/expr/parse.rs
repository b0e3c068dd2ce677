//! From text to [`Expr`]: recursive descent with a bound on depth and size. Says at the first mistake where it is, what
//! was expected and what stands there.

use super::{
    facts,
    lex::{ExprError, Placed, Token, tokens},
    tree::{Call, Comparison, Expr, Fact, Node, Operation, Part, Unit, Value},
};

/// Brackets, `!` and `-` within each other.
const DEPTH_MOST: usize = 32;
/// Parts of one expression.
const PARTS_MOST: usize = 200;
/// Arguments of one fact, and elements of one list.
const LIST_MOST: usize = 16;
/// What `for N checks` may ask for.
const CHECKS_MOST: u32 = 10;

/// Reads an expression.
///
/// # Errors
/// The first mistake, with its column and what was expected.
pub fn parse(text: &str) -> Result<Expr, ExprError> {
    let tokens = tokens(text)?;
    let mut reader = Reader { text, tokens, next: 0, depth: 0, parts: 0 };
    let root = reader.any()?;
    match reader.tokens.get(reader.next) {
        None => {}
        Some(Placed { token: Token::Sign(sign), at, .. }) if comparison(sign).is_some() => {
            return Err(ExprError::new(text, *at, "one comparison has two sides").hint("join two with `&&`"));
        }
        Some(_) => return Err(reader.expected("the end, `&&` or `||`")),
    }
    sound(text, &root, true, false)?;
    Ok(Expr { root })
}

/// The text with bare names filled in: `fill` is asked for each name outside of texts and gives what stands for it, as it
/// is to be written. Names that it does not know stay.
///
/// # Errors
/// The text is no sequence of tokens.
pub fn filled(text: &str, fill: &dyn Fn(&str) -> Option<String>) -> Result<String, ExprError> {
    let (mut out, mut from) = (String::new(), 0);
    for Placed { token, at, end } in tokens(text)? {
        if let Token::Name(name) = token
            && let Some(value) = fill(&name)
        {
            out.push_str(&text[from..at]);
            out.push_str(&value);
            from = end;
        }
    }
    out.push_str(&text[from..]);
    Ok(out)
}

fn comparison(sign: &str) -> Option<Comparison> {
    Some(match sign {
        "==" => Comparison::Equal,
        "!=" => Comparison::Unequal,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::More,
        ">=" => Comparison::MoreOrEqual,
        _ => return None,
    })
}

/// That a missing fact can never make it true, and that `for` does not stand within `for`.
fn sound(text: &str, node: &Node, positive: bool, lasting: bool) -> Result<(), ExprError> {
    match &node.part {
        Part::Exists(_) if !positive => {
            Err(ExprError::new(text, node.at, "`exists` under `!` or in a comparison")
                .hint("that nothing is known of a fact proves nothing"))
        }
        Part::Literal(..) | Part::Fact(_) | Part::Exists(_) => Ok(()),
        Part::Lasting(..) if lasting => Err(ExprError::new(text, node.at, "`for` within `for`")),
        Part::Lasting(inner, _) => sound(text, inner, positive, true),
        Part::Negative(inner) | Part::Not(inner) | Part::Matches(inner, _) => {
            sound(text, inner, false, lasting)
        }
        Part::Sum(_, left, right) | Part::Compare(_, left, right) => {
            sound(text, left, false, lasting)?;
            sound(text, right, false, lasting)
        }
        Part::Within(left, _) => sound(text, left, false, lasting),
        Part::All(list) | Part::Any(list) => {
            list.iter().try_for_each(|node| sound(text, node, positive, lasting))
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
    parts: usize,
}

impl Reader<'_> {
    fn here(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |placed| placed.at)
    }

    fn expected(&self, what: &str) -> ExprError {
        let found =
            self.tokens.get(self.next).map_or_else(|| "the end".into(), |placed| placed.token.words());
        ExprError::new(self.text, self.here(), format!("expected {what}, found {found}"))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn sign(&self) -> Option<&'static str> {
        match self.peek() {
            Some(Token::Sign(sign)) => Some(sign),
            _ => None,
        }
    }

    /// Takes this sign if it is next.
    fn takes(&mut self, sign: &str) -> bool {
        let is = self.sign() == Some(sign);
        self.next += usize::from(is);
        is
    }

    /// Takes this word if it is next.
    fn takes_word(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Name(name)) if name == word);
        self.next += usize::from(is);
        is
    }

    fn node(&mut self, at: usize, part: Part) -> Result<Node, ExprError> {
        self.parts += 1;
        match self.parts > PARTS_MOST {
            true => Err(ExprError::new(self.text, at, format!("more than {PARTS_MOST} parts"))),
            false => Ok(Node { at, part }),
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ExprError>) -> Result<T, ExprError> {
        self.depth += 1;
        if self.depth > DEPTH_MOST {
            return Err(ExprError::new(self.text, self.here(), format!("nested deeper than {DEPTH_MOST}")));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn any(&mut self) -> Result<Node, ExprError> {
        let (at, mut list) = (self.here(), vec![self.all()?]);
        while self.takes("||") {
            list.push(self.all()?);
        }
        self.joined(at, list, Part::Any)
    }

    fn all(&mut self) -> Result<Node, ExprError> {
        let (at, mut list) = (self.here(), vec![self.not()?]);
        while self.takes("&&") {
            list.push(self.not()?);
        }
        self.joined(at, list, Part::All)
    }

    fn joined(
        &mut self,
        at: usize,
        mut list: Vec<Node>,
        join: fn(Vec<Node>) -> Part,
    ) -> Result<Node, ExprError> {
        match list.len() {
            1 => list.pop().ok_or_else(|| self.expected("a condition")),
            _ => self.node(at, join(list)),
        }
    }

    fn not(&mut self) -> Result<Node, ExprError> {
        let at = self.here();
        if self.takes("!") {
            let inner = self.deeper(Self::not)?;
            return self.node(at, Part::Not(Box::new(inner)));
        }
        let condition = self.condition()?;
        if !self.takes_word("for") {
            return Ok(condition);
        }
        let checks = match self.peek() {
            Some(Token::Number(number, Unit::Plain)) => {
                (1..=CHECKS_MOST).find(|checks| f64::from(*checks) == *number)
            }
            _ => None,
        };
        let checks = checks.ok_or_else(|| self.expected(&format!("a whole number, 1 to {CHECKS_MOST}")))?;
        self.next += 1;
        if !self.takes_word("checks") && !self.takes_word("check") {
            return Err(self.expected("`checks`"));
        }
        self.node(at, Part::Lasting(Box::new(condition), checks))
    }

    fn condition(&mut self) -> Result<Node, ExprError> {
        let left = self.sum()?;
        let at = left.at;
        if let Some(comparison) = self.sign().and_then(comparison) {
            self.next += 1;
            let right = self.sum()?;
            return self.node(at, Part::Compare(comparison, Box::new(left), Box::new(right)));
        }
        if self.takes_word("in") {
            let list = self.list()?;
            return self.node(at, Part::Within(Box::new(left), list));
        }
        if self.takes_word("matches") {
            let Some(Token::Text(pattern)) = self.peek().cloned() else {
                return Err(self.expected("a pattern in double quotes"));
            };
            self.next += 1;
            return self.node(at, Part::Matches(Box::new(left), pattern));
        }
        Ok(left)
    }

    fn list(&mut self) -> Result<Vec<Node>, ExprError> {
        if !self.takes("[") {
            return Err(self.expected("`[`"));
        }
        let mut list = Vec::new();
        loop {
            if list.len() == LIST_MOST {
                return Err(self.expected(&format!("at most {LIST_MOST} elements")));
            }
            let (at, (value, unit)) = (self.here(), self.literal("a number, text or word")?);
            list.push(self.node(at, Part::Literal(value, unit))?);
            if self.takes("]") {
                return Ok(list);
            }
            if !self.takes(",") {
                return Err(self.expected("`,` or `]`"));
            }
        }
    }

    /// A number, perhaps negative, a text, or a bare name, which is a text as well.
    fn literal(&mut self, what: &str) -> Result<(Value, Unit), ExprError> {
        let start = self.next;
        let minus = self.takes("-");
        let literal = match self.peek().cloned() {
            Some(Token::Number(number, unit)) => (Value::Number(if minus { -number } else { number }), unit),
            Some(Token::Text(text) | Token::Name(text)) if !minus => (Value::Text(text), Unit::Any),
            _ => {
                self.next = start;
                return Err(self.expected(what));
            }
        };
        self.next += 1;
        Ok(literal)
    }

    fn sum(&mut self) -> Result<Node, ExprError> {
        let mut left = self.product()?;
        loop {
            let operation = match self.sign() {
                Some("+") => Operation::Plus,
                Some("-") => Operation::Minus,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.product()?;
            left = self.node(left.at, Part::Sum(operation, Box::new(left), Box::new(right)))?;
        }
    }

    fn product(&mut self) -> Result<Node, ExprError> {
        let mut left = self.unary()?;
        loop {
            let operation = match self.sign() {
                Some("*") => Operation::Times,
                Some("/") => Operation::Over,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.unary()?;
            left = self.node(left.at, Part::Sum(operation, Box::new(left), Box::new(right)))?;
        }
    }

    fn unary(&mut self) -> Result<Node, ExprError> {
        let at = self.here();
        if self.takes("-") {
            let inner = self.deeper(Self::unary)?;
            return self.node(at, Part::Negative(Box::new(inner)));
        }
        self.atom()
    }

    fn atom(&mut self) -> Result<Node, ExprError> {
        let at = self.here();
        match self.peek().cloned() {
            Some(Token::Number(number, unit)) => {
                self.next += 1;
                self.node(at, Part::Literal(Value::Number(number), unit))
            }
            Some(Token::Text(text)) => {
                self.next += 1;
                self.node(at, Part::Literal(Value::Text(text), Unit::Any))
            }
            Some(Token::Name(name)) => self.named(at, &name),
            Some(Token::Sign("(")) => {
                self.next += 1;
                let inner = self.deeper(Self::any)?;
                if self.takes(")") { Ok(inner) } else { Err(self.expected("`)`")) }
            }
            _ => Err(self.expected("a fact, number, text or `(`")),
        }
    }

    fn named(&mut self, at: usize, name: &str) -> Result<Node, ExprError> {
        if matches!(name, "for" | "in" | "matches") {
            return Err(self.expected("a fact, number, text or `(`"));
        }
        self.next += 1;
        if let "true" | "false" = name {
            return self.node(at, Part::Literal(Value::Truth(name == "true"), Unit::Any));
        }
        if self.sign() != Some("(") && facts::is_word(name) {
            return self.node(at, Part::Literal(Value::Text(name.to_owned()), Unit::Any));
        }
        if name != "exists" {
            let fact = self.fact(name)?;
            return self.node(at, Part::Fact(fact));
        }
        if !self.takes("(") {
            return Err(self.expected("`(` and a fact"));
        }
        let Some(Token::Name(inner)) = self.peek().cloned() else { return Err(self.expected("a fact")) };
        self.next += 1;
        let fact = self.fact(&inner)?;
        if self.takes(")") { self.node(at, Part::Exists(fact)) } else { Err(self.expected("`)`")) }
    }

    /// Arguments of a fact whose name has been read.
    fn fact(&mut self, name: &str) -> Result<Fact, ExprError> {
        let mut fact = Fact { call: Call::new(name, Vec::new()), args: Vec::new() };
        if !self.takes("(") || self.takes(")") {
            return Ok(fact);
        }
        loop {
            if fact.args.len() == LIST_MOST {
                return Err(self.expected(&format!("at most {LIST_MOST} arguments")));
            }
            let (at, (value, unit)) = (self.here(), self.literal("a number, text or name as an argument")?);
            fact.call.args.push(value);
            fact.args.push((unit, at));
            if self.takes(")") {
                return Ok(fact);
            }
            if !self.takes(",") {
                return Err(self.expected("`,` or `)`"));
            }
        }
    }
}
