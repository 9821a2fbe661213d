"""Lower precisions of the encoder: their figures, their steadiness, the self-test, the setting."""

import time

import numpy as np
import pytest
import torch
from nlp_small import small_encoder, small_files
from pydantic import ValidationError

from brandmelder.precisions import keep_precision, precision_of
from brandmelder.settings import Settings
from nlp import precision
from nlp.encoder import Encoder
from nlp.forward import Linear
from nlp.lowered import eight

TEXTS = ["der deckel ist schlecht. und gut!", "gut", "der " * 90, "schlecht. schlecht.", "kurz. knapp. gut.", "nie"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return small_files(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module", params=["fp32", "bf16", "int8"])
def encoder(files, request):
    return Encoder(files, layers=(1, 2), threads=1, precision=request.param)


def test_vectors_are_near_to_those_in_float32(encoder, files):
    plain = Encoder(files, layers=(1, 2), threads=1)
    assert plain.precision == "fp32"
    found, expected = (np.stack([item.document for item in one.encode(TEXTS)]) for one in (encoder, plain))
    error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert error <= {"fp32": 0.0, "bf16": 0.02, "int8": 0.03}[encoder.precision]
    assert encoder.precision == "fp32" or error > 0


def test_vectors_are_the_same_to_the_bit_alone_and_beside_others(encoder):
    together = encoder.encode(TEXTS * 9)
    for place, text in enumerate(TEXTS):
        alone = encoder.encode([text])[0]
        for found in together[place :: len(TEXTS)]:
            np.testing.assert_array_equal(found.document, alone.document)
            np.testing.assert_array_equal(found.vectors, alone.vectors)


def test_int8_sums_are_exact_where_weights_and_states_are_as_large_as_can_be():
    """Neighbouring products are added in 16 bits on some processors, which must not overflow."""
    signs = torch.where(torch.arange(64) % 16 < 12, 1.0, -1.0)
    weight = signs * torch.linspace(0.5, 1.0, 8)[:, None]
    states = torch.cat([signs[None], -signs[None], torch.ones(1, 64)]).repeat(8, 1)
    found = eight(Linear(weight, torch.zeros(8)), states)(states)
    torch.testing.assert_close(found, states @ weight.t(), rtol=0.01, atol=0.3)


def test_float32_stays_where_the_processor_has_no_bfloat16(files, monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    assert Encoder(files, threads=1, layers=(2,), precision="auto").precision == "fp32"


@pytest.mark.parametrize(
    ("seconds", "chosen"), [((1.0, 0.5), "bf16"), ((1.0, 0.9), "fp32"), ((1.0, 1.4), "fp32"), ((1.15, 1.0), "bf16")]
)
def test_bfloat16_is_taken_only_where_it_is_clearly_faster(files, monkeypatch, seconds, chosen):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    monkeypatch.setattr(precision, "timed", lambda *_: list(seconds))
    assert Encoder(files, threads=1, layers=(2,), precision="auto").precision == chosen


def test_what_is_not_steady_is_not_taken(files, monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    monkeypatch.setattr(precision, "timed", lambda *_: [1.0, 0.1])
    monkeypatch.setattr(precision, "steady", lambda *_: False)
    assert Encoder(files, threads=1, layers=(2,), precision="auto").precision == "fp32"


def test_self_test_ends_in_time():
    def slow(states, runs):
        time.sleep(0.2)
        return states

    start = time.perf_counter()
    best = precision.timed([slow, slow], torch.zeros(1, 1), [(1, 1)])
    assert time.perf_counter() - start < precision.SECONDS + 0.6
    assert min(best) >= 0.2


def test_steadiness_is_told_from_its_absence(tmp_path):
    layer = small_encoder(tmp_path).network.layers[0]
    states = torch.randn(precision.HALF_ROWS, 32, generator=torch.Generator().manual_seed(1))
    runs = [(2, 9), (1, len(states) - 18)]

    def of_neighbours(states, runs):
        return layer(states, runs) + 1e-6 * states.mean()

    assert precision.steady(layer, states, runs)
    assert not precision.steady(of_neighbours, states, runs)


def test_choice_is_kept_per_machine(tmp_path, monkeypatch):
    settings = Settings(data=tmp_path / "data", precision="auto")
    assert precision_of(settings) is None
    keep_precision(settings, "bf16")
    assert precision_of(settings) == "bf16"
    assert precision_of(Settings(data=settings.data, precision="fp32")) == "fp32"
    assert precision_of(Settings(data=settings.data, precision="auto", threads=61)) is None
    (settings.data / "precision.json").write_text('["bf16"]')
    assert precision_of(settings) is None


def test_unknown_precision_is_refused(monkeypatch):
    monkeypatch.setenv("BRANDMELDER_PRECISION", "fp8")
    with pytest.raises(ValidationError, match="precision"):
        Settings()
