"""Upload the sample images, segment them, watch it live, and check the tally three ways."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from secrets import token_hex, token_urlsafe
from typing import Protocol

from shared.client.live import LiveUpdates
from shared.client.rest import Json, RestClient
from shared.client.watching import ProjectWatch, described, recounted
from shared.domain.errors import CelltallyError, UnavailableError
from shared.samples.catalogue import Sample

Tell = Callable[[str], None]

_SILENCE_SECONDS = 60.0  # Longer than any sample takes.
_ALL_SECONDS = 150.0
_LAST_EVENT_SECONDS = 5.0


class MismatchError(CelltallyError):
    """Events, REST and rows tell different counts: the one thing that must never be."""

    code = "mismatch"
    status = 500


class Rest(Protocol):
    """What REST tells of a project."""

    def stats(self, project_id: str) -> Json: ...
    def images(self, project_id: str) -> Iterator[Json]: ...


class Live(Protocol):
    """What the socket tells of it."""

    def updates(self, *, silence: float) -> Iterator[Json]: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the samples: a row for each image, and the final counts."""

    rows: list[tuple[str, str, str, str]]
    tally: str


def tell_the_story(client: RestClient, samples: Sequence[Sample], tell: Tell) -> Outcome:
    """Do the main job once as a new user; return what came of it.

    Raises MismatchError unless the last live counts are those of REST and of the images.
    """
    email = f"demo-{token_hex(4)}@celltally.local"
    client.sign_up(email=email, password=token_urlsafe(16), name="Demo")
    tell(f"registered {email}")
    project_id = client.create_project("Sample images")["id"]
    names = _upload(client, project_id, samples, tell)
    watch = ProjectWatch(names, tell)
    ticket = client.ticket()
    channels = [f"project:{project_id}", f"images:{project_id}"]
    with LiveUpdates(ticket["url"], ticket=ticket["ticket"], channels=channels) as live:
        tell("subscribed to the live updates")
        _segment(client, project_id, _by_engine(client, samples, names), tell)
        _watch_to_the_end(live, watch)
        stats = agreed_stats(client, project_id, live, watch)
    rows = [_row(client, image) for image in client.images(project_id)]
    return Outcome(rows=rows, tally=described(stats))


def _upload(
    client: RestClient, project_id: str, samples: Sequence[Sample], tell: Tell
) -> dict[str, str]:
    """Upload all samples at once; return their names by id."""
    verdict = client.upload(project_id, [sample.path for sample in samples])
    if verdict["rejected"]:
        first = verdict["rejected"][0]
        raise UnavailableError(
            f"the sample {first['filename']} was refused: {first['detail']} "
            "The installation is damaged; install celltally again."
        )
    tell(f"uploaded {len(verdict['images'])} images")
    return {image["id"]: image["filename"] for image in verdict["images"]}


def _by_engine(
    client: RestClient, samples: Sequence[Sample], names: dict[str, str]
) -> dict[str, list[str]]:
    """Return the images for each engine: the house's choice for what is in the picture."""
    chosen = {modality: e["name"] for e in client.engines() for modality in e["default"]}
    if missing := {sample.modality for sample in samples} - set(chosen):
        raise UnavailableError(
            f"no engine for {', '.join(sorted(missing))} works here: `celltally engines` says why"
        )
    engine_of = {sample.filename: chosen[sample.modality] for sample in samples}
    groups: dict[str, list[str]] = defaultdict(list)
    for image_id, name in names.items():
        groups[engine_of[name]].append(image_id)
    return groups


def _segment(client: RestClient, project_id: str, groups: dict[str, list[str]], tell: Tell) -> None:
    for engine, image_ids in groups.items():
        batch = client.segment(project_id, engine=engine, select=image_ids)
        tell(f"queued {batch['queued']} images for the engine {engine}")


def _watch_to_the_end(live: LiveUpdates, watch: ProjectWatch) -> None:
    deadline = time.monotonic() + _ALL_SECONDS
    for message in live.updates(silence=_SILENCE_SECONDS):
        watch.see(message)
        if watch.finished:
            return
        if time.monotonic() > deadline:
            break
    seen = "no event came" if watch.stats is None else described(watch.stats)
    raise UnavailableError(
        f"the samples were not done in time ({seen}): this machine may be too busy; try again"
    )


def agreed_stats(client: Rest, project_id: str, live: Live, watch: ProjectWatch) -> Json:
    """Return the final counts, which events, REST and the images must all tell alike."""
    asked = client.stats(project_id)
    if not watch.has_caught_up(asked["version"]):
        for message in live.updates(silence=_LAST_EVENT_SECONDS):
            watch.see(message)
            if watch.has_caught_up(asked["version"]):
                break
    counted = recounted(client.images(project_id))
    if watch.stats != asked or any(asked[name] != count for name, count in counted.items()):
        raise MismatchError(
            "the tally is wrong; please report this with these three lines:\n"
            f"  live  {watch.stats}\n  REST  {asked}\n  rows  {counted}"
        )
    return asked


def _row(client: RestClient, image: Json) -> tuple[str, str, str, str]:
    run = next((run for run in client.runs(image["id"]) if run["current"]), None)
    if run is None:
        return (image["filename"], image["status"], "-", "-")
    seconds = f"{run['durationMs'] / 1000:.2f}"
    return (image["filename"], str(run["objectCount"]), seconds, run["engine"]["name"])
