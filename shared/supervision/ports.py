"""Ports that must be free before anything starts."""

import errno
import socket
from collections.abc import Mapping

from shared.domain.errors import ConflictError

LOCAL = "127.0.0.1"


def refuse_taken_ports(wanted: Mapping[str, int]) -> None:
    """Refuse when a port is taken; *wanted* has the variable that chooses each."""
    for variable, port in wanted.items():
        if is_taken(port):
            raise ConflictError(
                f"port {port} is taken by another program: set {variable} to a free one"
            )


def is_taken(port: int) -> bool:
    """Tell whether somebody listens on *port* of this machine."""
    with socket.socket() as probe:
        # As the servers do: connections of an earlier one that are closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCAL, port))
        except OSError as refusal:
            if refusal.errno == errno.EADDRINUSE:
                return True
            raise ConflictError(f"cannot listen on port {port}: {refusal.strerror}") from refusal
    return False
