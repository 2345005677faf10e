"""Many questions at the same moment, asked in one round trip.

After a restart thousands come back at once, and each asks the same three questions. Whoever asks
first goes at once; those who come while the answer is under way wait, and go together.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

AT_MOST = 100  #: Questions a round trip: the last must not wait for thousands.


class Gathered(Generic[Q, A]):
    """Asks *answer_all*, which answers in order, for all who wait; its error is everybody's.

    A question is never part of a round trip that was under way before it was asked.
    """

    def __init__(self, answer_all: Callable[[Sequence[Q]], Sequence[A]]) -> None:
        self._answer_all = answer_all
        self._waiting: deque[_Asked[Q, A]] = deque()
        self._turn = Lock()

    def __call__(self, question: Q) -> A:
        """Return the answer; may wait."""
        asked: _Asked[Q, A] = _Asked(question)
        self._waiting.append(asked)
        while not asked.done:
            with self._turn:
                if not asked.done:  # Else whoever had the turn before answered this too.
                    self._answer_next()
        if asked.failure is not None:
            raise asked.failure
        return asked.answers[0]

    def _answer_next(self) -> None:
        together = [self._waiting.popleft() for _ in range(min(AT_MOST, len(self._waiting)))]
        try:
            answers = self._answer_all([each.question for each in together])
            for each, answer in zip(together, answers, strict=True):
                each.answers = (answer,)
        except BaseException as failure:
            for each in together:
                each.failure = failure
        for each in together:
            each.done = True


class _Asked(Generic[Q, A]):
    """One question, and in the end its answer or what went wrong."""

    __slots__ = ("answers", "done", "failure", "question")

    def __init__(self, question: Q) -> None:
        self.question = question
        self.answers: tuple[A, ...] = ()
        self.failure: BaseException | None = None
        self.done = False
