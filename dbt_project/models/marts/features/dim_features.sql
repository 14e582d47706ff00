{{ config(enabled=funnelkit.declares('say')) }}
-- The features as they were defined when this was built.
select * except (is_entitled, has_topics) from (
    {{ funnelkit.feature_values(funnelkit.project_say_plan()) }}
) as features
