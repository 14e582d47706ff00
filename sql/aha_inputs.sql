-- What a search rests on, as digests that no order of rows changes: one row.
-- Parameters: clock, outcome, stratify_by (list of properties).
select
    (select bit_xor(hash(rows)) from int_aha_exposures as rows) as exposures,
    (select bit_xor(hash(rows)) from int_entrants as rows where clock = $clock) as entrants,
    (
        select bit_xor(hash(rows)) from fct_outcomes as rows
        where clock = $clock and outcome = $outcome
    ) as outcomes,
    (
        select bit_xor(hash(known)) from int_entrant_values as known
        inner join (select distinct clock_no from int_entrants where clock = $clock) as clocks
            on known.clock_no = clocks.clock_no
        where list_contains($stratify_by, known.breakdown)
    ) as segments,
    (select bit_xor(hash(rows)) from int_aha_preceding as rows) as preceding
