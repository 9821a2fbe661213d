"""Which numbers the encoder calculates in: float32 or bfloat16, by a self-test of a second at most; int8 on request."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from nlp.forward import Layer, Layers, Runs
from nlp.lowered import HALF_ROWS, halved, in_eight_bits

if TYPE_CHECKING:
    import torch

Precision = Literal["fp32", "bf16", "int8"]
Wanted = Literal["auto", "fp32", "bf16", "int8"]

SECONDS = 0.7
"""What the self-test takes at most; building what it compares takes a tenth more."""
ROUNDS = 12
GAIN = 1.15
"""So many times as fast as float32 bfloat16 has to be: noise must not make the choice."""

SAMPLE = (
    "Seit drei Wochen warte ich auf mein Paket, und am Telefon legt man einfach auf. Nie wieder!",
    "Super schneller Versand, alles heil angekommen. Gerne wieder 😊",
    "@laden Wann öffnet ihr am Samstag? https://laden.example/zeiten #frage",
    "Die Tonqualität ist hervorragend, der Akku hält leider nur zwei Stunden.",
    "DAS IST DOCH NICHT EUER ERNST!!! 49,90 Euro für eine Hülle, die nach 2 Tagen reißt???",
    "Na toll, schon wieder Zugausfall. Ihr seid echt die Besten ...",
    "Der Vertrag läuft bis zum 31.12. und verlängert sich um ein Jahr.",
    "Ich habe das Gerät im März gekauft. Die Einrichtung dauerte keine fünf Minuten, die App fand es sofort, und "
    "bisher kein Aussetzer. Einzig die Anleitung könnte besser übersetzt sein; wer Englisch kann, kommt zurecht.",
    "geht so",
    "The staff was friendly, but our room smelled of smoke and nobody cared.",
    "Hallo zusammen, kennt jemand eine Werkstatt in der Nähe, die auch ältere Modelle repariert? Danke im Voraus, Jörg",
    "Hab jetz scho des dritte mal umtauscht, is einfach a Glump :-(",
    "1. Preis: ok 2. Service: naja 3. Lieferung: 6 Tage (!)",
    "Wer hier bucht, ist selbst schuld. Erst wurde der Flug verlegt, dann das Hotel geändert, und erstattet hat man "
    "uns nichts. Auf unsere vier Mails kam eine einzige Antwort, die nichts mit unserer Frage zu tun hatte.",
)
"""Posts of our own, as short and long as people write them: for the self-test, and to fit int8's scales."""


def settle(network: Layers, laid_out: tuple[torch.Tensor, torch.Tensor, list[int]], wanted: Wanted) -> Precision:
    """Brings the network to the wanted precision, or to the fastest one for "auto"; returns which.

    `laid_out` is what the network would be called with for `SAMPLE`.
    """
    import torch

    if wanted == "fp32":
        return wanted
    rows, network.rows = network.rows, HALF_ROWS
    with torch.inference_mode():
        states, runs = network.entered(*laid_out)
        chosen = fastest(network.layers[0], states, runs) if wanted == "auto" else wanted
        if chosen == "bf16":
            network.layers = [halved(layer) for layer in network.layers]
        elif chosen == "int8":
            network.layers = in_eight_bits(network.layers, states, runs)
    if chosen != "bf16":
        network.rows = rows
    return chosen


def fastest(layer: Layer, states: torch.Tensor, runs: Runs) -> Precision:
    """The faster precision for such a layer on this machine: bfloat16 only where it is clearly faster, and steady.

    Int8 isn't tried: without the instructions for it it gains too little for what it changes.
    """
    import torch

    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return "fp32"
    half = halved(layer)
    plain, lowered = timed((layer, half), states, runs)
    return "bf16" if lowered * GAIN <= plain and steady(half, states, runs) else "fp32"


def timed(layers: Sequence[Layer], states: torch.Tensor, runs: Runs) -> list[float]:
    """The least seconds of a pass through each, in turn, so that what else the machine does hits all alike."""
    best = [float("inf")] * len(layers)
    end = perf_counter() + SECONDS
    for turn in range(ROUNDS):
        for place, layer in enumerate(layers):
            start = perf_counter()
            # Each needs a second turn, as the first may set things up.
            if turn > 1 and start >= end:
                return best
            layer(states, runs)
            best[place] = min(best[place], perf_counter() - start)
    return best


def steady(layer: Layer, states: torch.Tensor, runs: Runs) -> bool:
    """Whether a text's states are the same to the last bit alone and beside others; a resumed run relies on that."""
    import torch

    count, length = runs[0]
    alone = torch.nn.functional.pad(states[:length], (0, 0, 0, -length % HALF_ROWS))
    own = layer(alone, [(1, length), (1, len(alone) - length)])[:length]
    moved = torch.cat([states[length:], states[:length]])
    last = layer(moved, [run for run in ((count - 1, length), *runs[1:], (1, length)) if run[0]])[-length:]
    return torch.equal(layer(states, runs)[:length], own) and torch.equal(last, own)
