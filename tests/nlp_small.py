"""A tiny encoder with random weights in the real file format, for tests of the mechanics."""

import struct
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from nlp.encoder import Encoder
from nlp.quantised import BLOCK, F32, MAGIC, Q4_0, VERSION
from nlp.weights import EncoderFiles

HIDDEN, LAYERS, HEADS, INNER, POSITIONS, TYPES = 32, 2, 2, 64, 64, 2
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüß0123456789.,!?:;-@😀😡"
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", *LETTERS, "gut", "schlecht", "▁gut", "▁schlecht", "▁der", "▁und"]


def quantised(values: np.ndarray) -> bytes:
    """Q4_0 blocks of some values."""
    blocks = values.reshape(-1, BLOCK)
    scale = (np.abs(blocks).max(axis=1) / 7).astype("<f2")
    numbers = np.clip(np.round(blocks / scale.astype(np.float32)[:, None]) + 8, 0, 15).astype(np.uint8)
    packed = numbers[:, :16] | (numbers[:, 16:] << 4)
    return b"".join(scale[i].tobytes() + packed[i].tobytes() for i in range(len(blocks)))


def tensors() -> dict[str, tuple[int, np.ndarray]]:
    random = np.random.default_rng(3)
    shapes = {"emb.word": (len(PIECES), HIDDEN), "emb.pos": (POSITIONS, HIDDEN), "emb.type": (TYPES, HIDDEN)}
    found = {name: (Q4_0 if name == "emb.word" else F32, random.normal(size=s)) for name, s in shapes.items()}
    norms = ["emb.ln"]
    for layer in range(LAYERS):
        linear = {"q": (HIDDEN, HIDDEN), "k": (HIDDEN, HIDDEN), "v": (HIDDEN, HIDDEN), "ao": (HIDDEN, HIDDEN)}
        linear |= {"fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER)}
        for name, shape in linear.items():
            found[f"l{layer}.{name}.w"] = (Q4_0, random.normal(size=shape) * 0.3)
            found[f"l{layer}.{name}.b"] = (F32, random.normal(size=shape[:1]) * 0.1)
        norms += [f"l{layer}.aln", f"l{layer}.oln"]
    for norm in norms:
        found[f"{norm}.w"] = (F32, np.ones(HIDDEN))
        found[f"{norm}.b"] = (F32, np.zeros(HIDDEN))
    return found


def weight_bytes() -> bytes:
    """A whole weight file: header, an empty tokenizer part, table, tensors."""
    head = MAGIC + struct.pack(
        "<I7ifi", VERSION, HIDDEN, LAYERS, HEADS, INNER, len(PIECES), POSITIONS, TYPES, 1e-12, BLOCK
    )
    head += struct.pack("<5iQI", 0, 0, 2, 1, 3, 0, 0) + struct.pack("<iI", 0, 0)
    parts = {
        name: (kind, values.size, quantised(values) if kind == Q4_0 else values.astype("<f4").tobytes())
        for name, (kind, values) in tensors().items()
    }
    start = len(head) + 4 + sum(2 + len(name) + 21 for name in parts)
    table = struct.pack("<i", len(parts))
    body = b""
    for name, (kind, count, data) in parts.items():
        table += struct.pack("<H", len(name)) + name.encode()
        table += struct.pack("<BIQQ", kind, count, start + len(body), len(data))
        body += data
    return head + table + body


def small_files(folder: Path) -> EncoderFiles:
    (folder / "small.bin").write_bytes(weight_bytes())
    tokenizer = Tokenizer(models.Unigram([(piece, -float(i)) for i, piece in enumerate(PIECES)], unk_id=3))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return EncoderFiles(weights=folder / "small.bin", tokenizer=folder / "tokenizer.json")


def small_encoder(folder: Path) -> Encoder:
    return Encoder(small_files(folder), layers=(1, 2), threads=1)
