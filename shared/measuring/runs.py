"""Horizontal runs of one label: the small table most measurements are made from."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[Any]
Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Runs:
    """Every horizontal run of a label, sorted by object, then row, then column.

    `labels[i]` is the label of object `i`; the other arrays have one entry a run:
    its object, its row, its first column and the column after its last.
    """

    labels: Indices
    owner: Indices
    row: Indices
    start: Indices
    stop: Indices

    @property
    def count(self) -> int:
        """The number of objects."""
        return len(self.labels)

    @property
    def first(self) -> Indices:
        """Where the runs of each object begin."""
        return np.searchsorted(self.owner, np.arange(self.count))


def runs_of(labels: Numbers) -> Runs:
    """Return the runs of `labels[y, x]`, background left out."""
    height, width = labels.shape
    # A column of background at each side makes every run begin and end inside a row.
    framed = np.zeros((height, width + 2), labels.dtype)
    framed[:, 1:-1] = labels
    row, before = np.nonzero(framed[:, 1:] != framed[:, :-1])
    value = framed[row, before + 1]
    begins = np.flatnonzero(value)
    found, owner = np.unique(value[begins], return_inverse=True)
    order = np.argsort(owner, kind="stable")
    picked = begins[order]
    # A run stops where the next change of its row is.
    return Runs(
        labels=found.astype(np.int64),
        owner=owner[order].astype(np.int64),
        row=row[picked],
        start=before[picked],
        stop=before[picked + 1],
    )


def per_object(values: Numbers, runs: Runs) -> Numbers:
    """Return the sum of *values* (one a run) for each object."""
    if runs.count == 0:
        return np.zeros(0, values.dtype)
    return np.asarray(np.add.reduceat(values, runs.first))
