-- The features as they were built. Grain: feature.
select feature_no, feature, description, within_us, used_days, regular_days, definition,
    definition_hash
from dim_features
order by feature_no
