"""The feed: one entry a project event, for all members, grouped a batch (rules.md B.13, D3)."""

from uuid import UUID

import pytest

from shared.actions.activities import forget_old_activities
from shared.actions.delete_project import delete_project
from shared.actions.publish_outbox import publish_outbox
from shared.database import activities
from shared.database.activities import MOST_A_MINUTE, Deed, FeedFilter
from shared.database.cancelling import Scope
from shared.domain.activities import Activity, ActivityType
from shared.domain.channels import Channel, ChannelKind
from shared.domain.runs import FailureCode
from tests.integration.interleaving import crash, held
from tests.integration.lab import Lab


@pytest.fixture
def ada(lab: Lab) -> UUID:
    return lab.user("Ada")


@pytest.fixture
def project(lab: Lab, ada: UUID) -> UUID:
    """A project of Ada's, without the entry that tells of its making."""
    project = lab.project(ada)
    lab.sql("DELETE FROM activities")
    return project


def publish(lab: Lab) -> None:
    """Publish all there is, as if a second went by since anything was told."""
    lab.sql("UPDATE activities SET told_at = told_at - interval '2 seconds'")
    while publish_outbox(lab.database, lab.publisher, lab.queue):
        pass


def feed(lab: Lab, user: UUID, **chosen: object) -> list[Activity]:
    with lab.database.reading() as connection:
        found, _ = activities.list_activities(connection, FeedFilter(user, **chosen), limit=200)
    return found


def heard(lab: Lab, user: UUID) -> list[Activity]:
    """Return what was told on the user's channel, in the order of telling."""
    channel = Channel(ChannelKind.ACTIVITY, user)
    return [event.activity for name, event, _ in lab.publisher.events if name == channel]


def merged(told: list[Activity]) -> dict[UUID, Activity]:
    """Return the entries as a page has them that heard everything."""
    kept: dict[UUID, Activity] = {}
    for each in told:
        if each.id not in kept or kept[each.id].version < each.version:
            kept[each.id] = each
    return kept


def write(lab: Lab, project: UUID, actor: UUID, kind: ActivityType, **fields: object) -> None:
    """Write an entry as an action does."""
    deed = Deed(type=kind, actor_id=actor, project_id=project, project_name="Spheroids", **fields)
    lab.database.transact(lambda tx: activities.record(tx.connection, deed))


def work_off(lab: Lab, project: UUID, *, failing: int = 0) -> None:
    """Claim every run that waits; let the last ones fail."""
    runs = lab.runs(project, "queued")
    for place, run in enumerate(runs):
        claimed = lab.claimed(run.id)
        if place >= len(runs) - failing:
            lab.fail(claimed, FailureCode.UNREADABLE_IMAGE)
        else:
            lab.complete(claimed)


