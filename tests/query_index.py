"""A tantivy index in memory with the shape that `index.query.tantivy_target` asks for, for tests of the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tantivy

from index.analysis import analyse_form
from index.fields import TEXT_FORMS, column
from index.query import Query
from index.query.documents import Document, read_flag, read_float, read_moment
from index.query.resolve import SPECS
from index.query.tantivy_target import PRESENT, to_tantivy


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(PRESENT, tokenizer_name="raw")
    for name, spec in SPECS.items():
        if spec.kind == "text":
            for form in TEXT_FORMS:
                builder.add_text_field(column(name, form), tokenizer_name="whitespace")
        elif spec.kind == "keyword":
            builder.add_text_field(name, stored=name == "id", tokenizer_name="raw", fast=True)
        elif spec.kind == "float":
            builder.add_float_field(name, fast=True)
        elif spec.kind == "bool":
            builder.add_boolean_field(name, indexed=True, fast=True)
        elif spec.kind == "date":
            builder.add_date_field(name, fast=True)
    return builder.build()


def build(rows: Sequence[Mapping[str, Any]]) -> tantivy.Index:
    index = tantivy.Index(schema())
    writer = index.writer(15_000_000, 1)
    for row in rows:
        writer.add_document(_document(Document(row)))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index


def ids(index: tantivy.Index, query: Query, *, limit: int = 10_000) -> set[str]:
    searcher = index.searcher()
    hits = searcher.search(to_tantivy(query, index), limit).hits
    return {searcher.doc(address)["id"][0] for _, address in hits}


def _document(source: Document) -> tantivy.Document:
    document = tantivy.Document()
    for name, spec in SPECS.items():
        for value in source.values(name) if spec.kind != "stored" else ():
            _add(document, name, spec.kind, value)
    return document


def _add(document: tantivy.Document, name: str, kind: str, value: Any) -> None:
    if kind == "text":
        document.add_text(PRESENT, name)
        for form in TEXT_FORMS:
            document.add_text(column(name, form), " ".join(analyse_form(value, form)))
    elif kind == "keyword":
        document.add_text(name, str(value))
    elif kind == "float" and (number := read_float(value)) is not None:
        document.add_float(name, number)
    elif kind == "bool" and (flag := read_flag(value)) is not None:
        document.add_boolean(name, flag)
    elif kind == "date" and (moment := read_moment(value, name)) is not None:
        document.add_date(name, moment)
