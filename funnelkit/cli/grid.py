"""Cells side by side: what their widths are, which give way, how text breaks into lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

Cell = list[tuple[str, str]]  # pieces of text with the name of a style
GAP = 2
_BLANK = re.compile(r"(?<!\d) | (?!%|pp\b)")


@dataclass(frozen=True)
class Field:
    """A printed column. `drop` is the order in which columns go when the width is short (0 stays);
    `flexible` may be cut with an ellipsis, down to 8 characters.
    """

    header: str
    cells: list[Cell]
    right: bool = False
    drop: int = 0
    flexible: bool = False

    @property
    def width(self) -> int:
        """Columns of a terminal that the widest cell takes."""
        return max([text_width(self.header), *(cell_width(cell) for cell in self.cells)])


@dataclass(frozen=True)
class Grid:
    """Fields side by side."""

    fields: tuple[Field, ...]

    @property
    def width(self) -> int:
        """Columns of a terminal that all of it takes."""
        return total_width(self.fields)

    def lines(self, width: int | None) -> list[Cell]:
        """Header and rows, cut to `width` columns; whole when it is None."""
        fields = self.fields if width is None else fitted(self.fields, width)
        widths = [field.width for field in fields]
        header = [aligned([(f.header, "dim")], f, w) for f, w in zip(fields, widths, strict=True)]
        if not fields:
            return []
        rows = [header] if any(field.header for field in fields) else []
        for row in zip(*(field.cells for field in fields), strict=True):
            cells = zip(row, fields, widths, strict=True)
            rows.append([aligned(cell, field, wide) for cell, field, wide in cells])
        return [_joined(row) for row in rows]


def _joined(cells: list[Cell]) -> Cell:
    line: Cell = []
    for number, cell in enumerate(cells):
        line += [(" " * GAP, "")] * (number > 0) + cell
    return line


def aligned(cell: Cell, field: Field, width: int) -> Cell:
    """The cell with blanks up to `width` columns, on the side that the field leaves free."""
    blanks = (" " * (width - cell_width(cell)), "")
    return [blanks, *cell] if field.right else [*cell, blanks]


def fitted(fields: tuple[Field, ...], width: int) -> tuple[Field, ...]:
    """The fields without those that give way first, then with cut names, until they fit."""
    kept = list(fields)
    for victim in sorted((f for f in fields if f.drop), key=lambda f: -f.drop):
        if _least(kept) <= width:
            break
        kept.remove(victim)
    excess = total_width(kept) - width
    for index, field in enumerate(kept):
        if excess > 0 and field.flexible:
            target = max(8, field.width - excess)
            excess -= field.width - target
            kept[index] = replace(
                field,
                header=cut(field.header, target),
                cells=[_cut_cell(cell, target) for cell in field.cells],
            )
    return tuple(kept)


def total_width(fields: Sequence[Field]) -> int:
    """Columns of a terminal that the fields take side by side."""
    return sum(field.width for field in fields) + GAP * (len(fields) - 1)


def _least(fields: Sequence[Field]) -> int:
    cuts = sum(max(0, f.width - max(8, min(f.width, 18))) for f in fields if f.flexible)
    return total_width(fields) - cuts


def text_width(text: str) -> int:
    """Columns that a terminal gives this text (wide characters take two)."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cell_width(cell: Cell) -> int:
    """Columns of a terminal that the cell takes."""
    return sum(text_width(text) for text, _ in cell)


def cut(text: str, width: int) -> str:
    """The text in at most `width` columns, an ellipsis where something is missing."""
    if text_width(text) <= width:
        return text
    while text and text_width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _cut_cell(cell: Cell, width: int) -> Cell:
    if cell_width(cell) <= width:
        return cell
    return [(cut("".join(text for text, _ in cell), width), cell[0][1])]


def wrap(text: str, width: int, indent: int = 0) -> list[str]:
    """Lines of at most `width` columns, broken at blanks; later lines are indented.

    A number and its unit stay together.
    """
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in _BLANK.split(paragraph):
            if line.strip() and text_width(f"{line} {word}") > width:
                lines.append(line)
                line = " " * indent + word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines
