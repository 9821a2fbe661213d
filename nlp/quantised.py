"""Reads the E5S1 weight file: 4-bit (Q4_0) and f32 tensors behind a header. The file is treated as possibly broken.

Layout (little-endian): magic and version; the model's sizes; a tokenizer part that is skipped; a table of tensors, each
with its name, type, number of values, offset from the file's start and length in bytes; the tensors.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAGIC = b"E5S1"
VERSION = 1
BLOCK = 32
BLOCK_BYTES = 18
F32, Q4_0 = 0, 1
MAX_TENSORS = 4096
MAX_NAME = 64
# Generous bounds of an encoder of this family: a header beyond them is damage, not a bigger model.
LIMITS = {
    "hidden": 4096,
    "layers": 64,
    "heads": 64,
    "inner": 16384,
    "vocabulary": 1_000_000,
    "positions": 8192,
    "types": 16,
}


class WeightsError(Exception):
    """The weights are missing, damaged or not the ones that the heads were fitted on. The message says what to do."""


@dataclass(frozen=True)
class Sizes:
    """The encoder's dimensions as the file states them."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    eps: float


@dataclass(frozen=True)
class Tensor:
    """Where one tensor lies."""

    kind: int
    count: int
    offset: int
    size: int


class Reader:
    """Reads numbers from a buffer; every step is checked against its end."""

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes. Raises WeightsError where the file is shorter."""
        if count < 0 or self.at + count > len(self.data):
            raise WeightsError("the weight file ends too early")
        part = self.data[self.at : self.at + count].tobytes()
        self.at += count
        return part

    def skip(self, count: int) -> None:
        """Leaves `count` bytes out."""
        if count < 0 or self.at + count > len(self.data):
            raise WeightsError("the weight file ends too early")
        self.at += count

    def numbers(self, form: str) -> tuple[int | float, ...]:
        """The next numbers in struct notation, little-endian."""
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))

    def integer(self, form: str, upper: int) -> int:
        """One number between 0 and `upper`."""
        value = int(self.numbers(form)[0])
        if not 0 <= value <= upper:
            raise WeightsError(f"the weight file's header is damaged: {value} is out of bounds")
        return value


class WeightFile:
    """An open weight file; tensors are dequantised on demand, so that the word embeddings never lie in memory whole."""

    def __init__(self, path: Path) -> None:
        """Maps the file and reads its header. Raises WeightsError where it is not a sound E5S1 file."""
        try:
            self._data: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
        except (OSError, ValueError) as error:
            raise WeightsError(f"the weight file {path} can't be read: {error}") from error
        reader = Reader(self._data)
        if reader.take(4) != MAGIC or reader.integer("I", 2**31) != VERSION:
            raise WeightsError(f"{path} is not an E5S1 version {VERSION} weight file")
        self.sizes = _read_sizes(reader)
        _skip_tokenizer(reader)
        self.tensors: Mapping[str, Tensor] = _read_table(reader)

    def values(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """A tensor in float32. Raises WeightsError where it is absent, of another size or not finite."""
        tensor = self.tensors.get(name)
        if tensor is None or tensor.count != int(np.prod(shape)):
            raise WeightsError(f"the weight file has no tensor {name} of shape {shape}")
        raw = self._data[tensor.offset : tensor.offset + tensor.size]
        values = raw.view("<f4").astype(np.float32) if tensor.kind == F32 else dequantise(raw.reshape(-1, BLOCK_BYTES))
        if not np.isfinite(values).all():
            raise WeightsError(f"the tensor {name} of the weight file is damaged")
        return values.reshape(shape)

    def rows(self, name: str, width: int) -> NDArray[np.uint8]:
        """A 4-bit matrix as its raw rows (rows, bytes per row), not yet dequantised."""
        tensor = self.tensors.get(name)
        if tensor is None or tensor.kind != Q4_0 or width % BLOCK or tensor.count % width:
            raise WeightsError(f"the weight file has no 4-bit matrix {name} of width {width}")
        raw = self._data[tensor.offset : tensor.offset + tensor.size]
        return raw.reshape(tensor.count // width, width // BLOCK * BLOCK_BYTES)


def dequantise(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Q4_0 blocks (n, 18) to values (n * 32): low nibbles are the first 16 values; value = (nibble - 8) * scale."""
    blocks = np.ascontiguousarray(blocks)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = blocks[:, 2:]
    values = np.concatenate((nibbles & 0x0F, nibbles >> 4), axis=1).astype(np.float32)
    return ((values - 8.0) * scales).reshape(-1)


def _read_sizes(reader: Reader) -> Sizes:
    values = {name: reader.integer("i", upper) for name, upper in LIMITS.items()}
    eps = float(reader.numbers("f")[0])
    if min(values.values()) < 1 or not 0 < eps < 1 or reader.integer("i", 2**31 - 1) != BLOCK:
        raise WeightsError("the weight file's header is damaged")
    if values["hidden"] % values["heads"] or values["hidden"] % BLOCK or values["inner"] % BLOCK:
        raise WeightsError("the weight file's sizes don't fit together")
    return Sizes(**values, eps=eps)


def _skip_tokenizer(reader: Reader) -> None:
    pieces = reader.integer("i", LIMITS["vocabulary"])
    reader.skip(4 * 4)
    blob = reader.integer("Q", len(reader.data))
    reader.skip(4 * (pieces + 1) + 4 * pieces + blob)
    reader.skip(4)
    reader.skip(reader.integer("I", len(reader.data)))


def _read_table(reader: Reader) -> dict[str, Tensor]:
    table = {}
    for _ in range(reader.integer("i", MAX_TENSORS)):
        name = reader.take(reader.integer("H", MAX_NAME)).decode("ascii", errors="replace")
        kind, count = reader.integer("B", Q4_0), reader.integer("I", 2**31)
        offset, size = reader.integer("Q", len(reader.data)), reader.integer("Q", len(reader.data))
        expected = 4 * count if kind == F32 else count // BLOCK * BLOCK_BYTES
        if size != expected or offset + size > len(reader.data) or (kind == Q4_0 and count % BLOCK):
            raise WeightsError(f"the weight file's entry for {name} is damaged")
        table[name] = Tensor(kind, count, offset, size)
    return table
