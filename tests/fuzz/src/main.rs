//! Writes the inputs that fuzzing begins with: `weir-fuzz TARGET FOLDER`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use weir_fuzz::{TARGETS, seeds};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [target, folder] = words.as_slice() else { return ExitCode::from(2) };
    if !TARGETS.iter().any(|(name, _)| name == target) {
        return ExitCode::from(2);
    }
    let written = fs::create_dir_all(folder).and_then(|()| {
        let made = seeds::seeds(target);
        made.iter()
            .enumerate()
            .try_for_each(|(at, seed)| fs::write(Path::new(folder).join(format!("seed-{at:04}")), seed))
    });
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
