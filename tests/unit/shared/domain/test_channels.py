"""How channels are named."""

from uuid import UUID

import pytest

from shared.domain.channels import STATE_CHANNELS, Channel, ChannelKind

ID = UUID("0b9f4b0e-6a3e-4f4e-9d7c-0123456789ab")


@pytest.mark.parametrize("kind", ChannelKind)
def test_a_name_is_read_as_it_is_written(kind: ChannelKind) -> None:
    channel = Channel(kind, ID)

    assert str(channel) == f"{kind}:{ID}"
    assert Channel.parse(str(channel)) == channel


@pytest.mark.parametrize(
    "name",
    [
        "",
        "project",
        f"nothing:{ID}",
        "project:not-an-id",
        f"project:{str(ID).upper()}",  # Two names for one channel would be two channels.
        f"project:{ID.hex}",
        f"project:{{{ID}}}",
        f"project:{ID} ",
    ],
)
def test_a_name_written_otherwise_is_refused(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the part says that is wrong
        Channel.parse(name)


def test_counts_and_totals_are_states_and_the_rest_are_events() -> None:
    states = {kind for kind in ChannelKind if Channel(kind, ID).is_state}

    assert states == STATE_CHANNELS == {ChannelKind.PROJECT, ChannelKind.DASH}
