"""The child process of `Inspector`: `python -m shared.reading.inspecting_child`."""

import sys

from shared.domain.errors import RejectedFileError
from shared.reading.inspection import (
    ArchiveRequest,
    TilesRequest,
    accepting_line,
    counting_line,
    cutting_line,
    refusing_line,
    request_of,
)
from shared.reading.looking import count_members, cut_file, inspect_file
from shared.reading.serving import serve


def _answer_to(line: bytes) -> bytes:
    try:
        asked = request_of(line)
        if isinstance(asked, ArchiveRequest):
            return counting_line(count_members(asked))
        if isinstance(asked, TilesRequest):
            return cutting_line(cut_file(asked))
        return accepting_line(inspect_file(asked))
    except RejectedFileError as refusal:
        return refusing_line(refusal)


if __name__ == "__main__":
    serve(_answer_to, int(sys.argv[1]), int(sys.argv[2]))
