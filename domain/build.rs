//! Makes the catalogue's YAML into what the binary holds: one JSON text for each provider, one for its models, so that
//! nothing is read at the start but what is known of providers.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// What is known of a provider, and its models.
type Known = (Map<String, Value>, Map<String, Value>);

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../catalog");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut providers: BTreeMap<String, Known> = BTreeMap::new();
    for file in yaml_files(&root)? {
        let Value::Object(mut content) = read(&file)? else { continue };
        let Some(Value::Object(entries)) = content.remove("providers") else {
            return Err(format!("{}: no providers", file.display()).into());
        };
        for (id, entry) in entries {
            let Value::Object(mut head) = entry else { return Err(format!("{id}: not a mapping").into()) };
            let models = head.remove("models");
            let (known, listed) = providers.entry(id).or_default();
            known.extend(head);
            if let Some(Value::Object(models)) = models {
                listed.extend(models);
            }
        }
    }
    let mut code = String::from("static BUILT_IN: &[(&str, &str, &str)] = &[\n");
    for (id, (head, models)) in providers {
        writeln!(code, "({id:?}, {:?}, {:?}),", serde_json::to_string(&head)?, serde_json::to_string(&models)?)?;
    }
    code.push_str("];\n");
    std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("catalog.rs"), code)?;
    Ok(())
}

/// All files below a folder, by path.
fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            found.extend(yaml_files(&path)?);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn read(file: &Path) -> Result<Value, Box<dyn Error>> {
    let text = std::fs::read_to_string(file)?;
    // Our own files: what bounds hostile ones does not bind them.
    let options = serde_yaml::options! { strict_booleans: true, budget: None };
    serde_yaml::from_str_with_options(&text, options).map_err(|e| format!("{}: {e}", file.display()).into())
}
