"""Files of single people stay out of what is committed."""

from pathlib import Path

from funnelkit.errors import FunnelkitError


def refuse_reports(file: str, reports: Path) -> None:
    """Raises FunnelkitError for a file inside the folder of the committed reports; `-` is none."""
    if file != "-" and Path(file).resolve().is_relative_to(reports.resolve()):
        raise FunnelkitError(
            f"{file} is inside {reports.name}/, which is committed and read by others",
            "name a file outside it: this one tells of single people, or what they wrote",
        )
