"""The child process of `Editor`: `python -m shared.editing.child`."""

import sys

from shared.domain.errors import InvalidInputError
from shared.editing.making import make_result
from shared.editing.request import made_line, refusing_line, request_of
from shared.reading.serving import serve


def _answer_to(line: bytes) -> bytes:
    try:
        return made_line(make_result(request_of(line)))
    except InvalidInputError as refusal:
        return refusing_line(refusal)


if __name__ == "__main__":
    serve(_answer_to, int(sys.argv[1]), int(sys.argv[2]))
