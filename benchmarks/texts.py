"""What reading texts costs: a million short ones scored, and searched for twenty themes.

`python -m benchmarks.texts` writes benchmarks/TEXTS.md.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import run, tell
from benchmarks.pages import machine, table

if TYPE_CHECKING:
    import polars as pl

_ABOUT = """\
# Texts: what reading them costs

`{command}`

{machine}

{texts:,} short texts, each one sentence of {words} words on average, no two the same; {themes}
themes of two phrases each, of which each text mentions one. Each job in a process of its own.
The floor is VADER alone, called for each of {floor:,} of the texts in a loop. One process, one
thread reads: what is scored are distinct sentences that mention a theme, in batches.
"""
_FLOOR = 50_000
_GOOD = ("love", "great", "easy", "helpful", "wonderful", "works", "fine", "fast")
_BAD = ("hate", "broken", "slow", "useless", "terrible", "fails", "noisy", "ugly")
_PLAIN = ("the", "report", "on", "Monday", "our", "team", "opened", "again", "table", "and")
THEMES = 20


def main() -> None:
    """Measures the jobs in processes of their own and writes the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.texts", description=__doc__)
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/TEXTS.md"))
    parser.add_argument("--job", choices=list(JOBS), help="run one, and print what it took")
    options = parser.parse_args()
    if options.job:
        print(json.dumps(JOBS[options.job](options.texts)))
        return
    found = {name: _own(name, options.texts) for name in JOBS}
    options.output.write_text(_page(found, options.texts), encoding="utf-8")
    tell(f"wrote {options.output}")


def _own(job: str, texts: int) -> dict[str, float]:
    """A job in a process of its own: texts, seconds, and its peak memory in GB."""
    done = run(
        [sys.executable, "-m", "benchmarks.texts", "--job", job, "--texts", str(texts)], 3600
    )
    if done.failure:
        raise SystemExit(f"{job}: {done.failure}")
    found: dict[str, float] = json.loads(done.output.splitlines()[-1])
    tell(f"  {job}: {found}, {done.gigabytes:.2f} GB")
    return {**found, "gigabytes": done.gigabytes}


def _page(found: dict[str, dict[str, float]], texts: int) -> str:
    head = _ABOUT.format(
        command="python -m benchmarks.texts",
        machine=machine(),
        texts=texts,
        words=11,
        themes=THEMES,
        floor=_FLOOR,
    )
    floor = found["floor"]["texts"] / found["floor"]["cpu"]
    rows = []
    for name, told in (
        ("floor", "VADER in a loop"),
        ("scored", "scored: sentence, compound, polarity"),
        ("mentions", "split, searched for themes, scored, a row a mention"),
    ):
        each = found[name]
        rate = each["texts"] / each["cpu"]
        seconds = (f"{each['seconds']:.1f} s", f"{each['cpu']:.1f} s")
        numbers = (*seconds, f"{rate:,.0f}", f"{floor / rate:.2f}")
        rows.append((told, f"{each['texts']:,.0f}", *numbers, f"{each['gigabytes']:.2f} GB"))
    header = (
        *("", "texts", "seconds", "of a processor", "texts a second of it", "x the floor"),
        "peak memory",
    )
    return "\n".join([head, *table(header, rows), ""])


# --- jobs --------------------------------------------------------------------------------------


def made(texts: int) -> "pl.DataFrame":
    """Short texts, no two the same: response_id, text, language."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(7)
    words = np.array([*_GOOD, *_BAD, *_PLAIN, *_PLAIN, *_PLAIN])
    columns = [pl.Series(words[random.integers(0, len(words), texts)]) for _ in range(9)]
    topic = pl.Series(random.integers(0, 2 * THEMES, texts)).cast(pl.String)
    number = pl.Series(range(texts)).cast(pl.String)
    return pl.DataFrame({"number": number, "topic": topic}).select(
        response_id="r" + pl.col("number"),
        text=pl.concat_str(
            [*map(pl.lit, columns), "topic" + pl.col("topic"), pl.col("number")], separator=" "
        ),
        language=pl.lit(None, pl.String),
    )


def floor(texts: int) -> dict[str, float]:
    """VADER alone, text by text."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    said = made(texts)["text"].head(_FLOOR).to_list()
    score = SentimentIntensityAnalyzer().polarity_scores
    start = _now()
    for text in said:
        score(text)
    return _took(len(said), start)


def scored(texts: int) -> dict[str, float]:
    """Every text as one sentence."""
    from funnelkit.jobs.sentiment import vader_scores

    said = made(texts)["text"]
    start = _now()
    found = vader_scores(said)
    took = _took(texts, start)
    assert found.height == texts
    return took


def mentions(texts: int) -> dict[str, float]:
    """All that a build does with them."""
    from funnelkit.jobs.mentions import mentions
    from funnelkit.jobs.themes import Taxonomy, Theme

    topics = ((f"topic{2 * number}", f"topic{2 * number + 1}") for number in range(THEMES))
    taxonomy = Taxonomy(None, tuple(Theme(f"t{no}", None, both) for no, both in enumerate(topics)))
    said = made(texts)
    start = _now()
    found = mentions(said, taxonomy)
    took = _took(texts, start)
    assert found.height == texts
    return took


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _took(texts: int, start: tuple[float, float]) -> dict[str, float]:
    seconds, cpu = (now - before for now, before in zip(_now(), start, strict=True))
    return {"texts": texts, "seconds": seconds, "cpu": cpu}


JOBS = {"floor": floor, "scored": scored, "mentions": mentions}

if __name__ == "__main__":
    main()
