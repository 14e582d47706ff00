"""An experiment's groups: made as planned or not, how far they differ, what that may be called."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.stats.compare import STANDS
from funnelkit.stats.evidence import CAUSED, claim
from funnelkit.stats.experiments import difference, difference_p, mismatched, srm_p
from funnelkit.stats.funnels import in_words, many
from funnelkit.stats.proportions import NOTHING, Interval, benjamini_hochberg, wilson
from funnelkit.table import Column, Table, Value, percent, shown

EXPERIMENT_COLUMNS = (
    Column("experiment"),
    Column("variant"),
    Column("exposed", "count"),
    Column("share_expected", "share"),
    Column("matured", "count"),
    Column("converted", "count"),
    Column("rate", "share"),
    Column("lo", "share"),
    Column("hi", "share"),
    Column("difference", "points"),
    Column("d_lo", "points"),
    Column("d_hi", "points"),
    Column("p_value", "p"),
    Column("srm_p", "p"),
    Column("verdict"),
    Column("q_value", "p"),
    Column("open", "count"),
)
MISMATCH = "sample ratio mismatch: not evaluated"
NOBODY = "nobody to compare yet"
HIGHER, LOWER, NONE = "higher", "lower", "no difference shown"
CONTROL = "control"


class Group(NamedTuple):
    """Entities of one variant: exposed, of them with their time over, of those converted.

    `planned`: the share of all that it was to get, 0..1.
    """

    variant: str
    planned: float
    exposed: int
    matured: int
    converted: int

    @property
    def open(self) -> int:
        """Those whose time is not over: neither converted nor not."""
        return self.exposed - self.matured

    @property
    def rate(self) -> Interval:
        """Of the mature, the share that converted: Wilson, 95 %."""
        return wilson(self.converted, self.matured)


class Design(NamedTuple):
    """What the words need: names, what counts (`users`), what is looked for, its window.

    `definition_hash` and `definition` are of its rules.
    """

    name: str
    control: str
    entities: str
    goal: str
    window: str
    definition_hash: str = ""
    definition: Sequence[str] = ()


class LeftOut(NamedTuple):
    """Exposed, but in no group: to several variants, to one without a share, to none that is named.

    `nobody`: exposures (not entities) without the entity that is counted.
    """

    several: int = 0
    undeclared: int = 0
    unnamed: int = 0
    nobody: int = 0


class Compared(NamedTuple):
    """A treatment against control: difference of the rates (treatment - control), p, q, verdict."""

    group: Group
    difference: Interval
    p: float | None
    q: float | None
    verdict: str


class Experiment(NamedTuple):
    """A read experiment: `control` and each treatment; `srm_p`: of the sizes against the plan."""

    design: Design
    control: Group
    compared: Sequence[Compared]
    srm_p: float
    left_out: LeftOut

    @property
    def is_mismatched(self) -> bool:
        """Whether nothing may be read from it: its groups are not what chance made of the plan."""
        return mismatched(self.srm_p)

    @property
    def groups(self) -> list[Group]:
        """Control, then the treatments."""
        return [self.control, *(each.group for each in self.compared)]

    @property
    def best(self) -> Compared | None:
        """The treatment with the largest difference that stands; None without any."""
        stand = [each for each in self.compared if each.verdict in (HIGHER, LOWER)]
        return max(stand, key=lambda each: abs(each.difference.estimate or 0.0), default=None)


def read_experiment(design: Design, groups: Sequence[Group], left_out: LeftOut) -> Experiment:
    """The sample ratio first, below p = 0.001 nothing is compared; then treatments with control.

    `groups`: every declared variant, also of nobody; the one called `design.control` is compared
    with. Newcombe's interval (95 %, each alone), score test, Benjamini-Hochberg over treatments.
    Source: Fabijan et al. 2019, KDD, on the sample ratio.
    """
    control = next(each for each in groups if each.variant == design.control)
    treatments = [each for each in groups if each is not control]
    p = srm_p([each.exposed for each in groups], [each.planned for each in groups])
    if mismatched(p):
        compared = [Compared(each, NOTHING, None, None, MISMATCH) for each in treatments]
    else:
        compared = _compared(control, treatments)
    return Experiment(design, control, compared, p, left_out)


def _compared(control: Group, treatments: Sequence[Group]) -> list[Compared]:
    sizes = (control.converted, control.matured)
    p_values = [difference_p(each.converted, each.matured, *sizes) for each in treatments]
    adjusted = iter(benjamini_hochberg([p for p in p_values if p is not None]))
    found = []
    for each, p in zip(treatments, p_values, strict=True):
        interval, q = difference(each.converted, each.matured, *sizes), None
        if p is not None:
            q = next(adjusted)
        found.append(Compared(each, interval, p, q, _verdict(interval, q)))
    return found


def _verdict(interval: Interval, q: float | None) -> str:
    """Only what both the test and the interval show is called a difference."""
    if q is None or interval.lo is None or interval.hi is None:
        return NOBODY
    if q > STANDS or interval.lo <= 0 <= interval.hi:
        return NONE
    return HIGHER if interval.lo > 0 else LOWER


# --- as a table --------------------------------------------------------------------------------


def experiment_table(found: Sequence[Experiment], *, meta: Mapping[str, Any]) -> Table:
    """One row a variant, control first, of each experiment in turn; shares of the mature.

    Where the sample ratio stops an experiment, its rows have no rate and no difference.
    """
    sentences = [experiment_sentence(each) for each in found]
    notes = [note for each in found for note in _notes(each, many_found=len(found) > 1)]
    return Table(
        EXPERIMENT_COLUMNS,
        tuple(row for each in found for row in _rows(each)),
        meta,
        sentences[0] if len(sentences) == 1 else _summary(found),
        (*(sentences if len(sentences) > 1 else ()), *notes, *_method(found)),
    )


def _rows(found: Experiment) -> list[tuple[Value, ...]]:
    stopped = found.is_mismatched
    others = [Compared(found.control, NOTHING, None, None, MISMATCH if stopped else CONTROL)]
    return [
        (
            found.design.name,
            each.group.variant,
            each.group.exposed,
            each.group.planned,
            each.group.matured,
            *((None,) * 4 if stopped else (each.group.converted, *each.group.rate)),
            *each.difference,
            each.p,
            found.srm_p,
            each.verdict,
            each.q,
            each.group.open,
        )
        for each in (*others, *found.compared)
    ]


def experiment_sentence(found: Experiment) -> str:
    """The finding of one experiment, in a sentence that stays right when it is repeated."""
    design = found.design
    if not sum(each.exposed for each in found.groups):
        return f"{design.name}: nobody was exposed."
    if found.is_mismatched:
        sizes = " : ".join(f"{each.exposed:,}" for each in found.groups)
        planned = " : ".join(percent(each.planned) for each in found.groups)
        return (
            f"{design.name} is not evaluated: {sizes} {design.entities} "
            f"({', '.join(each.variant for each in found.groups)}) where {planned} were planned is "
            f"a sample ratio mismatch (p {_p(found.srm_p)}); find out whose exposures are missing."
        )
    return "; ".join([_against(each, found) for each in _order(found)]) + "."


def _order(found: Experiment) -> Sequence[Compared]:
    return sorted(found.compared, key=lambda each: each.verdict not in (HIGHER, LOWER))


def _against(each: Compared, found: Experiment) -> str:
    design, control = found.design, found.control
    if each.verdict == NOBODY:
        opened = many(control.open + each.group.open, design.entities)
        return (
            f"{design.name}: {each.group.variant} cannot be compared with {control.variant} yet: "
            f"the {design.window} of {opened} are still open"
        )
    none = f", {NONE}" if each.verdict == NONE else ""
    return f"{design.name}: {design.goal} within {design.window} by {_both(each, found)}{none}"


def _both(each: Compared, found: Experiment) -> str:
    """Both rates and their difference."""
    estimate, lo, hi = (shown(value, "points") for value in each.difference)
    return (
        f"{_share(each.group)}, by {_share(found.control)}: {estimate}, 95 % interval "
        f"{lo.removesuffix(' pp')} to {hi}"
    )


def _share(group: Group) -> str:
    done = f"{group.converted:,} of {group.matured:,}"
    return f"{done} of {group.variant} ({in_words(group.rate)})"


def _summary(found: Sequence[Experiment]) -> str:
    stand = sum(each.best is not None for each in found)
    stopped = sum(each.is_mismatched for each in found)
    stops = f", {stopped} not evaluated (sample ratio mismatch)" if stopped else ""
    verb = "shows" if stand == 1 else "show"
    return f"{stand} of {len(found)} experiments {verb} a difference{stops}."


def _notes(found: Experiment, *, many_found: bool) -> list[str]:
    design, left = found.design, found.left_out
    which = f"{design.name}: " if many_found else ""
    opened = sum(each.open for each in found.groups)
    told = [
        f"{many(opened, design.entities)} not counted yet, their {design.window} are still open: "
        "what is printed may still move."
        if opened
        else "",
        _left_out(left, design.entities),
        f"{many(left.nobody, 'exposures')} of users without an account." if left.nobody else "",
    ]
    return [f"{which}{note}" for note in told if note]


def _left_out(left: LeftOut, entities: str) -> str:
    parts = [
        f"{left.several:,} exposed to several variants" if left.several else "",
        f"{left.undeclared:,} to a variant that `shares` does not have" if left.undeclared else "",
        f"{left.unnamed:,} whose exposure names no variant" if left.unnamed else "",
    ]
    total = left.several + left.undeclared + left.unnamed
    return f"Left out of {entities}: {'; '.join(filter(None, parts))}." if total else ""


def _method(found: Sequence[Experiment]) -> list[str]:
    if not found:
        return []
    several = any(len(each.compared) > 1 for each in found)
    return [
        "Rates: of those whose window is over, Wilson; difference: treatment − control, Newcombe, "
        "95 % each; p: score test"
        + ("; q: Benjamini-Hochberg over the treatments of an experiment" if several else "")
        + ". Looking again and again until something shows finds something: decide when to look "
        "before you start."
    ]


def _p(p: float) -> str:
    told = shown(p, "p")
    return told if told.startswith("<") else f"= {told}"


def linked_sentence(found: Experiment) -> str:
    """What an experiment that is linked to a finding adds to it; empty where it shows nothing.

    `caused` is said of the experiment's own outcome, and only where its sample ratio holds.
    """
    best = found.best
    if best is None or claim(found.srm_p) != CAUSED:
        return ""
    return (
        f"Experiment {found.design.name}, linked to it: {best.group.variant} caused "
        f"{found.design.goal} within {found.design.window} "
        f"{'more' if best.verdict == HIGHER else 'less'} often than {found.control.variant}, by "
        f"{_both(best, found)}."
    )
