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

_EPOCH = "^([0-9]{9,10}|[0-9]{12,13}|[0-9]{15,16}|[0-9]{18,19})([.][0-9]+)?$"
_NAIVE = "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?$"
_OFFSET = (
    "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    " ?(Z|UTC|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)$"
)


def time_sql(column: str) -> str:
    """SQL: the text `column` (an SQL expression) as a TIMESTAMP in UTC, or NULL if it is no time.

    The same whatever the session's time zone is. The grammar is this module's docstring.
    """
    text = f"trim({column})"
    # What the loader writes comes first. The reader wants no space before an offset, and no UTC.
    offset = (
        f"replace(replace(replace(replace({text}, 'UTC', 'Z'), ' Z', 'Z'), ' +', '+'), ' -', '-')"
    )
    # Epoch: the digits, cut or filled up to microseconds: 15 or 16 of them.
    digits = f"case when length(split_part({text}, '.', 1)) % 3 = 0 then 15 else 16 end"
    return f"""case
    when regexp_matches({text}, '{_OFFSET}')
        then try_cast({offset} as timestamptz) at time zone 'UTC'
    when regexp_matches({text}, '{_NAIVE}') then try_cast({text} as timestamp)
    when regexp_matches({text}, '{_EPOCH}')
        then make_timestamp(cast(rpad(replace({text}, '.', ''), {digits}, '0') as bigint))
end"""


def utc_text(timestamp: str) -> str:
    """SQL: a TIMESTAMP in UTC as the text that raw holds: `2026-03-29 08:00:00.5Z`."""
    return f"cast({timestamp} as varchar) || 'Z'"
