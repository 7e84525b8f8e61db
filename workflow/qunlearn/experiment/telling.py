"""What unlearning is told of the poison."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qunlearn.runtime.counts import share
from qunlearn.runtime.errors import UserError

#: Kinds of telling: a part of the poison; all of it, and innocent samples; as many samples as are
#: corrupted, those whose given label the poisoned model believes least.
KNOWN, INNOCENT, ITSELF = "known", "innocent", "itself"


class ToldCell(NamedTuple):
    """A cell of which unlearning is told something, `told`: as `problem.Cell` otherwise."""

    alpha: float
    seed: int
    told: str


class Telling(NamedTuple):
    """`share`: of KNOWN the fraction of the poison, of INNOCENT the number of innocent samples over
    that of corrupted ones."""

    kind: str
    share: float = 1.0

    def words(self) -> str:
        """'known=0.5', how files call it."""
        return self.kind if self.kind == ITSELF else f"{self.kind}={self.share:g}"

    def count(self, corrupted: int, samples: int) -> int:
        """Samples that are accused, of so many corrupted ones among all. Raises UserError where the
        fraction comes to none, or leaves none that is not accused."""
        if self.kind == KNOWN and self.share < 1:
            return share(self.share, corrupted, "{fraction:g} of the {available} corrupted samples")
        if self.kind != INNOCENT:
            return corrupted
        count = corrupted + round(self.share * corrupted)
        if not corrupted < count < samples:
            raise UserError(
                f"{self.share:g} times the {corrupted} corrupted samples is none, or more than the "
                f"{samples - corrupted} that are innocent"
            )
        return count

    def accused(
        self, corrupted: np.ndarray, losses: np.ndarray, draw: np.random.Generator
    ) -> np.ndarray:
        """(N,) bool, who is accused, by which samples are `corrupted` (N,) and what each loses
        (N,) in the poisoned model. Of equal draws, larger shares contain smaller ones."""
        count = self.count(int(corrupted.sum()), len(corrupted))
        order = draw.permutation(len(corrupted))
        if self.kind == ITSELF:
            ranked = np.argsort(-losses, kind="stable")
        else:  # the poison first, each part in random order
            ranked = np.concatenate([order[corrupted[order]], order[~corrupted[order]]])
        mask = np.zeros(len(corrupted), dtype=bool)
        mask[ranked[:count]] = True
        return mask


def tellings(known: list[float], innocent: list[float]) -> list[Telling]:
    """All of a study."""
    parts = [Telling(KNOWN, value) for value in sorted(known)]
    return [*parts, *(Telling(INNOCENT, value) for value in sorted(innocent)), Telling(ITSELF)]
