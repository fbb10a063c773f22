"""What the pages of a Parquet file will unpack to, read before Arrow does it unasked.

The footer is read here too: of a damaged one Arrow's bindings for Python end the process.

The layout is that of https://parquet.apache.org/docs/file-format/; its structures are in Thrift's compact protocol
(https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
"""

from dataclasses import dataclass
from typing import Any, BinaryIO

from datagen.errors import InputError

MAX_PAGE_BYTES = 128 << 20
"""Of a page, unpacked: it is held whole. Writers aim at 1 MB."""
MAX_PAGE_VALUES = 16_000_000
MAX_NESTED_VALUES = 32_000_000
"""In a row group's column of lists: all may be one row's."""
MAX_FOOTER_BYTES = 8 << 20
"""That are looked through: what 50,000 chunks of columns take."""
_MAX_HEADER_BYTES = 1 << 20
_MAX_DEPTH = 16
_DICTIONARY_PAGE = 2


@dataclass(frozen=True)
class Chunk:
    """A column of a row group: how many values it has, and from where to where in the file."""

    values: int
    start: int
    end: int
    is_nested: bool


def column_chunks(footer: bytes) -> list[list[Chunk]]:
    """The columns of each row group. Raises InputError: bad_parquet, parquet_limits."""
    if len(footer) > MAX_FOOTER_BYTES:
        raise InputError("parquet_limits", f"a footer of {len(footer)} bytes")
    try:
        groups = _Compact(footer).struct()[4]
        return [[_chunk(column[3]) for column in group[1]] for group in groups]
    except (LookupError, TypeError, RecursionError):
        raise InputError("bad_parquet", "footer") from None


def _chunk(facts: dict[int, Any]) -> Chunk:
    start = min(facts[9], facts.get(11) or facts[9])
    if not all(isinstance(facts[number], int) for number in (5, 7, 9)):
        raise InputError("bad_parquet", "footer")
    return Chunk(facts[5], start, start + facts[7], len(facts[3]) > 1)


def largest_dictionary(stream: BinaryIO, column: Chunk) -> int:
    """Bytes of a column chunk's dictionary: no value that refers to it is larger.

    Raises InputError: bad_parquet, parquet_limits where a page, or a column of lists, is too large to unpack.
    """
    place, values, dictionary = column.start, 0, 0
    if column.is_nested and column.values > MAX_NESTED_VALUES:
        raise InputError("parquet_limits", f"over {MAX_NESTED_VALUES} values in a list")
    while place < column.end and values < column.values:
        header, size = _page_header(stream, place)
        unpacked, packed = header.get(2), header.get(3)
        count = next((header[field].get(1, 0) for field in (5, 8) if isinstance(header.get(field), dict)), 0)
        if not all(isinstance(number, int) and number >= 0 for number in (unpacked, packed, count)):
            raise InputError("bad_parquet", "page header")
        if unpacked > MAX_PAGE_BYTES or count > MAX_PAGE_VALUES:
            raise InputError("parquet_limits", f"a page of {unpacked} bytes, {count} values")
        values += count
        place += size + packed
        if header.get(1) == _DICTIONARY_PAGE:
            dictionary = max(dictionary, unpacked)
    return dictionary


def _page_header(stream: BinaryIO, place: int) -> tuple[dict[int, Any], int]:
    length = 1 << 10
    while True:
        stream.seek(place)
        data = stream.read(length)
        reader = _Compact(data)
        try:
            return reader.struct(), reader.place
        except InputError:
            length *= 8
            if len(data) < length // 8 or length > _MAX_HEADER_BYTES:
                raise


class _Compact:
    """Thrift's compact protocol: structs as {field number: value}. Raises InputError(bad_parquet)."""

    def __init__(self, data: bytes):
        self._data = data
        self.place = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        found, field = {}, 0
        while head := self._byte():
            kind, delta = head & 15, head >> 4
            field = field + delta if delta else self._signed()
            found[field] = kind == 1 if kind in (1, 2) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise InputError("bad_parquet", "nested headers")
        match kind:
            case 1 | 2 | 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._signed()
            case 7:
                return self._bytes(8)
            case 8:
                return self._bytes(self._varint())
            case 9 | 10:
                head = self._byte()
                count = head >> 4 if head >> 4 < 15 else self._varint()
                return [self._value(head & 15, depth + 1) for _ in range(count)]
            case 11:
                if not (count := self._varint()):
                    return {}
                kinds = self._byte()
                return [(self._value(kinds >> 4, depth + 1), self._value(kinds & 15, depth + 1)) for _ in range(count)]
            case 12:
                return self.struct(depth + 1)
        raise InputError("bad_parquet", "header")

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, size: int) -> bytes:
        found = self._data[self.place : self.place + size]
        if len(found) < size:
            raise InputError("bad_parquet", "header")
        self.place += size
        return found

    def _varint(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
        raise InputError("bad_parquet", "header")

    def _signed(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
