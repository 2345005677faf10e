"""Names in Redis."""

from uuid import UUID

from shared.domain.channels import Channel, ChannelKind
from shared.messaging.redis_keys import RedisKeys

CHANNEL = Channel(ChannelKind.IMAGES, UUID(int=1))


def test_all_keys_of_a_channel_lie_in_one_slot():
    keys = RedisKeys()
    names = [keys.meta(CHANNEL), keys.stream(CHANNEL), keys.idempotency(CHANNEL, "7")]

    assert {name[name.index("{") : name.index("}") + 1] for name in names} == {f"{{{CHANNEL}}}"}


def test_environments_with_their_own_prefix_do_not_hear_each_other():
    assert RedisKeys("a").wake(CHANNEL) != RedisKeys("b").wake(CHANNEL)


def test_the_name_of_a_ticket_does_not_tell_the_ticket():
    assert "secret" not in RedisKeys().ticket("secret")
