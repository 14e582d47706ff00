"""Survey tools' exports: which of their columns are ours, and which are questions of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.mapping import listed
from funnelkit.warehouse.wide import Asked, Survey, place


@dataclass(frozen=True)
class SurveyPreset:
    """One vendor's export of answers, a row per respondent.

    `title` is what people call it, `schema` the source of its names. `defaults`: our target → their
    column, alternatives with `|`, or a constant in quotes. `needed` columns must be there.
    `questions` every export has. `typed` as in `wide.Survey`. Names and e-mail addresses of
    respondents are in none of these: they are not loaded unless `--map` asks for them.
    """

    name: str
    title: str
    schema: str
    defaults: Mapping[str, str]
    needed: tuple[str, ...]
    questions: tuple[Asked, ...] = ()
    typed: str | None = None


TYPEFORM = SurveyPreset(
    name="typeform",
    title="Typeform",
    schema="headings of published exports of 2016 to 2024",
    defaults={
        "response_id": "#",
        "submitted_at": "Submit Date (UTC)",
        "source": "'survey'",
    },
    needed=("#", "Submit Date (UTC)"),
)
DELIGHTED = SurveyPreset(
    name="delighted",
    title="Delighted",
    schema="Delighted, API documentation: Listing survey responses",
    defaults={
        "response_id": "id|Response ID",
        "submitted_at": "created_at",
        "source": "'nps'",
    },
    needed=("score", "created_at"),
    questions=(Asked("nps", "nps", None, ("score",)), Asked("nps_why", "text", None, ("comment",))),
    typed="survey_type",
)
SURVEYS = {preset.name: preset for preset in (TYPEFORM, DELIGHTED)}


def find_survey(name: str | None) -> SurveyPreset | None:
    """The preset of this name; None for none. Raises FunnelkitError for others."""
    if name is None:
        return None
    if name not in SURVEYS:
        raise FunnelkitError(
            f"no preset for feedback is called {name!r}", did_you_mean(name, list(SURVEYS))
        )
    return SURVEYS[name]


def survey_of(preset: SurveyPreset | None, asked: Sequence[Asked]) -> Survey:
    """How wide files are read: the preset's own questions, those asked for in place of its own."""
    if preset is None:
        return Survey(tuple(asked))
    names = {each.question for each in asked}
    own = [each for each in preset.questions if each.question not in names]
    return Survey((*asked, *own), preset.defaults, preset.typed)


def check_survey(
    preset: SurveyPreset, file: str, columns: Sequence[str], mapping: Mapping[str, str]
) -> None:
    """Raise FunnelkitError if the file is not the vendor's export: what it lacks, what it has.

    What `mapping` says is not looked for under the vendor's name.
    """
    mapped = {preset.defaults.get(target) for target in mapping}
    missing = [
        need.replace("|", " or ")
        for need in preset.needed
        if need not in mapped and all(place(columns, name) is None for name in need.split("|"))
    ]
    if missing:
        raise FunnelkitError(
            f"{file} is no {preset.title} export: it has no column {', '.join(missing)};"
            f" it has: {listed(columns)}",
            "leave out --preset, and say with --map and --question which column is which",
        )
