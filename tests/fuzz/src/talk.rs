//! A conversation that is known in every detail: made of the fuzzer's bytes, written in any dialect, and what a reader of
//! any dialect must find of it.

mod read;
mod read_upstream;
mod write;

use serde_json::{Value, json};

pub(crate) use read::read;
pub(crate) use write::write;

/// One request.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    pub(crate) system: Option<String>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) choice: Option<Choice>,
    pub(crate) max_tokens: u64,
    /// In tenths.
    pub(crate) temperature: Option<u8>,
    /// In tenths.
    pub(crate) top_p: Option<u8>,
    pub(crate) stop: Vec<String>,
}

/// Who says what.
#[derive(Debug)]
pub(crate) enum Turn {
    User(Vec<Said>),
    Model {
        text: Option<String>,
        calls: Vec<Call>,
    },
    /// What the tools gave back that were called just before, in that order.
    Results(Vec<String>),
}

/// A piece of what a user says.
#[derive(Debug)]
pub(crate) enum Said {
    Text(String),
    /// A PNG as base64.
    Image(String),
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) input: Value,
}

#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) description: String,
    pub(crate) schema: Value,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Choice {
    Auto,
    None,
    Any,
    Named(&'static str),
}

/// What must arrive, whatever the dialect.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Substance {
    /// Without white space: dialects join texts in their own ways.
    pub(crate) system: String,
    /// Whether the model speaks, and what is said; turns of one side that follow each other are one.
    pub(crate) turns: Vec<(bool, Vec<Item>)>,
    /// Name, description, schema.
    pub(crate) tools: Vec<(String, String, Value)>,
    pub(crate) choice: Option<String>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) temperature: Option<u64>,
    pub(crate) top_p: Option<u64>,
    pub(crate) stop: Vec<String>,
}

/// A piece of a turn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Text(String),
    Image(String),
    Call(String, Value),
    /// Of which call of the whole conversation, and what it gave back.
    Result(usize, String),
}

impl Substance {
    /// Adds to the turn of a side.
    fn say(&mut self, model: bool, item: Item) {
        if !matches!(self.turns.last(), Some((speaker, _)) if *speaker == model) {
            self.turns.push((model, Vec::new()));
        }
        let Some((_, items)) = self.turns.last_mut() else { return };
        match (items.last_mut(), item) {
            (_, Item::Text(text)) if text.is_empty() => {}
            (Some(Item::Text(before)), Item::Text(text)) => before.push_str(&text),
            (_, item) => items.push(item),
        }
    }
}

impl Substance {
    /// The same in a format that keeps the images of a turn apart from its texts.
    pub(crate) fn images_apart(mut self) -> Self {
        for (_, items) in &mut self.turns {
            let (images, others) = std::mem::take(items).into_iter().partition(|item| matches!(item, Item::Image(_)));
            let images: Vec<Item> = images;
            let others: Vec<Item> = others;
            for item in others.into_iter().chain(images) {
                match (items.last_mut(), item) {
                    (Some(Item::Text(before)), Item::Text(text)) => before.push_str(&text),
                    (_, item) => items.push(item),
                }
            }
        }
        self
    }
}

/// Text without white space.
pub(crate) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The fuzzer's bytes as decisions; 0 for ever when they have run out.
pub(crate) struct Source<'d>(pub(crate) &'d [u8]);

const NAMES: [&str; 4] = ["get_weather", "get_time", "look_up", "f"];
const CHARS: [char; 16] =
    ['a', 'b', ' ', '"', '\\', '\n', '<', '{', '\u{e9}', '\u{1f980}', '\u{2028}', '\u{7f}', ',', ':', '0', '/'];

