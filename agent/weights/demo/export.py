"""Turns a trained model and its tokeniser into one GGUF file that llama-server loads."""
from pathlib import Path

import gguf
import model as llama
import tokenizer

CONTEXT = 8192
NORMAL, CONTROL = 1, 3  # llama.cpp's token types


def export(net, words: tokenizer.Tokenizer, path: str) -> None:
    gguf.write(path, [*architecture(len(words.vocabulary)), *vocabulary(words)], tensors(net))


def architecture(size: int) -> list:
    return [
        gguf.entry("general.architecture", gguf.STRING, "llama"),
        gguf.entry("general.name", gguf.STRING, "Hypervize demo"),
        gguf.entry("general.license", gguf.STRING, "apache-2.0"),
        gguf.entry("llama.context_length", gguf.UINT32, CONTEXT),
        gguf.entry("llama.embedding_length", gguf.UINT32, llama.WIDTH),
        gguf.entry("llama.block_count", gguf.UINT32, llama.LAYERS),
        gguf.entry("llama.feed_forward_length", gguf.UINT32, llama.HIDDEN),
        gguf.entry("llama.attention.head_count", gguf.UINT32, llama.HEADS),
        gguf.entry("llama.attention.head_count_kv", gguf.UINT32, llama.KV_HEADS),
        gguf.entry("llama.attention.layer_norm_rms_epsilon", gguf.FLOAT32, llama.EPSILON),
        gguf.entry("llama.rope.dimension_count", gguf.UINT32, llama.HEAD),
        gguf.entry("llama.rope.freq_base", gguf.FLOAT32, llama.ROPE_BASE),
        gguf.entry("llama.vocab_size", gguf.UINT32, size),
    ]


def vocabulary(words: tokenizer.Tokenizer) -> list:
    kinds = [CONTROL if token in tokenizer.SPECIAL else NORMAL for token in words.vocabulary]
    return [
        gguf.entry("tokenizer.ggml.model", gguf.STRING, "gpt2"),
        gguf.entry("tokenizer.ggml.pre", gguf.STRING, "gpt-2"),
        gguf.array("tokenizer.ggml.tokens", gguf.STRING, words.vocabulary),
        gguf.array("tokenizer.ggml.token_type", gguf.INT32, kinds),
        gguf.array("tokenizer.ggml.merges", gguf.STRING, [f"{a} {b}" for a, b in words.merges]),
        gguf.entry("tokenizer.ggml.bos_token_id", gguf.UINT32, words.ids["<|endoftext|>"]),
        gguf.entry("tokenizer.ggml.eos_token_id", gguf.UINT32, words.ids["<|im_end|>"]),
        gguf.entry("tokenizer.ggml.padding_token_id", gguf.UINT32, words.ids["<|endoftext|>"]),
        gguf.entry("tokenizer.ggml.add_bos_token", gguf.BOOL, False),
        gguf.entry("tokenizer.chat_template", gguf.STRING, (Path(__file__).parent / "template.jinja").read_text()),
    ]


def tensors(net) -> dict:
    """llama.cpp wants vectors in F32; matrices are stored in F16."""
    arrays = {name: weight.detach().numpy() for name, weight in net.state_dict().items()}
    return {name: array.astype("float16") if array.ndim == 2 else array for name, array in arrays.items()}
