"""Batches of crops, made by processes of their own."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.crops import Crop, Crops
from training.losses import Truth

#: What makes crops of a seed: `partial(Crops, examples, ...)`.
CropsOf: TypeAlias = Callable[..., Crops]


class _Dataset(IterableDataset[Crop]):
    def __init__(self, crops_of: CropsOf, *, seed: int) -> None:
        self._crops_of, self._seed = crops_of, seed

    def __iter__(self) -> Iterator[Crop]:
        worker = get_worker_info()
        # Each process draws other crops, the same ones whenever it is started again.
        number = 0 if worker is None else worker.id
        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        return iter(self._crops_of(seed=seed))


def batches(
    crops_of: CropsOf, *, size: int, seed: int, processes: int
) -> Iterator[tuple[Tensor, Truth]]:
    """Yield images and their truth, for ever."""
    loader = DataLoader(
        _Dataset(crops_of, seed=seed),
        batch_size=size,
        collate_fn=_together,
        num_workers=processes,
        prefetch_factor=3 if processes else None,
        worker_init_fn=_one_thread,
    )
    return iter(loader)


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)


def _together(crops: list[Crop]) -> tuple[Tensor, Truth]:
    def stack(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(crop.targets, name) for crop in crops]))

    images = torch.from_numpy(np.stack([crop.image for crop in crops]))
    names = ("peak", "distances", "middle", "inside", "touch", "known")
    return images, Truth(**{name: stack(name) for name in names})
