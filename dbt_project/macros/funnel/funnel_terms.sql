{#- What the recurrence asks of each step, as SQL over a row's columns; ranks count required steps. -#}

{#- K': required steps of the longest funnel that is searched as a chain, at least 1. -#}
{% macro chain_steps(specs_json) -%}
    {%- set ns = namespace(ranks=1) -%}
    {%- for spec in fromjson(specs_json) if spec.order != 'any' -%}
        {%- set ns.ranks = [ns.ranks, spec.steps | rejectattr('optional') | list | length] | max -%}
    {%- endfor -%}
    {{- ns.ranks -}}
{%- endmacro %}

{#- Step number of the k-th required step by funnel, {no, value}; none past the last. -#}
{% macro step_numbers(specs_json, k) -%}
    {%- set values = [] -%}
    {%- for spec in fromjson(specs_json) if spec.order != 'any' -%}
        {%- set required = spec.steps | rejectattr('optional') | list -%}
        {%- do values.append({'no': spec.no, 'value': required[k - 1].no if k <= required | length else none}) -%}
    {%- endfor -%}
    {{- tojson(values) -}}
{%- endmacro %}

{#- Bits of the exclusions that act between two required steps (`covering`: the transition from rank
    k-1 to k) or at the k-th itself (`inside`: it lies strictly within); `free`: without those that
    take whole entities out. -#}
{% macro exclusion_bits(specs_json, k, where, free) -%}
    {%- set values = [] -%}
    {%- for spec in fromjson(specs_json) if spec.order != 'any' -%}
        {%- set required = spec.steps | rejectattr('optional') | list -%}
        {%- set ns = namespace(bits=0) -%}
        {%- if k <= required | length -%}
            {%- set before = required[k - 2].no -%}
            {%- set at = required[k - 1].no -%}
            {%- for each in spec.exclude if not (free and each.scope == 'entity') -%}
                {%- if where == 'covering' and each.from <= before and each.to >= at or where == 'inside' and each.from < at < each.to -%}
                    {%- set ns.bits = ns.bits + 2 ** (each.no - 1) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do values.append({'no': spec.no, 'value': ns.bits}) -%}
    {%- endfor -%}
    {{- tojson(values) -}}
{%- endmacro %}

{#- Whether a row can fill the k-th required step. -#}
{% macro fills(specs_json, k, free=false) -%}
    {%- set bits = [] -%}
    {#- A funnel past its last rank has no such row; without optional steps its masks say so. -#}
    {%- set past = {} -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- do past.update({spec.no: 0 if spec.steps | selectattr('optional') | list else none}) -%}
    {%- endfor -%}
    {%- for each in fromjson(step_numbers(specs_json, k)) -%}
        {%- do bits.append({'no': each.no, 'value': past[each.no] if each.value is none else 2 ** (each.value - 1)}) -%}
    {%- endfor -%}
    {%- set inside = by_funnel(exclusion_bits(specs_json, k, 'inside', free), 'p') -%}
    mask & {{ by_funnel(tojson(bits), 'p') }} <> 0
    {%- if inside != '0' %} and xmask & {{ inside }} = 0{% endif -%}
{%- endmacro %}

{#- Whether a row excludes the transition from rank k-1 to k; '' where nothing does. -#}
{% macro excludes(specs_json, k, free=false) -%}
    {%- set covering = by_funnel(exclusion_bits(specs_json, k, 'covering', free), 'p') -%}
    {%- if covering != '0' -%}
    xmask & {{ covering }} <> 0
    {%- endif -%}
{%- endmacro %}

{#- The greatest position that a predecessor of a row may have: before it; with `row_reuse` the row
    itself; with `strict_increase` before its instant. -#}
{% macro latest_before(specs_json) -%}
    {%- set values = [] -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- do values.append({'no': spec.no, 'value': 'tie - 1' if spec.strict_increase else 'pos' if spec.row_reuse else 'pos - 1'}) -%}
    {%- endfor -%}
    {{- by_funnel(tojson(values), 'p') -}}
{%- endmacro %}

{#- Whether `b` may follow `a`, its latest reachable predecessor (`gap`: SQL for the time between
    them, `since_start`: since the chain's entry, `a_pos`, `b_pos`: their positions). -#}
{% macro follows(specs_json, since_start, gap, a_pos, b_pos, p) -%}
    {%- set specs = fromjson(specs_json) -%}
    {%- set conditions = [] -%}
    {%- if specs | rejectattr('window_us', 'none') | list -%}
        {%- do conditions.append(since_start ~ ' <= ' ~ funnel_window(specs_json, p)) -%}
    {%- endif -%}
    {%- if specs | rejectattr('step_window_us', 'none') | list -%}
        {%- set longest = by_funnel(funnel_option(specs_json, 'step_window_us', 9223372036854775807), p) -%}
        {%- do conditions.append(gap ~ ' <= ' ~ longest) -%}
    {%- endif -%}
    {%- if specs | selectattr('order', 'equalto', 'strict') | list -%}
        {%- set floors = [] -%}
        {%- for spec in specs -%}
            {%- do floors.append({'no': spec.no, 'value': b_pos ~ ' - 1' if spec.order == 'strict' else '0'}) -%}
        {%- endfor -%}
        {%- do conditions.append(a_pos ~ ' >= ' ~ by_funnel(tojson(floors), p)) -%}
    {%- endif -%}
    {{- conditions | join(' and ') if conditions else 'true' -}}
{%- endmacro %}
