"""Made-up mentions and made-up queries: the stores find what the matcher finds.

The stores are kept while hypothesis tries one batch of mentions after the other; each batch is asked for by its ids.
"""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from query_cases import NOW

from index.elastic import ElasticStore
from index.embedded import EmbeddedStore
from index.mention import Mention
from index.query import QuerySyntaxError, parse_query
from index.query.documents import Document, document_of
from index.query.errors import TOO_BROAD
from index.query.matcher import matches
from index.store import StoreError

WORDS = [
    *(
        "Zug",
        "Züge",
        "ZUEGE",
        "Zu\u0308ge",
        "Zugs",
        "Straße",
        "strasse",
        "STRAẞE",
        "Müller",
        "Mueller",
        "Muller",
        "neue",
    ),
    *("Häuser", "Haus", "E-Mail", "E-Mails", "Mail", "WLAN-Router", "5G", "5g", "1.234,50", "1.234", "18:30", "z.B."),
    *(
        "geht's",
        "geht’s",
        "DM",
        "dm",
        "Dm",
        "😡",
        "👍🏽",
        "❤️",
        "a",
        "b",
        "ab",
        "aba",
        "abc",
        "x_y",
        "C++",
        "Café",
        "Cafe",
    ),
    *(
        "und",
        "İstanbul",
        "ΣΑΣ",
        "漢字",
        "ﬁx",
        "Q&A",
        "20€",
        "#fail",
        "@mail",
        "x\u00ady",
        "a\u200bb",
        "Problem",
        "Apps",
    ),
]
KEYWORDS = ["a", "A", "ab", "abc", "Adler Post", "a*b", "a?b", "a\\b", 'a"b', "a\nb", "ä", "a\u0308", "", "😡", "a:b/c"]
NUMBERS = [0, -0.0, 0.1, 0.3, 0.30000000000000004, 0.5, 1, 2, 2.5, 3, 5, 10]
TIMES = [
    *("2025-12-31T23:59:59.999+01:00", "2026-01-01T00:00:00+01:00", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"),
    *("2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z", "2026-03-20T11:00:00Z", "2026-03-19T23:30:00.5+01:00"),
    *("1850-06-01T00:00:00Z", "2150-06-01T00:00:00Z", "2026-03-14T10:59:59Z"),
]
DAYS = ["2026-03-20", "2026-03-29", "1500-01-01", "9999-12-31"]
SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck))
_numbers = count()

_noise = st.text(st.sampled_from("aAäÄuUeßẞsS'’-_.,:1 😡\u0308\u200d\u00ad"), max_size=12)
_words = st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), _noise)
_texts = st.lists(_words, max_size=7).map(" ".join)
_some = st.none() | _texts
_keyword = st.sampled_from(KEYWORDS)
_maybe = st.none() | _keyword


@st.composite
def _mentions(draw):
    rated, felt, due = draw(st.booleans()), draw(st.booleans()), draw(st.none() | st.sampled_from(DAYS))
    shares = dict.fromkeys(("negative", "neutral", "positive", "mixed"), 0.25)
    topics = draw(st.lists(_keyword, max_size=3))
    values = {
        "id": f"m{next(_numbers)}",
        "content_hash": "0" * 32,
        "source": draw(_keyword),
        "platform": "phpbb",
        "channel": draw(st.sampled_from(["forum", "review"])),
        "url": draw(_keyword),
        "touchpoint": draw(_maybe),
        "text": draw(_texts),
        "title": draw(_some),
        "thread_title": draw(_some),
        "published_at": draw(st.none() | st.sampled_from(TIMES)),
        "crawled_at": NOW,
        "topics": topics,
        "brands": draw(st.lists(_keyword, max_size=2)),
        "is_copy": draw(st.booleans()),
        "irony": draw(st.none() | st.booleans()),
        "relevance": draw(st.none() | st.sampled_from([number for number in NUMBERS if number <= 1])),
        "work": {
            "due": due,
            "owner": draw(_maybe),
            "note": draw(_some),
            "status": draw(st.sampled_from(["open", "done"])),
        },
    }
    if rated:
        value = draw(st.sampled_from(NUMBERS))
        values["rating"] = {"value": value, "best": 10, "worst": 0, "normalised": value / 10}
    if felt:
        polarity = draw(st.sampled_from([-1, -0.5, -0.25, -0.0, 0, 0.25, 1]))
        label = draw(st.sampled_from(["negative", "positive"]))
        values["sentiment"] = {
            "label": label,
            "probabilities": shares,
            "polarity": polarity,
            "confidence": 0.5,
            "uncertain": draw(st.booleans()),
        }
        values["aspects"] = [
            {
                "topic": topic,
                "polarity": draw(st.sampled_from([-1, -0.25, 0, 1])),
                "probability": 1,
                "start": 0,
                "end": 0,
            }
            for topic in draw(st.lists(st.sampled_from(topics), max_size=2) if topics else st.just([]))
        ]
    return Mention.model_validate(values)


