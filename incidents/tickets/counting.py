"""Which tickets count, when, from where and how much: the expressions in SQL that every count is made of (row `t`).

Dismissed tickets and those merged into another do not count; a kept one weighs as much as what was merged into it.
"""

COUNTED = "t.status <> 'dismissed' and t.merged_into_id is null"
WEIGHT = "(t.weight + t.merged_weight)"
# What the fields say together with what the words add.
SEGMENT = "coalesce(t.stated_segment_id, t.segment_id)"
# When the symptom began: by the fields, by the words where they tell it within two days, else the report.
BEGAN_AT = "coalesce(t.onset_at, t.stated_onset_at, t.reported_at)"
# Whether only the local day of BEGAN_AT is known; what words tell is a moment with a spread of its own.
BEGAN_DAY_ONLY = """(case when t.onset_at is not null then 'onset_at'
    when t.stated_onset_at is not null then '' else 'reported_at' end) = any(t.day_fields)"""
