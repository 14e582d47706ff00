{{ config(enabled=funnelkit.declares('say')) }}
-- When users had what the entitlement of a feature asks for.
select * from (
    {{ funnelkit.entitled_times(funnelkit.project_say_plan(), ref('int_user_rows')) }}
) as entitled
