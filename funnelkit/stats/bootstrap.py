"""Units drawn anew with replacement, many times: sums of their values each time."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_HELD = 1 << 22  # units x replicates held at once (float64: 32 MB)


def bootstrap_sums(values: Floats, times: int, random: np.random.Generator) -> Floats:
    """Column sums of `times` samples of the units, drawn with replacement: shape (times, columns).

    `values` of shape (units, columns); a sample has as many units as there are. The order of units
    changes nothing: they are sorted first. Units that hold only zeros are drawn as one number.
    Whole numbers below 2^53 add exactly, whatever the number of threads.
    Source: Efron 1979, Annals of Statistics 7:1-26.
    """
    values = np.asarray(values, np.float64)
    units = len(values)
    found = np.zeros((times, values.shape[1]))
    rows = values[values.any(axis=1)]
    if not len(rows):
        return found
    rows = rows[np.lexsort(rows.T)]
    drawn = random.binomial(units, len(rows) / units, size=times)
    block = max(1, _HELD // len(rows))
    for first in range(0, times, block):
        own = drawn[first : first + block]
        weights = np.empty((len(own), len(rows)))
        for at, number in enumerate(own.tolist()):
            chosen = random.integers(0, len(rows), number)
            weights[at] = np.bincount(chosen, minlength=len(rows))
        found[first : first + block] = weights @ rows
    return found
