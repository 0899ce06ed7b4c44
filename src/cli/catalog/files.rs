//! The catalogue's files: one for the models of each provider, one line for each model, in the order of names.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use weir_domain::catalog::{Catalog, CatalogModel};
use weir_domain::name::is_id;

use super::import::Models;

/// The text of a provider's file.
pub(super) fn text(provider: &str, models: &BTreeMap<String, CatalogModel>, label: &str) -> anyhow::Result<String> {
    let mut out = format!(
        "# Models of {provider}, with list prices in dollars. Written by `weir catalog import`: change prices with Price\n\
         # resources, not here. Derived from {label} (MIT); each price names the page that the table read it from.\n\
         providers:\n  {provider}:\n    models:\n"
    );
    for (id, model) in models {
        let key = serde_json::to_string(id)?;
        writeln!(out, "      {key}: {}", flow(&serde_json::to_value(model)?))?;
    }
    Ok(out)
}

/// A value in YAML's flow style: on one line, texts in quotes.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let members: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {}", flow(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) if is_word(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a text is one in YAML without quotes too.
fn is_word(text: &str) -> bool {
    let letters = text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    letters && !text.is_empty() && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text)
}

/// Writes the files of all providers. Files of providers that are not among them stay.
pub(super) fn write(folder: &Path, models: &Models, label: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (provider, models) in models {
        anyhow::ensure!(is_id(provider), "{provider:?} is no id of a provider: give it another name in names.rs");
        let path = folder.join(format!("{provider}.yaml"));
        std::fs::write(&path, text(provider, models, label)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Reads the files that are there.
pub(super) fn read(folder: &Path) -> anyhow::Result<Models> {
    let mut models = Models::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(models) };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        for (provider, listed) in providers(&text).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))? {
            models.insert(provider, listed);
        }
    }
    Ok(models)
}

/// What is compiled into this binary.
pub(super) fn built_in() -> anyhow::Result<Models> {
    let catalog = Catalog::built_in().map_err(anyhow::Error::msg)?;
    let mut models = Models::new();
    for (id, entry) in catalog.providers {
        models.insert(id, entry.models.read().map_err(anyhow::Error::msg)?);
    }
    Ok(models)
}

fn providers(text: &str) -> Result<Models, String> {
    #[derive(serde::Deserialize)]
    struct File {
        providers: BTreeMap<String, Listed>,
    }
    #[derive(serde::Deserialize)]
    struct Listed {
        #[serde(default)]
        models: BTreeMap<String, CatalogModel>,
    }
    let file: File = weir_domain::yaml::from_str(text)?;
    Ok(file.providers.into_iter().map(|(id, listed)| (id, listed.models)).collect())
}
