{#- Events of features, a row each and feature: feature_no, user_key, used_on (day on the project's
    calendar), occurred_at. One pass over the log for all of them: a pass each does not fit in memory
    where the log is long. -#}
{% macro feature_events(plan_json, events) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- set conditions = [] -%}
    {%- for feature in plan.features if feature.where -%}{%- do conditions.append(feature) -%}{%- endfor -%}
    select
        fk_named.fk_feature_no as feature_no,
        user_key,
        cast({{ local_time('occurred_at', plan.timezone) }} as date) as used_on,
        occurred_at
    from {{ events }}
    inner join (
        {%- for feature in plan.features %}
        {%- set outer = loop %}
        {%- for name in feature.events %}
        {{ 'union all' if not (outer.first and loop.first) }}
        select cast({{ feature.no }} as bigint) as fk_feature_no, {{ sql_text(name) }} as fk_event_name
        {%- endfor %}
        {%- else %}
        select {{ no_values(['fk_feature_no bigint', 'fk_event_name string']) }} where false
        {%- endfor %}
    ) as fk_named on event_name = fk_named.fk_event_name
    {%- if conditions %}
    where case fk_named.fk_feature_no
        {%- for feature in conditions %}
        when {{ feature.no }} then (
            {{ feature.where }}
        )
        {%- endfor %}
        else true
    end
    {%- endif %}
{%- endmacro %}

{#- What the log tells of claims, a row an event and question: question_no, user_key, us, used_on (where
    days are counted), amount (where a property is summed: exact, to the millionth). -#}
{% macro claim_events(plan_json, events) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- set ns = namespace(parts=0) -%}
    {%- for question in plan.questions if question.claim %}
    {%- set claim = question.claim %}
    {{ 'union all' if ns.parts }}
    {%- set ns.parts = ns.parts + 1 %}
    select
        cast({{ question.no }} as bigint) as question_no,
        user_key,
        {{ epoch_us('occurred_at') }} as us,
        {% if claim.measure == 'days' -%}
        cast({{ local_time('occurred_at', plan.timezone) }} as date) as used_on,
        {%- else -%}
        cast(null as date) as used_on,
        {%- endif %}
        cast({{ claim.property if claim.measure == 'sum' else 'null' }} as decimal(38, 6)) as amount
    from {{ events }}
    where {{ step_predicate(claim) }}
    {%- endfor %}
    {%- if not ns.parts %}
    select {{ no_values(['question_no bigint', 'user_key bigint', 'us bigint', 'used_on date', 'amount decimal(38,6)']) }}
    where false
    {%- endif %}
{%- endmacro %}

{#- What a claim is held against, as SQL over the rows of claim_events of one question. -#}
{% macro claim_measure(plan_json) -%}
    {%- set claims = [] -%}
    {%- for question in fromjson(plan_json).questions if question.claim -%}{%- do claims.append(question) -%}{%- endfor -%}
    {%- if claims -%}
    case question_no
        {%- for question in claims %}
        when {{ question.no }} then {{ {
            'events': 'cast(count(us) as double)',
            'days': 'cast(count(distinct used_on) as double)',
            'sum': 'cast(coalesce(sum(amount), 0) as double)',
        }[question.claim.measure] }}
        {%- endfor %}
    end
    {%- else -%}
    cast(null as double)
    {%- endif -%}
{%- endmacro %}

{#- When users had what a feature's entitlement asks for, a row a stretch: feature_no, user_key,
    from_us, until_us (exclusive; null while it lasts). `user_rows`: what was told, and from when. -#}
{% macro entitled_times(plan_json, user_rows) -%}
    {%- set ns = namespace(parts=0) -%}
    {%- for feature in fromjson(plan_json).features if feature.entitlement %}
    {{ 'union all' if ns.parts }}
    {%- set ns.parts = ns.parts + 1 %}
    select feature_no, user_key, from_us, until_us
    from (
        select
            cast({{ feature.no }} as bigint) as feature_no,
            user_key,
            {{ epoch_us('valid_from') }} as from_us,
            lead({{ epoch_us('valid_from') }}) over (partition by user_key order by valid_from) as until_us,
            ({{ feature.entitlement }}
            ) as is_entitled
        from {{ user_rows }}
    ) as told_{{ feature.no }}
    where is_entitled
    {%- endfor %}
    {%- if not ns.parts %}
    select {{ no_values(['feature_no bigint', 'user_key bigint', 'from_us bigint', 'until_us bigint']) }} where false
    {%- endif %}
{%- endmacro %}

{#- Joins that hold of who had a feature's entitlement at the start and at the end of a window;
    is_entitled_then() says of whom. `pairs` has feature_no and user_key; the times are SQL. -#}
{% macro entitlement_joins(pairs, entitled, from_us, until_us) -%}
    left join {{ entitled }} as at_start
        on {{ pairs }}.feature_no = at_start.feature_no and {{ pairs }}.user_key = at_start.user_key
        and {{ from_us }} >= at_start.from_us and {{ from_us }} < coalesce(at_start.until_us, 9223372036854775807)
    left join {{ entitled }} as at_end
        on {{ pairs }}.feature_no = at_end.feature_no and {{ pairs }}.user_key = at_end.user_key
        and {{ until_us }} >= at_end.from_us and {{ until_us }} < coalesce(at_end.until_us, 9223372036854775807)
{%- endmacro %}

{% macro is_entitled_then(is_entitled) -%}
    (not {{ is_entitled }} or at_start.user_key is not null and at_end.user_key is not null)
{%- endmacro %}
