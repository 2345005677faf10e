"""Everything we may refuse, one small tree; the message is written for the user."""


class CelltallyError(Exception):
    """Something was refused; `code` is stable, `status` is the HTTP status it answers."""

    code = "error"
    status = 400

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class ConfigurationError(CelltallyError):
    """A setting is wrong; the start stops with this one line."""

    code = "configuration"
    status = 500


class NotFoundError(CelltallyError):
    """It does not exist, or the asker may not know that it does."""

    code = "not_found"
    status = 404


class NotSignedInError(CelltallyError):
    """Nobody is signed in, or the token is unknown."""

    code = "not_signed_in"
    status = 401


class ForbiddenError(CelltallyError):
    """The asker may see it and may not do this."""

    code = "forbidden"
    status = 403


class InvalidInputError(CelltallyError):
    """What was sent cannot be used; `errors` names each field."""

    code = "invalid_input"
    status = 422

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(detail, code=code)
        self.errors = errors or []


class ConflictError(CelltallyError):
    """It clashes with what is there already."""

    code = "conflict"
    status = 409


class UnavailableError(CelltallyError):
    """A part that is needed does not answer now; trying again later is right."""

    code = "unavailable"
    status = 503


class RejectedFileError(CelltallyError):
    """A file was refused; its code is one of those in contract.md (`too_large`, …)."""

    code = "unreadable_image"
    status = 422
