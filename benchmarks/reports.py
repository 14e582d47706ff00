"""What reports cost: `report build` and `report check` of the sample, against plain Altair.

`python -m benchmarks.reports` writes benchmarks/REPORTS.md. The sample is built before it: `make
build`.
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Outcome, run, tell
from benchmarks.pages import machine, table
from benchmarks.tasks import FOLDER

if TYPE_CHECKING:
    from funnelkit.report.model import Figure

_ABOUT = """\
# Reports: what they cost

`{command}`

{machine}

All reports of the sample company, written and checked by the command in a process of its own, warm:
the warehouse is built, Python's files are compiled; the best of {runs}. What it draws, it draws for
two widths, as a file and in the page. The peer is `chart.save` of Altair for each of the same
specifications, once a chart: a file for one width, without tables, sentences or a page.
"""
_RUNS = 5
_WAREHOUSE = Path("build/warehouse.duckdb")


def main() -> None:
    """Measures the commands and the drawing in processes of their own and writes the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reports", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/REPORTS.md"))
    parser.add_argument("--job", choices=list(JOBS), help="run one, and print what it took")
    options = parser.parse_args()
    if options.job:
        print(json.dumps(JOBS[options.job](FOLDER / "reports")))
        return
    folder = _prepared()
    build, check = (_best(folder, "-m", "funnelkit", "report", verb) for verb in ("build", "check"))
    drawn, plain = (_job(name) for name in ("drawn", "plain"))
    options.output.write_text(_page(build, check, drawn, plain), encoding="utf-8")
    tell(f"wrote {options.output}")


def _prepared() -> Path:
    """The sample in a folder of its own, with the warehouse as it was built."""
    if not _WAREHOUSE.exists():
        raise SystemExit("the sample is not built: make build")
    folder = FOLDER / "reports"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("dbt_project", "seeds"):
        shutil.copytree(name, folder / name, ignore=shutil.ignore_patterns("target", "logs"))
    (folder / _WAREHOUSE).parent.mkdir()
    shutil.copyfile(_WAREHOUSE, folder / _WAREHOUSE)
    return folder


def _best(folder: Path, *command: str) -> Outcome:
    done = [_own(folder, *command) for _ in range(_RUNS)]
    best = min(done, key=lambda each: each.seconds)
    tell(f"  {' '.join(command)}: {best.seconds:.2f} s, {best.cpu:.2f} s of a processor")
    return best


def _own(folder: Path, *command: str) -> Outcome:
    done = run([sys.executable, *command], 600, folder)
    if done.failure:
        raise SystemExit(f"{' '.join(command)}: {done.failure}")
    return done


def _job(name: str) -> dict[str, float]:
    done = [_own(Path.cwd(), "-m", "benchmarks.reports", "--job", name) for _ in range(_RUNS)]
    found = [json.loads(each.output.splitlines()[-1]) for each in done]
    best: dict[str, float] = min(found, key=lambda each: float(each["seconds"]))
    tell(f"  {name}: {best}")
    return best


def _page(build: Outcome, check: Outcome, drawn: dict[str, float], plain: dict[str, float]) -> str:
    head = _ABOUT.format(
        command="python -m benchmarks.reports",
        machine=machine("altair", "vl-convert-python"),
        runs=_RUNS,
    )
    rows = [
        (name, f"{seconds:.2f} s", f"{cpu:.2f} s", f"{seconds / plain['seconds']:.2f}")
        for name, seconds, cpu in (
            ("`funnelkit report build`", build.seconds, build.cpu),
            ("`funnelkit report check`", check.seconds, check.cpu),
            (f"drawing alone: {drawn['drawings']:,.0f} SVG", drawn["seconds"], drawn["cpu"]),
            (f"Altair: {plain['drawings']:,.0f} SVG", plain["seconds"], plain["cpu"]),
        )
    ]
    header = ("", "seconds", "of a processor", "x Altair")
    told = f"{plain['reports']:,.0f} reports with {plain['drawings']:,.0f} charts. Goal: 5 s each."
    return "\n".join([head, told, "", *table(header, rows), ""])


# --- jobs --------------------------------------------------------------------------------------


def drawn(folder: Path) -> dict[str, float]:
    """Every chart as the reports have it: as a file, and in the page for both widths."""
    from funnelkit.report.svg import svg_lines, write_svg

    figures = _figures(folder)
    start = _now()
    drawings = 0
    for figure in figures:
        for spec in filter(None, (figure.spec, figure.narrow)):
            svg_lines(figure, spec, figure.name)
            drawings += 1
        write_svg(figure, figure.spec or {})
        drawings += 1
    return _took(folder, drawings, start)


def plain(folder: Path) -> dict[str, float]:
    """Every chart once, by Altair alone."""
    import altair as alt

    figures = _figures(folder)
    target = folder / "plain.svg"
    start = _now()
    for figure in figures:
        alt.Chart.from_dict(dict(figure.spec or {})).save(str(target))
    return _took(folder, len(figures), start)


def _figures(folder: Path) -> "list[Figure]":
    """The charts of the reports as they were written."""
    from funnelkit.report.build import read, report
    from funnelkit.report.model import ReportData

    made = [
        report(ReportData.from_files(read(page.parent), page.parent.name))
        for page in sorted(folder.glob("reports/*/report.md"))
    ]
    found = [figure for each in made for section in each.sections for figure in section.figures]
    return [figure for figure in (*found, *(each.quality for each in made)) if figure.spec]


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _took(folder: Path, drawings: int, start: tuple[float, float]) -> dict[str, float]:
    seconds, cpu = (now - before for now, before in zip(_now(), start, strict=True))
    reports = len(list(folder.glob("reports/*/report.md")))
    return {"reports": reports, "drawings": drawings, "seconds": seconds, "cpu": cpu}


JOBS = {"drawn": drawn, "plain": plain}

if __name__ == "__main__":
    main()