def _quoted(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _pattern(word, cut, sign):
    plain = "".join(f"\\{letter}" if not letter.isalnum() else letter for letter in word)
    return f"{plain[:cut]}{sign}{plain[cut + 1 :]}"


_fields = st.sampled_from(
    ["", "", "", "text:", "title:", "thread_title:", "exact:", "case:", "text.folded:", "work.note:"]
)
_keyword_fields = st.sampled_from(
    ["source:", "url:", "topics:", "brand:", "touchpoint:", "owner:", "topic_experience:"]
)
_number_fields = st.sampled_from(["rating:", "rating.normalised:", "relevance:", "sentiment.polarity:"])
_date_fields = st.sampled_from(["date:", "published_day:", "work.due:", "crawled_at:"])
_number = st.sampled_from([str(number) for number in (*NUMBERS, -1, -0.5, -0.25)])
_dates = [
    "2025",
    "2026",
    "2026-03",
    "29.3.2026",
    "heute",
    "now",
    "now-1d",
    "now/w",
    "2026-W12",
    "1.1.2026",
    "2025-10-26",
]
_date = st.sampled_from(_dates)
_compare = st.sampled_from(["", "<", ">", "<=", ">="])
_slop = st.sampled_from(["", "", "~1", "~2", "~3", "~5"])
_phrase = st.lists(_words, min_size=1, max_size=4).map(" ".join).map(_quoted)
_glob = st.builds(
    _pattern, st.sampled_from([*WORDS, *KEYWORDS]), st.integers(0, 4), st.sampled_from(["*", "?", "*?", "a*"])
)
_ends = st.sampled_from([("[", "]"), ("{", "}"), ("[", "}"), ("{", "]")])
_leaves = st.one_of(
    st.builds("{}{}".format, _fields, st.sampled_from(WORDS)),
    st.builds("{}{}{}".format, _fields, _phrase, _slop),
    st.builds("{}{}".format, _fields, _glob),
    st.builds("{}{}~{}".format, _fields, st.sampled_from([w for w in WORDS if w.isalnum()]), st.integers(0, 2)),
    st.builds("{}{}".format, _keyword_fields, _keyword.map(_quoted)),
    st.builds("{}{}".format, _keyword_fields, _glob),
    st.builds("{}{}~{}".format, _keyword_fields, st.sampled_from(["a", "ab", "abd", "aa", "äb"]), st.integers(0, 2)),
    st.builds("{}{}{}".format, _number_fields, _compare, _number),
    st.builds("{}{e[0]}{} TO {}{e[1]}".format, _number_fields, _number | st.just("*"), _number | st.just("*"), e=_ends),
    st.builds("{}{}{}".format, _date_fields, _compare, _date),
    st.builds("{}{e[0]}{} TO {}{e[1]}".format, _date_fields, _date | st.just("*"), _date | st.just("*"), e=_ends),
    st.builds(
        "{}*".format, st.one_of(_keyword_fields, _number_fields, _date_fields, st.sampled_from(["title:", "irony:"]))
    ),
    st.sampled_from(["is_copy:ja", "irony:false", "sentiment:negative", "channel:review", "status:done", "irony:true"]),
)
_queries = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds("({})".format, st.lists(inner, min_size=2, max_size=4).map(" AND ".join)),
        st.builds("({})".format, st.lists(inner, min_size=2, max_size=4).map(" OR ".join)),
        st.builds("({})".format, st.lists(inner, min_size=2, max_size=3).map(" ".join)),
        st.builds("{} OR {} {}".format, inner, inner, inner),
        st.builds("NOT {}".format, inner),
        st.builds("-({})".format, inner),
    ),
    max_leaves=6,
)
_batches = st.tuples(st.lists(_mentions(), min_size=1, max_size=8), st.lists(_queries, min_size=1, max_size=12))


def answer(store, query):
    """The ids that match, or the sentence that says why the store can't say."""
    try:
        return {mention.id for mention in store.scan(query)}
    except StoreError as error:
        return str(error)


def check(store, batch):
    """The store finds of the batch what the matcher finds."""
    mentions, texts = batch
    assert {result.fate for result in store.upsert(mentions)} <= {"stored"}
    store.refresh()
    own = {mention.id for mention in mentions}
    documents = [(mention.id, Document(document_of(mention))) for mention in mentions]
    for text in texts:
        try:
            query = parse_query(text, now=NOW)
        except QuerySyntaxError:
            continue
        expected = {id for id, document in documents if matches(query, document)}
        found = answer(store, query)
        assert found == TOO_BROAD or found & own == expected, text
    store.delete(own)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    store = EmbeddedStore(tmp_path_factory.mktemp("agreement"))
    yield store
    store.close()


@pytest.mark.parametrize("examples", [30, pytest.param(400, marks=pytest.mark.endurance)])
def test_embedded_store_finds_what_the_matcher_finds(embedded, examples):
    @settings(SETTINGS, max_examples=examples)
    @given(_batches)
    def run(batch):
        check(embedded, batch)

    run()


@pytest.mark.elastic
@pytest.mark.endurance
def test_elasticsearch_finds_what_the_matcher_finds(elasticsearch_url, elastic_prefix):
    store = ElasticStore(elasticsearch_url, prefix=elastic_prefix)

    @settings(SETTINGS, max_examples=150)
    @given(_batches)
    def run(batch):
        check(store, batch)

    try:
        run()
    finally:
        store.close()
