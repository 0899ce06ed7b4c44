//! From the table's names to ours: which provider, which model, and which entries are no models of their own.

use weir_domain::usage::{ImageQuality, ImageSize};

/// Where the table's name for a provider, with `_` for `-`, is not ours.
const PROVIDERS: [(&str, &str); 29] = [
    ("text-completion-openai", "openai"),
    ("azure-text", "azure"),
    ("bedrock-converse", "bedrock"),
    ("cohere-chat", "cohere"),
    ("fireworks-ai", "fireworks"),
    ("fireworks-ai-embedding-models", "fireworks"),
    ("together-ai", "together"),
    ("text-completion-codestral", "codestral"),
    ("text-completion-inception", "inception"),
    ("vertex-ai", "vertex"),
    ("vertex-ai-language-models", "vertex"),
    ("vertex-ai-text-models", "vertex"),
    ("vertex-ai-embedding-models", "vertex"),
    ("vertex-ai-anthropic-models", "vertex"),
    ("vertex-ai-mistral-models", "vertex"),
    ("vertex-ai-llama-models", "vertex"),
    ("vertex-ai-ai21-models", "vertex"),
    ("vertex-ai-deepseek-models", "vertex"),
    ("vertex-ai-qwen-models", "vertex"),
    ("vertex-ai-zai-models", "vertex"),
    ("vertex-ai-openai-models", "vertex"),
    ("vertex-ai-minimax-models", "vertex"),
    ("vertex-ai-moonshot-models", "vertex"),
    ("vertex-ai-video-models", "vertex"),
    ("featherless-ai", "featherless"),
    ("lambda-ai", "lambda"),
    ("vercel-ai-gateway", "vercel"),
    ("clf-ai-gateway", "cloudflare-gateway"),
    ("opencode-go", "opencode"),
];

/// Modes of entries that are no models to call: services of other kinds.
const NO_MODELS: [&str; 8] =
    ["search", "evaluation", "guardrail", "vector_store", "extraction", "decisions", "", "one of: chat"];

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Our id of the provider.
    pub(super) provider: String,
    /// The model's id at that provider.
    pub(super) model: String,
    /// For what images of that model the entry has prices; `None` for all that it does.
    pub(super) images: Option<(ImageSize, ImageQuality)>,
    /// Whether the name held the provider: of two entries for one model, that one is the later.
    pub(super) qualified: bool,
}

/// What the table calls a provider, in our names.
pub(super) fn provider(listed: &str) -> String {
    let dashed = listed.replace('_', "-");
    PROVIDERS.iter().find(|(theirs, _)| *theirs == dashed).map_or(dashed, |(_, ours)| (*ours).to_owned())
}

/// What an entry is about; `None` when it is no model that can be called by a name: a price for one region or size
/// class, a fine-tuned base, a service of another kind.
pub(super) fn named(name: &str, listed_provider: &str, mode: &str) -> Option<Named> {
    if listed_provider.is_empty() || NO_MODELS.iter().any(|no| *no == mode || (!no.is_empty() && mode.starts_with(no)))
    {
        return None;
    }
    let provider = provider(listed_provider);
    let mut rest = name;
    let mut qualified = false;
    for prefix in [listed_provider, family(&provider)] {
        if let Some(stripped) = rest.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) {
            (rest, qualified) = (stripped, true);
            break;
        }
    }
    let (images, rest) = image_prefix(rest);
    let is_regional = match provider.as_str() {
        "bedrock" => name.starts_with("bedrock/") && rest.contains('/') || rest.starts_with('*') || images.is_some(),
        "azure" => ["eu/", "us/", "apac/", "global/", "global-standard/"].iter().any(|region| rest.starts_with(region)),
        _ => false,
    };
    let is_size_class = ["together-ai-", "fireworks-ai-"].iter().any(|class| rest.starts_with(class));
    if rest.is_empty() || is_regional || is_size_class || rest.starts_with("ft:") || rest == "container" {
        return None;
    }
    Some(Named { provider, model: rest.to_owned(), images, qualified })
}

