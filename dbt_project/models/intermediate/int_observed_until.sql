{%- set settings = funnelkit.settings() -%}

-- One row: up to when the log was observed. Decides which windows have closed; never the clock.
with

log as (

    select
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from {{ ref('fct_events') }}

),

final as (

    select
        first_event_at,
        last_event_at,
        {% if settings.observed_until -%}
        {{ funnelkit.parse_time(funnelkit.sql_text(settings.observed_until | string)) }} as told_until,
        {%- else -%}
        last_event_at as told_until,
        {%- endif %}
        -- Of what was not received yet nothing is known.
        {% if settings.as_of -%}
        least(told_until, {{ funnelkit.parse_time(funnelkit.sql_text(settings.as_of)) }})
        {%- else -%}
        told_until
        {%- endif %} as observed_until,
        {{ funnelkit.epoch_us('observed_until') }} as observed_us
    from log

)

select first_event_at, last_event_at, observed_until, observed_us from final
