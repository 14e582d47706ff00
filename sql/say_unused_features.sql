-- Features that nobody in the whole log ever used. Grain: feature. No parameters.
select feature
from dim_features
where feature_no not in (select feature_no from fct_feature_usage)
order by feature_no
