#!/usr/bin/env python3
"""Writes a tiny language model with random weights as a GGUF file.

The model has the llama architecture, two layers and a vocabulary of a few hundred pieces, so that a
real inference server loads it in no time and computes real answers: deterministic at temperature 0,
meaningless, and full of the things that a gateway must carry whole (spaces, quotes, backslashes,
newlines, characters of two to four bytes).

    make_tiny_gguf.py OUTPUT.gguf [--seed N]
"""

import argparse
import string

import gguf
import numpy as np

EMBEDDING = 64
HEADS = 4
LAYERS = 2
FEED_FORWARD = 128
CONTEXT = 2048

WORDS = """the a of to and in is it that for on with as this river water gate stream pipe valve
level flow open closed high low north south one two three four five because although
however""".split()
MULTIBYTE = ["é", "ß", "ñ", "Ω", "ж", "☃", "€", "日", "本", "語", "🚀", "🙂"]

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def vocabulary():
    """The pieces, their scores and their types, in the form of a SentencePiece model."""
    kinds = gguf.TokenType
    special = {"<unk>": kinds.UNKNOWN, "<s>": kinds.CONTROL, "</s>": kinds.CONTROL}
    pieces = [(text, 0.0, kind) for text, kind in special.items()]
    pieces += [(f"<0x{byte:02X}>", 0.0, kinds.BYTE) for byte in range(256)]
    letters = ["▁", "\n"] + list(string.ascii_letters + string.digits + string.punctuation)
    normal = ["▁" + word for word in WORDS] + WORDS + MULTIBYTE + letters
    normal = list(dict.fromkeys(normal))
    pieces += [(text, -float(rank), kinds.NORMAL) for rank, text in enumerate(normal)]
    return pieces


def weights(kinds, seed):
    """Random tensors by name.

    Dimension 0 of the residual stream is a constant that no layer writes to; through it the output
    matrix keeps the model from choosing control pieces and single bytes.
    """
    random = np.random.default_rng(seed)

    def normal(*shape, scale):
        return (random.standard_normal(shape) * scale).astype(np.float32)

    embedding = normal(len(kinds), EMBEDDING, scale=1.0)
    embedding[:, 0] = 4.0
    output = normal(len(kinds), EMBEDDING, scale=1.0)
    output[:, 0] = [0.0 if kind == gguf.TokenType.NORMAL else -50.0 for kind in kinds]
    tensors = {
        "token_embd.weight": embedding,
        "output_norm.weight": np.ones(EMBEDDING, np.float32),
        "output.weight": output,
    }
    for layer in range(LAYERS):
        prefix = f"blk.{layer}."
        for name in ("attn_norm", "ffn_norm"):
            tensors[f"{prefix}{name}.weight"] = np.ones(EMBEDDING, np.float32)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensors[f"{prefix}{name}.weight"] = normal(EMBEDDING, EMBEDDING, scale=0.3)
        for name in ("ffn_gate", "ffn_up"):
            tensors[f"{prefix}{name}.weight"] = normal(FEED_FORWARD, EMBEDDING, scale=0.3)
        tensors[f"{prefix}ffn_down.weight"] = normal(EMBEDDING, FEED_FORWARD, scale=0.3)
        for name in ("attn_output", "ffn_down"):
            tensors[f"{prefix}{name}.weight"][0, :] = 0.0
    return tensors


def write_model(path, seed):
    pieces = vocabulary()
    texts, scores, kinds = (list(column) for column in zip(*pieces))
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("penstock-tiny")
    writer.add_vocab_size(len(texts))
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(EMBEDDING)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(EMBEDDING // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(texts)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    for name, tensor in weights(kinds, seed).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    write_model(arguments.output, arguments.seed)


if __name__ == "__main__":
    main()
