"""The same result is not made twice: an earlier one answers, and says so (E6)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Row

from shared.actions.clean_storage import delete_files
from shared.actions.delete_project import delete_project
from shared.database.cancelling import Scope
from shared.domain.accounts import Role
from shared.domain.images import ImageStatus
from shared.domain.provenance import Environment
from shared.domain.result_files import OBJECTS, RESULT_FILES, key_of
from shared.domain.runs import FailureCode, RunStatus
from shared.results import load_labels, load_objects
from shared.storage import open_storage
from tests.images import disks, encoded
from tests.integration.interleaving import held
from tests.integration.lab import Lab, spec_of
from tests.integration.runs.child import Child, FakeEngines
from tests.integration.tally.audit import offences

SHA = "5" * 64
PICTURE = encoded(disks(2))


@pytest.fixture
def child(lab: Lab) -> Child:
    lab.engine()
    return Child(lab, open_storage("memory:///"), FakeEngines())


@pytest.fixture
def ask(lab: Lab, child: Child) -> Callable[..., Row[Any]]:
    """Return a function that uploads the picture to a project and asks to segment it."""

    def ask(project: UUID, sha: str = SHA, **fields: Any) -> Row[Any]:
        [image] = lab.upload(project, [sha])
        child.storage.put(lab.image(image).storage_key, PICTURE)
        return again(image, **fields)

    def again(image: UUID, **fields: Any) -> Row[Any]:
        project = lab.image(image).project_id
        lab.segment(project, [image], **fields)
        return lab.runs(project, "queued")[-1]

    ask.again = again  # type: ignore[attr-defined]
    return ask


@pytest.fixture
def ada(lab: Lab) -> UUID:
    return lab.user("Ada")


def test_the_same_content_in_another_project_of_mine_is_answered_from_the_first(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    first = ask(lab.project(ada))
    child.carry_out(first.id)
    second = ask(lab.project(ada))

    assert child.carry_out(second.id)

    made, copied = lab.run(first.id), lab.run(second.id)
    assert len(child.engines.asked) == 1
    assert (copied.taken_from, copied.object_count) == (first.id, 2)
    assert (copied.recipe, copied.engine_version, copied.params) == (
        made.recipe,
        made.engine_version,
        made.params,
    )
    assert load_objects(child.storage, copied.result_path) == load_objects(
        child.storage, made.result_path
    )
    assert copied.result_path != made.result_path


def test_the_tally_cannot_tell_a_copied_result_from_a_made_one(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    """S2: one completion, its objects, one message about the image."""
    child.carry_out(ask(lab.project(ada)).id)
    project = lab.project(ada)
    run = ask(project)
    lab.sql("DELETE FROM outbox")

    child.carry_out(run.id)

    image = lab.image(run.image_id)
    assert (image.status, image.object_count) == (ImageStatus.SEGMENTED, 2)
    assert image.current_run_id == run.id
    assert lab.deltas(project)[-1].completions == 1
    statuses = [
        each["status"]
        for row in lab.sql("SELECT data FROM outbox WHERE type = 'imageStatusUpdate' ORDER BY id")
        for each in row.data["images"]
    ]
    assert statuses == ["processing", "segmented"]
    assert lab.is_exact(project)
    with lab.database.reading() as connection:
        assert offences(connection) == {}


def test_what_was_segmented_otherwise_meanwhile_is_answered_from_the_history(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]]
) -> None:
    first = ask(lab.project())
    child.carry_out(first.id)
    child.carry_out(ask.again(first.image_id, params={"threshold": 0.9}).id)  # type: ignore[attr-defined]

    third = ask.again(first.image_id)  # type: ignore[attr-defined]
    child.carry_out(third.id)

    assert lab.run(third.id).taken_from == first.id
    assert [params for _, params in child.engines.asked] == [{"threshold": 0.5}, {"threshold": 0.9}]


def test_a_default_that_is_written_out_is_the_same_parameter(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    child.carry_out(ask(lab.project(ada)).id)
    second = ask(lab.project(ada), params={"threshold": 0.5})

    child.carry_out(second.id)

    assert lab.run(second.id).taken_from is not None


def _another_version(child: Child) -> None:
    child.engines.spec = spec_of("noop", version="2")


def _other_weights(child: Child) -> None:
    child.engines.spec = spec_of("noop", weights_sha256="b" * 64)


def _other_libraries(child: Child) -> None:
    child.environment = Environment({"libraries": {"numpy": "99"}})


def _by_chance(child: Child) -> None:
    child.engines.spec = spec_of("noop", deterministic=False)


@pytest.mark.parametrize("change", [_another_version, _other_weights, _other_libraries, _by_chance])
def test_a_result_that_would_be_made_otherwise_is_made(
    lab: Lab,
    child: Child,
    ask: Callable[..., Row[Any]],
    ada: UUID,
    change: Callable[[Child], None],
) -> None:
    child.carry_out(ask(lab.project(ada)).id)
    second = ask(lab.project(ada))

    change(child)
    child.carry_out(second.id)

    assert lab.run(second.id).taken_from is None
    assert len(child.engines.asked) == 2


@pytest.mark.parametrize("setting", ["channels = ARRAY[1]", "pixel_size_um = 0.5"])
def test_other_channels_or_another_pixel_size_make_another_result(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID, setting: str
) -> None:
    child.carry_out(ask(lab.project(ada)).id)
    project = lab.project(ada)
    lab.sql(f"UPDATE projects SET {setting} WHERE id = :id", id=project)
    second = ask(project)

    child.carry_out(second.id)

    assert lab.run(second.id).taken_from is None


def test_a_real_run_can_be_asked_for(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    child.carry_out(ask(lab.project(ada)).id)
    second = ask(lab.project(ada), force=True)

    child.carry_out(second.id)

    assert lab.run(second.id).taken_from is None
    assert len(child.engines.asked) == 2


def test_to_repeat_a_run_is_to_run_it(lab: Lab, child: Child, ask: Callable[..., Row[Any]]) -> None:
    """E6: the same bytes, and truly made again."""
    first = ask(lab.project())
    child.carry_out(first.id)
    lab.repeat(first.id)
    again = lab.runs(first.project_id, "queued")[0]

    child.carry_out(again.id)

    made, repeated = lab.run(first.id), lab.run(again.id)
    assert len(child.engines.asked) == 2
    assert (repeated.repeats, repeated.taken_from) == (first.id, None)
    for name in RESULT_FILES:
        one, other = (child.storage.read(key_of(run.result_path, name)) for run in (made, repeated))
        assert one == other


def test_nobody_learns_from_an_answer_what_others_have(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    """A: whoever may ask in one project of Ada's need not see her others, nor a stranger any."""
    bob = lab.user("Bob")
    child.carry_out(ask(lab.project(ada)).id)
    shared = lab.project(ada)
    lab.let_in(shared, bob, Role.EDITOR)
    strangers, guests = ask(lab.project(bob)), ask(shared, user_id=bob)

    for run in (strangers, guests):
        child.carry_out(run.id)
        assert lab.run(run.id).taken_from is None

    assert len(child.engines.asked) == 3