impl Source<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, limit: u8) -> usize {
        usize::from(self.next() % limit)
    }

    /// A text that is not blank.
    fn text(&mut self) -> String {
        let length = self.below(24);
        let rest: String = (0..length).map(|_| CHARS[self.below(16)]).collect();
        format!("t{rest}.")
    }

    fn option<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.next() % 2 == 1).then(|| make(self))
    }

    fn input(&mut self, depth: u8) -> Value {
        match self.below(if depth == 0 { 4 } else { 6 }) {
            0 => json!(self.text()),
            1 => json!(i64::from(self.next()) - 100),
            2 => json!(self.next().is_multiple_of(2)),
            3 => Value::Null,
            4 => (0..self.below(3)).map(|_| self.input(depth - 1)).collect(),
            _ => self.object(depth - 1),
        }
    }

    fn object(&mut self, depth: u8) -> Value {
        let count = self.below(3);
        Value::Object((0..count).map(|at| (format!("k{at}"), self.input(depth))).collect())
    }

    fn tool(&mut self, at: usize) -> Tool {
        let kind = ["string", "integer", "boolean", "number"][self.below(4)];
        let schema = json!({"type": "object", "properties": {"city": {"type": kind, "description": self.text()},
            "days": {"type": "array", "items": {"type": "string"}}}, "required": ["city"]});
        Tool { name: NAMES[at], description: self.text(), schema }
    }

    /// A conversation that each dialect can hold.
    pub(crate) fn talk(&mut self) -> Talk {
        let mut talk = Talk { max_tokens: u64::from(self.next()) + 1_024, ..Talk::default() };
        talk.system = self.option(Self::text);
        talk.temperature = self.option(|source| source.next() % 11);
        talk.top_p = self.option(|source| source.next() % 10 + 1);
        talk.stop = (0..self.below(4)).map(|_| self.text()).collect();
        talk.tools = (0..self.below(5)).map(|at| self.tool(at)).collect();
        let tools = talk.tools.len();
        talk.choice = self.option(|source| match source.below(4) {
            0 => Choice::Auto,
            1 => Choice::None,
            2 => Choice::Any,
            at => Choice::Named(NAMES[at % tools.max(1)]),
        });
        talk.choice = talk.choice.filter(|_| tools > 0);
        let mut calls = 0;
        for _ in 0..self.below(5) {
            self.round(tools, &mut calls, &mut talk.turns);
        }
        talk.turns.push(Turn::User(self.said()));
        talk
    }

    /// The user asks, the model answers, its tools are run.
    fn round(&mut self, tools: usize, calls: &mut usize, turns: &mut Vec<Turn>) {
        turns.push(Turn::User(self.said()));
        let made: Vec<Call> = (0..if tools == 0 { 0 } else { self.below(4) })
            .map(|_| {
                *calls += 1;
                let name = NAMES[self.below(4) % tools];
                Call { id: format!("call_{calls}"), name, input: self.object(2) }
            })
            .collect();
        let text = if made.is_empty() { Some(self.text()) } else { self.option(Self::text) };
        let results: Vec<String> = made.iter().map(|_| self.text()).collect();
        turns.push(Turn::Model { text, calls: made });
        if !results.is_empty() {
            turns.push(Turn::Results(results));
        }
    }

    fn said(&mut self) -> Vec<Said> {
        let mut said = vec![Said::Text(self.text())];
        for _ in 0..self.below(3) {
            let image = self.next().is_multiple_of(3);
            said.push(if image { Said::Image("iVBORw0KGgo=".to_owned()) } else { Said::Text(self.text()) });
        }
        said
    }
}

impl Talk {
    /// What must arrive of it.
    pub(crate) fn substance(&self) -> Substance {
        let mut substance = Substance {
            system: squeezed(self.system.as_deref().unwrap_or_default()),
            max_tokens: Some(self.max_tokens),
            temperature: self.temperature.map(u64::from),
            top_p: self.top_p.map(u64::from),
            stop: self.stop.clone(),
            choice: self.choice.filter(|choice| *choice != Choice::Auto).map(|choice| match choice {
                Choice::Auto => "auto".to_owned(),
                Choice::None => "none".to_owned(),
                Choice::Any => "any".to_owned(),
                Choice::Named(name) => format!("named {name}"),
            }),
            tools: self.tools.iter().map(|t| (t.name.to_owned(), t.description.clone(), t.schema.clone())).collect(),
            ..Substance::default()
        };
        let (mut made, mut answered) = (0, 0);
        for turn in &self.turns {
            match turn {
                Turn::User(said) => said.iter().for_each(|said| {
                    let item = match said {
                        Said::Text(text) => Item::Text(squeezed(text)),
                        Said::Image(data) => Item::Image(data.clone()),
                    };
                    substance.say(false, item);
                }),
                Turn::Model { text, calls } => {
                    substance.say(true, Item::Text(squeezed(text.as_deref().unwrap_or_default())));
                    answered = made;
                    made += calls.len();
                    calls.iter().for_each(|c| substance.say(true, Item::Call(c.name.to_owned(), c.input.clone())));
                }
                Turn::Results(results) => {
                    for (at, text) in results.iter().enumerate() {
                        substance.say(false, Item::Result(answered + at, squeezed(text)));
                    }
                }
            }
        }
        substance
    }
}
