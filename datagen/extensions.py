"""Arrow's extension types in files of strangers: opening a file runs the code that was registered under their names.

Any library may have registered some, Ray's unpickle what the file says, and Arrow calls them before a caller can see
the schema. So the bytes are searched for them before Arrow gets the file.
"""

import base64
import io
from typing import BinaryIO

from datagen.errors import InputError

_NAME = b"ARROW:extension:name"  # https://arrow.apache.org/docs/format/Columnar.html#extension-types
_IN_BASE64 = tuple(
    base64.b64encode(bytes(before) + _NAME)[-(-before * 4 // 3) : (before + len(_NAME)) * 4 // 3] for before in range(3)
)
"""The letters of it that don't depend on what is around it, at each of the three places it can begin at."""
_MARK = b"PAR1"
MAX_FOOTER_BYTES = 64 << 20
"""Arrow makes of it about ten times that."""


def schema_has_extension(schema: bytes) -> bool:
    """Whether the message that holds an Arrow schema names an extension type."""
    return _NAME in schema


def footer_has_extension(footer: bytes) -> bool:
    """Whether the Arrow schema in a Parquet file's footer, which is in base64 there, names one."""
    return any(letters in footer for letters in _IN_BASE64)


def parquet_footer(file: BinaryIO) -> bytes:
    """The footer of a Parquet file, which has the schema; afterwards the file is anywhere.

    Raises InputError: bad_parquet, parquet_limits.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 8))
    end = file.read(8)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != _MARK or length > size - 8:
        raise InputError("bad_parquet", "no footer")
    if length > MAX_FOOTER_BYTES:
        raise InputError("parquet_limits", f"a footer of {length} bytes")
    file.seek(size - 8 - length)
    return file.read(length)
