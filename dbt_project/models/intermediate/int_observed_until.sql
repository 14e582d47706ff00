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
        {{ funnelkit.parse_time(funnelkit.sql_text(settings.observed_until | string)) }} as observed_until,
        {%- else -%}
        last_event_at as observed_until,
        {%- endif %}
        {{ funnelkit.epoch_us('observed_until') }} as observed_us
    from log

)

select * from final
