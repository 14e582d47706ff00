{#- Who a raw row is by itself: its user, else its anonymous id under a name that no user can have.
    The one rule for events and users; both are SQL. -#}
{% macro logged_id(user_id, anonymous_id) -%}
coalesce(
            case when {{ funnelkit.matches(user_id, "'^(user:)*anonymous:'") }} then 'user:' else '' end || nullif({{ user_id }}, ''),
            'anonymous:' || nullif({{ anonymous_id }}, '')
        )
{%- endmacro %}
