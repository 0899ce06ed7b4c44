//! From an entry of the table to a model of ours: what it is for, what fits in, what it can do, what it costs.

use weir_domain::catalog::{Ability, CatalogModel, CatalogPrice, Modality};
use weir_domain::price::{ImagePrice, Multipliers, PerMillion, PerUnit, VideoPrice};
use weir_domain::usage::{ImageQuality, ImageSize, ServiceTier};

use super::decimal::Decimal;
use super::rates;
use super::table::Entry;

/// Providers that bill nothing, because their models run where the operator lets them.
const FREE: [&str; 3] = ["ollama", "lemonade", "llamagate"];

const ABILITIES: [(Ability, &str); 15] = [
    (Ability::Tools, "supports_function_calling"),
    (Ability::ParallelTools, "supports_parallel_function_calling"),
    (Ability::ToolChoice, "supports_tool_choice"),
    (Ability::JsonSchema, "supports_response_schema"),
    (Ability::Reasoning, "supports_reasoning"),
    (Ability::Vision, "supports_vision"),
    (Ability::Pdf, "supports_pdf_input"),
    (Ability::AudioIn, "supports_audio_input"),
    (Ability::AudioOut, "supports_audio_output"),
    (Ability::VideoIn, "supports_video_input"),
    (Ability::WebSearch, "supports_web_search"),
    (Ability::ComputerUse, "supports_computer_use"),
    (Ability::PromptCaching, "supports_prompt_caching"),
    (Ability::Prefill, "supports_assistant_prefill"),
    (Ability::SystemMessages, "supports_system_messages"),
];

/// Reads everything but the price.
pub(super) fn read(entry: &Entry) -> Option<CatalogModel> {
    Some(CatalogModel {
        modality: modality(entry.text("mode"))?,
        context: entry.count("max_input_tokens").or_else(|| entry.count("max_tokens")),
        max_output_tokens: entry.count("max_output_tokens"),
        abilities: ABILITIES.iter().filter(|(_, field)| entry.says(field)).map(|(ability, _)| *ability).collect(),
        deprecated_on: Some(entry.text("deprecation_date")).filter(|d| is_date(d)).map(str::to_owned),
        prices: Vec::new(),
    })
}

fn is_date(text: &str) -> bool {
    weir_domain::time::parse_date(text).is_ok()
}

fn modality(mode: &str) -> Option<Modality> {
    Some(match mode {
        "chat" => Modality::Chat,
        "responses" => Modality::Responses,
        "completion" => Modality::Completion,
        "embedding" => Modality::Embedding,
        "rerank" => Modality::Rerank,
        "image_generation" => Modality::Image,
        "image_edit" => Modality::ImageEdit,
        "video_generation" => Modality::Video,
        "audio_speech" => Modality::AudioSpeech,
        "audio_transcription" => Modality::AudioTranscription,
        "realtime" => Modality::Realtime,
        "moderation" => Modality::Moderation,
        "ocr" => Modality::Ocr,
        _ => return None,
    })
}

/// Reads the price; `None` when it is not known. What the table says costs nothing is not known to be free, but where it
/// runs at home or the vendor says that it is.
pub(super) fn price(provider: &str, modality: Modality, entry: &Entry, label: &str) -> Option<CatalogPrice> {
    // Rates by the time of day are not modelled: a price would be wrong half of the day.
    if entry.has("off_peak_pricing") {
        return None;
    }
    let mut tokens = rates::read(entry, provider == "xai");
    if entry.text("litellm_provider") == "fireworks_ai" && !entry.has("cache_read_input_token_cost") {
        // Its prompt cache costs half of the input where it lists no other price (https://docs.fireworks.ai/guides/prompt-caching).
        tokens.per_million.cache_read =
            entry.decimal("input_cost_per_token").map(|rate| rate.half().shifted(6).to_string());
    }
    let source = Some(entry.text("source")).filter(|s| s.starts_with("https://")).unwrap_or(label);
    let mut price = CatalogPrice {
        effective_from: String::new(),
        source: source.to_owned(),
        per_million: tokens.per_million,
        context_tiers: tokens.context_tiers,
        service_tiers: tokens.service_tiers,
        per_unit: units(modality, entry),
        multipliers: multipliers(entry),
    };
    batch_pages(entry, &mut price);
    let is_free = FREE.contains(&provider) || (modality == Modality::Moderation && provider == "openai");
    if !is_free {
        if all_zero(&price.per_million) {
            price.per_million = PerMillion::default();
        }
        if price.per_million == PerMillion::default() && price.per_unit == PerUnit::default() {
            return None;
        }
    } else if price.per_million == PerMillion::default() {
        return None;
    }
    if matches!(modality, Modality::Embedding | Modality::Rerank) {
        drop_free_output(&mut price);
    }
    Some(price)
}

/// Embeddings have no output: that it costs nothing says nothing.
fn drop_free_output(price: &mut CatalogPrice) {
    let free = |rate: &Option<String>| rate.as_deref() == Some("0");
    if free(&price.per_million.output) {
        price.per_million.output = None;
    }
    for tier in price.service_tiers.values_mut().filter(|tier| free(&tier.per_million.output)) {
        tier.per_million.output = None;
    }
}

fn all_zero(rates: &PerMillion) -> bool {
    rates.buckets().iter().all(|(_, rate)| rate.is_none_or(|rate| rate == "0"))
}

