//! Every kept input and every seed, through its target: what a fuzzer once found stays mended.

use std::fs;

use crate::TARGETS;
use crate::seeds::{corpus, seeds};

/// The kept inputs of a target.
fn kept(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(corpus(target)).unwrap_or_else(|fault| panic!("no corpus of {target}: {fault}"));
    entries
        .map(|entry| {
            let path = entry.expect("it can be read").path();
            (path.display().to_string(), fs::read(&path).expect("it can be read"))
        })
        .collect()
}

/// Runs a target over all its inputs, and names the one at which it fails.
fn replay(target: &str) {
    let (_, check) = TARGETS.iter().find(|(name, _)| *name == target).expect("there is such a target");
    let made = seeds(target).into_iter().enumerate().map(|(at, seed)| (format!("{target}, seed {at}"), seed));
    let mut inputs = kept(target);
    assert!(!inputs.is_empty(), "nothing is kept of {target}");
    inputs.extend(made);
    for (name, input) in inputs {
        let ran = std::panic::catch_unwind(|| check(&input));
        assert!(ran.is_ok(), "{name} fails, as told above");
    }
}

macro_rules! replays {
    ($($target:ident),*) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target));
        })*

        #[test]
        fn every_target_is_replayed() {
            let replayed = [$(stringify!($target)),*];
            assert_eq!(replayed.to_vec(), TARGETS.map(|(name, _)| name).to_vec());
        }
    };
}

replays!(
    request, answer, error, stream, frames, round_trip, tap, operations, config, words, sealed, batch, realtime,
    redaction
);

/// The round trip would prove nothing if all it looked at were reported as dropped.
#[test]
fn most_conversations_lose_nothing_on_any_way() {
    let ways: Vec<Vec<u8>> = seeds("round_trip").into_iter().filter(|seed| seed[0] & 0x40 == 0).collect();
    let whole = ways.iter().filter(|way| crate::round_trip::lost(way) == 0).count();
    assert!(ways.len() > 190 && whole * 2 > ways.len(), "{whole} of {}", ways.len());
    for way in (0_u8..16).chain(0x80..0x8c) {
        assert_eq!(crate::round_trip::lost(&[way, 9, 1, 3, 1, 2]), 0, "{way}");
    }
}

/// What streams say would be compared with nothing where no whole answer has a stream that says the same.
#[test]
fn answers_of_every_format_are_compared_with_streams() {
    for (at, format) in crate::context::FORMATS.into_iter().enumerate() {
        let answers = seeds("answer").into_iter().filter(|seed| usize::from(seed[0]) == at);
        let read = answers.filter_map(|seed| serde_json::from_slice(&seed[1..]).ok());
        let twins = read.filter_map(|answer| crate::model_answer::as_stream(format, &answer)).count();
        assert!(twins > 0, "{format:?}");
    }
}
