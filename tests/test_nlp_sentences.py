"""Sentence split: German posts as people type them, exact offsets, hostile texts in bounded time."""

import time

import pytest

from nlp.sentences import MAX_CHARACTERS, MAX_SENTENCE, split


def pieces(text):
    return [text[sentence.start : sentence.end] for sentence in split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Am 12.3. kam nichts an, z.B. fehlte der Deckel. Schade!", 2),
        ("Die Filter Nr. 5 und 6 passen nicht. Kostet ca. 20 Euro.", 2),
        ("Schrauben, Dübel usw. Das fehlte alles.", 2),
        ("Am 3. März bestellt. Am 2. Tag kaputt.", 2),
        ("Die Tasse war kaputt.Danach kam gar nichts mehr.", 2),
        ("nie wieder!der laden ist zu", 2),
        ("alles ging schief. keiner meldet sich. ich bin bedient", 3),
        ("naja... geht so", 1),
        ("Naja... Dann eben nicht.", 2),
        ("Tolles Teil 😀 Leider zu laut 👎", 2),
        ("Super!!! 😀😀 Immer wieder gern.", 2),
        ("Pro:\n- leise\n- sparsam\n\nContra: teuer", 4),
        ("Sie meinte: „Das geht nicht.“ Dann war das Gespräch vorbei.", 2),
        ("Siehe https://laden.example/a.html?x=1. Danke!", 2),
    ],
)
def test_posts_split_where_a_reader_would(text, expected):
    assert len(pieces(text)) == expected, pieces(text)


def test_wrapped_lines_stay_together():
    text = "Ich habe vor drei Wochen einen Wasserkocher bestellt und seitdem\nnichts mehr gehört."
    assert pieces(text) == [text]


@pytest.mark.parametrize("text", ["", "   \n\t ", "...", "😀", "\x00\x01 a", "\ud800 kaputt. Ja."])
def test_offsets_are_ordered_slices_without_outer_space(text):
    last = 0
    for sentence in split(text):
        assert last <= sentence.start < sentence.end <= len(text)
        assert text[sentence.start : sentence.end].strip() == text[sentence.start : sentence.end]
        last = sentence.end


@pytest.mark.parametrize("unit", ["a", ".", "\n", "😀", '"(', " a", "http://", "a.B! ", "[TEL] "])
def test_a_megabyte_is_bounded(unit):
    started = time.monotonic()
    found = split(unit * (1_000_000 // len(unit)))
    assert time.monotonic() - started < 20
    assert all(sentence.end <= MAX_CHARACTERS and sentence.end - sentence.start <= MAX_SENTENCE for sentence in found)
