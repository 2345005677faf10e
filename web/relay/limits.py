"""Every bound of the relay, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one relay process and one socket may cost; see docs/events.md."""

    sockets: int = 10_000
    sockets_per_user: int = 8  #: In one process; the oldest gives way.
    handshakes_per_address: int = 50  #: In one process, within so many seconds:
    handshake_seconds: float = 10
    channels: int = 100  #: Of one socket.
    subs_per_message: int = 50
    message_bytes: int = 16 * 1024
    messages_per_second: float = 20
    message_burst: int = 40

    hello_seconds: float = 5
    ping_seconds: float = 25
    pong_seconds: float = 10
    closing_seconds: float = 2  #: For a browser to answer our close.

    state_seconds: float = 0.25  #: Between two frames of one state channel.
    hidden_seconds: float = 5  #: The same while nobody can see the page.
    states_per_second: int = 20  #: State frames of one socket, all channels together.
    pace_seconds: float = 0.025  #: How exactly a frame that is held back is sent in time.

    queue_frames: int = 256
    queue_bytes: int = 256 * 1024
    send_buffer_bytes: int = 64 * 1024  #: The kernel's; beyond it our queue begins.
    stalled_seconds: float = 10  #: For a browser that reads slowly, also to read our close.

    linger_seconds: float = 30  #: A channel nobody watches stays subscribed this long.
    sweep_seconds: float = 30  #: Between two checks that nothing was missed.
    confirm_seconds: float = 5  #: For Redis to confirm a subscription.
    tick_seconds: float = 2
    silence_seconds: float = 6  #: Without a byte from Redis the link counts as dead.
    redis_lost_seconds: float = 15
    drain_seconds: float = 5  #: A restart closes its sockets over this long.
    return_seconds: float = 1  #: And has each wait up to this long before it comes back.