def test_what_i_have_does_not_go_into_the_project_of_another(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    child.carry_out(ask(lab.project(ada)).id)
    bobs = lab.project(lab.user("Bob"))
    lab.let_in(bobs, ada, Role.EDITOR)
    run = ask(bobs, user_id=ada)

    child.carry_out(run.id)

    assert lab.run(run.id).taken_from is None


def test_in_one_project_anybodys_result_answers(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    bob, project = lab.user("Bob"), lab.project(ada)
    lab.let_in(project, bob, Role.EDITOR)
    first = ask(project)
    child.carry_out(first.id)
    child.carry_out(ask.again(first.image_id, params={"threshold": 0.9}).id)  # type: ignore[attr-defined]
    bobs = ask.again(first.image_id, user_id=bob)  # type: ignore[attr-defined]

    child.carry_out(bobs.id)

    assert lab.run(bobs.id).taken_from == first.id


def test_a_result_that_was_changed_in_place_answers_no_more(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    """E7: whoever edits a stored result takes its recipe away."""
    first = ask(lab.project(ada))
    child.carry_out(first.id)
    lab.sql("UPDATE runs SET recipe = NULL WHERE id = :id", id=first.id)
    second = ask(lab.project(ada))

    child.carry_out(second.id)

    assert lab.run(second.id).taken_from is None


def test_a_result_that_goes_while_it_is_copied_is_made_after_all(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    first = ask(lab.project(ada))
    child.carry_out(first.id)
    second = ask(lab.project(ada))

    def delete_the_source() -> None:
        lab.delete(first.project_id, [first.image_id])
        delete_files(lab.database, child.storage)

    with held("segment.found_earlier", delete_the_source):
        assert child.carry_out(second.id)

    done = lab.run(second.id)
    assert (done.status, done.taken_from) == (RunStatus.SUCCEEDED, None)
    assert len(load_objects(child.storage, done.result_path)) == 2
    assert lab.is_exact(second.project_id)


def test_half_a_result_is_never_taken(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    first = ask(lab.project(ada))
    child.carry_out(first.id)
    child.storage.delete([key_of(lab.run(first.id).result_path, OBJECTS)])
    second = ask(lab.project(ada))

    child.carry_out(second.id)

    assert lab.run(second.id).taken_from is None
    assert len(load_objects(child.storage, lab.run(second.id).result_path)) == 2


def test_a_copy_outlives_its_source(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    first = ask(lab.project(ada))
    child.carry_out(first.id)
    second = ask(lab.project(ada))
    child.carry_out(second.id)

    delete_project(lab.database, lab.queue, first.project_id)
    delete_files(lab.database, child.storage)

    copied = lab.run(second.id)
    assert load_labels(child.storage, copied.result_path).max() == 2
    assert child.results() == [key_of(copied.result_path, name) for name in sorted(RESULT_FILES)]


def test_a_run_cancelled_while_its_answer_is_copied_keeps_nothing(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]], ada: UUID
) -> None:
    """Q4: the commit finds that the token is gone, and the copy goes."""
    first = ask(lab.project(ada))
    child.carry_out(first.id)
    second = ask(lab.project(ada))

    with held("segment.before_commit", lambda: lab.cancel(Scope.IMAGE, second.image_id)):
        assert not child.carry_out(second.id)

    assert lab.run(second.id).status == RunStatus.CANCELLED
    assert lab.image(second.image_id).status == ImageStatus.UPLOADED
    assert len(child.results()) == len(RESULT_FILES)
    assert lab.is_exact(second.project_id)


def test_an_exact_run_is_refused_by_a_worker_with_another_version(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]]
) -> None:
    """While workers are replaced, the row that promised the version may be ahead of one."""
    first = ask(lab.project())
    child.carry_out(first.id)
    lab.repeat(first.id)
    again = lab.runs(first.project_id, "queued")[0]
    _another_version(child)

    child.carry_out(again.id)

    waiting = lab.run(again.id)
    assert (waiting.status, waiting.retried_because) == (
        RunStatus.QUEUED,
        FailureCode.ENGINE_UNAVAILABLE,
    )


def test_a_plain_run_says_with_which_version_it_was_made(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]]
) -> None:
    run = ask(lab.project())
    _another_version(child)

    child.carry_out(run.id)

    assert lab.run(run.id).engine_version == "2"


