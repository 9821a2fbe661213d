"""Mentions as Parquet: a fixed schema derived from `Mention`, and the way there through record batches.

A Parquet file can't be continued. So the part file holds Arrow streams, one after the other, each whole in itself;
at the end they are copied into the Parquet file.
"""

from __future__ import annotations

import io
import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

from index.fields import DERIVED
from index.mention import Mention
from index.sharing import WITHHELD

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_PER_GROUP = 20_000
_DERIVED_LISTS = frozenset({"topic_experience"})
_DERIVED_DAYS = frozenset({"published_day", "published_week"})


def schema() -> pa.Schema:
    """The columns: `Mention`'s fields without the withheld ones, nested as there, then the derived ones.

    Times are microseconds in UTC, days are dates; every column may be null.
    """
    import pyarrow as pa

    derived: list[pa.Field] = []
    for spec in DERIVED:
        kind = pa.date32() if spec.name in _DERIVED_DAYS else pa.string()
        derived.append(pa.field(spec.name, pa.list_(kind) if spec.name in _DERIVED_LISTS else kind))
    return pa.schema([*_fields(Mention, ""), *derived])


def _fields(model: type[BaseModel], parent: str) -> list[pa.Field]:
    import pyarrow as pa

    names = [name for name in model.model_fields if f"{parent}{name}" not in WITHHELD]
    return [pa.field(name, _type(model.model_fields[name].annotation, f"{parent}{name}.")) for name in names]


def _type(annotation: Any, place: str) -> pa.DataType:
    """The column type of a model field's annotation."""
    import pyarrow as pa

    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _type(next(part for part in arguments if part is not type(None)), place)
    if origin is Annotated and annotation is not AwareDatetime:
        return _type(arguments[0], place)
    if origin is Literal:
        return pa.string()
    if origin is tuple:
        return pa.list_(_type(arguments[0], place))
    if origin is dict:
        return pa.struct([pa.field(key, _type(arguments[1], place)) for key in get_args(arguments[0])])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pa.struct(_fields(annotation, place))
    plain = {
        AwareDatetime: pa.timestamp("us", tz="UTC"),
        str: pa.string(),
        bool: pa.bool_(),
        float: pa.float64(),
        int: pa.int32(),
        date: pa.date32(),
    }
    return plain[annotation]


def stream_of(documents: Sequence[Mapping[str, Any]]) -> bytes:
    """Shared documents (`index.sharing`) as an Arrow stream of one batch, compressed."""
    import pyarrow as pa

    wanted = schema()
    rows = [{field.name: _value(document.get(field.name), field.type) for field in wanted} for document in documents]
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, wanted, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(pa.Table.from_pylist(rows, schema=wanted))
    return sink.getvalue()


def _value(value: Any, kind: pa.DataType) -> Any:
    """A JSON value with its times and days read."""
    import pyarrow as pa

    if value is None:
        return None
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value)
    if pa.types.is_date(kind):
        return date.fromisoformat(value[:10])
    if pa.types.is_list(kind):
        return [_value(entry, kind.value_type) for entry in value]
    if pa.types.is_struct(kind):
        return {field.name: _value(value.get(field.name), field.type) for field in kind}
    return value


def to_parquet(part: Path, output: Path) -> None:
    """Write the part file's streams as one Parquet file (zstd, `ROWS_PER_GROUP` rows a group, constant memory)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(output, schema(), compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for table in _tables(part):
            waiting.append(table)
            if sum(len(entry) for entry in waiting) >= ROWS_PER_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting))


def _tables(part: Path) -> Iterator[pa.Table]:
    import pyarrow as pa

    size = part.stat().st_size
    with part.open("rb") as stream:
        while stream.tell() < size:
            yield pa.ipc.open_stream(stream).read_all()
