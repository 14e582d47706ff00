{#- Tables that grow, on Spark. Rows of what a load touched are replaced by parts: the table is
    partitioned by a hash of what it is rebuilt by, and parts that hold something touched are written
    again, their other rows as they were. What a table says of itself is in its properties, which no other
    table's build writes; while it is being written they say that nobody knows, so that a build that was
    killed is made up for by one that makes the table whole. -#}
{% materialization grown, adapter='spark' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set grows = funnelkit.grows() -%}
    {%- set key = funnelkit.grown_key() -%}
    {{ run_hooks(pre_hooks) }}
    {% if grows %}
        {% do funnelkit.spark_say(target, {'fingerprint': 'unknown'}) %}
        {% if key %}
            {% do funnelkit.spark_replace_parts(target, sql, key) %}
        {% else %}
            {% call statement('main') %}insert into {{ target }} by name {{ sql }}{% endcall %}
        {% endif %}
    {% else %}
        {{ drop_relation_if_exists(load_cached_relation(this)) }}
        {% call statement('main') %}
            {{ funnelkit.spark_create_in_parts(target, sql, key) if key else create_table_as(False, target, sql) }}
        {% endcall %}
    {% endif %}
    {% do funnelkit.record_growth(grows) %}
    {% do persist_docs(target, model) %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- Into how many parts: each should be of a size that one task takes on. -#}
{% macro spark_parts() %}
    {{ return(env_var('FUNNELKIT_SPARK_PARTS', '64') | int) }}
{% endmacro %}

{% macro spark_part(key) -%}
    cast(pmod(xxhash64({{ key }}), {{ funnelkit.spark_parts() }}) as int)
{%- endmacro %}

{#- The model's rows, with its columns in the order of its contract. -#}
{% macro spark_rows(sql) -%}
    {%- if config.get('contract').enforced -%}
    {{ get_assert_columns_equivalent(sql) }}
    {{ get_select_subquery(sql) }}
    {%- else -%}
    {{ sql }}
    {%- endif -%}
{%- endmacro %}

{#- One task writes a part, sorted by the config `sorted`. -#}
{% macro spark_by_part() -%}
    distribute by fk_part sort by fk_part{{ ', ' ~ config.get('sorted') if config.get('sorted') }}
{%- endmacro %}

{% macro spark_create_in_parts(target, sql, key) -%}
    create table {{ target }}
    {{ file_format_clause() }}
    {{ options_clause() }}
    {{ tblproperties_clause() }}
    partitioned by (fk_part)
    {{ location_clause() }}
    as
    select *, {{ funnelkit.spark_part(key) }} as fk_part
    from (
        {{ funnelkit.spark_rows(sql) }}
    ) as made
    {{ funnelkit.spark_by_part() }}
{%- endmacro %}

{% macro spark_replace_parts(target, sql, key) %}
    {% set gone = 'meta.gone_' ~ this.identifier %}
    {% do funnelkit.spark_table(
        gone, 'select key, ' ~ funnelkit.spark_part('key') ~ ' as part from (select distinct '
        ~ 'keys.* from (' ~ funnelkit.grown_keys() ~ ') as keys (key)) as keys where key is not null'
    ) %}
    {% set parts = run_query('select distinct part from ' ~ gone ~ ' order by part').columns[0].values() | map('int') | list %}
    {% if parts %}
        {% set others %}
            from {{ target }} as old
            left anti join {{ gone }} as gone on gone.key = {{ key }}
            where old.fk_part in ({{ parts | join(', ') }})
        {% endset %}
        {# What is overwritten is where rows come from: of a part without any the old ones would stay. #}
        {% set kept = run_query('select distinct fk_part ' ~ others).columns[0].values() | map('int') | list %}
        {% set emptied = parts | reject('in', kept) | list %}
        {% if emptied %}
            {% do run_query('alter table ' ~ target ~ ' drop if exists partition (fk_part = ' ~ emptied | join('), partition (fk_part = ') ~ ')') %}
        {% endif %}
        {# Never set back: threads share a session, and in the other mode all parts would go. #}
        {% do run_query('set spark.sql.sources.partitionOverwriteMode = dynamic') %}
        {% call statement('main') %}
            insert overwrite table {{ target }} partition (fk_part)
            select *
            from (
                select old.* {{ others }}
                union all
                select *, {{ funnelkit.spark_part(key) }} as fk_part
                from (
                    {{ funnelkit.spark_rows(sql) }}
                ) as made
            ) as rows
            {{ funnelkit.spark_by_part() }}
        {% endcall %}
    {% else %}
        {% call statement('main') %}select 'nothing was touched' as done{% endcall %}
    {% endif %}
    {% do run_query('drop table if exists ' ~ gone) %}
{% endmacro %}

{% macro spark_say(relation, said) %}
    {% set texts = [] %}
    {% for name, value in said.items() %}
        {% do texts.append("'funnelkit." ~ name ~ "' = '" ~ value ~ "'") %}
    {% endfor %}
    {% do run_query('alter table ' ~ relation ~ ' set tblproperties (' ~ texts | join(', ') ~ ')') %}
{% endmacro %}

{#- What a table says of itself; nothing where there is none. Asked once a model: what it is made from
    does not change meanwhile. -#}
{% macro spark_said(name) %}
    {% if not model.get('fk_said') %}
        {% do model.update({'fk_said': {}}) %}
    {% endif %}
    {% if name not in model.fk_said %}
        {% set node = graph.nodes['model.funnelkit.' ~ name] %}
        {% set relation = adapter.get_relation(database=none, schema=node.schema, identifier=node.alias) %}
        {% set said = {} %}
        {% if relation is not none %}
            {% for row in run_query('show tblproperties ' ~ relation).rows if row[0].startswith('funnelkit.') %}
                {% do said.update({row[0][10:]: row[1]}) %}
            {% endfor %}
        {% endif %}
        {% do model.fk_said.update({name: said}) %}
    {% endif %}
    {{ return(model.fk_said[name]) }}
{% endmacro %}

{% macro spark__grown_state(name) %}
    {% set said = funnelkit.spark_said(name) %}
    {{ return({
        'fingerprint': said.fingerprint,
        'generation': said.generation | int,
        'upstream': said.upstream,
        'load_no': said.load_no | int,
        'observed_us': said.observed_us | int if said.observed_us else none,
    } if said else none) }}
{% endmacro %}

{% macro spark__asked_until(sources) %}
    {% set held = [] %}
    {% for name in sources.names %}
        {% set said = funnelkit.spark_said(name) %}
        {% do held.append(said.load_no | int) if said %}
    {% endfor %}
    {% if sources.names %}
        {{ return(held | min if held else 0) }}
    {% endif %}
    {% set found = run_query('select max(load_no) from raw.loads').columns[0].values()[0] %}
    {{ return(found | int if found is not none else 0) }}
{% endmacro %}

{#- By the run that made each table whole: its count begins anew where somebody dropped it. -#}
{% macro spark__made_of(names) %}
    {% set found = [] %}
    {% for name in names | sort %}
        {% do found.append(name ~ ':' ~ funnelkit.spark_said(name).made_by) %}
    {% endfor %}
    {{ return(found | join(' ')) }}
{% endmacro %}

{% macro spark__record_growth(grows, fingerprint, observed) %}
    {% set said = {
        'fingerprint': fingerprint,
        'generation': funnelkit.growth().generation + (0 if grows else 1),
        'upstream': funnelkit.grown_upstream(),
        'load_no': funnelkit.grown_until(),
    } %}
    {% if observed != 'null' %}
        {% do said.update({'observed_us': run_query('select ' ~ observed ~ ' as us').columns[0].values()[0] or ''}) %}
    {% endif %}
    {% if not grows %}
        {% do said.update({'made_by': invocation_id}) %}
    {% endif %}
    {% do funnelkit.spark_say(this, said) %}
{% endmacro %}

{% macro spark__has_relation(relation) %}
    {{ return(load_cached_relation(relation) is not none) }}
{% endmacro %}

{% macro spark__digest_of_lists() -%}
    md5(array_join(sort_array(collect_list(list || chr(31) || id)), chr(30)))
{%- endmacro %}
