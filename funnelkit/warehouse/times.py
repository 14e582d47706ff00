"""The one rule for reading a time from text; the dbt macro `parse_time` holds the same expression.

Accepted, spaces around it set aside, years 1000 to 2999:

- an ISO 8601 date, `2026-03-29` (midnight UTC), or date and time, `2026-03-29T08:00`,
  `2026-03-29 08:00:00.123456` (a tenth to a nanosecond; kept to the microsecond);
  without an offset it is UTC;
- the same with an offset, after an optional space: `Z`, `UTC`, `+02`, `+0200`, `+02:00`;
- seconds since 1970 with 9 or 10 digits before the point, milliseconds with 12 or 13,
  microseconds with 15 or 16, nanoseconds with 18 or 19 (each from 1973 to 2286); a fraction may
  follow: `1767225600.25`.

Anything else (`03/29/2026`, `20260329`, a day that is not in the calendar, a leap second) is not a
time: give its format (`--time-format`), or the row is rejected in staging.
"""

from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CANONICAL = "^[12][0-9]{3}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z$"

_EPOCH = "^([0-9]{9,10}|[0-9]{12,13}|[0-9]{15,16}|[0-9]{18,19})([.][0-9]+)?$"
_NAIVE = "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?$"
_OFFSET = (
    "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    " ?(Z|UTC|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)$"
)


_EXAMPLE = "--time-format '%m/%d/%Y %H:%M'"


def unreadable(time_format: str | None) -> tuple[str, str]:
    """What was expected of times none of which could be read, and a hint: (expected, hint)."""
    if time_format is None:
        return "ISO 8601 or seconds since 1970", f"say how it is written: {_EXAMPLE}"
    return (
        f"ISO 8601, seconds since 1970, or --time-format {time_format!r}",
        f"the format does not fit; like {_EXAMPLE}",
    )


def checked_format(con: "DuckDBPyConnection", time_format: str) -> str:
    """The format, if it is one that strptime knows; else raises FunnelkitError."""
    import duckdb

    if "%" not in time_format:
        raise FunnelkitError(
            f"--time-format {time_format!r} names no part of a time", f"example: {_EXAMPLE}"
        )
    probe = con.cursor()  # an error must not end a transaction of `con`
    try:
        probe.execute(f"select try_strptime('', {literal(time_format)})")
    except duckdb.Error:
        raise FunnelkitError(
            f"--time-format {time_format!r} is not a strptime format",
            f"example: {_EXAMPLE}",
        ) from None
    finally:
        probe.close()
    return time_format


def time_sql(column: str, time_format: str | None = None) -> str:
    """SQL: the text `column` (an SQL expression) as a TIMESTAMP in UTC, or NULL if it is no time.

    The same whatever the session's time zone is. The grammar is this module's docstring; a
    `time_format` (strptime, see `checked_format`) is tried before it, and its %z is kept to.
    """
    if time_format is not None:
        # With %z it is a TIMESTAMPTZ, else a TIMESTAMP: both count from 1970 in UTC.
        parsed = f"make_timestamp(epoch_us(try_strptime({column}, {literal(time_format)})))"
        return f"coalesce({parsed}, {time_sql(column)})"
    text = f"trim({column})"
    # What the loader writes comes first. The reader wants no space before an offset, and no UTC.
    offset = (
        f"replace(replace(replace(replace({text}, 'UTC', 'Z'), ' Z', 'Z'), ' +', '+'), ' -', '-')"
    )
    # Epoch: the digits, cut or filled up to microseconds: 15 or 16 of them.
    digits = f"case when length(split_part({text}, '.', 1)) % 3 = 0 then 15 else 16 end"
    return f"""case
    when regexp_matches({column}, '{_CANONICAL}')
        then try_cast(left({column}, length({column}) - 1) as timestamp)
    when regexp_matches({text}, '{_OFFSET}')
        then try_cast({offset} as timestamptz) at time zone 'UTC'
    when regexp_matches({text}, '{_NAIVE}') then try_cast({text} as timestamp)
    when regexp_matches({text}, '{_EPOCH}')
        then make_timestamp(cast(rpad(replace({text}, '.', ''), {digits}, '0') as bigint))
end"""


def utc_text(timestamp: str) -> str:
    """SQL: a TIMESTAMP in UTC as the text that raw holds: `2026-03-29 08:00:00.5Z`."""
    return f"cast({timestamp} as varchar) || 'Z'"
