"""What each role includes."""

from shared.domain.accounts import Role


def test_a_role_includes_itself_and_every_lower_one() -> None:
    assert [role for role in Role if Role.OWNER.includes(role)] == list(Role)
    assert [role for role in Role if Role.EDITOR.includes(role)] == [Role.EDITOR, Role.VIEWER]
    assert [role for role in Role if Role.VIEWER.includes(role)] == [Role.VIEWER]
