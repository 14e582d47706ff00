"""SQL that several presets say the same way: each takes SQL for a text, and gives SQL for one."""

_PAIRS = (
    '[{"key":"VARCHAR","value":{"string_value":"VARCHAR","int_value":"VARCHAR",'
    '"float_value":"VARCHAR","double_value":"VARCHAR","set_timestamp_micros":"VARCHAR"}}]'
)


def json_object(text: str) -> str:
    """The text if it is a JSON object, else NULL."""
    return f"case when try(json_type({text})) = 'OBJECT' then {text} end"


def patched(first: str, second: str) -> str:
    """Two JSON objects in one, the second deciding; NULL if neither is one."""
    one, two = json_object(first), json_object(second)
    return (
        f"(case when ({one}) is null then ({two}) when ({two}) is null then ({one})"
        f" else cast(json_merge_patch({first}, {second}) as varchar) end)"
    )


def only_group(groups: str) -> str:
    """The account, where an event names one group, `{"company": "acme"}` or `["acme"]`.

    NULL where it names groups of several types: nobody can tell here which is the account.
    """
    listed = f"json_extract_string({groups}, '$.*[0]')[1]"
    alone = f"nullif(json_extract_string({groups}, '$.*')[1], '[]')"
    one = f"({json_object(groups)}) is not null and len(json_keys({groups})) = 1"
    return f"case when {one} then coalesce({listed}, {alone}) end"


def device(identifier: str) -> str:
    """An id without the `$device:` that marks those of devices."""
    return f"regexp_replace({identifier}, '^[$]device:', '')"


def of_pairs(pairs: str) -> str:
    """`[{"key": …, "value": {"int_value": …}}, …]` as a JSON object with sorted keys; else NULL."""
    number = "coalesce(p.value.int_value, p.value.double_value, p.value.float_value)"
    # JSON has no NaN: text, as anywhere else.
    plain = f"regexp_full_match({number}, '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?')"
    value = (
        "case when p.value.string_value is not null"
        " then cast(to_json(p.value.string_value) as varchar)"
        f" when {plain} then {number} else cast(to_json({number}) as varchar) end"
    )
    member = f"cast(to_json(p.key) as varchar) || ':' || {value}"
    listed = f"list_sort(try(from_json({pairs}, '{_PAIRS}')))"
    members = f"array_to_string(list_transform({listed}, lambda p: {member}), ',')"
    return f"('{{' || nullif({members}, '') || '}}')"


def last_set(pairs: str) -> str:
    """When the latest of the pairs was set: microseconds since 1970; NULL if none says."""
    listed = f"try(from_json({pairs}, '{_PAIRS}'))"
    times = f"list_transform({listed}, lambda p: try_cast(p.value.set_timestamp_micros as bigint))"
    return f"cast(nullif(list_max({times}), 0) as varchar)"
