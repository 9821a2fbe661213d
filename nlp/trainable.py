"""The encoder as a `transformers.BertModel`, for fine-tuning by PEFT. Importing transformers takes seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlp.quantised import Sizes

if TYPE_CHECKING:
    import torch

ATTENTION = "brandmelder_per_text"


def bert_model(state: Mapping[str, NDArray[np.float32]], sizes: Sizes) -> Any:
    """The model with these weights; its word table has one row only, as words come in embedded."""
    import torch
    from transformers import AttentionInterface, BertConfig
    from transformers.models.bert.modeling_bert import BertModel

    config = BertConfig(
        vocab_size=1,
        pad_token_id=0,
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.inner,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.types,
        layer_norm_eps=sizes.eps,
    )
    AttentionInterface.register(ATTENTION, _attend)
    model: Any = BertModel(config, add_pooling_layer=False)
    model.set_attn_implementation(ATTENTION)
    words = {"embeddings.word_embeddings.weight": np.zeros((1, sizes.hidden), dtype=np.float32)}
    model.load_state_dict({name: torch.from_numpy(values) for name, values in {**state, **words}.items()}, strict=True)
    return model.eval().requires_grad_(False)


class Trainable:
    """The model behind the same call as `nlp.forward.Layers`."""

    def __init__(self, state: Mapping[str, NDArray[np.float32]], sizes: Sizes) -> None:
        self.model = bert_model(state, sizes)

    def __call__(
        self, embedded: torch.Tensor, positions: torch.Tensor, lengths: Sequence[int], wanted: Sequence[int]
    ) -> list[torch.Tensor]:
        """See `nlp.forward.Layers.__call__`."""
        output = self.model(
            inputs_embeds=embedded[None],
            position_ids=positions[None],
            lengths=list(lengths),
            output_hidden_states=True,
        )
        return [output.hidden_states[number][0] for number in wanted]


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: Any,
    *,
    lengths: Sequence[int],
    scaling: float,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of each text to itself, for texts that lie behind each other in one row: [1, heads, tokens, width]."""
    import torch

    del module, attention_mask
    parts = (torch.split_with_sizes(states, list(lengths), dim=2) for states in (query, key, value))
    attended = [
        torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=scaling) for q, k, v in zip(*parts, strict=True)
    ]
    return torch.cat(attended, dim=2).transpose(1, 2).contiguous(), None
