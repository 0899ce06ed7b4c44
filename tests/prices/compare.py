"""Compares the cost that Weir computes with that of litellm's own calculator, model by model, to the nano-dollar.

Usage: compare.py WEIR [--models N] [--rounds N] [--seed N] [--report FILE]
Every difference must belong to a class that docs/PRICES.md explains; one that does not is a failure.
"""

import argparse
import collections
import json
import logging
import os
import random
import subprocess
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
logging.disable(logging.CRITICAL)

import litellm  # noqa: E402
from litellm.cost_calculator import cost_per_token, default_image_cost_calculator  # noqa: E402
from litellm.types.utils import Usage  # noqa: E402

PROVIDERS = {
    "text-completion-openai": "openai", "azure-text": "azure", "bedrock-converse": "bedrock", "cohere-chat": "cohere",
    "fireworks-ai": "fireworks", "fireworks-ai-embedding-models": "fireworks", "together-ai": "together",
    "text-completion-codestral": "codestral", "text-completion-inception": "inception", "featherless-ai": "featherless",
    "lambda-ai": "lambda", "vercel-ai-gateway": "vercel", "clf-ai-gateway": "cloudflare-gateway",
    "opencode-go": "opencode",
}
CALLED = {"bedrock_converse": "bedrock", "cohere_chat": "cohere_chat", "fireworks_ai-embedding-models": "fireworks_ai"}
NO_MODELS = {"search", "evaluation", "guardrail", "vector_store", "extraction", "decisions", None}
TIER_FIELDS = {"priority": "_priority", "flex": "_flex", "ultrafast": "_ultrafast", "batch": "_batches"}
INPUT_BUCKETS = ["input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "audio_in", "image_in", "video_in",
                 "cache_read_audio"]
OUTPUT_BUCKETS = ["output_text", "reasoning", "audio_out", "image_out"]


def our_names(key, entry):
    listed = entry.get("litellm_provider", "")
    dashed = listed.replace("_", "-")
    provider = "vertex" if dashed.startswith("vertex-ai") else PROVIDERS.get(dashed, dashed)
    family = {"vertex": "vertex_ai", "fireworks": "fireworks_ai"}.get(provider, provider)
    for prefix in (listed, family):
        if key.startswith(prefix + "/"):
            return provider, key[len(prefix) + 1:]
    return provider, key


def called(listed):
    return "vertex_ai" if listed.startswith("vertex_ai") else CALLED.get(listed, listed)


def size(rng):
    """A count of tokens: small, large, or about the thresholds at which contexts are repriced."""
    kind = rng.random()
    if kind < 0.5:
        return rng.randint(1, 4_000)
    if kind < 0.8:
        return rng.randint(4_000, 400_000)
    return rng.choice([32_000, 100_000, 128_000, 200_000, 256_000, 272_000, 512_000]) + rng.randint(-1, 1)


def random_usage(rng, entry):
    tokens = {}
    for bucket in INPUT_BUCKETS:
        if bucket == "input_uncached" or rng.random() < 0.35:
            tokens[bucket] = size(rng)
    if entry["mode"] not in ("embedding", "rerank"):
        for bucket in OUTPUT_BUCKETS:
            if bucket == "output_text" or rng.random() < 0.35:
                tokens[bucket] = rng.randint(1, 60_000)
    listed = [tier for tier, ending in TIER_FIELDS.items() if "input_cost_per_token" + ending in entry]
    tier = rng.choice(["standard", "standard", *listed, *listed])
    if rng.random() < 0.05:
        tier = rng.choice([*TIER_FIELDS])
    return {"tokens": tokens, "source": "provider", "tier": tier}


def their_usage(tokens):
    n = collections.Counter(tokens)
    inputs = sum(n[b] for b in INPUT_BUCKETS)
    outputs = sum(n[b] for b in OUTPUT_BUCKETS)
    written = n["cache_write_5m"] + n["cache_write_1h"]
    details = {
        "text_tokens": n["input_uncached"],
        "cached_tokens": n["cache_read"] + n["cache_read_audio"],
        "cached_tokens_details": {"audio_tokens": n["cache_read_audio"]},
        "audio_tokens": n["audio_in"] + n["cache_read_audio"],
        "image_tokens": n["image_in"],
        "video_tokens": n["video_in"],
        "cache_creation_tokens": written,
    }
    if written:
        details["cache_creation_token_details"] = {
            "ephemeral_5m_input_tokens": n["cache_write_5m"], "ephemeral_1h_input_tokens": n["cache_write_1h"]}
    return Usage(
        prompt_tokens=inputs, completion_tokens=outputs, total_tokens=inputs + outputs, prompt_tokens_details=details,
        completion_tokens_details={"text_tokens": n["output_text"], "reasoning_tokens": n["reasoning"],
                                   "audio_tokens": n["audio_out"], "image_tokens": n["image_out"]})


def their_token_cost(key, entry, usage):
    provider = called(entry["litellm_provider"])
    tier = usage["tier"]
    call = "aretrieve_batch" if tier == "batch" else "completion"
    parts = cost_per_token(model=key, custom_llm_provider=provider, usage_object=their_usage(usage["tokens"]),
                           prompt_tokens=0, completion_tokens=0, call_type=call,
                           service_tier=None if tier in ("standard", "batch") else tier)
    return sum(parts)


