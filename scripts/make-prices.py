#!/usr/bin/env python3
"""Makes the shipped snapshot of prices from LiteLLM's model_prices_and_context_window.json.

    scripts/make-prices.py model_prices_and_context_window.json --version 1.110.2 \\
      --date 2026-12-01 > packaging/prices/prices.json

Keeps, of the models of the services below, the prices and what tells models apart; sorts by name,
one model a line, so that a change of a price is a change of one line. Numbers stay as written.
"""

import argparse
import json
import re
import sys

MODES = {None, "chat", "completion", "responses", "embedding", "rerank", "realtime",
         "audio_transcription", "audio_speech", "image_generation", "image_edit"}
SERVICES = re.compile(
    r"(openai|text-completion-openai|azure(_ai|_text)?|anthropic|bedrock(_converse|_mantle)?"
    r"|vertex_ai(-.*)?|gemini|mistral|codestral|text-completion-codestral|groq|deepseek|xai"
    r"|cohere(_chat)?|together_ai|fireworks_ai(-.*)?|openrouter|perplexity|cerebras|sambanova"
    r"|databricks|nvidia_nim|meta_llama)")
PRICE = re.compile(
    r"(input|output)_cost_per_(token|audio_token|image_token|reasoning_token|second|query|request)"
    r".*|cache_(read|creation)_input_token_cost.*|tiered_pricing|search_context_cost_per_query")
# Of other units, or of times of day.
OTHER = re.compile(r".*_(480p|720p|768p|1080p|2k|4k|balanced|decisions|above_12hr.*)")


class Number(str):
    """As it is written: 1.25e-06 must not go through a double."""


def kept(model):
    if model.get("mode") not in MODES or not SERVICES.fullmatch(model.get("litellm_provider", "")):
        return None
    prices = {name: value for name, value in sorted(model.items())
              if PRICE.fullmatch(name) and not OTHER.fullmatch(name) and value is not None}
    if not prices:
        return None
    return {"litellm_provider": model["litellm_provider"], "mode": model.get("mode", "chat"),
            **prices}


def text(value):
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        members = (f"{json.dumps(name)}: {text(item)}" for name, item in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--version", required=True, help="the release of LiteLLM with the file")
    parser.add_argument("--date", required=True, help="of the snapshot, as 2026-12-01")
    options = parser.parse_args()
    with open(options.file, encoding="utf-8") as file:
        models = json.load(file, parse_float=Number, parse_int=Number)
    models.pop("sample_spec", None)
    prices = {name: entry for name, model in sorted(models.items()) if (entry := kept(model))}
    snapshot = {
        "date": options.date,
        "source": f"model_prices_and_context_window.json of LiteLLM {options.version}",
        "licence": "MIT, Copyright (c) 2023 Berri AI",
        "models": Number(len(prices)),
        "holds": "prices in US dollars of models for text, embeddings, reranking, audio and images;"
                 " made by scripts/make-prices.py",
    }
    lines = [f"{json.dumps(name)}: {text(entry)}"
             for name, entry in [("_snapshot", snapshot), *prices.items()]]
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
