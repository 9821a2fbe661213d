"""A tiny sequence-classification checkpoint with random weights in Hugging Face's format, and a tiny model of ours."""

from pathlib import Path

import numpy as np
from nlp_small import HIDDEN, small_encoder

from nlp.e5_scorer import E5Scorer
from nlp.head import LABELS, HeadConfig, Heads

LETTERS = "abcdefghijklmnopqrstuvwxyzäöüß0123456789"
MARKS = ".,!?:;-@()[]"
WORDS = ["gut", "schlecht", "der", "und", "ist", "deckel", "toaster"]
POSITIONS = 40


def write_tokenizer(folder: Path) -> int:
    """A WordPiece tokenizer that knows every lower-case word by its letters; returns the number of its words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *MARKS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    made = Tokenizer(models.WordPiece({piece: n for n, piece in enumerate(pieces)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    wrapped.save_pretrained(folder)
    return len(pieces)


def write_checkpoint(
    folder: Path, labels: tuple[str, ...] = ("positive", "negative", "neutral"), seed: int = 1
) -> Path:
    """A folder with model.safetensors, config.json and tokenizer."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=write_tokenizer(folder),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=POSITIONS,
        id2label=dict(enumerate(labels)),
        label2id={label: n for n, label in enumerate(labels)},
        # Random weights as small as a fresh model's would say the same of every text.
        initializer_range=0.7,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def small_scorer(folder: Path) -> E5Scorer:
    """Our own scorer with random heads on the tiny encoder; every sentence is about something."""
    encoder = small_encoder(folder)
    random = np.random.default_rng(5)
    config = HeadConfig(
        encoder=encoder.revision,
        layers=encoder.layers,
        certain=0.6,
        calibrations={},
        topic_threshold=0.0,
        topic_weights=(1.0, 1.0, 1.0),
        topic_offset=0.0,
        irony_threshold=0.9,
        answer_threshold=0.5,
    )
    heads = Heads(
        config=config,
        mean=np.zeros(encoder.width, dtype=np.float32),
        scale=np.ones(encoder.width, dtype=np.float32),
        weight=random.normal(size=(len(LABELS) + 2, encoder.width)).astype(np.float32),
        bias=np.zeros(len(LABELS) + 2, dtype=np.float32),
        topic_mean=np.zeros(HIDDEN, dtype=np.float32),
        topic_whitening=np.eye(HIDDEN, dtype=np.float32),
        topic_background=np.zeros((0, HIDDEN), dtype=np.float32),
        revision="klein",
    )
    return E5Scorer(encoder, heads)
