"""How the lines of several processes look on one screen."""

from io import StringIO

from shared.supervision.output import LinePrinter


def test_names_stand_in_front_of_lines_in_one_column() -> None:
    screen = StringIO()
    printer = LinePrinter(["web", "scheduler.1"], stream=screen)

    printer.line("web", "hello")
    printer.line("scheduler.1", "there")
    printer.own("done")

    assert screen.getvalue() == ("web         | hello\nscheduler.1 | there\ncelltally   | done\n")


def test_each_process_has_a_colour_of_its_own_and_we_have_none() -> None:
    screen = StringIO()
    printer = LinePrinter(["web", "relay"], stream=screen, colour=True)

    for label in ("web", "relay", "celltally"):
        printer.line(label, "x")

    web, relay, own = screen.getvalue().splitlines()
    assert web.startswith("\033[")
    assert relay.startswith("\033[")
    assert web[:5] != relay[:5]
    assert own == "celltally | x"


def test_a_reader_who_went_away_stops_nobody() -> None:
    class Closed(StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    LinePrinter(stream=Closed()).own("anybody there?")
