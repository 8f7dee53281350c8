//! Tokens to a tree, by precedence climbing. <http://hl7.org/fhirpath/N1/grammar.html>
use super::PathError;
use super::ast::{Literal, Node, Operator, TYPE_BINDING};
use super::function::Function;
use super::token::{Token, tokens};

/// Nesting beyond any expression people write, and far from the end of the stack.
const MAX_DEPTH: u8 = 50;

/// Steps and operators of an expression: they nest too, to the left.
const MAX_LINKS: u16 = 250;

pub(super) fn parse(text: &str) -> Result<Node, PathError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: text.len(),
        depth: 0,
        links: 0,
    };
    let node = parser.expression(1)?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.error("an operator or the end was expected")),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    depth: u8,
    links: u16,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn error(&self, message: &str) -> PathError {
        PathError::at(
            self.tokens.get(self.next).map_or(self.end, |(at, _)| *at),
            message,
        )
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(known)) if *known == symbol);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), PathError> {
        if self.accept(symbol) {
            Ok(())
        } else {
            Err(self.error(&format!("`{symbol}` was expected")))
        }
    }

    fn link(&mut self) -> Result<(), PathError> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(self.error("too long; split it"));
        }
        Ok(())
    }

    fn name(&mut self) -> Result<String, PathError> {
        match self.peek() {
            Some(Token::Name(name) | Token::Quoted(name)) => {
                let name = name.clone();
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.error("a name was expected")),
        }
    }

    /// An operand and all operators that bind at least as tightly as `binding`.
    fn expression(&mut self, binding: u8) -> Result<Node, PathError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let mut left = self.unary()?;
        while let Some(text) = self.operator_text() {
            left = match Operator::of(&text) {
                Some((operator, tightness)) if tightness >= binding => {
                    self.next += 1;
                    self.link()?;
                    let right = self.expression(tightness + 1)?;
                    Node::Binary(operator, Box::new(left), Box::new(right))
                }
                None if matches!(text.as_str(), "is" | "as") && TYPE_BINDING >= binding => {
                    self.next += 1;
                    self.link()?;
                    let named = self.type_name()?;
                    if text == "is" {
                        Node::Is(Box::new(left), named)
                    } else {
                        Node::As(Box::new(left), named)
                    }
                }
                _ => break,
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator_text(&self) -> Option<String> {
        match self.peek()? {
            Token::Symbol(symbol) => Some((*symbol).to_owned()),
            Token::Name(name) => Some(name.clone()),
            _ => None,
        }
    }

    /// `Patient`, `FHIR.Patient`, `System.String`: the namespace says nothing more.
    fn type_name(&mut self) -> Result<String, PathError> {
        let mut name = self.name()?;
        while self.accept(".") {
            name = self.name()?;
        }
        Ok(name)
    }

    fn unary(&mut self) -> Result<Node, PathError> {
        if self.accept("-") {
            return Ok(Node::Negate(Box::new(self.path()?)));
        }
        self.accept("+");
        self.path()
    }

    /// A term and its members, calls and indexers.
    fn path(&mut self) -> Result<Node, PathError> {
        let mut node = self.term()?;
        loop {
            if self.accept(".") {
                self.link()?;
                node = self.step(node)?;
            } else if self.accept("[") {
                self.link()?;
                let index = self.expression(1)?;
                self.expect("]")?;
                node = Node::At(Box::new(node), Box::new(index));
            } else {
                return Ok(node);
            }
        }
    }

    fn step(&mut self, receiver: Node) -> Result<Node, PathError> {
        let place = self.next;
        let name = self.name()?;
        if self.accept("(") {
            return self.call(Some(Box::new(receiver)), &name, place);
        }
        Ok(Node::Member(Box::new(receiver), name))
    }

    fn call(&mut self, receiver: Option<Box<Node>>, name: &str, place: usize) -> Result<Node, PathError> {
        let mut arguments = Vec::new();
        while !self.accept(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.expression(1)?);
        }
        let at = self.tokens.get(place).map_or(self.end, |(at, _)| *at);
        let function = Function::of(name, arguments.len()).map_err(|message| PathError::at(at, &message))?;
        function
            .check(&arguments)
            .and_then(|()| function.prepare(&mut arguments))
            .map_err(|message| PathError::at(at, &message))?;
        Ok(Node::Call(receiver, function, arguments))
    }

    fn term(&mut self) -> Result<Node, PathError> {
        let place = self.next;
        let Some(token) = self.peek().cloned() else {
            return Err(self.error("an expression was expected"));
        };
        self.next += 1;
        match token {
            Token::Symbol("(") => {
                let inner = self.expression(1)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Symbol("{") => self.expect("}").map(|()| Node::Literal(Literal::Empty)),
            Token::Symbol("%") => self.variable(),
            Token::Symbol("$") => self.dollar(),
            Token::Name(name) if matches!(name.as_str(), "true" | "false") => {
                Ok(Node::Literal(Literal::Boolean(name == "true")))
            }
            Token::Name(name) if self.accept("(") => self.call(None, &name, place),
            Token::Name(name) | Token::Quoted(name) => Ok(Node::Root(name)),
            Token::String(text) => Ok(Node::Literal(Literal::String(text))),
            Token::Temporal(text) => Ok(Node::Literal(Literal::Temporal(text))),
            Token::Number(text) => self.number(&text).map(Node::Literal),
            Token::Symbol(_) => {
                self.next = place;
                Err(self.error("an expression was expected"))
            }
        }
    }

    fn dollar(&mut self) -> Result<Node, PathError> {
        match self.name()?.as_str() {
            "this" => Ok(Node::This),
            "index" => Ok(Node::Index),
            "total" => Ok(Node::Total),
            _ => Err(self.error("$this, $index or $total was expected")),
        }
    }

    fn variable(&mut self) -> Result<Node, PathError> {
        if let Some(Token::String(name)) = self.peek().cloned() {
            self.next += 1;
            return Ok(Node::Variable(name));
        }
        self.name().map(Node::Variable)
    }

    /// A number, or a quantity when a unit follows: `4 days`, `10 'mg'`.
    fn number(&mut self, text: &str) -> Result<Literal, PathError> {
        let value: f64 = text.parse().map_err(|_| self.error("not a number"))?;
        let unit = match self.peek() {
            Some(Token::String(unit)) => Some(unit.clone()),
            Some(Token::Name(name)) => super::quantity::calendar_unit(name).map(str::to_owned),
            _ => None,
        };
        if let Some(unit) = unit {
            self.next += 1;
            return Ok(Literal::Quantity(value, unit));
        }
        Ok(text.parse().map_or(Literal::Decimal(value), Literal::Integer))
    }
}
