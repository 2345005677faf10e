"""A child that some requests keep at work for ever; only for the test beside it."""

import sys

from shared.reading.serving import serve


def answer_to(line: bytes) -> bytes:
    while b"endless" in line:
        pass
    return line


if __name__ == "__main__":
    serve(answer_to, int(sys.argv[1]), int(sys.argv[2]))
