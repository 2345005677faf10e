"""Train the network: `python -m training.train DATA --out FOLDER`.

Everything that steers a run is in its arguments, which are written to `arguments.json` in
the folder. The averaged weights are in `weights.pt`, with all that a run needs to go on.
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import torch

from training.averaging import Average
from training.batches import batches
from training.crops import Crops
from training.emphasis import Emphasis
from training.examples import load_examples, parted
from training.export import restored
from training.losses import Loss, loss_of
from training.network import CelltallyNet, parameter_count

_REPORT_EVERY = 25
_WARM_UP = 150
#: The part of a run, at its end, in which the rate falls to zero.
_FALLING = 0.35
_LONGEST_STEP = 1.0


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a run was asked for."""

    data: str
    out: str
    iterations: int
    minutes: float
    batch: int
    side: int
    rate: float
    decay: float
    average: float
    seed: int
    hold_out: int
    phase: float
    small: float
    processes: int
    threads: int
    precision: str
    start: str | None
    resume: bool
    save_minutes: float


class Run:
    """One training run: its network, how far it is, and where it is written."""

    def __init__(self, arguments: Arguments) -> None:
        self.arguments = arguments
        torch.manual_seed(arguments.seed)
        torch.set_num_threads(arguments.threads)
        network = CelltallyNet()
        if arguments.start:
            network.load_state_dict(restored(Path(arguments.start)))
        self.network = network.to(memory_format=torch.channels_last)
        self.average = Average(self.network, arguments.average)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=arguments.rate, weight_decay=arguments.decay
        )
        self.done = 0
        self.seconds = 0.0
        self.folder = Path(arguments.out)
        self.folder.mkdir(parents=True, exist_ok=True)
        if arguments.resume:
            self._resume()

    def progress(self) -> float:
        """Return the share of the run that is over, by iterations or by time."""
        arguments = self.arguments
        by_time = self.seconds / (60 * arguments.minutes) if arguments.minutes else 0.0
        return max(self.done / arguments.iterations, by_time)

    def rate(self) -> float:
        """Return the learning rate: up, level, and down to zero."""
        rising = min(1.0, (self.done + 1) / _WARM_UP)
        falling = min(1.0, max(0.0, 1 - self.progress()) / _FALLING)
        return self.arguments.rate * rising * falling

    def step(self, images: torch.Tensor, truth: Any) -> Loss:
        """Learn from one batch."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        half = self.arguments.precision == "bfloat16"
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            answer = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = loss_of(answer.float(), truth)
        self.optimizer.zero_grad()
        loss.total().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST_STEP)
        self.optimizer.step()
        self.average.follow(self.network)
        self.done += 1
        return loss

    def save(self) -> None:
        """Write all that a run needs to go on; a crash while writing loses nothing."""
        state = {
            "average": self.average.network.state_dict(),
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "done": self.done,
            "seconds": self.seconds,
        }
        torch.save(state, self.folder / "weights.new")
        (self.folder / "weights.new").replace(self.folder / "weights.pt")

    def _resume(self) -> None:
        state = torch.load(self.folder / "weights.pt", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.done, self.seconds = state["done"], state["seconds"]


def train(arguments: Arguments) -> None:
    """Train until the iterations or the minutes are used up."""
    run = Run(arguments)
    (run.folder / "arguments.json").write_text(json.dumps(asdict(arguments), indent=2) + "\n")
    examples, _ = parted(load_examples(Path(arguments.data)), arguments.hold_out)
    _report(f"{len(examples)} pictures, {parameter_count(run.network):,} parameters")
    emphasis = Emphasis(phase=arguments.phase, small=arguments.small)
    crops = batches(
        partial(Crops, examples, side=arguments.side, emphasis=emphasis),
        size=arguments.batch,
        # A run that goes on must not see the crops again that it began with.
        seed=arguments.seed + run.done,
        processes=arguments.processes,
    )
    run.network.train()
    saved = time.monotonic()
    started = saved - run.seconds
    parts: list[dict[str, float]] = []
    while run.progress() < 1:
        loss = run.step(*next(crops))
        parts.append({part.name: float(getattr(loss, part.name).detach()) for part in fields(loss)})
        run.seconds = time.monotonic() - started
        if run.done % _REPORT_EVERY == 0:
            _report(_line(run, parts))
            parts.clear()
        if time.monotonic() - saved > 60 * arguments.save_minutes:
            run.save()
            saved = time.monotonic()
    run.save()


def _line(run: Run, parts: list[dict[str, float]]) -> str:
    means = {name: round(sum(p[name] for p in parts) / len(parts), 4) for name in parts[0]}
    facts = {"iteration": run.done, "seconds": round(run.seconds), "rate": round(run.rate(), 6)}
    return json.dumps(facts | means)


def _report(line: str) -> None:
    print(line, flush=True)


def _parsed() -> Arguments:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("data", help="folder with manifest.csv, images and masks")
    add("--out", required=True, help="folder for weights.pt and arguments.json")
    add("--iterations", type=int, default=20_000)
    add("--minutes", type=float, default=0, help="end after so long, if iterations are not over")
    add("--batch", type=int, default=8)
    add("--side", type=int, default=192, help="pixels of a crop's side; a multiple of 32")
    add("--rate", type=float, default=1.5e-3)
    add("--decay", type=float, default=1e-4)
    add("--average", type=float, default=0.999)
    add("--seed", type=int, default=1)
    add("--hold-out", type=int, default=0, help="leave out each n-th picture of each group")
    usual = Emphasis()
    add("--phase", type=float, default=usual.phase, help="share of crops in phase contrast")
    add("--small", type=float, default=usual.small, help="prefer small cells by this power")
    add("--processes", type=int, default=1, help="processes that make crops")
    add("--threads", type=int, default=2)
    add("--precision", choices=["float32", "bfloat16"], default="float32")
    add("--start", help="an ONNX file of this network: begin with its weights")
    add("--resume", action="store_true", help="go on from weights.pt in the folder")
    add("--save-minutes", type=float, default=3)
    return Arguments(**vars(parser.parse_args()))


if __name__ == "__main__":
    train(_parsed())