def test_a_repeated_run_keeps_channels_and_pixel_size_of_the_first(
    lab: Lab, child: Child, ask: Callable[..., Row[Any]]
) -> None:
    project = lab.project()
    lab.sql("UPDATE projects SET pixel_size_um = 0.5 WHERE id = :id", id=project)
    first = ask(project)
    child.carry_out(first.id)
    lab.sql("UPDATE projects SET pixel_size_um = 2, channels = ARRAY[1] WHERE id = :id", id=project)

    lab.repeat(first.id)
    child.carry_out(lab.runs(project, "queued")[0].id)

    again = lab.runs(project)[-1]
    assert (again.pixel_size_um, again.channels) == (0.5, None)
    assert again.recipe == lab.run(first.id).recipe


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(["segment", "force", "otherwise", "delete", "cancel"]),
            st.integers(0, 2),
        ),
        max_size=12,
    )
)
def test_in_any_order_of_acts_each_answer_is_what_the_engine_would_say(
    lab: Lab, child: Child, acts: list[tuple[str, int]]
) -> None:
    """S2: three projects of one owner with one picture; the tally and the files stay right."""
    owner = lab.user()
    held_images: list[UUID | None] = [None, None, None]
    projects = [lab.project(owner) for _ in held_images]
    for act, place in acts:
        if held_images[place] is None:
            [image] = lab.upload(projects[place], [SHA])
            child.storage.put(lab.image(image).storage_key, PICTURE)
            held_images[place] = image
        image = held_images[place]
        assert image is not None
        if act == "delete":
            lab.delete(projects[place], [image])
            delete_files(lab.database, child.storage)
            held_images[place] = None
            continue
        params = {"threshold": 0.9} if act == "otherwise" else {}
        lab.segment(projects[place], [image], force=act == "force", params=params)
        if act == "cancel":
            lab.cancel(Scope.IMAGE, image)
        for run in lab.runs(projects[place], "queued"):
            child.carry_out(run.id)

    for project in projects:
        assert lab.is_exact(project)
        for run in lab.runs(project, "succeeded"):
            assert len(load_objects(child.storage, run.result_path)) == run.object_count == 2
