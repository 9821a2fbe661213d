"""docs/analysts.md, asked on a real server: loads the data, runs every query, writes the answers into the page.

python -m tests.analysts --store http://127.0.0.1:9200 --write
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "analysts.md"
ALIAS = "brandmelder-mentions"
WIDTH = 110
MOST_LINES = 8

_QUESTION = re.compile(r"^### (\d+)\. (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """One question of the page; `kql` is None where KQL can't ask it."""

    number: int
    title: str
    kql: str | None
    lucene: str
    body: dict[str, Any]
    answer: str

    @property
    def name(self) -> str:
        return f"{self.number} {self.title}"


def questions(page: str | None = None) -> list[Question]:
    """The page's questions in order."""
    text = PAGE.read_text(encoding="utf-8") if page is None else page
    starts = list(_QUESTION.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return [_question(start, text[start.end() : end]) for start, end in zip(starts, ends, strict=True)]


def _question(head: re.Match[str], text: str) -> Question:
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    verb, _, body = blocks["json"].partition("\n")
    assert verb == f"GET {ALIAS}/_search", verb
    kql = blocks.get("kql")
    return Question(
        int(head[1]), head[2], kql and kql.strip(), blocks["lucene"].strip(), json.loads(body), blocks["text"]
    )


def lucene_of_kql(kql: str) -> str:
    """The part of KQL that the page uses in Lucene's words, as Kibana would understand it."""
    text = re.sub(r'([\w.]+) >= ("[^"]*")', r"\1:[\2 TO *]", kql)
    text = re.sub(r'([\w.]+) < ("[^"]*")', r"\1:[* TO \2}", text)
    text = re.sub(r"([\w.]+) (>=|<=|>|<) ", r"\1:\2", text)
    text = re.sub(r"([\w.]+): \*(?=\s|$)", r"_exists_:\1", text)
    text = re.sub(r"([\w.]+): ", r"\1:", text)
    return re.sub(r"\b(and|or|not)\b", lambda found: found[1].upper(), text)


def query_string(text: str) -> dict[str, Any]:
    """What Kibana sends for a line in the search bar's Lucene mode."""
    return {"query_string": {"query": text, "analyze_wildcard": True, "default_operator": "AND"}}


def head(answer: Mapping[str, Any]) -> str:
    """The beginning of an answer as a person reads it."""
    lines = [f"{answer['hits']['total']['value']} documents"]
    for hit in answer["hits"]["hits"]:
        found = " … ".join(fragment for field in hit.get("highlight", {}).values() for fragment in field)
        shown = [str(value) for value in hit["_source"].values()]
        lines.append("  ".join([*shown, found.replace("\n", " ")]).rstrip())
    for name, result in answer.get("aggregations", {}).items():
        lines += _aggregation(name, result)
    shown_lines = [line if len(line) <= WIDTH else f"{line[:WIDTH]}…" for line in lines]
    more = ["…"] if len(lines) > MOST_LINES else []
    return "".join(f"{line}\n" for line in shown_lines[:MOST_LINES] + more)


def _aggregation(name: str, result: Mapping[str, Any]) -> Iterator[str]:
    if "buckets" in result:
        for bucket in _listed(result["buckets"]):
            yield f"{name}: {bucket.get('key_as_string', bucket['key'])}  {bucket['doc_count']}{_inside(bucket)}"
    elif "values" in result:
        yield f"{name}: " + ", ".join(f"{key} {value:.2f}" for key, value in result["values"].items())
    elif "value" in result:
        value = result["value"]
        yield f"{name}: {value:.2f}" if isinstance(value, float) else f"{name}: {value}"
    else:
        for inner, value in result.items():
            if isinstance(value, Mapping):
                yield from _aggregation(inner, value)


def _listed(buckets: Any) -> list[dict[str, Any]]:
    """Buckets as a list; those of named filters carry their name as key."""
    if isinstance(buckets, Mapping):
        return [{"key": name, **bucket} for name, bucket in buckets.items()]
    return list(buckets)


def _inside(bucket: Mapping[str, Any]) -> str:
    """A bucket's own aggregations in brackets."""
    parts = []
    for value in bucket.values():
        if not isinstance(value, Mapping):
            continue
        parts += [f"{inner['key']} {inner['doc_count']}" for inner in value.get("buckets", [])]
        if "hits" in value:
            parts += [str(next(iter(hit["_source"].values()), "")) for hit in value["hits"]["hits"]]
    return f"  ({', '.join(parts)})" if parts else ""


def ask(client: Any, alias: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """One request of the page."""
    return dict(
        client.search(index=alias, track_total_hits=True, **{_python(key): value for key, value in body.items()})
    )


def _python(key: str) -> str:
    return {"_source": "source"}.get(key, key)


def load(url: str, prefix: str) -> None:
    """Put the page's data into a store."""
    from index.elastic import ElasticStore
    from tests.analyst_data import analyst_mentions

    store = ElasticStore(url, prefix=prefix)
    store.upsert(analyst_mentions())
    store.refresh()
    store.close()


def written(page: str, answers: Mapping[int, str]) -> str:
    """The page with new answers."""
    pieces = _QUESTION.split(page)
    for place in range(1, len(pieces), 3):
        answer = answers[int(pieces[place])]
        block = re.compile(r"^```text\n.*?^```$", re.MULTILINE | re.DOTALL)
        pieces[place + 2] = block.sub(lambda _, answer=answer: f"```text\n{answer}```", pieces[place + 2], count=1)
        pieces[place] = f"### {pieces[place]}. {pieces[place + 1]}"
        pieces[place + 1] = ""
    return "".join(pieces)


def main() -> None:
    """Load, ask, print; with --write put the answers into the page."""
    from elasticsearch import Elasticsearch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", default="http://127.0.0.1:9200")
    parser.add_argument("--prefix", default="brandmelder-analysts")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    load(options.store, options.prefix)
    answers = {}
    with Elasticsearch(options.store, request_timeout=60) as client:
        for question in questions():
            answers[question.number] = head(ask(client, f"{options.prefix}-mentions", question.body))
            print(f"{question.name}\n{answers[question.number]}")  # noqa: T201
    if options.write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), answers), encoding="utf-8")


if __name__ == "__main__":
    main()