def test_a_batch_is_one_entry_that_grows_and_keeps_its_id(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    """D3."""
    lab.engine()
    lab.images(project, 5)
    batch = lab.segment(project)
    first, *rest = lab.runs(project)
    lab.complete(lab.claimed(first.id))
    publish(lab)
    [began] = feed(lab, ada)

    for run in rest:
        lab.complete(lab.claimed(run.id))
    publish(lab)

    [ended] = feed(lab, ada)
    assert (began.id, began.timestamp) == (ended.id, ended.timestamp)
    assert (began.details.count, ended.details.count) == (1, batch.queued)
    assert ended.version > began.version
    assert ended.type is ActivityType.SEGMENTATION_COMPLETED
    assert ended.details.success is True
    assert ended.details.duration is not None
    assert (ended.actor_name, ended.project_name) == ("Ada", "Spheroids")
    assert merged(heard(lab, ada)) == {ended.id: ended}


def test_what_failed_of_a_batch_is_counted_in_its_entry(lab: Lab, ada: UUID, project: UUID) -> None:
    lab.engine()
    lab.images(project, 3)
    lab.segment(project)
    work_off(lab, project, failing=1)

    publish(lab)

    [entry] = feed(lab, ada)
    assert entry.type is ActivityType.SEGMENTATION_COMPLETED
    assert (entry.details.count, entry.details.failed) == (3, 1)
    assert entry.details.success is False


def test_a_batch_of_failures_is_one_until_an_image_succeeds(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    lab.engine()
    lab.images(project, 3)
    lab.segment(project)
    bad, worse, good = lab.runs(project)
    lab.fail(lab.claimed(bad.id), FailureCode.UNREADABLE_IMAGE)
    publish(lab)
    lab.fail(lab.claimed(worse.id), FailureCode.UNREADABLE_IMAGE)
    publish(lab)
    [failed] = feed(lab, ada)
    lab.complete(lab.claimed(good.id))
    publish(lab)

    [entry] = feed(lab, ada)
    assert (failed.type, failed.details.count) == (ActivityType.SEGMENTATION_FAILED, 2)
    assert (entry.id, entry.type) == (failed.id, ActivityType.SEGMENTATION_COMPLETED)
    assert (entry.details.count, entry.details.failed) == (3, 2)


def test_an_attempt_that_is_tried_again_is_no_outcome(lab: Lab, ada: UUID, project: UUID) -> None:
    run = lab.one_run(project)
    lab.fail(lab.claimed(run.id), FailureCode.TIMEOUT)  # One of those that may pass.

    publish(lab)

    assert feed(lab, ada) == []


def test_a_crash_of_the_publisher_counts_no_run_twice(lab: Lab, ada: UUID, project: UUID) -> None:
    """S3: what a message adds is added in the transaction that deletes it."""
    lab.engine()
    lab.images(project, 3)
    lab.segment(project)
    work_off(lab, project)
    with pytest.raises(KeyboardInterrupt), held("outbox.before_delete", crash):
        publish(lab)

    publish(lab)

    [entry] = feed(lab, ada)
    assert entry.details.count == 3
    assert set(merged(heard(lab, ada))) == {entry.id}


def test_no_move_of_a_run_touches_the_entry(lab: Lab, ada: UUID, project: UUID) -> None:
    """S5: ten thousand runs would wait for that row; only the publisher writes it."""
    lab.engine()
    lab.images(project, 2)
    lab.segment(project)
    first, second = lab.runs(project)
    lab.complete(lab.claimed(first.id))
    publish(lab)
    claimed = lab.claimed(second.id)

    def complete_while_locked(tx: object) -> bool:
        tx.connection.exec_driver_sql("SELECT 1 FROM activities FOR UPDATE")
        return lab.complete(claimed)  # On another connection.

    assert lab.database.transact(complete_while_locked)


def test_many_outcomes_cost_the_publisher_as_many_statements_as_one(
    lab: Lab, project: UUID, statements: list[str]
) -> None:
    """S5: no statement for each image is added."""
    lab.engine()
    costs = []
    for count in (1, 40):
        lab.images(project, count)
        lab.segment(project, "unprocessed")
        work_off(lab, project)
        statements.clear()
        publish_outbox(lab.database, lab.publisher, lab.queue)
        costs.append(len(statements))

    assert costs[0] == costs[1]


def test_a_growing_entry_is_told_once_a_second_and_the_last_time_exactly(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    """R11."""
    lab.engine()
    lab.images(project, 20)
    lab.segment(project)
    first, *rest = lab.runs(project)
    lab.complete(lab.claimed(first.id))
    publish(lab)
    lab.sql("UPDATE activities SET told_at = now() + interval '1 hour'")  # It was just now.
    for run in rest:
        lab.complete(lab.claimed(run.id))
        publish_outbox(lab.database, lab.publisher, lab.queue)
    assert [each.details.count for each in heard(lab, ada)] == [1]

    lab.sql("UPDATE activities SET told_at = now()")
    publish(lab)

    assert [each.details.count for each in heard(lab, ada)] == [1, 20]


def test_owner_and_collaborators_read_and_hear_the_same(lab: Lab, ada: UUID, project: UUID) -> None:
    """R7: and nobody else a byte of it."""
    bob, eve = lab.user("Bob"), lab.user("Eve")
    lab.let_in(project, bob)
    lab.engine()
    lab.segment(project, lab.images(project), user_id=bob)
    work_off(lab, project)
    lab.rename(project)
    publish(lab)

    assert feed(lab, ada) == feed(lab, bob)
    assert [each.actor_name for each in feed(lab, ada)] == ["Bob", "Ada"]
    assert merged(heard(lab, ada)) == merged(heard(lab, bob))
    assert feed(lab, eve) == heard(lab, eve) == []


def test_who_may_read_is_asked_when_it_is_read_and_when_it_is_told(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    """Rule 13."""
    bob = lab.user("Bob")
    lab.rename(project)
    lab.let_in(project, bob)  # Before it is told, and after it was written.
    publish(lab)
    assert feed(lab, bob) == heard(lab, bob) != []

    lab.sql("DELETE FROM memberships")
    lab.rename(project, title="Nuclei again")
    publish(lab)

    assert feed(lab, bob) == []
    assert len(heard(lab, bob)) == 1
    assert len(feed(lab, ada)) == 2


def test_that_a_project_was_deleted_is_told_to_all_it_had(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    """R8: with the project went its shares; its history stays with those who had it."""
    bob, eve = lab.user("Bob"), lab.user("Eve")
    lab.let_in(project, bob)
    lab.rename(project)
    delete_project(lab.database, lab.queue, project)

    publish(lab)

    kinds = [ActivityType.PROJECT_DELETED, ActivityType.PROJECT_RENAMED]
    for member in (ada, bob):
        assert [each.type for each in feed(lab, member)] == kinds
        assert {each.type for each in heard(lab, member)} == set(kinds)
    assert feed(lab, eve) == heard(lab, eve) == []


def test_deleting_in_chunks_is_one_entry(
    lab: Lab, ada: UUID, project: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.actions.delete_images.CHUNK", 2)

    lab.delete(project, lab.images(project, 5))

    [entry] = feed(lab, ada)
    assert (entry.type, entry.details.count) == (ActivityType.IMAGES_DELETED, 5)


def test_a_cancel_is_an_entry_of_whoever_cancelled(lab: Lab, ada: UUID, project: UUID) -> None:
    bob = lab.user("Bob")
    lab.engine()
    lab.images(project, 3)
    lab.segment(project)

    lab.cancel(Scope.PROJECT, project, bob)
    lab.cancel(Scope.PROJECT, project, bob)  # There is nothing left of it.

    [entry] = feed(lab, ada)
    assert (entry.type, entry.actor_name) == (ActivityType.SEGMENTATION_CANCELLED, "Bob")
    assert entry.details.count == 3


def test_a_change_that_is_rolled_back_leaves_no_entry(lab: Lab, ada: UUID, project: UUID) -> None:
    def change_and_fail(tx: object) -> None:
        deed = Deed(
            type=ActivityType.PROJECT_SHARED,
            actor_id=ada,
            project_id=project,
            project_name="Spheroids",
        )
        activities.record(tx.connection, deed)
        raise LookupError

    with pytest.raises(LookupError):
        lab.database.transact(change_and_fail)

    assert feed(lab, ada) == []


def test_beyond_sixty_a_minute_entries_join_others_of_their_kind(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    """Rule 17."""
    for _ in range(MOST_A_MINUTE + 15):
        write(lab, project, ada, ActivityType.IMAGES_UPLOADED, count=2)

    entries = feed(lab, ada)
    assert len(entries) == MOST_A_MINUTE
    assert sum(each.details.count for each in entries) == 2 * (MOST_A_MINUTE + 15)


def test_beyond_it_what_has_no_kin_is_one_entry_of_the_actor_alone(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    """Rule 17: six hundred projects made by a script are no six hundred lines."""
    bob = lab.user("Bob")
    lab.let_in(project, bob)
    for _ in range(MOST_A_MINUTE):
        write(lab, project, ada, ActivityType.IMAGES_UPLOADED, count=1)

    made = [lab.project(ada) for _ in range(3)]

    newest = feed(lab, ada)[0]
    assert (newest.type, newest.details.count) == (ActivityType.PROJECT_CREATED, len(made))
    assert newest.project_id is newest.project_name is None
    assert len(feed(lab, ada)) == MOST_A_MINUTE + 1
    assert newest.id not in {each.id for each in feed(lab, bob)}
    publish(lab)
    assert newest.id in merged(heard(lab, ada))
    assert newest.id not in merged(heard(lab, bob))


def test_the_limit_is_each_persons_own_and_of_one_minute(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    bob = lab.user("Bob")
    for _ in range(MOST_A_MINUTE):
        write(lab, project, ada, ActivityType.IMAGES_UPLOADED, count=1)
    write(lab, project, bob, ActivityType.IMAGES_UPLOADED, count=1)
    lab.sql("UPDATE activities SET at = at - interval '61 seconds'")

    write(lab, project, ada, ActivityType.IMAGES_UPLOADED, count=1)

    assert len(feed(lab, ada)) == MOST_A_MINUTE + 2


def test_requests_of_one_click_are_one_entry(lab: Lab, ada: UUID, project: UUID) -> None:
    """D3: a browser sends what was dropped together in many requests."""
    for act in ("drop 1", "drop 1", "drop 2"):
        write(lab, project, ada, ActivityType.IMAGES_UPLOADED, count=8, act=act)

    assert [each.details.count for each in feed(lab, ada)] == [8, 16]


def test_pages_begin_after_the_last_entry_seen(lab: Lab, ada: UUID, project: UUID) -> None:
    """D3."""
    for count in range(1, 8):
        write(lab, project, ada, ActivityType.IMAGES_UPLOADED, count=count)
    whole = feed(lab, ada)

    paged: list[Activity] = []
    before, more = None, True
    with lab.database.reading() as connection:
        while more:
            page, more = activities.list_activities(
                connection, FeedFilter(ada), limit=3, before=before
            )
            paged += page
            before = (page[-1].timestamp, page[-1].id)

    assert paged == whole
    assert [each.details.count for each in whole] == [7, 6, 5, 4, 3, 2, 1]


def test_entries_are_chosen_by_project_and_by_kind(lab: Lab, ada: UUID, project: UUID) -> None:
    other = lab.project(ada)
    write(lab, project, ada, ActivityType.IMAGES_UPLOADED, count=1)

    [of_other] = feed(lab, ada, project_id=other)
    [of_kind] = feed(lab, ada, type=ActivityType.IMAGES_UPLOADED)

    assert (of_other.project_id, of_other.type) == (other, ActivityType.PROJECT_CREATED)
    assert of_kind.project_id == project
    assert feed(lab, lab.user("Eve"), project_id=other) == []


def test_after_a_year_an_entry_is_forgotten(lab: Lab, ada: UUID, project: UUID) -> None:
    write(lab, project, ada, ActivityType.PROJECT_SHARED)
    lab.sql("UPDATE activities SET at = at - interval '366 days'")
    write(lab, project, ada, ActivityType.PROJECT_RENAMED)

    assert forget_old_activities(lab.database) == 1
    assert [each.type for each in feed(lab, ada)] == [ActivityType.PROJECT_RENAMED]


def test_what_was_done_stays_told_when_who_did_it_is_gone(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    bob = lab.user("Bob")
    write(lab, project, bob, ActivityType.IMAGES_UPLOADED, count=1)
    lab.sql("DELETE FROM users WHERE id = :bob", bob=bob)

    assert [each.actor_name for each in feed(lab, ada)] == ["Bob"]
    write(lab, project, bob, ActivityType.IMAGES_UPLOADED, count=1)  # Nobody's: not written.
    assert len(feed(lab, ada)) == 1


@pytest.mark.parametrize("channel", ["activity:nothing", f"activity:{UUID(int=9)}"])
def test_a_message_of_no_entry_stops_no_other(
    lab: Lab, ada: UUID, project: UUID, channel: str
) -> None:
    lab.sql(
        "INSERT INTO outbox (channel, type, data) VALUES (:channel, 'userActivityUpdate', '{}')",
        channel=channel,
    )
    lab.rename(project)

    publish(lab)

    assert len(heard(lab, ada)) == 1
    assert lab.value("SELECT count(*) FROM outbox") == 0