fn multipliers(entry: &Entry) -> Multipliers {
    let text = |number: Option<Decimal>| number.map(|n| n.to_string()).filter(|n| n != "1");
    Multipliers {
        fast: text(entry.decimal_in("provider_specific_entry", "fast")),
        us: text(
            entry
                .decimal_in("provider_specific_entry", "us")
                .or_else(|| entry.decimal("regional_processing_uplift_multiplier_us")),
        ),
        eu: text(entry.decimal("regional_processing_uplift_multiplier_eu")),
        regional: text(entry.decimal("regional_endpoint_uplift_multiplier")),
    }
}

fn batch_pages(entry: &Entry, price: &mut CatalogPrice) {
    let some = |field: &str| entry.decimal(field).filter(|n| !n.is_zero()).map(|n| n.to_string());
    let (page, annotated_page) = (some("ocr_cost_per_page_batches"), some("annotation_cost_per_page_batches"));
    if page.is_some() || annotated_page.is_some() {
        let per_unit = PerUnit { page, annotated_page, ..PerUnit::default() };
        price.service_tiers.entry(ServiceTier::Batch).or_default().per_unit = per_unit;
    }
}

fn units(modality: Modality, entry: &Entry) -> PerUnit {
    let one = |field: &str| entry.decimal(field).filter(|n| !n.is_zero()).map(|n| n.to_string());
    let searches = |size: &str| {
        let found = entry.decimal_in("search_context_cost_per_query", &format!("search_context_size_{size}"));
        found.filter(|n| !n.is_zero()).map(|n| n.to_string())
    };
    let makes_images = matches!(modality, Modality::Image | Modality::ImageEdit);
    let by_second = (modality == Modality::AudioTranscription)
        .then(|| one("output_cost_per_second").or_else(|| one("input_cost_per_second")));
    PerUnit {
        request: one("input_cost_per_request"),
        images: if makes_images { images(entry) } else { Vec::new() },
        pixel: if makes_images { one("input_cost_per_pixel").or_else(|| one("output_cost_per_pixel")) } else { None },
        image_in: if makes_images { None } else { one("input_cost_per_image") },
        audio_in_second: by_second.flatten().or_else(|| one("input_cost_per_audio_per_second")),
        audio_out_second: if modality == Modality::AudioSpeech { one("output_cost_per_second") } else { None },
        video_in_second: one("input_cost_per_video_per_second").filter(|_| !is_by_interval(entry)),
        video_out_second: if modality == Modality::Video { videos(entry) } else { Vec::new() },
        character: one("input_cost_per_character"),
        query: one("input_cost_per_query"),
        page: one("ocr_cost_per_page"),
        annotated_page: one("annotation_cost_per_page"),
        web_search_low: searches("low"),
        web_search: searches("medium"),
        web_search_high: searches("high"),
        file_search: entry.decimal("file_search_cost_per_1k_calls").map(|n| n.shifted(-3).to_string()),
        code_session: one("code_interpreter_cost_per_session"),
        map_query: one("google_maps_grounding_cost_per_query"),
    }
}

fn is_by_interval(entry: &Entry) -> bool {
    entry.fields().any(|field| field.starts_with("input_cost_per_video_per_second_above_"))
}

fn images(entry: &Entry) -> Vec<ImagePrice> {
    // Some have a price for each of several classes of size: the plain one would be wrong for most.
    if entry.fields().any(|f| f.strip_prefix("output_cost_per_image_").is_some_and(|size| !size.starts_with("token"))) {
        return Vec::new();
    }
    let listed = entry.decimal("input_cost_per_image").or_else(|| entry.decimal("output_cost_per_image"));
    let priced = listed.filter(|n| !n.is_zero());
    priced.map(|n| ImagePrice { price: n.to_string(), ..ImagePrice::default() }).into_iter().collect()
}

/// What images of one size and quality cost, by an entry for just these.
pub(super) fn image_row(entry: &Entry, size: ImageSize, quality: ImageQuality) -> Option<ImagePrice> {
    let pixels = |field: &str| entry.decimal(field).filter(|n| !n.is_zero()).map(|n| n.times(size.pixels()));
    let each = ["input_cost_per_image", "output_cost_per_image"]
        .into_iter()
        .find_map(|field| entry.decimal(field).filter(|n| !n.is_zero()));
    let price = each.or_else(|| pixels("input_cost_per_pixel")).or_else(|| pixels("output_cost_per_pixel"))?;
    Some(ImagePrice {
        size: Some(format!("{}x{}", size.width, size.height)),
        quality: Some(quality).filter(|q| *q != ImageQuality::Unknown),
        price: price.to_string(),
    })
}

fn videos(entry: &Entry) -> Vec<VideoPrice> {
    const BY_LINES: [(&str, u64); 6] =
        [("480p", 480), ("720p", 720), ("768p", 768), ("1080p", 1_080), ("2k", 1_440), ("4k", 2_160)];
    let row = |lines: Option<u64>, n: Option<Decimal>| {
        n.filter(|n| !n.is_zero()).map(|n| VideoPrice { lines, price: n.to_string() })
    };
    let by_lines = BY_LINES
        .iter()
        .filter_map(|(name, lines)| row(Some(*lines), entry.decimal(&format!("output_cost_per_second_{name}"))));
    let rows: Vec<VideoPrice> = by_lines.collect();
    if !rows.is_empty() {
        return rows;
    }
    let any = entry.decimal("output_cost_per_video_per_second").or_else(|| entry.decimal("output_cost_per_second"));
    row(None, any).into_iter().collect()
}
