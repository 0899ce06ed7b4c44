//! Makes a value fit its type step by step, so that one misplaced field does not hide the faults of all others.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// How often a value is tried; what has more faults than that is told the first of them.
const MOST: usize = 100;

/// One step down a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a mapping.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// Where and why a value does not fit its type.
#[derive(Clone, Debug)]
pub(crate) struct Misfit {
    /// The way there; `None` where it cannot be followed.
    pub(crate) steps: Option<Vec<Step>>,
    /// The same for people: `spec.keys[0].secret`.
    pub(crate) field: String,
    /// What is wrong, as a sentence.
    pub(crate) problem: String,
    /// What is known beside.
    pub(crate) hint: Hint,
}

/// What a misfit tells of how it is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Nothing.
    None,
    /// The field that is missing there.
    Lacks(String),
    /// It is a field that nobody knows.
    UnknownField,
    /// One of the values that would fit.
    WouldFit(String),
}

/// Reads `value` with `read`. What does not fit is left out, and where it must not be missing stood in for, until all that
/// is wrong is known: with it come the paths at which the result does not say what was written.
pub(crate) fn mend<T>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, Misfit>,
) -> (Option<T>, Vec<Misfit>, Vec<String>) {
    let (mut told, mut mended) = (Vec::new(), Vec::new());
    let mut misfit = match read(value) {
        Ok(fits) => return (Some(fits), told, mended),
        Err(misfit) => misfit,
    };
    let (mut value, mut tried) = (value.clone(), HashMap::new());
    for _ in 0..MOST {
        let Some(mut at) = misfit.steps.clone() else {
            told.push(misfit);
            break;
        };
        let hint = misfit.hint.clone();
        if let Hint::Lacks(name) = &hint {
            at.push(Step::Key(name.clone()));
        }
        let place = shown(&at);
        // What does not fit a value of our own says nothing about what was written.
        if !mended.iter().any(|known| super::is_within(&place, known)) {
            told.push(misfit);
        }
        if !replace(&mut value, &at, &hint, tried.entry(place.clone()).or_default()) {
            break;
        }
        // Nothing goes missing with a field that nobody knows.
        if hint != Hint::UnknownField && !mended.contains(&place) {
            mended.push(place);
        }
        misfit = match read(&value) {
            Ok(fits) => return (Some(fits), told, mended),
            Err(misfit) => misfit,
        };
    }
    (None, told, mended)
}

/// A path below `spec`, for people.
fn shown(steps: &[Step]) -> String {
    steps.iter().fold("spec".to_owned(), |path, step| match step {
        Step::Key(name) => format!("{path}.{name}"),
        Step::Index(index) => format!("{path}[{index}]"),
    })
}

/// Takes the value at `at` away; where that was done before, or cannot be, puts the next thing there that may fit. `tried`
/// counts. Whether there was something left to try.
fn replace(value: &mut Value, at: &[Step], hint: &Hint, tried: &mut usize) -> bool {
    *tried += 1;
    let Some((last, above)) = at.split_last() else {
        *value = Value::Object(Map::new());
        return *tried == 1;
    };
    let mut parent = value;
    for step in above {
        let below = match (parent, step) {
            (Value::Object(fields), Step::Key(name)) => fields.get_mut(name),
            (Value::Array(items), Step::Index(index)) => items.get_mut(*index),
            _ => None,
        };
        match below {
            Some(below) => parent = below,
            None => return false,
        }
    }
    match (parent, last) {
        (Value::Object(fields), Step::Key(name)) => {
            if *tried == 1 && fields.shift_remove(name).is_some() {
                return true;
            }
            stand_in(*tried, hint).is_some_and(|value| {
                fields.insert(name.clone(), value);
                true
            })
        }
        (Value::Array(items), Step::Index(index)) => match (items.get_mut(*index), stand_in(*tried, hint)) {
            (Some(item), Some(value)) => {
                *item = value;
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// What may fit, one after the other; a value that is known to fit goes before.
fn stand_in(tried: usize, hint: &Hint) -> Option<Value> {
    let all = [json!(""), json!(0), json!(false), json!([]), json!({}), json!("0")];
    // The first try may have been to leave it out.
    if tried > all.len() + 1 {
        return None;
    }
    match hint {
        Hint::WouldFit(text) => Some(Value::String(text.clone())),
        _ => all.into_iter().nth(tried.saturating_sub(1).min(5)),
    }
}
