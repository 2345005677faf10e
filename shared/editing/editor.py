"""Makes results of what was drawn, in child processes: pictures of strangers are read for it."""

from shared.domain.errors import InvalidInputError
from shared.editing.request import EditRequest, MadeResult, made_of
from shared.reading.children import ChildLateError, ChildLostError, Children

DEFAULT_MEMORY = 4 << 30
DEFAULT_SECONDS = 60

_MODULE = "shared.editing.child"


class Editor:
    """One request at a time, the others wait; safe to use from many threads."""

    def __init__(
        self, *, seconds: int = DEFAULT_SECONDS, memory_bytes: int = DEFAULT_MEMORY
    ) -> None:
        self._children = Children(_MODULE, 1, seconds=seconds, memory_bytes=memory_bytes)

    def make(self, request: EditRequest) -> MadeResult:
        """Leave the result in the request's folder; raise InvalidInputError when it cannot be."""
        try:
            return made_of(self._children.ask(request.to_line()))
        except ChildLateError:
            reason = "takes too long"
        except ChildLostError:
            reason = "needs more memory than one image may take"
        raise InvalidInputError(
            f"To measure these objects of {request.filename} {reason}. "
            "Send fewer or simpler outlines, or edit a crop of the image.",
            code="too_large",
        )

    def close(self) -> None:
        """End the child; one that is at work ends after it."""
        self._children.close()
