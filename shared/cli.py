"""The command `celltally`."""

from importlib import import_module
from typing import NoReturn

import click

from shared import __version__
from shared.domain.errors import CelltallyError

#: Where each command is, and what it does. A new command is one more line here; its module is
#: imported only when the command runs, so that `--help` stays quick.
COMMANDS = {
    "up": ("shared.commands.up:up", "Start everything of the Procfile, in the foreground."),
    "web": ("shared.commands.processes:web", "Start the pages and the REST interface."),
    "relay": ("shared.commands.processes:relay", "Start the relay of live updates."),
    "worker": ("shared.commands.processes:worker", "Start a worker that segments images."),
    "stats": ("shared.commands.stats:stats", "Start the worker that recounts."),
    "scheduler": ("shared.commands.processes:scheduler", "Start the loop that dispatches."),
    "flower": ("shared.commands.processes:flower", "Start Celery's monitor."),
    "migrate": ("shared.commands.migrate:migrate", "Bring the database to the newest schema."),
    "demo": ("shared.commands.demo:demo", "Show the main job once, on sample images."),
    "upload": ("shared.commands.upload:upload", "Upload a folder of images."),
    "watch": ("shared.commands.watch:watch", "Print a project's events as they come."),
    "engines": ("worker.engines.command:engines", "List, test and equip the engines here."),
    "evaluate": ("worker.evaluation.command:evaluate", "Compare engines on annotated images."),
    "export": ("shared.commands.export:export", "Export a project's results as a ZIP."),
    "user": ("shared.commands.users:user", "Make accounts."),
    "notice": ("shared.commands.notice:notice", "Tell everybody something, on all pages."),
    "token": ("shared.commands.tokens:token", "Make tokens for scripts."),
    "audit": ("shared.commands.audit:audit", "Check every invariant of rows and files."),
    "doctor": ("shared.commands.doctor:doctor", "Try every dependency, end to end."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they run; our refusals become one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except CelltallyError as refusal:
            raise click.ClickException(refusal.detail) from refusal


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="celltally")
def celltally() -> None:
    """Outline every cell of uploaded images, and keep the tally right."""


def main() -> NoReturn:
    """Run the command line; a refusal is one line and exit code 1."""
    celltally(prog_name="celltally")
    raise SystemExit(0)


if __name__ == "__main__":
    main()
