"""What the live updates told so far, as lines for a terminal."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Json = dict[str, Any]

#: The counts of the six statuses, by the words of an image.
COUNT_OF = {
    "uploaded": "uploadedCount",
    "queued": "queuedCount",
    "processing": "processingCount",
    "segmented": "segmentedCount",
    "no_objects": "noObjectsCount",
    "failed": "failedCount",
}
_SETTLED = ("segmented", "no_objects", "failed")


class ProjectWatch:
    """Keeps the newest counts of a project and tells what happens to its images."""

    def __init__(self, names: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self._names = names  # File names by image id.
        self._tell = tell
        self._versions: dict[str, int] = {}
        self._untold = set(names)
        self.stats: Json | None = None

    def see(self, message: Mapping[str, Any]) -> None:
        """Take in one message; an older one than was seen already changes nothing."""
        if message["type"] in {"projectStatsUpdate", "sharedProjectUpdate"}:
            self._see_stats(message["data"]["stats"])
        elif message["type"] == "imageStatusUpdate":
            for image in message["data"]["images"]:
                self._see_image(image)

    @property
    def finished(self) -> bool:
        """Whether every image of the project came to an end, as far as the events tell."""
        stats = self.stats
        return stats is not None and stats["pendingCount"] == 0 and stats["uploadedCount"] == 0

    def has_caught_up(self, version: int) -> bool:
        """Whether the counts of *version* were told, and the end of every image named."""
        return self.stats is not None and self.stats["version"] >= version and not self._untold

    def _see_stats(self, stats: Json) -> None:
        if self.stats is None or stats["version"] > self.stats["version"]:
            self.stats = stats
            self._tell(f"tally  {described(stats)}")

    def _see_image(self, image: Json) -> None:
        image_id = image["imageId"]
        if image["version"] <= self._versions.get(image_id, 0):
            return
        self._versions[image_id] = image["version"]
        if image["status"] in _SETTLED and image_id in self._names:
            self._untold.discard(image_id)
            self._tell(f"image  {self._names[image_id]}: {_outcome(image)}")


def described(stats: Mapping[str, Any]) -> str:
    """Return the counts as one line, those that are zero left out."""
    parts = [
        f"{stats[key]} {word.replace('_', ' ')}" for word, key in COUNT_OF.items() if stats[key]
    ]
    images = _counted(stats["imageCount"], "image")
    return f"{images}: {', '.join([*parts, _counted(stats['objectCount'], 'object')])}"


def recounted(images: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count the images of a list as stats count them."""
    images = list(images)
    statuses = Counter(image["status"] for image in images)
    counts = {key: statuses[word] for word, key in COUNT_OF.items()}
    return {
        **counts,
        "imageCount": len(images),
        "pendingCount": counts["queuedCount"] + counts["processingCount"],
        "objectCount": sum(image["objectCount"] or 0 for image in images),
    }


def _outcome(image: Mapping[str, Any]) -> str:
    if image["status"] == "failed":
        return f"failed: {image['error']['detail']}"
    return _counted(image["objectCount"], "object")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
