"""Pictures of the pages for people to look at: `python -m tests.e2e.screenshots FOLDER [PAGE …]`.

Each page in light, dark, and on a phone, with the content of a working day.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.e2e.content import Laboratory, begin_work, laboratory

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LOOKS = {
    "light": {"color_scheme": "light", "viewport": DESKTOP},
    "dark": {"color_scheme": "dark", "viewport": DESKTOP},
    "phone": {
        "color_scheme": "light",
        "viewport": PHONE,
        "device_scale_factor": 2,
        "has_touch": True,
    },
}


def take(laboratory: Laboratory, browser: Browser, folder: Path, pages: list[str]) -> None:
    """Write the pictures of *pages*, all when it is empty, into *folder*."""
    addresses = laboratory.addresses()
    for look, options in LOOKS.items():
        context = browser.new_context(reduced_motion="reduce", **options)  # type: ignore[arg-type]
        page = laboratory.mira.sign_in(context)
        for name in pages or addresses:
            address, awaited = addresses[name]
            if name == "dashboard":
                begin_work(laboratory)
            page.goto(f"{laboratory.address}{address}")
            page.locator(awaited).first.wait_for()
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(600)
            page.screenshot(path=folder / f"{name}-{look}.png", full_page=look == "phone")
        context.close()


def main() -> int:
    """Start a celltally, fill it, look at it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", help="names of pages; all without one")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="celltally-look-") as home,
        laboratory(Path(home)) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        take(lab, browser, given.folder, given.pages)
        browser.close()
    sys.stdout.write(f"{len(list(given.folder.glob('*.png')))} pictures in {given.folder}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
