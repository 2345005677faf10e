"""What the objects of an image add up to: density, coverage, distributions, the largest."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.domain.measurements import DISTRIBUTED, IMAGE_COLUMNS, STATISTICS

Summary: TypeAlias = dict[str, float | int | None]

_PIXELS_PER_MEGAPIXEL = 1e6
_UM2_PER_MM2 = 1e6
#: A fragment has less than half the diameter of the largest, so less than this of its area.
_FRAGMENT = 0.25
_QUANTILES = {"Q05": 0.05, "Q25": 0.25, "Q75": 0.75, "Q95": 0.95}


def summarise(
    table: Mapping[str, NDArray[Any]], shape: tuple[int, ...], pixel_size_um: float | None
) -> Summary:
    """Return the measurements of the image of which `measure` made *table*.

    Keys are those of `IMAGE_COLUMNS` in `shared.domain.measurements`; *shape* is that of
    the labels. What needs an object is None where there is none.
    """
    area = table["area"]
    pixels = shape[0] * shape[1]
    summary: Summary = {
        "objectCount": len(area),
        "densityPerMpx": len(area) / pixels * _PIXELS_PER_MEGAPIXEL,
        "coverage": int(area.sum()) / pixels,
        "borderShare": _or_none(table["touchesBorder"], np.mean),
        "areaTotal": int(area.sum()),
    }
    summary |= _largest(table["label"], area)
    for name, values in table.items():
        base, colon, channel = name.partition(":")
        if base in DISTRIBUTED:
            summary |= _distribution(base, colon + channel, values)
    if pixel_size_um is not None:
        image_um2 = pixels * pixel_size_um**2
        summary["densityPerMm2"] = len(area) / image_um2 * _UM2_PER_MM2
        summary |= _in_micrometres(summary, pixel_size_um)
    return summary


def _largest(labels: NDArray[Any], area: NDArray[Any]) -> Summary:
    """Return the largest object (the first of several), and what broke off it."""
    if len(area) == 0:
        none = ("largestLabel", "largestArea", "largestShare")
        return dict.fromkeys(none) | {"fragmentCount": 0, "fragmentArea": 0}
    place = int(area.argmax())
    largest = int(area[place])
    fragments = area[area < _FRAGMENT * largest]
    return {
        "largestLabel": int(labels[place]),
        "largestArea": largest,
        "largestShare": largest / int(area.sum()),
        "fragmentCount": len(fragments),
        "fragmentArea": int(fragments.sum()),
    }


def _distribution(base: str, channel: str, values: NDArray[Any]) -> Summary:
    """Return the statistics of one column; a gap in a picture of floats is left out."""
    some = values[np.isfinite(values)].astype(np.float64)
    found = {
        "Mean": _or_none(some, np.mean),
        "Median": _or_none(some, np.median),
        "Std": float(some.std(ddof=1)) if len(some) > 1 else None,
        "Min": _or_none(some, np.min),
        "Max": _or_none(some, np.max),
    }
    for name, share in _QUANTILES.items():
        found[name] = float(np.quantile(some, share)) if len(some) else None
    return {f"{base}{ending}{channel}": found[ending] for ending in STATISTICS}


def _or_none(values: NDArray[Any], statistic: Any) -> float | None:
    return float(statistic(values)) if len(values) else None


def _in_micrometres(summary: Summary, pixel_size_um: float) -> Summary:
    scaled: Summary = {}
    for column in IMAGE_COLUMNS:
        if column.physical is not None:
            value = summary[column.name]
            scaled[column.physical.name] = (
                None if value is None else value * pixel_size_um**column.power
            )
    return scaled
