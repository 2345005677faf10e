"""Every measurement under its public name: title, unit, formula and whose formula it is.

The one place that names columns: the tables of results, the pages, the exports and
docs/measurements.md all read it.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

#: The unit of a length to this power, in pixels and in micrometres, and the suffix of the latter.
PIXELS = ("", "px", "px²", "px³")
PHYSICAL = ("", "µm", "µm²", "µm³")
SUFFIXES = ("", "Um", "Um2", "Um3")

SKIMAGE = "scikit-image regionprops"


@dataclass(frozen=True, slots=True)
class Column:
    """One measurement.

    A length, an area or a volume has its *power*; with a pixel size it is there again in
    micrometres, under the name with `Um`, `Um2` or `Um3` after it. One that is made
    *by_channel* has `:<channel>` after its name where the image has several.
    """

    name: str
    title: str
    unit: str
    description: str
    source: str
    power: int = 0
    by_channel: bool = False

    @property
    def physical(self) -> "Column | None":
        """The same in micrometres; None of what is no length."""
        if not self.power:
            return None
        return replace(
            self, name=self.name + SUFFIXES[self.power], unit=PHYSICAL[self.power], power=0
        )


def _sized(power: int, name: str, title: str, description: str, source: str) -> Column:
    return Column(name, title, PIXELS[power], description, source, power)


def _pure(name: str, title: str, description: str, source: str, unit: str = "") -> Column:
    return Column(name, title, unit, description, source)


def _of_channel(name: str, title: str, description: str, source: str) -> Column:
    return Column(name, title, "grey value", description, source, by_channel=True)


_SIZE = (
    _sized(2, "area", "Area", "number of pixels", SKIMAGE),
    _sized(2, "areaConvex", "Convex area", "pixels of the convex hull", f"{SKIMAGE} area_convex"),
    _sized(
        1,
        "equivalentDiameterArea",
        "Diameter",
        "of the disk of the same area: √(4 area / π)",
        f"{SKIMAGE} equivalent_diameter_area",
    ),
    _sized(
        1,
        "axisMajorLength",
        "Major axis",
        "4 √λ₁, λ₁ the larger eigenvalue of the covariance of the pixel centres",
        f"{SKIMAGE} axis_major_length",
    ),
    _sized(
        1,
        "axisMinorLength",
        "Minor axis",
        "4 √λ₂, λ₂ the smaller eigenvalue of the covariance of the pixel centres",
        f"{SKIMAGE} axis_minor_length",
    ),
    _sized(
        1,
        "perimeter",
        "Perimeter",
        "length of the line through the centres of the border pixels",
        "Benkrid and Crookes 2000; scikit-image perimeter",
    ),
    _sized(
        1,
        "perimeterCrofton",
        "Perimeter (Crofton)",
        "π/4 times the crossings with lines in four directions",
        "Rivollier 2010; scikit-image perimeter_crofton",
    ),
    _sized(
        1,
        "feretDiameterMax",
        "Feret max",
        "largest distance between two corners of pixels",
        "Toussaint 1983 (rotating calipers)",
    ),
    _sized(
        1,
        "feretDiameterMin",
        "Feret min",
        "smallest distance between two parallel lines that hold the pixels",
        "Toussaint 1983 (rotating calipers)",
    ),
    _sized(
        3,
        "sphereVolume",
        "Sphere volume",
        "of the sphere with the same diameter: π/6 equivalentDiameterArea³",
        "geometry",
    ),
)

_SHAPE = (
    _pure("eccentricity", "Eccentricity", "√(1 - λ₂ / λ₁)", f"{SKIMAGE} eccentricity"),
    _pure(
        "orientation",
        "Orientation",
        "angle between the row axis and the major axis, -π/2 to π/2, counter-clockwise",
        f"{SKIMAGE} orientation",
        "rad",
    ),
    _pure("extent", "Extent", "area / area of the bounding box", f"{SKIMAGE} extent"),
    _pure("solidity", "Solidity", "area / areaConvex", f"{SKIMAGE} solidity"),
    _pure(
        "circularity",
        "Circularity",
        "4π area / perimeterCrofton², 1 at most",
        "Cox 1927; ImageJ circularity, with Crofton's perimeter",
    ),
    _pure(
        "sphericity",
        "Sphericity",
        "π equivalentDiameterArea / perimeterCrofton, 1 at most: √circularity",
        "Wadell 1933 (circle of equal area over perimeter)",
    ),
    _pure(
        "convexity",
        "Convexity",
        "perimeter of the convex hull / perimeterCrofton, 1 at most",
        "ISO 9276-6:2008",
    ),
    _pure("holeCount", "Holes", "1 - Euler number", f"{SKIMAGE} euler_number"),
    *(
        _pure(
            f"momentsCentral-{p}-{q}",
            f"Central moment {p},{q}",
            f"Σ (row - row of centroid){'⁰¹²³'[p]} (column - column of centroid){'⁰¹²³'[q]}",
            f"{SKIMAGE} moments_central",
            f"px{'⁰¹²³⁴⁵'[2 + p + q]}",
        )
        for p, q in ((2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3))
    ),
)

_PLACE = (
    _pure("centroid", "Centroid", "mean row and mean column", f"{SKIMAGE} centroid", "px"),
    _pure(
        "bbox",
        "Bounding box",
        "first row, first column, last row + 1, last column + 1",
        f"{SKIMAGE} bbox",
        "px",
    ),
    _pure("touchesBorder", "Touches border", "has a pixel at the edge of the image", "celltally"),
    _pure(
        "neighbourCount",
        "Neighbours",
        "objects of which a pixel touches one of its pixels, by an edge or a corner",
        "CellProfiler MeasureObjectNeighbors, adjacent",
    ),
    _sized(
        1,
        "nearestNeighbourDistance",
        "Nearest neighbour",
        "distance to the nearest centroid of another object; none where there is no other",
        "CellProfiler MeasureObjectNeighbors, closest",
    ),
)

_INTENSITY = (
    _of_channel("intensityMean", "Mean intensity", "mean", f"{SKIMAGE} intensity_mean"),
    _of_channel("intensityMin", "Least intensity", "least", f"{SKIMAGE} intensity_min"),
    _of_channel("intensityMax", "Greatest intensity", "greatest", f"{SKIMAGE} intensity_max"),
    _of_channel(
        "intensityStd",
        "Intensity s.d.",
        "standard deviation over the pixels, divided by their number",
        f"{SKIMAGE} intensity_std",
    ),
    _of_channel(
        "intensitySum",
        "Integrated intensity",
        "sum over the pixels",
        "CellProfiler IntegratedIntensity",
    ),
)

#: What is measured of each object.
OBJECT_COLUMNS = (*_SIZE, *_SHAPE, *_PLACE, *_INTENSITY)

_NAMED = {column.name: column for column in OBJECT_COLUMNS}

#: What each distribution is described by: the end of the name, in words, the formula.
STATISTICS = MappingProxyType(
    {
        "Mean": ("mean", "mean over the objects"),
        "Median": ("median", "median over the objects"),
        "Std": ("s.d.", "sample standard deviation over the objects, divided by n - 1"),
        "Min": ("least", "least of the objects"),
        "Q05": ("5 %", "quantile 0.05 of the objects"),
        "Q25": ("25 %", "quantile 0.25 of the objects"),
        "Q75": ("75 %", "quantile 0.75 of the objects"),
        "Q95": ("95 %", "quantile 0.95 of the objects"),
        "Max": ("greatest", "greatest of the objects"),
    }
)

#: The measurements of objects whose distribution is told of the image.
DISTRIBUTED = (
    *("area", "equivalentDiameterArea", "perimeterCrofton", "feretDiameterMax"),
    *("circularity", "eccentricity", "solidity", "sphereVolume", "sphericity", "intensityMean"),
)

_DISTRIBUTION = tuple(
    replace(
        _NAMED[name],
        name=name + ending,
        title=f"{_NAMED[name].title}, {word}",
        description=formula,
        source="Hyndman and Fan 1996, type 7" if "quantile" in formula else "statistics",
    )
    for name in DISTRIBUTED
    for ending, (word, formula) in STATISTICS.items()
)

#: What is measured of each image.
IMAGE_COLUMNS = (
    _pure("objectCount", "Objects", "number of objects", "celltally"),
    _pure("densityPerMpx", "Density", "objects / image pixels, in millions", "celltally", "1/Mpx"),
    _pure(
        "densityPerMm2", "Density", "objects / image area; with a pixel size", "celltally", "1/mm²"
    ),
    _pure("coverage", "Coverage", "pixels of objects / pixels of the image", "celltally"),
    _pure("borderShare", "At the border", "objects that touch it / objects", "celltally"),
    _sized(2, "areaTotal", "Total area", "sum over the objects", "celltally"),
    _pure("largestLabel", "Largest object", "label of the largest object", "celltally"),
    _sized(2, "largestArea", "Area of the largest", "largest area of an object", "celltally"),
    _pure("largestShare", "Share of the largest", "largestArea / areaTotal", "celltally"),
    _pure(
        "fragmentCount",
        "Fragments",
        "objects of less than half the diameter of the largest",
        "celltally",
    ),
    _sized(2, "fragmentArea", "Area of fragments", "sum over the fragments", "celltally"),
    *_DISTRIBUTION,
)

_KNOWN = {
    each.name: each
    for column in (*IMAGE_COLUMNS, *OBJECT_COLUMNS)
    for each in (column, column.physical)
    if each is not None
}


def column_of(key: str) -> Column | None:
    """Return what the column *key* of a table holds, such as `areaUm2` or `intensityMean:1`.

    None when it is no measurement.
    """
    name, colon, channel = key.partition(":")
    found = _KNOWN.get(name)
    if found is None or bool(colon) > found.by_channel:
        return None
    if not colon:
        return found
    return replace(found, name=key, title=f"{found.title}, channel {channel}", by_channel=False)
