"""What the commands of single processes are given."""

import stat
from pathlib import Path

from shared.commands.processes import flower_password
from shared.config import Settings


def test_the_file_of_flowers_password_holds_what_flower_asks_for(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    password = flower_password(settings)

    kept = tmp_path / "flower_password"
    assert kept.read_text() == password
    assert len(password) >= 24
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert flower_password(settings) == password
