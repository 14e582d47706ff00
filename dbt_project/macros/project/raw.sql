{#- Where raw rows come from: the sample's seeds (only in this project, unless files were loaded),
    else the tables that `funnelkit load` fills. The same condition enables the seeds. -#}
{% macro raw_is_seeded() %}
    {{ return(project_name == 'funnelkit' and env_var('FUNNELKIT_RAW', 'seeds') == 'seeds') }}
{% endmacro %}

{#- A ref under seeds, since a source has no edge to the seed that fills it; the project's own model
    where it names one; else the source. -#}
{% macro raw(name) %}
    {% if name == 'events' and funnelkit.settings().events_model %}
        {{ return(ref(funnelkit.settings().events_model)) }}
    {% elif funnelkit.raw_is_seeded() %}
        {{ return(ref('raw_' ~ name)) }}
    {% else %}
        {{ return(source('raw', name)) }}
    {% endif %}
{% endmacro %}

{#- The columns of a raw table, with where each row stood (source_file, source_line, load_no) and a
    number for the row. A seed and a model of the project's own tell no lines; a seed has not every
    column. -#}
{% macro raw_columns(name) -%}
    {%- set own = name == 'events' and funnelkit.settings().events_model -%}
    {%- set seeded = funnelkit.raw_is_seeded() and not own -%}
    {%- set absent = {'events': ['previous_id'], 'users': ['anonymous_id'], 'feedback': ['product']}[name] -%}
    {%- for column in funnelkit.raw_tables()[name] if column not in ['source_file', 'source_line bigint', 'load_no bigint'] -%}
    {{ 'cast(null as string) as ' ~ column if seeded and column in absent else funnelkit.any_as_text(column) ~ ' as ' ~ column if own else column }},
    {% endfor -%}
    {%- if own or seeded -%}
    {{ funnelkit.sql_text(own or 'raw_' ~ name ~ '.csv') }} as source_file,
    cast(null as bigint) as source_line,
    cast(0 as bigint) as load_no,
    {{ funnelkit.any_row_number() }} as row_no
    {%- else -%}
    source_file,
    source_line,
    load_no,
    load_no * 1099511627776 + source_line as row_no
    {%- endif %}
{%- endmacro %}

{#- Columns of the raw tables: text, but for line numbers and counts. -#}
{% macro raw_tables() %}
    {{ return({
        'events': ['event_id', 'user_id', 'anonymous_id', 'previous_id', 'account_id', 'event_name',
                   'occurred_at', 'received_at', 'properties', 'source_file', 'source_line bigint',
                   'load_no bigint'],
        'users': ['user_id', 'anonymous_id', 'account_id', 'updated_at', 'properties',
                  'source_file', 'source_line bigint', 'load_no bigint'],
        'feedback': ['response_id', 'user_id', 'source', 'submitted_at', 'question', 'kind',
                     'feature', 'score', 'text', 'language', 'product', 'source_file',
                     'source_line bigint', 'load_no bigint'],
        'rejects': ['kind', 'source_file', 'source_line bigint', 'reason', 'text', 'load_no bigint'],
        'loads': ['kind', 'source_file', 'sha256', 'rows bigint', 'rejected bigint', 'mapping',
                  'load_no bigint'],
        'lists': ['list', 'id'],
    }) }}
{% endmacro %}

{#- What tables say of themselves (see grown), and what later loads changed of earlier numbers. -#}
{% macro meta_tables() %}
    {{ return({
        'model_state': 'no bigint, model string, fingerprint string, generation bigint,'
                       ~ ' upstream string, load_no bigint, observed_us bigint',
        'restatements': 'load_no bigint, what string, funnel string, changed bigint',
    }) }}
{% endmacro %}

{#- Before a run: absent raw tables are created empty, so that a project without feedback builds;
    and seeds never overwrite what was loaded. -#}
{% macro ensure_raw() %}
    {% if execute %}
        {% set seeded = funnelkit.raw_is_seeded() %}
        {% do run_query('create schema if not exists raw') %}
        {% do run_query('create schema if not exists meta') %}
        {% for table, columns in funnelkit.meta_tables().items() %}
            {% do run_query('create table if not exists meta.' ~ table ~ ' (' ~ columns ~ ')') %}
        {% endfor %}
        {% if target.type == 'duckdb' %}
        {# Each build adds a row a model, so that models built side by side never wait for another. #}
        {% do run_query('delete from meta.model_state as old where exists (select 1 from meta.model_state as new where new.model = old.model and new.no > old.no)') %}
        {% endif %}
        {% set files = env_var('FUNNELKIT_SPARK_RAW', '') if target.type == 'spark' and not seeded else '' %}
        {% for table, columns in funnelkit.raw_tables().items() if not files %}
            {% if not (seeded and table in ['events', 'users', 'feedback']) %}
                {% set typed = [] %}
                {% for column in columns %}
                    {% do typed.append(column if ' ' in column else column ~ ' string') %}
                {% endfor %}
                {% do run_query('create table if not exists raw.' ~ table ~ ' (' ~ typed | join(', ') ~ ')') %}
            {% endif %}
        {% endfor %}
        {% if files %}{% do funnelkit.raw_from_files(files) %}{% endif %}
        {% if not seeded and target.type == 'duckdb' %}
            {# Loaded before there were products. #}
            {% do run_query('alter table raw.feedback add column if not exists product string') %}
        {% endif %}
        {% if seeded and run_query('select count(*) from raw.loads').columns[0].values()[0] > 0 %}
            {% do exceptions.raise_compiler_error(
                'this warehouse holds loaded files, and a build from seeds would overwrite them; '
                ~ 'run `funnelkit build`, or set FUNNELKIT_RAW=loaded') %}
        {% endif %}
    {% endif %}
{% endmacro %}

{#- The raw tables as Spark reads the folder that `funnelkit load --to parquet` filled: nothing is copied. The
    private lists are files of the last build. -#}
{% macro raw_from_files(folder) %}
    {% for table, columns in funnelkit.raw_tables().items() %}
        {% set typed = [] %}
        {% for column in columns %}
            {% do typed.append(column if ' ' in column else column ~ ' string') %}
        {% endfor %}
        {% set place = env_var('FUNNELKIT_SPARK') ~ '/lists' if table == 'lists' else folder ~ '/' ~ table %}
        {% do run_query('drop table if exists raw.' ~ table) %}
        {% do run_query(
            'create table raw.' ~ table ~ ' (' ~ typed | join(', ') ~ ') using parquet options ('
            ~ "recursiveFileLookup 'true', path " ~ funnelkit.sql_text(place) ~ ')') %}
    {% endfor %}
{% endmacro %}
