{#- SQL for a value that differs between funnels, read from p; a plain literal where all agree.
    `values_json`: list of {no, value}, SQL literals; funnels without a value (none) take any. -#}
{% macro by_funnel(values_json, p) -%}
    {%- set found = fromjson(values_json) | rejectattr('value', 'none') | list -%}
    {%- set distinct = found | map(attribute='value') | unique(case_sensitive=true) | list -%}
    {%- if distinct | length <= 1 -%}
        {{- distinct[0] if distinct else 0 -}}
    {%- else -%}
        case {{ funnel_of(p) }}{% for each in found %} when {{ each.no }} then {{ each.value }}{% endfor %} end
    {%- endif -%}
{%- endmacro %}

{#- An option of every funnel as {no, value} for by_funnel; none becomes `absent`. -#}
{% macro funnel_option(specs_json, option, absent) -%}
    {%- set values = [] -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- do values.append({'no': spec.no, 'value': absent if spec[option] is none else spec[option]}) -%}
    {%- endfor -%}
    {{- tojson(values) -}}
{%- endmacro %}

{#- Total window of a row's funnel in microseconds; the largest bigint where there is none. -#}
{% macro funnel_window(specs_json, p) -%}
    {{ by_funnel(funnel_option(specs_json, 'window_us', 9223372036854775807), p) }}
{%- endmacro %}

{#- The funnel's number in p: what stands above its 56 low bits. -#}
{% macro funnel_of(p) -%}
    ({{ p }} >> 56)
{%- endmacro %}

{#- p without its lane (bits 32 to 55): the entity in its funnel. -#}
{% macro entity_of(specs_json, p) -%}
    {%- if fromjson(specs_json) | selectattr('hold') | list -%}
    ({{ p }} - (({{ p }} >> 32) & 16777215) * 4294967296)
    {%- else -%}
    {{ p }}
    {%- endif -%}
{%- endmacro %}

{#- Numbers of the funnels of a spec list, as an SQL list; -1 stands for none. -#}
{% macro funnel_list(specs_json) -%}
    (-1{% for spec in fromjson(specs_json) %}, {{ spec.no }}{% endfor %})
{%- endmacro %}

{#- The specs whose reported chain is not all there is to know, in JSON: with several entries (best)
    or lanes (hold), the mature figures and the curve come from runs of their own. -#}
{% macro specs_with_runs(specs_json) -%}
    {%- set found = [] -%}
    {%- for spec in fromjson(specs_json) if spec.count == 'entities' and (spec.entry == 'best' or spec.hold) -%}
        {%- do found.append(spec) -%}
    {%- endfor -%}
    {{- tojson(found) -}}
{%- endmacro %}

{#- The specs with an exclusion that takes the whole entity out, in JSON. -#}
{% macro specs_with_leavers(specs_json) -%}
    {%- set found = [] -%}
    {%- for spec in fromjson(specs_json) if spec.exclude | selectattr('scope', 'equalto', 'entity') | list -%}
        {%- do found.append(spec) -%}
    {%- endfor -%}
    {{- tojson(found) -}}
{%- endmacro %}

{#- The runs that these funnels need, in JSON: `all`; `mature` and `first` where several entries or
    lanes compete; `free`, without the exclusions that take whole entities out. -#}
{% macro funnel_runs(specs_json) -%}
    {%- set runs = ['all'] -%}
    {%- if fromjson(specs_with_runs(specs_json)) -%}{%- do runs.extend(['mature', 'first']) -%}{%- endif -%}
    {%- if fromjson(specs_with_leavers(specs_json)) -%}{%- do runs.append('free') -%}{%- endif -%}
    {{- tojson(runs) -}}
{%- endmacro %}
