"""Columns of integers to columns of text, without a Python loop over rows."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from funnelkit.sample.log import NO_TIME, NOBODY
from funnelkit.sample.plan import SECOND, Flags, Ints


def _fixed(rows: np.ndarray, null: Flags | None = None) -> pa.Array:
    """A matrix of characters (a row per text) as an array of strings, null where asked."""
    size, width = rows.shape
    offsets = pa.py_buffer(np.arange(0, (size + 1) * width, width, dtype=np.int32).tobytes())
    texts = pa.StringArray.from_buffers(size, offsets, pa.py_buffer(rows.tobytes()))
    return texts if null is None else pc.if_else(pa.array(~null), texts, None)


def numbered(letter: str, numbers: Ints, width: int, base: int = 10) -> pa.Array:
    """Ids such as u00012 or, in base 16, e000001a; null where the number is NOBODY."""
    digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    rows = np.empty((len(numbers), width + 1), dtype=np.uint8)
    rows[:, 0] = ord(letter)
    for place in range(width):
        rows[:, width - place] = digits[(numbers // base**place) % base]
    null = numbers == NOBODY
    return _fixed(rows, null if null.any() else None)


def instants(microseconds: Ints) -> pa.Array:
    """ISO 8601 in UTC: whole seconds, or six decimals where there are any; NO_TIME is no time."""
    seconds = np.where(microseconds == NO_TIME, 0, microseconds // SECOND)
    texts = _fixed(_stamps(seconds))
    odd = np.flatnonzero((microseconds % SECOND != 0) | (microseconds == NO_TIME))
    if len(odd) == 0:
        return texts
    mask = np.zeros(len(microseconds), bool)
    mask[odd] = True
    stamps = [bytes(row).decode()[:19] for row in _stamps(seconds[odd])]
    values = [
        "not a time" if us == NO_TIME else f"{stamp}.{us % SECOND:06d}Z"
        for us, stamp in zip(microseconds[odd].tolist(), stamps, strict=True)
    ]
    return pc.replace_with_mask(texts, pa.array(mask), pa.array(values, pa.string()))


def _stamps(seconds: Ints) -> np.ndarray:
    plain = pa.array(seconds, pa.timestamp("s")).cast(pa.string())
    letters = np.frombuffer(plain.buffers()[2] or b"", dtype=np.uint8)
    rows = np.empty((len(seconds), 20), dtype=np.uint8)
    rows[:, :19] = letters[: len(seconds) * 19].reshape(-1, 19)
    rows[:, 10], rows[:, 19] = ord("T"), ord("Z")
    return rows


def chosen(bank: Sequence[str], codes: Ints) -> pa.Array:
    """The bank's text for every code; an empty text is null."""
    return pa.array([text or None for text in bank], pa.string()).take(pa.array(codes))


def csv_lines(table: pa.Table) -> pa.Array:
    """Every row as a CSV line with its line feed; only texts that need quotes have them."""
    columns = [_quoted(column) for column in table.columns]
    columns[-1] = pc.binary_join_element_wise(columns[-1], pa.scalar("\n"), "")
    return pc.binary_join_element_wise(*columns, ",")


def _quoted(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = pc.fill_null(column, "")
    needs = pc.match_substring_regex(texts, '[",\r\n]')
    if not pc.any(needs, min_count=0).as_py():
        return texts
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), texts)
