"""Orders for relays."""

from uuid import UUID

import pytest

from shared.domain.channels import Channel
from shared.domain.control import CONTROL, EndSession, EndUser, Revoke, read_order

ADA, PROJECT = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    "order",
    [
        Revoke(user_id=ADA, project_id=PROJECT),
        EndSession(user_id=ADA, session_id=PROJECT),
        EndUser(user_id=ADA),
        EndUser(user_id=ADA, except_session_id=PROJECT),
    ],
)
def test_an_order_is_read_as_it_was_written(order: Revoke | EndSession | EndUser) -> None:
    assert read_order(order.model_dump_json(by_alias=True)) == order


@pytest.mark.parametrize("written", ["", "{}", '{"type": "revoke"}', '{"type": "dance"}'])
def test_what_is_no_order_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_order(written)


def test_no_browser_can_name_the_channel_of_orders() -> None:
    for name in (str(CONTROL), f"{CONTROL}:{ADA}"):
        with pytest.raises(ValueError, match=r".+"):
            Channel.parse(name)