/// What stands before the models of providers that the table lists under several names.
fn family(provider: &str) -> &str {
    match provider {
        "vertex" => "vertex_ai",
        "bedrock" => "bedrock",
        "cohere" => "cohere",
        "fireworks" => "fireworks_ai",
        "openai" => "openai",
        other => other,
    }
}

/// Takes `hd/1024-x-1024/` off a name.
fn image_prefix(name: &str) -> (Option<(ImageSize, ImageQuality)>, &str) {
    let quality = |text: &str| match text {
        "low" => Some(ImageQuality::Low),
        "medium" => Some(ImageQuality::Medium),
        "high" => Some(ImageQuality::High),
        "standard" => Some(ImageQuality::Standard),
        "hd" => Some(ImageQuality::Hd),
        _ => None,
    };
    let Some((first, rest)) = name.split_once('/') else { return (None, name) };
    let (found, sized) = match quality(first) {
        Some(found) => (found, rest),
        None => (ImageQuality::Unknown, name),
    };
    let Some((size, model)) = sized.split_once('/') else { return (None, name) };
    match ImageSize::parse(&size.replace("-x-", "x")) {
        Some(size) => (Some((size, found)), model),
        None => (None, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str, provider: &str) -> Option<String> {
        named(name, provider, "chat").map(|n| format!("{} {}", n.provider, n.model))
    }

    #[test]
    fn names_become_the_ids_that_vendors_know_their_models_by() {
        for (name, provider, ours) in [
            ("gpt-4o", "openai", "openai gpt-4o"),
            ("openai/sora-2", "openai", "openai sora-2"),
            ("gemini/gemini-2.5-pro", "gemini", "gemini gemini-2.5-pro"),
            ("gemini-2.5-pro", "vertex_ai-language-models", "vertex gemini-2.5-pro"),
            ("vertex_ai/claude-sonnet-4", "vertex_ai-anthropic_models", "vertex claude-sonnet-4"),
            ("us.anthropic.claude-opus-4-1", "bedrock_converse", "bedrock us.anthropic.claude-opus-4-1"),
            ("fireworks_ai/accounts/fireworks/models/x", "fireworks_ai", "fireworks accounts/fireworks/models/x"),
            ("vercel_ai_gateway/openai/gpt-4o", "vercel_ai_gateway", "vercel openai/gpt-4o"),
            ("azure/gpt-4o", "azure", "azure gpt-4o"),
        ] {
            assert_eq!(id(name, provider).as_deref(), Some(ours), "{name}");
        }
    }

    #[test]
    fn what_is_no_model_of_its_own_is_left_out() {
        for (name, provider) in [
            ("bedrock/us-east-1/anthropic.claude-v1", "bedrock"),
            ("bedrock/*/1-month-commitment/x", "bedrock"),
            ("azure/eu/gpt-4o", "azure"),
            ("together-ai-4.1b-8b", "together_ai"),
            ("ft:gpt-4o", "openai"),
            ("x", ""),
        ] {
            assert_eq!(id(name, provider), None, "{name}");
        }
        assert_eq!(named("tavily/search", "tavily", "search"), None);
    }

    #[test]
    fn sizes_and_qualities_of_images_belong_to_their_model() {
        let found = named("azure/hd/1024-x-1792/dall-e-3", "azure", "image_generation").unwrap();
        let size = ImageSize { width: 1_024, height: 1_792 };
        assert_eq!((found.model.as_str(), found.images), ("dall-e-3", Some((size, ImageQuality::Hd))));
        let plain = named("256-x-256/dall-e-2", "openai", "image_generation").unwrap();
        assert_eq!(plain.images.map(|(_, quality)| quality), Some(ImageQuality::Unknown));
    }
}
