{#- The declared features, a row each: feature_no, feature, description, within_us, used_days,
    regular_days, released_at, definition, definition_hash, is_entitled (an entitlement says who has
    it), has_topics. -#}
{% macro feature_values(plan_json) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- for feature in plan.features %}
        {%- set text = sql_text(feature_definition(plan_json, feature.no)) %}
{{ 'union all' if not loop.first }}
select
    cast({{ feature.no }} as bigint) as feature_no,
    cast({{ sql_text(feature.name) }} as string) as feature,
    cast({{ sql_text(feature.description) }} as string) as description,
    cast({{ feature.within_us }} as bigint) as within_us,
    cast({{ feature.used_days }} as bigint) as used_days,
    cast({{ feature.regular_days }} as bigint) as regular_days,
    {{ 'cast(null as timestamp)' if feature.released_on is none else local_midnight(feature.released_on, plan.timezone) }} as released_at,
    cast({{ text }} as string) as definition,
    cast(substring(md5({{ text }}), 1, 12) as string) as definition_hash,
    {{ 'true' if feature.entitlement else 'false' }} as is_entitled,
    {{ 'true' if feature.topics else 'false' }} as has_topics
    {%- else %}
select
    {{ no_values(['feature_no bigint', 'feature string', 'description string', 'within_us bigint',
                  'used_days bigint', 'regular_days bigint', 'released_at timestamp', 'definition string',
                  'definition_hash string', 'is_entitled boolean', 'has_topics boolean']) }}
where false
    {%- endfor %}
{%- endmacro %}

{#- The first instant of a day, UTC. -#}
{% macro local_midnight(day, timezone) -%}
    cast({{ from_local('cast(' ~ sql_text(day) ~ ' as timestamp)', timezone) }} as timestamp)
{%- endmacro %}

{#- The declared questions, a row each: question_no, question, kind, feature, lo, hi, within_us (of its
    claim; null without one). -#}
{% macro question_values(plan_json) -%}
    {%- for question in fromjson(plan_json).questions %}
    {{ 'union all' if not loop.first }}
    select
        cast({{ question.no }} as bigint) as question_no,
        cast({{ sql_text(question.name) }} as string) as question,
        cast({{ sql_text(question.kind) }} as string) as kind,
        {{ text_or_null(question.feature) }} as feature,
        cast({{ 'null' if question.lo is none else question.lo }} as double) as lo,
        cast({{ 'null' if question.hi is none else question.hi }} as double) as hi,
        cast({{ question.claim.within_us if question.claim else 'null' }} as bigint) as within_us
    {%- else %}
    select {{ no_values(['question_no bigint', 'question string', 'kind string', 'feature string', 'lo double', 'hi double', 'within_us bigint']) }}
    where false
    {%- endfor %}
{%- endmacro %}

{#- The scale of every kind that has one, a row each: kind, lo, hi. -#}
{% macro scale_values() -%}
    {%- for kind, scale in fromjson(say_scales()).items() %}
    {{ 'union all' if not loop.first }}
    select '{{ kind }}' as kind, cast({{ scale[0] }} as double) as lo, cast({{ scale[1] }} as double) as hi
    {%- endfor %}
{%- endmacro %}

{#- The declared waves, a row each: wave_no, wave, from_at, until_at (the first instant after it). -#}
{% macro wave_values(plan_json) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- for wave in plan.waves.list %}
    {{ 'union all' if not loop.first }}
    select
        cast({{ wave.no }} as bigint) as wave_no,
        cast({{ sql_text(wave.name) }} as string) as wave,
        {{ local_midnight(wave.from, plan.timezone) }} as from_at,
        cast({{ from_local('cast(' ~ sql_text(wave.to) ~ " as timestamp) + interval '1' day", plan.timezone) }} as timestamp) as until_at
    {%- else %}
    select {{ no_values(['wave_no bigint', 'wave string', 'from_at timestamp', 'until_at timestamp']) }} where false
    {%- endfor %}
{%- endmacro %}

{#- The wave of an answer where waves are not declared, as text; names sort as time does. `local`: when
    it was given, on the project's clocks. -#}
{% macro calendar_wave(kind, local) -%}
    {%- if kind == 'month' -%}
    substring(cast(cast({{ local }} as date) as string), 1, 7)
    {%- elif kind == 'quarter' -%}
    substring(cast(cast({{ local }} as date) as string), 1, 4) || '-Q' || cast(extract(quarter from {{ local }}) as string)
    {%- else -%}
    'all'
    {%- endif -%}
{%- endmacro %}

{#- The first day of such a wave, on the project's calendar; null of the one wave of all. -#}
{% macro calendar_wave_start(kind, wave) -%}
    {%- if kind == 'month' -%}
    cast({{ wave }} || '-01' as timestamp)
    {%- elif kind == 'quarter' -%}
    cast(substring({{ wave }}, 1, 5) || lpad(cast(3 * cast(right({{ wave }}, 1) as integer) - 2 as string), 2, '0') || '-01' as timestamp)
    {%- else -%}
    cast(null as timestamp)
    {%- endif -%}
{%- endmacro %}