def unit_case(rng, key, entry):
    """A usage in units for models that are billed by them, and what the calculator says of it; None for others."""
    mode, provider = entry["mode"], called(entry["litellm_provider"])
    if mode == "audio_transcription" and "input_cost_per_second" in entry:
        ms = rng.randint(1, 7_200_000)
        theirs = sum(cost_per_token(model=key, custom_llm_provider=provider, call_type="transcription",
                                    audio_transcription_file_duration=ms / 1000))
        return {"audio_in_ms": ms}, theirs
    if mode == "audio_speech" and entry.get("input_cost_per_character"):
        count = rng.randint(1, 100_000)
        theirs = sum(cost_per_token(model=key, custom_llm_provider=provider, call_type="speech", prompt_characters=count))
        return {"characters": count}, theirs
    if mode == "rerank" and entry.get("input_cost_per_query"):
        count = rng.randint(1, 1_000)
        theirs = sum(cost_per_token(model=key, custom_llm_provider=provider, call_type="rerank",
                                    rerank_billed_units={"search_units": count}))
        return {"queries": count}, theirs
    if mode == "image_generation" and (entry.get("output_cost_per_image") or entry.get("input_cost_per_image")):
        count = rng.randint(1, 10)
        theirs = default_image_cost_calculator(model=key, custom_llm_provider=provider, n=count, size="832x832")
        return {"images": count, "image_size": {"width": 832, "height": 832}}, theirs
    return None


def explained(entry, usage, ours, theirs):
    """The class in docs/PRICES.md that a difference belongs to; None when it belongs to none."""
    tokens, tier = usage.get("tokens", {}), usage.get("tier", "standard")
    provider = entry["litellm_provider"]
    output = sum(tokens.get(b, 0) for b in OUTPUT_BUCKETS)
    if ours is None:
        if theirs == 0:
            return "zero is not a price"
        if entry.get("off_peak_pricing"):
            return "time of day"
        if tier != "standard" and not any(f"{side}_cost_per_token{TIER_FIELDS[tier]}" in entry for side in ("input", "output")):
            return "tier without rates"
        if tier == "batch" and f"output_cost_per_token{TIER_FIELDS[tier]}" not in entry:
            return "tier without rates"
        if output and not entry.get("output_cost_per_token") and not entry.get("tiered_pricing"):
            return "no rate for output"
        if not entry.get("input_cost_per_token") and not entry.get("tiered_pricing"):
            return "no rate for input"
        return None
    if provider == "perplexity":
        return "perplexity"
    if provider.startswith("fireworks") and tier != "standard":
        return "fireworks tiers"
    if tokens.get("cache_write_1h") and any("_above_12hr" in field for field in entry):
        return "caches of twelve hours"
    if tier == "batch" and output and not entry.get("output_cost_per_token"):
        return "media in batches"
    if tier == "batch" and (tokens.get("audio_out") or tokens.get("reasoning") or tokens.get("image_out")):
        return "media in batches"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir")
    parser.add_argument("--models", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--report")
    args = parser.parse_args()
    rng = random.Random(args.seed)

    named = {}
    for key, entry in sorted(litellm.model_cost.items()):
        if entry.get("mode") in NO_MODELS or "litellm_provider" not in entry:
            continue
        ours = our_names(key, entry)
        # Of two names of one model, the catalogue keeps the one that holds the provider.
        if ours not in named or "/" in key:
            named[ours] = key
    empty = [{"provider": p, "model": m, "usage": {"tokens": {}, "source": "provider"}} for p, m in named]
    answers = dict(zip(named, ask(args.weir, empty), strict=True))
    known = [names for names, told in answers.items() if told["known"]]
    priced = sorted(names for names in known if answers[names]["priced"])
    unpriced = sorted(names for names in known if not answers[names]["priced"])
    # The unpriced ones are drawn on top: what has no price must never be billed.
    drawn = rng.sample(priced, min(args.models, len(priced))) + rng.sample(unpriced, min(100, len(unpriced)))

    cases = []
    for provider, model in drawn:
        key = named[(provider, model)]
        entry = litellm.model_cost[key]
        unit = unit_case(rng, key, entry)
        if unit:
            cases.append((provider, model, key, {"tokens": {}, "source": "provider", "units": unit[0]}, unit[1]))
            continue
        for _ in range(args.rounds):
            usage = random_usage(rng, entry)
            try:
                theirs = their_token_cost(key, entry, usage)
            except Exception as error:  # noqa: BLE001: whatever their calculator refuses, it has no cost for
                theirs = type(error).__name__
            cases.append((provider, model, key, usage, theirs))

    told = ask(args.weir, [{"provider": p, "model": m, "usage": u} for p, m, _, u, _ in cases])
    classes, failures = collections.Counter(), []
    for (provider, model, key, usage, theirs), answer in zip(cases, told, strict=True):
        ours, entry = answer["cost"], litellm.model_cost[key]
        if isinstance(theirs, str):
            classes["their calculator refuses"] += 1
            continue
        nanos = theirs * 1e9
        # Their sum is one of floats: exact to some 15 digits.
        if ours is not None and abs(ours - nanos) <= 0.5 + 1e-6 + abs(nanos) * 1e-12:
            classes["equal"] += 1
            continue
        found = explained(entry, usage, ours, theirs)
        if found is None:
            failures.append({"key": key, "usage": usage, "ours": ours, "theirs": nanos})
        classes[found or "UNEXPLAINED"] += 1

    print(f"{len(drawn)} models of {len(known)}, {len(unpriced)} of these without a price; {len(cases)} usages")
    for name, count in classes.most_common():
        print(f"{count:7}  {name}")
    for failure in failures[:40]:
        print(json.dumps(failure))
    if args.report:
        with open(args.report, "w", encoding="utf-8") as out:
            json.dump(failures, out)
    sys.exit(1 if failures or len(drawn) < args.models else 0)


def ask(weir, lines):
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([weir, "catalog", "cost"], input=text, capture_output=True, text=True, check=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


if __name__ == "__main__":
    main()
