"""`celltally doctor`: every dependency, end to end, one line each."""

import time
from collections.abc import Callable
from secrets import token_hex

import click
from celery import Celery
from redis import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy.exc import SQLAlchemyError

from shared.actions.audit import check_invariants
from shared.commands.audit import described
from shared.config import Settings
from shared.database.engine import Database
from shared.database.workers import RegisteredEngine, registered_engines
from shared.domain.errors import CelltallyError, UnavailableError
from shared.servers.addresses import ServerUrls, masked, server_urls
from shared.servers.given import (
    OLDEST_POSTGRESQL,
    OLDEST_REDIS,
    postgresql_version,
    redis_version,
)
from shared.servers.places import make_private_folder
from shared.servers.versions import dotted, require_at_least
from shared.storage import open_storage
from shared.supervision.readiness import problem_of

_ANSWER_SECONDS = 2.0

#: Somebody waits for the doctor; `celltally audit` looks at the files of all images.
_LOOKED_AT = 1000


@click.command()
def doctor() -> None:
    """Try every dependency, end to end; exit with 1 when one of them fails."""
    examination = Examination(Settings.from_environment())
    examination.print_addresses()
    failed = [title for title, check in examination.checks().items() if not _passes(title, check)]
    if failed:
        raise click.exceptions.Exit(1)


class Examination:
    """The checks; each returns what it found, or refuses with the remedy."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def checks(self) -> dict[str, Callable[[], str]]:
        """Return the checks by their titles, in an order in which the first failure explains."""
        return {
            "home": self._home,
            "PostgreSQL": self._postgresql,
            "Redis": self._redis,
            "storage": self._storage,
            "workers": self._workers,
            "engines": self._engines,
            "web": self._web,
            "relay": self._relay,
            "audit": self._audit,
        }

    def print_addresses(self) -> None:
        """Show which servers are in use, without their secrets."""
        try:
            urls = self._urls()
        except CelltallyError:  # The checks below say why.
            return
        click.echo(f"postgresql {masked(urls.database)}")
        click.echo(f"redis {masked(urls.redis)}")

    def _urls(self) -> ServerUrls:
        return server_urls(self._settings)

    def _home(self) -> str:
        home = make_private_folder(self._settings.absolute_home)
        probe = home / f"doctor.{token_hex(4)}"
        try:
            probe.write_text("written")
            probe.unlink()
        except OSError as refusal:
            raise UnavailableError(
                f"{home} cannot be written ({refusal.strerror}): set CELLTALLY_HOME"
            ) from refusal
        return f"{home} can be written"

    def _postgresql(self) -> str:
        url = self._urls().database
        version = postgresql_version(url)
        require_at_least(version, least=OLDEST_POSTGRESQL, server="PostgreSQL")
        with _database(url).reading() as connection:
            began = time.perf_counter()
            connection.exec_driver_sql("SELECT 1")
            return f"{dotted(version)} answers in {_milliseconds_since(began)}"

    def _redis(self) -> str:
        url = self._urls().redis
        version = redis_version(url)
        require_at_least(version, least=OLDEST_REDIS, server="Redis")
        key, word = f"celltally:doctor:{token_hex(4)}", token_hex(4)
        with Redis.from_url(url, socket_timeout=5, decode_responses=True) as client:
            began = time.perf_counter()
            client.set(key, word, ex=60)
            found = client.get(key)
            took = _milliseconds_since(began)
            client.delete(key)
            policy = _policy_of(client)
        if found != word:
            raise UnavailableError("Redis forgot what was written a moment ago")
        return f"{dotted(version)} writes and reads in {took}, {policy}"

    def _storage(self) -> str:
        storage = open_storage(self._settings.file_storage_url)
        key, content = f"doctor/{token_hex(4)}", token_hex(64).encode()
        storage.put(key, content)
        try:
            if storage.read(key) != content:
                raise UnavailableError("the storage returns other bytes than were written")
        finally:
            storage.delete([key])
        return f"{masked(self._settings.file_storage_url)} writes, reads and deletes"

    def _workers(self) -> str:
        self._urls()
        app = Celery("celltally-doctor", set_as_current=False)
        app.config_from_object("celeryconfig")
        answers = app.control.ping(timeout=_ANSWER_SECONDS)
        names = sorted(name for answer in answers for name in answer)
        for kind in ("worker", "stats"):
            if not any(name.startswith(f"{kind}-") for name in names):
                raise UnavailableError(
                    f"no {kind} answers over Redis: start `celltally up` or `celltally {kind}`"
                )
        return f"{', '.join(names)} answer"

    def _engines(self) -> str:
        with _database(self._urls().database).reading() as connection:
            engines = registered_engines(connection)
        if not any(engine.available for engine in engines):
            raise UnavailableError(
                "no engine is available: install one, then run `celltally migrate`. "
                + "; ".join(map(_described, engines))
            )
        return ", ".join(map(_described, engines))

    def _web(self) -> str:
        return _answering(self._settings.web_port, "/readyz", command="web")

    def _relay(self) -> str:
        return _answering(self._settings.relay_port, "/healthz", command="relay")

    def _audit(self) -> str:
        database = _database(self._urls().database)
        storage = open_storage(self._settings.file_storage_url)
        try:
            findings = list(check_invariants(database, storage, most_images=_LOOKED_AT))
        finally:
            database.close()
        broken = [described(finding) for finding in findings if not finding.holds]
        if broken:
            raise UnavailableError(f"{'; '.join(broken)}. All of it: `celltally audit`")
        return f"{len(findings)} invariants hold (files of the first {_LOOKED_AT} images at most)"


def _passes(title: str, check: Callable[[], str]) -> bool:
    try:
        found, passed = check(), True
    except CelltallyError as refusal:
        found, passed = refusal.detail, False
    except (SQLAlchemyError, RedisError, OSError) as failure:
        found, passed = f"{type(failure).__name__}: {failure}", False
    line = " ".join(found.split())  # One line each, whatever a library says.
    click.secho(
        f"{'ok' if passed else 'FAILED':<7} {title:<11} {line}", fg=None if passed else "red"
    )
    return passed


def _answering(port: int, path: str, *, command: str) -> str:
    if (problem := problem_of(port, path)) is not None:
        raise UnavailableError(f"{problem}: start `celltally up` or `celltally {command}`")
    return f"http://127.0.0.1:{port}{path} answers 200"


def _database(url: str) -> Database:
    return Database(url, pool_size=1, name="celltally-doctor")


def _described(engine: RegisteredEngine) -> str:
    if engine.spec is None or not engine.available:
        return f"{engine.name} is not available ({engine.reason or 'no reason given'})"
    return f"{engine.name} {engine.spec.version}"


def _milliseconds_since(began: float) -> str:
    return f"{(time.perf_counter() - began) * 1000:.1f} ms"


def _policy_of(client: Redis) -> str:
    try:
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "unknown")
    except ResponseError:  # A hosted Redis may keep its settings to itself.
        return "its eviction policy is secret"
    if policy != "noeviction":
        raise UnavailableError(
            f"Redis may forget queued work (maxmemory-policy {policy}): set it to noeviction"
        )
    return "noeviction"
