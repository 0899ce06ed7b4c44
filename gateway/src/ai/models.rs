//! The models that a caller may use: the list of them, one of them, and those whose names are near a wrong one.

use bytes::Bytes;
use weir_domain::catalog::Modality;
use weir_domain::dialect::{Dialect, WireFormat};
use weir_domain::snapshot::{ModelRoute, Provider, Snapshot};
use weir_llm::{ErrorKind, ModelEntry, WireError};

use crate::exchange::Caller;

/// Names that are suggested at most.
const SUGGESTIONS: usize = 3;
/// The longest name that is compared with others.
const COMPARED: usize = 64;

/// Every model the caller may name: model routes first, then what is known at each provider as `provider/model`.
pub(super) fn list(snapshot: &Snapshot, caller: &Caller) -> Vec<ModelEntry> {
    let mut entries: Vec<ModelEntry> = snapshot
        .models
        .values()
        .filter(|route| caller.permits_model(snapshot, &route.name))
        .map(|route| entry(&route.name, owner(route), modality(route)))
        .collect();
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    let routes = entries.len();
    for provider in snapshot.providers.values().filter(|provider| !provider.disabled) {
        let names = provider.models.keys().map(|model| (format!("{}/{model}", provider.id), model));
        let direct =
            names.filter(|(name, _)| !snapshot.models.contains_key(name) && caller.permits_model(snapshot, name));
        entries.extend(direct.map(|(name, model)| entry(&name, &provider.id, modality_at(provider, model))));
    }
    if let Some(direct) = entries.get_mut(routes..) {
        direct.sort_by(|a, b| a.id.cmp(&b.id));
    }
    entries
}

/// The body that shows one model.
pub(super) fn one(dialect: Dialect, snapshot: &Snapshot, name: &str) -> Option<Bytes> {
    let route = snapshot.resolve_model(name)?;
    Some(weir_llm::model(dialect, &entry(name, owner(&route), modality(&route))))
}

/// When a model came to be is not known here; both dialects' clients take the epoch for that.
fn entry(name: &str, owned_by: &str, modality: Option<Modality>) -> ModelEntry {
    ModelEntry { id: name.to_owned(), created: 0, owned_by: owned_by.to_owned(), display_name: None, modality }
}

/// What a route is for: what its targets are, as far as that is known.
fn modality(route: &ModelRoute) -> Option<Modality> {
    route.targets.iter().find_map(|target| modality_at(&target.provider, &target.model))
}

/// What a model is for at a provider. Gemini's own that make pictures and speech do so in chats, whatever the catalogue
/// has them under.
fn modality_at(provider: &Provider, model: &str) -> Option<Modality> {
    let modality = provider.models.get(model)?.modality?;
    let is_geminis = provider.format(model, Dialect::Gemini) == WireFormat::Gemini && model.starts_with("gemini");
    let in_chats = is_geminis && matches!(modality, Modality::Image | Modality::AudioSpeech);
    Some(if in_chats { Modality::Chat } else { modality })
}

/// The provider, where there is only one.
fn owner(route: &ModelRoute) -> &str {
    let mut providers = route.targets.iter().map(|target| target.provider.id.as_str());
    let first = providers.next().unwrap_or("weir");
    if providers.all(|other| other == first) { first } else { "weir" }
}

/// What a caller is told who named a model that does not exist, or that it may not use: which of both is not said, so
/// that nobody can try names out.
pub(super) fn unknown(snapshot: &Snapshot, caller: &Caller, name: &str) -> WireError {
    let mut near: Vec<(usize, String)> = list(snapshot, caller)
        .into_iter()
        .filter_map(|entry| nearness(name, &entry.id).map(|distance| (distance, entry.id)))
        .collect();
    near.sort();
    let shown: String = name.chars().take(COMPARED).filter(|c| !c.is_control()).collect();
    let near: Vec<String> = near.into_iter().take(SUGGESTIONS).map(|(_, name)| format!("'{name}'")).collect();
    let help = match near.is_empty() {
        true => "GET /v1/models lists those that it may use".to_owned(),
        false => format!("did you mean {}?", near.join(" or ")),
    };
    let sentence = format!("the model '{shown}' does not exist here, or this API key may not use it; {help}");
    WireError::gateway(ErrorKind::NotFound, sentence).with_code("model_not_found").with_param("model")
}

/// How far apart two names are; `None` when they have nothing to do with each other.
fn nearness(asked: &str, known: &str) -> Option<usize> {
    if asked.len() > COMPARED || known.len() > COMPARED {
        return None;
    }
    let (asked, known) = (asked.to_ascii_lowercase(), known.to_ascii_lowercase());
    let bare = known.rsplit('/').next().unwrap_or(&known);
    if bare == asked {
        return Some(0);
    }
    let distance = edits(&asked, &known).min(edits(&asked, bare));
    let limit = 1 + asked.chars().count().min(known.chars().count()) / 4;
    let within = asked.len() >= 3 && (known.contains(&asked) || asked.contains(bare));
    (distance <= limit || within).then_some(distance)
}

/// Levenshtein's distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let change = corner + usize::from(x != *y);
            corner = *cell;
            left = change.min(left + 1).min(corner + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_is_levenshteins() {
        for (a, b, distance) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("é", "e", 1)]
        {
            assert_eq!((edits(a, b), edits(b, a)), (distance, distance), "{a} {b}");
        }
    }

    #[test]
    fn only_names_that_could_be_meant_are_near() {
        assert_eq!(nearness("gpt-4o", "openai/gpt-4o"), Some(0));
        assert_eq!(nearness("gpt4o", "gpt-4o"), Some(1));
        assert_eq!(nearness("GPT-4o", "gpt-4o"), Some(0));
        assert!(nearness("gpt-4o-2024-08-06", "gpt-4o").is_some());
        assert_eq!(nearness("gpt-4o", "claude-sonnet"), None);
        assert_eq!(nearness(&"x".repeat(1_000), "x"), None);
    }
}
