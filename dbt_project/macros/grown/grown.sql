{#- Tables that grow: a build adds what new loads brought and rebuilds only what they touched; the
    result equals a full refresh row for row.
    Each table keeps, in the same transaction as its rows, the number of the last load it holds. So
    a build may be killed anywhere: the next one goes on from what every table says of itself. It is
    made whole again when its definition or code changed, or a table it follows was.
    Config `follows`: the kind of change (grown_delete), `all` for a table that is made whole each time
    and only compared; `after`: the grown tables it reads; `reads`: the settings that its own rows depend
    on, if not all. -#}
{% materialization grown, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set grows = funnelkit.grows() -%}
    {%- set beside = make_intermediate_relation(target) -%}
    {%- set before = make_backup_relation(target, 'table') -%}
    {{ drop_relation_if_exists(load_cached_relation(beside)) }}
    {{ drop_relation_if_exists(load_cached_relation(before)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if grows %}
        {%- set key = funnelkit.grown_key() -%}
        {% if key %}
            {% call statement('removed') %}delete from {{ target }} where {{ key }} in ({{ funnelkit.grown_keys() }}){% endcall %}
        {% endif %}
        {% call statement('main') %}insert into {{ target }} by name {{ sql }}{% endcall %}
    {% else %}
        {% call statement('main') %}{{ create_table_as(False, beside, sql) }}{% endcall %}
        {% if existing is not none %}
            {% do adapter.rename_relation(existing, before) %}
        {% endif %}
        {% do adapter.rename_relation(beside, target) %}
    {% endif %}
    {% do funnelkit.record_growth(grows) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ drop_relation_if_exists(load_cached_relation(before)) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- Whether this build adds to the model's table; false where it is made whole. While dbt only parses
    it is true, so that it sees every table that the model may read. -#}
{% macro grows() %}
    {{ return(funnelkit.growth().grows) }}
{% endmacro %}

{#- The last load whose rows the model's table holds; -1 where it is made whole. -#}
{% macro grown_since() %}
    {{ return(funnelkit.growth().since) }}
{% endmacro %}

{#- The last load whose rows it holds after this build: none that a table it is made from lacks. -#}
{% macro grown_until() %}
    {{ return(funnelkit.growth().until) }}
{% endmacro %}

{#- Up to when the log was observed as the model's table was last built, in microseconds. -#}
{% macro grown_observed_us() %}
    {{ return(funnelkit.growth().observed_us) }}
{% endmacro %}

{#- What the model's table says of itself: asked once a model, since much depends on it. -#}
{% macro growth() %}
    {% if not execute %}
        {{ return({'grows': true, 'since': -1, 'until': 0, 'observed_us': 0, 'generation': 0}) }}
    {% endif %}
    {% if not model.get('fk_growth') %}
        {% do model.update({'fk_growth': funnelkit.asked_growth()}) %}
    {% endif %}
    {{ return(model.fk_growth) }}
{% endmacro %}

{% macro asked_growth() %}
    {% set whole = {'grows': false, 'since': -1, 'until': 0, 'observed_us': none, 'generation': 0} %}
    {% if model.resource_type != 'model' or config.get('materialized') != 'grown' %}
        {{ return(whole) }}
    {% endif %}
    {% set sources = funnelkit.grown_sources() %}
    {% do whole.update({'until': funnelkit.asked_until(sources)}) %}
    {% set state = funnelkit.grown_state(model.name) %}
    {% if state is none %}
        {{ return(whole) }}
    {% endif %}
    {% do whole.update({'generation': state.generation}) %}
    {% set grows = not (flags.FULL_REFRESH or funnelkit.raw_is_seeded() or funnelkit.settings().events_model)
        and state.fingerprint == funnelkit.grown_fingerprint()
        and state.upstream == funnelkit.grown_upstream()
        and funnelkit.has_relation(this) %}
    {% if not grows %}
        {{ return(whole) }}
    {% endif %}
    {{ return({'grows': config.get('follows') != 'all', 'since': state.load_no, 'until': [whole.until, state.load_no] | min if sources.is_stale else whole.until, 'observed_us': state.observed_us, 'generation': state.generation}) }}
{% endmacro %}

{#- The last load, or of the grown tables among the sources the load of the one furthest behind: a
    part of the project may have been built alone. -#}
{% macro asked_until(sources) %}
    {{ return(adapter.dispatch('asked_until', 'funnelkit')(sources)) }}
{% endmacro %}

{% macro default__asked_until(sources) %}
    {% set asked = 'select max(load_no) from raw.loads' %}
    {% if sources.names %}
        {% set asked = "select min(load_no) from (select max_by(load_no, no) as load_no from meta.model_state where model in ('" ~ sources.names | join("', '") ~ "') group by model) as held" %}
    {% endif %}
    {% set found = run_query(asked).columns[0].values()[0] %}
    {{ return(found | int if found is not none else 0) }}
{% endmacro %}

{#- What a model's table says of itself; none before it was built. -#}
{% macro grown_state(name) %}
    {{ return(adapter.dispatch('grown_state', 'funnelkit')(name)) }}
{% endmacro %}

{% macro default__grown_state(name) %}
    {% set found = run_query(
        "select fingerprint, generation, upstream, load_no, observed_us from meta.model_state"
        ~ " where model = '" ~ name ~ "' order by no desc limit 1") %}
    {% for row in found.rows %}
        {{ return({
            'fingerprint': row[0],
            'generation': row[1] | int,
            'upstream': row[2],
            'load_no': row[3] | int,
            'observed_us': row[4] | int if row[4] is not none else none,
        }) }}
    {% endfor %}
    {{ return(none) }}
{% endmacro %}

{#- Everything but the data that the model's rows depend on. -#}
{% macro grown_fingerprint() %}
    {% set settings = funnelkit.settings() %}
    {% do settings.quality.pop('fail_over') %}
    {% if config.get('reads') is not none %}
        {% set read = {} %}
        {% for name in config.get('reads') %}{% do read.update({name: settings[name]}) %}{% endfor %}
        {% set settings = read %}
    {% else %}
        {% do settings.pop('timezone') %}
    {% endif %}
    {% set parts = [model.raw_code, tojson(settings), env_var('FUNNELKIT_VERSION', ''), funnelkit.raw_is_seeded() ~ ''] %}
    {% if target.type == 'spark' and funnelkit.grown_key() %}
        {% do parts.append(funnelkit.spark_parts() ~ '') %}
    {% endif %}
    {% if config.get('lists_entities') %}
        {% do parts.append(funnelkit.other_entities() | join(',')) %}
    {% endif %}
    {% if config.get('follows') in ['entities', 'all'] %}
        {% do parts.append(funnelkit.project_funnels()) %}
    {% else %}
        {% do settings.pop('observed_until', none) %}
    {% endif %}
    {% if config.get('follows') == 'users' %}
        {% do parts.append(run_query('select ' ~ funnelkit.digest_of_lists() ~ ' from raw.lists').columns[0].values()[0] ~ '') %}
    {% endif %}
    {{ return(local_md5(parts | join(';'))) }}
{% endmacro %}

{#- Which making of the tables it follows the model's rows come from. Only of those that it reads
    with these definitions: another may be built before it or behind it. -#}
{% macro grown_upstream() %}
    {% set names = [] %}
    {% for name in config.get('after') or [] if 'model.funnelkit.' ~ name in model.depends_on.nodes %}
        {% do names.append(name) %}
    {% endfor %}
    {{ return(adapter.dispatch('made_of', 'funnelkit')(names)) }}
{% endmacro %}

{% macro default__made_of(names) %}
    {% set found = [] %}
    {% if names %}
        {% for row in run_query(
            "select model, max(generation) from meta.model_state where model in ('" ~ names | join("', '")
            ~ "') group by model order by model").rows %}
            {% do found.append(row[0] ~ ':' ~ row[1] | int) %}
        {% endfor %}
    {% endif %}
    {{ return(found | join(' ')) }}
{% endmacro %}

{#- What the model is made from, back to the next grown tables: their names, and whether a table on
    the way is not of this run (`--select`), so that nobody knows which loads it holds. -#}
{% macro grown_sources() %}
    {% set found = {'names': [], 'is_stale': false} %}
    {% set seen = [] %}
    {% set open = model.depends_on.nodes | list %}
    {% for _ in graph.nodes if open %}
        {% set node = graph.nodes.get(open.pop()) %}
        {% if node and node.resource_type == 'model' and node.unique_id not in seen %}
            {% do seen.append(node.unique_id) %}
            {% if node.config.materialized == 'grown' %}
                {% do found.names.append(node.name) %}
            {% else %}
                {% if node.config.materialized != 'view' and node.unique_id not in selected_resources %}
                    {% do found.update({'is_stale': true}) %}
                {% endif %}
                {% do open.extend(node.depends_on.nodes) %}
            {% endif %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#- Holds the table to the last load that everything it was made from held. With a table of unknown
    state among that, a build adds nothing for good, or makes it whole again the next time; so it does
    after `--empty`. -#}
{% macro record_growth(grows) %}
    {% set sources = funnelkit.grown_sources() %}
    {% set is_known = (grows or not sources.is_stale) and not invocation_args_dict.get('empty') %}
    {% do adapter.dispatch('record_growth', 'funnelkit')(
        grows,
        funnelkit.grown_fingerprint() if is_known else 'unknown',
        funnelkit.observed_us() if config.get('matured') else 'null'
    ) %}
{% endmacro %}

{% macro default__record_growth(grows, fingerprint, observed) %}
    {% set generation = funnelkit.growth().generation + (0 if grows else 1) %}
    {% call statement('state') %}
        insert into meta.model_state
        select
            coalesce((select max(no) from meta.model_state), 0) + 1, '{{ model.name }}',
            '{{ fingerprint }}', {{ generation }}, '{{ funnelkit.grown_upstream() }}',
            {{ funnelkit.grown_until() }}, {{ observed }}
    {% endcall %}
{% endmacro %}

{#- What the table is rebuilt by, as an expression over its columns; none where a build only adds. -#}
{% macro grown_key() %}
    {% if config.get('follows') == 'entities' %}
        {{ return(funnelkit.entity_of(funnelkit.project_funnels(), 'p')) }}
    {% endif %}
    {{ return({'users': 'user_key', 'user ids': 'user_id', 'event ids': 'event_id'}.get(config.get('follows'))) }}
{% endmacro %}

{#- The values of it whose rows this build replaces, as a query. -#}
{% macro grown_keys() %}
    {% set follows = config.get('follows') %}
    {% if follows == 'users' %}
        {{ return(funnelkit.touched_users()) }}
    {% elif follows == 'user ids' %}
        {{ return('select user_id from ' ~ ref('int_user_keys') ~ ' where user_key in (' ~ funnelkit.touched_users() ~ ')') }}
    {% elif follows == 'entities' %}
        {{ return(funnelkit.touched_entities(config.get('matured', false))) }}
    {% elif follows == 'event ids' %}
        {{ return(funnelkit.new_event_ids()) }}
    {% endif %}
    {{ return(none) }}
{% endmacro %}

{#- One text of all lists of ids, as an aggregate. -#}
{% macro digest_of_lists() -%}
    {{ adapter.dispatch('digest_of_lists', 'funnelkit')() }}
{%- endmacro %}

{% macro default__digest_of_lists() -%}
    md5(string_agg(list || chr(31) || id, chr(30) order by list, id))
{%- endmacro %}

{% macro has_relation(relation) %}
    {{ return(adapter.dispatch('has_relation', 'funnelkit')(relation)) }}
{% endmacro %}

{% macro default__has_relation(relation) %}
    {{ return(run_query(
        "select count(*) from information_schema.tables where table_catalog = current_database()"
        ~ " and table_schema = '" ~ relation.schema ~ "' and table_name = '" ~ relation.identifier ~ "'"
    ).columns[0].values()[0] > 0) }}
{% endmacro %}
