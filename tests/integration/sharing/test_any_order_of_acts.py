"""After any acts access equals a simple model, and what was told adds up to it (A2, S2, R8)."""

import random
from uuid import UUID

import pytest

from shared.actions.publish_outbox import publish_outbox
from shared.database import access
from shared.domain.accounts import Account, Role
from shared.domain.errors import NotFoundError
from shared.domain.events import AccessChange, ProjectAccessChange
from tests.integration.lab import Lab
from tests.integration.sharing.test_telling import Sharing

ACTS = 60


class Model:
    """Shares as a list, in the plainest way there is."""

    def __init__(self) -> None:
        self.shares: dict[UUID, dict[str, object]] = {}

    def offered(self, share: UUID, email: str | None, role: Role) -> None:
        known = self.shares.setdefault(share, {"email": email, "in": set(), "revoked": False})
        known |= {"role": role, "expired": False}

    def admits(self, share: UUID, who: Account) -> bool:
        it = self.shares[share]
        over = it["revoked"] or it["expired"]
        return not over and it["email"] in (None, who.email)

    def role_of(self, who: Account) -> Role | None:
        roles = {
            it["role"]
            for it in self.shares.values()
            if who.id in it["in"] and not it["revoked"] and not it["expired"]  # type: ignore[operator]
        }
        return max(roles, key=lambda role: role is Role.EDITOR, default=None)  # type: ignore[return-value]


class Played:
    """Random acts, done to the database and to the model."""

    def __init__(self, sharing: Sharing, seed: int) -> None:
        self.sharing, self.model = sharing, Model()
        self.random = random.Random(seed)  # noqa: S311 - it chooses acts.
        self.people = [sharing.bob, sharing.eve]

    def act(self) -> None:
        acts = [self.offer, self.accept, self.accept, self.revoke, self.leave, self.expire]
        self.random.choice(acts)()

    def offer(self) -> None:
        email = self.random.choice([None, *(each.email for each in self.people)])
        role = self.random.choice([Role.VIEWER, Role.EDITOR])
        self.model.offered(self.sharing.offer(role, email), email, role)

    def accept(self) -> None:
        if not self.model.shares:
            return
        share, who = self.random.choice(list(self.model.shares)), self.random.choice(self.people)
        if self.model.admits(share, who):
            self.sharing.accept(share, who)
            self.model.shares[share]["in"].add(who.id)  # type: ignore[attr-defined]
        else:
            with pytest.raises(NotFoundError):
                self.sharing.accept(share, who)

    def revoke(self) -> None:
        if self.model.shares:
            share = self.random.choice(list(self.model.shares))
            self.sharing.revoke(share)
            self.model.shares[share]["revoked"] = True

    def leave(self) -> None:
        who = self.random.choice(self.people)
        self.sharing.leave(who)
        for share in self.model.shares.values():
            share["in"].discard(who.id)  # type: ignore[attr-defined]

    def expire(self) -> None:
        if self.model.shares:
            share = self.random.choice(list(self.model.shares))
            self.sharing.lab.sql(
                "UPDATE project_shares SET expires_at = now() WHERE id = :id", id=share
            )
            self.model.shares[share]["expired"] = True

    def check(self) -> None:
        project = self.sharing.project
        with self.sharing.lab.database.reading() as connection:
            members = access.members_of(connection, project)
            pairs = [(each.id, project) for each in self.people]
            holding = access.holding(connection, pairs)
            for who in self.people:
                role = self.model.role_of(who)
                assert access.role_in_project(connection, who.id, project) == role
                assert members.get(who.id) == role
                assert ((who.id, project) in holding) == (role is not None)


@pytest.mark.parametrize("seed", range(8))
def test_access_is_what_a_simple_model_says_after_every_act(lab: Lab, seed: int) -> None:
    played = Played(Sharing(lab), seed)

    for _ in range(ACTS):
        played.act()
        played.check()


@pytest.mark.parametrize("seed", range(4))
def test_what_people_are_told_adds_up_to_what_they_may_do(lab: Lab, seed: int) -> None:
    """But for shares that expired: those are noticed by the channels that end."""
    sharing = Sharing(lab)
    played = Played(sharing, seed)
    played.expire = lambda: None  # type: ignore[method-assign]
    told: dict[UUID, Role | None] = {each.id: None for each in played.people}

    for _ in range(ACTS):
        played.act()
        publish_outbox(lab.database, lab.publisher, lab.queue)
        for channel, event, _key in lab.publisher.events:
            if isinstance(event, ProjectAccessChange):
                told[channel.id] = None if event.change is AccessChange.REVOKED else event.role
        lab.publisher.events.clear()

        assert told == {each.id: played.model.role_of(each) for each in played.people}
