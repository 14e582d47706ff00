"""What chance alone would find: an outcome permuted within strata, many times over.

Entities are sorted by stratum; a block of permutations is drawn stratum by stratum and multiplied
with all columns at once. A column is centred within its strata, so that its score
has mean 0 and the same variance under every permutation: only the products are ever recomputed.
"""

from collections.abc import Callable, Iterator
from hashlib import md5
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]
Singles = NDArray[np.float32]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Columns = Callable[[slice], Singles]
"""Gives the columns, centred within strata, for a slice of entities: shape (columns, entities)."""

_BLOCK = 250  # permutations in one product
_ROWS = 1 << 27  # entities x permutations held at once (bytes)
_DRAWN = 1 << 22  # entities x permutations drawn at once (float64: 32 MB)
_CELLS = 1 << 23  # columns x entities held at once (float32: 32 MB)
_KEPT = 1 << 27  # columns x entities kept from block to block (float32: 512 MB)
# float32 sums differ in the last digits with the number of threads; scores nearer than this are
# ties, and ties count against the finding.
_TIE = 1e-4


class Strata(NamedTuple):
    """Entities sorted by stratum: `order` sorts them, `starts` where each stratum then begins.

    `sizes` of the strata; `number`: that of each entity's stratum, in that order.
    """

    order: Counts
    starts: Counts
    sizes: Counts
    number: Counts

    @classmethod
    def of(cls, labels: Counts) -> "Strata":
        """The strata that equal labels make; a stratum's entities keep their order."""
        order = np.argsort(labels, kind="stable")
        _, starts, sizes = np.unique(labels[order], return_index=True, return_counts=True)
        return cls(order, starts, sizes, np.repeat(np.arange(len(sizes)), sizes))


def generator(text: str, stream: int = 0) -> np.random.Generator:
    """Random numbers that a text alone decides; `stream` tells independent ones apart."""
    seed = int.from_bytes(md5(text.encode(), usedforsecurity=False).digest(), "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, stream])))


def permuted(outcome: Bits, strata: Strata, times: int, random: np.random.Generator) -> Bits:
    """The outcome permuted within strata, `times` times: shape (times, entities).

    `outcome` (1 or 0) in the order of the strata, and so is each row.
    """
    block = np.empty((times, len(outcome)), np.uint8)
    for start, size in zip(strata.starts.tolist(), strata.sizes.tolist(), strict=True):
        own = slice(start, start + size)
        successes = int(outcome[own].sum())
        if successes in (0, size):
            block[:, own] = outcome[own]
            continue
        # Whoever drew the lowest numbers has the outcome: a fifth of the time of a shuffle.
        step = max(1, _DRAWN // size)
        for first in range(0, times, step):
            part = block[first : first + step, own]
            drawn = random.random(part.shape)
            edge = np.partition(drawn, successes, axis=1)[:, successes, np.newaxis]
            np.less(drawn, edge, out=part, casting="unsafe")
    return block


def permuted_scores(
    outcome: Bits,
    strata: Strata,
    columns: Columns,
    permutations: int,
    random: np.random.Generator,
) -> Iterator[Singles]:
    """Scores of every column under permutations of the outcome: blocks (columns, permutations).

    A score is the sum of a column over the entities with the outcome. `outcome` and `columns` in
    the order of the strata. Memory is bounded: columns are built anew in each block where all
    together would be too large.
    """
    blocks = _columns_of(len(outcome), columns)
    size = max(1, min(_BLOCK, _ROWS // max(1, len(outcome))))
    for first in range(0, permutations, size):
        block = permuted(outcome, strata, min(size, permutations - first), random)
        yield _product(blocks(), block)


def permutation_variance(sums_of_squares: Floats, outcome: Bits, strata: Strata) -> Floats:
    """Variance of scores under permutation within strata, one item per column.

    `sums_of_squares`: of each centred column in each stratum, shape (columns, strata). A stratum of
    one entity adds nothing.
    """
    successes = np.add.reduceat(outcome.astype(np.float64), strata.starts)
    sizes = strata.sizes.astype(np.float64)
    spread = successes * (sizes - successes) / sizes / np.maximum(sizes - 1, 1)
    return np.asarray(sums_of_squares @ spread, np.float64)


def exceeding_p(observed: Floats, maxima: Floats) -> Floats:
    """p-values of maxima: (1 + permutations whose largest |z| is at least as large) / (B + 1).

    `observed`: the largest |z| of each family member; `maxima`: the largest |z| of the whole search
    in each permutation. So each p holds for the search as a whole (family-wise).
    Source: Westfall and Young 1993, Resampling-Based Multiple Testing, single-step max-T; the +1
    of Phipson and Smyth 2010. The test permutes tiny data exhaustively.
    """
    return np.asarray((1 + as_large(observed, maxima)) / (len(maxima) + 1), np.float64)


def as_large(observed: Floats, maxima: Floats) -> Counts:
    """How many of the maxima are at least as large as each observed value, ties included."""
    rising = np.sort(maxima)
    smaller = np.searchsorted(rising, np.asarray(observed) - _TIE, side="left")
    return np.asarray(len(rising) - smaller, np.int64)


def _columns_of(entities: int, columns: Columns) -> Callable[[], Iterator[tuple[slice, Singles]]]:
    """The columns in slices of entities, kept for the next block where memory allows."""
    count = len(columns(slice(0, 0)))
    rows = max(1, _CELLS // max(1, count))
    slices = [slice(first, min(first + rows, entities)) for first in range(0, entities, rows)]
    if count * entities > _KEPT:
        return lambda: ((each, columns(each)) for each in slices)
    kept = [(each, columns(each)) for each in slices]
    return lambda: iter(kept)


def _product(blocks: Iterator[tuple[slice, Singles]], outcomes: Bits) -> Singles:
    total: Singles | None = None
    for where, columns in blocks:
        part = columns @ outcomes[:, where].astype(np.float32).T
        total = part if total is None else np.add(total, part, out=total)
    return np.zeros((0, len(outcomes)), np.float32) if total is None else total
