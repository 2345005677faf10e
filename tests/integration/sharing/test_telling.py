"""`projectAccessChange` and orders for relays: in the transaction, to the right people (R7, R8)."""

from uuid import UUID

import pytest

from shared.actions.change_project import change_project
from shared.actions.create_project import create_project
from shared.actions.delete_project import delete_project
from shared.actions.publish_outbox import BATCH, publish_outbox
from shared.actions.shares import accept_share, leave_project, revoke_share, share_project
from shared.database import outbox
from shared.database.projects import NewProject
from shared.database.shares import Offer
from shared.domain.accounts import Account, Role
from shared.domain.control import Revoke
from shared.domain.events import ProjectAccessChange
from tests.integration.lab import Lab


class Sharing:
    """Alice's project, and what anybody is told of it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.alice, self.bob, self.eve = (
            Account(lab.user(name), f"{name}@lab.example", name, is_admin=False, time_zone="UTC")
            for name in ("alice", "bob", "eve")
        )
        self.project = lab.project(self.alice.id)

    def offer(self, role: Role = Role.VIEWER, email: str | None = None) -> UUID:
        offered = Offer(email, role)
        return self.lab.database.transact(lambda tx: share_project(tx, self.project, offered)[0])

    def accept(self, share: UUID, who: Account) -> None:
        self.lab.database.transact(lambda tx: accept_share(tx, share, who))

    def revoke(self, share: UUID) -> None:
        self.lab.database.transact(lambda tx: revoke_share(tx, self.project, share))

    def leave(self, who: Account) -> None:
        self.lab.database.transact(lambda tx: leave_project(tx, self.project, who))

    def told(self) -> list[tuple[str, str, str | None]]:
        """Return who was told what since the last look: name, change, role."""
        publisher = self.lab.publisher
        publish_outbox(self.lab.database, publisher, self.lab.queue)
        names = {each.id: each.name for each in (self.alice, self.bob, self.eve)}
        told = [
            (names[channel.id], str(event.change), event.role)
            for channel, event, _ in publisher.events
            if isinstance(event, ProjectAccessChange)
        ]
        publisher.events.clear()
        return sorted(told, key=str)

    def cut_off(self) -> list[Account]:
        """Return who was cut off since the last look."""
        publish_outbox(self.lab.database, self.lab.publisher, self.lab.queue)
        orders = list(self.lab.publisher.orders.values())
        self.lab.publisher.orders.clear()
        assert all(isinstance(o, Revoke) and o.project_id == self.project for o in orders)
        cut = {o.user_id for o in orders if isinstance(o, Revoke)}
        return [each for each in (self.alice, self.bob, self.eve) if each.id in cut]


@pytest.fixture
def sharing(lab: Lab) -> Sharing:
    return Sharing(lab)


def test_an_invitation_tells_nobody(sharing: Sharing) -> None:
    sharing.offer(email=sharing.bob.email)

    assert sharing.told() == []


def test_who_comes_in_is_told_with_role_and_title(sharing: Sharing, lab: Lab) -> None:
    sharing.accept(sharing.offer(Role.EDITOR), sharing.bob)

    publish_outbox(lab.database, lab.publisher, lab.queue)
    [(channel, event)] = [
        (channel, event)
        for channel, event, _ in lab.publisher.events
        if isinstance(event, ProjectAccessChange)
    ]
    assert str(channel) == f"user:{sharing.bob.id}"
    assert (event.change, event.role) == ("shared", Role.EDITOR)
    assert event.title == lab.value("SELECT title FROM projects WHERE id = :id", id=sharing.project)


def test_a_revoke_tells_and_cuts_off_all_who_came_in_by_it(sharing: Sharing) -> None:
    share = sharing.offer()
    for who in (sharing.bob, sharing.eve):
        sharing.accept(share, who)
    sharing.told()

    sharing.revoke(share)

    assert sharing.told() == [("bob", "revoked", None), ("eve", "revoked", None)]
    assert sharing.cut_off() == [sharing.bob, sharing.eve]


def test_who_leaves_is_told_on_their_other_pages_and_cut_off(sharing: Sharing) -> None:
    sharing.accept(sharing.offer(), sharing.bob)
    sharing.told()

    sharing.leave(sharing.bob)

    assert sharing.told() == [("bob", "revoked", None)]
    assert sharing.cut_off() == [sharing.bob]


def test_another_role_is_told_and_cuts_nobody_off(sharing: Sharing) -> None:
    sharing.accept(sharing.offer(email=sharing.bob.email), sharing.bob)
    sharing.told()

    sharing.offer(Role.EDITOR, email=sharing.bob.email)

    assert sharing.told() == [("bob", "role_changed", Role.EDITOR)]
    assert sharing.cut_off() == []


def test_one_of_two_shares_that_ends_is_told_only_when_it_matters(sharing: Sharing) -> None:
    editor, viewer, another = (
        sharing.offer(role) for role in (Role.EDITOR, Role.VIEWER, Role.VIEWER)
    )
    sharing.accept(editor, sharing.bob)
    sharing.told()
    for share in (viewer, another):
        sharing.accept(share, sharing.bob)
    assert sharing.told() == []

    sharing.revoke(editor)
    assert sharing.told() == [("bob", "role_changed", Role.VIEWER)]
    sharing.revoke(viewer)
    assert sharing.told() == []
    assert sharing.cut_off() == []


def test_a_new_project_is_told_to_the_other_tabs_of_its_maker(sharing: Sharing, lab: Lab) -> None:
    new = NewProject(sharing.alice.id, "New")

    lab.database.transact(lambda tx: create_project(tx, lab.queue, new))

    assert sharing.told() == [("alice", "created", Role.OWNER)]


def test_a_new_title_is_told_to_everybody_in_the_project(sharing: Sharing, lab: Lab) -> None:
    sharing.accept(sharing.offer(), sharing.bob)
    sharing.offer(email=sharing.eve.email)
    sharing.told()

    for title in ("Renamed", "Renamed"):
        changes = {"title": title, "description": "Other"}
        lab.database.transact(
            lambda tx, c=changes: change_project(
                tx, lab.queue, sharing.project, changes=c, actor_id=sharing.alice.id
            )
        )

    assert sharing.told() == [("alice", "renamed", Role.OWNER), ("bob", "renamed", Role.VIEWER)]


def test_a_deleted_project_is_told_to_all_who_were_in_it(sharing: Sharing, lab: Lab) -> None:
    """Rule 26: the receivers are written in its transaction; later nobody could tell them."""
    sharing.accept(sharing.offer(), sharing.bob)
    sharing.told()

    delete_project(lab.database, lab.queue, sharing.project)

    assert lab.value("SELECT count(*) FROM memberships") == 0
    assert [(name, change) for name, change, _ in sharing.told()] == [
        ("alice", "deleted"),
        ("bob", "deleted"),
    ]
    assert sharing.cut_off() == [sharing.alice, sharing.bob]


def test_what_is_rolled_back_tells_nobody_and_cuts_nobody_off(sharing: Sharing, lab: Lab) -> None:
    share = sharing.offer()
    sharing.accept(share, sharing.bob)
    sharing.told()

    def revoke_and_fail(tx: object) -> None:
        revoke_share(tx, sharing.project, share)
        raise LookupError

    with pytest.raises(LookupError):
        lab.database.transact(revoke_and_fail)

    assert sharing.told() == []
    assert sharing.cut_off() == []


def test_orders_go_before_all_that_waits(sharing: Sharing, lab: Lab) -> None:
    """R8: a revoke does not stand in line behind a bulk of images."""
    share = sharing.offer()
    sharing.accept(share, sharing.bob)
    sharing.told()
    lab.sql(
        "INSERT INTO outbox (channel, type, data)"
        " SELECT 'images:' || :project, 'imageStatusUpdate', '{\"images\": []}'"
        " FROM generate_series(1, :many)",
        project=str(sharing.project),
        many=3 * BATCH,
    )
    sharing.revoke(share)

    publish_outbox(lab.database, lab.publisher, lab.queue)

    assert [order.type for order in lab.publisher.orders.values()] == ["revoke"]
    assert lab.value("SELECT count(*) FROM outbox WHERE channel = 'control'") == 0
    assert lab.value("SELECT count(*) FROM outbox") >= BATCH


def test_an_order_that_nobody_can_read_is_dropped_and_stops_no_other(lab: Lab) -> None:
    known = Revoke(user_id=UUID(int=1), project_id=UUID(int=2))
    for written in ('{"type": "unheard"}', known.model_dump_json(by_alias=True)):
        lab.database.transact(
            lambda tx, w=written: outbox.leave_message(tx.connection, "control", "any", w)
        )

    publish_outbox(lab.database, lab.publisher, lab.queue)

    assert list(lab.publisher.orders.values()) == [known]
    assert lab.value("SELECT count(*) FROM outbox") == 0
