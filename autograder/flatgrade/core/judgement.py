"""What replay and naming come to: which stages are charged, for which mistakes, and which earn their points."""

from __future__ import annotations

from dataclasses import dataclass

from flatgrade.core.mistake import Mistake
from flatgrade.core.replay import Explanation, Label

_NAME_IS_WORTH = 0.5
_PAIR_COSTS = 0.1


@dataclass(frozen=True)
class Charge:
    """One mistake that was found: the stage, the known mistake if it was recognised, else a ratio if there is one.

    `ratio` says how the value relates to the right one (a key of the messages). `charged` is False where it is told
    and not charged, so that no answer is ever charged more often than it has faults: for the second mistake of a pair
    in two stages that only one fault shows, where a value is off by the factor of an earlier one (ratio "same"), and
    where an output may be wrong by the mistake behind an earlier one (ratio "cause").
    """

    stage: str
    mistake: Mistake | None = None
    ratio: str = ""
    charged: bool = True


@dataclass(frozen=True)
class Judgement:
    """The explanation that reads best, and what to charge.

    `cleared` are stages that are right but for a mistake named above; `hollow` those whose values show nothing, because
    they are zero, constant or not finite where the right ones are not, or follow from such values.
    """

    explanation: Explanation
    charges: tuple[Charge, ...]
    cleared: frozenset[str]
    hollow: frozenset[str]

    @property
    def charged(self) -> frozenset[str]:
        """The stages that lose their points."""
        return frozenset(item.stage for item in self.charges if item.charged)

    @property
    def unnamed(self) -> int:
        """How many faults have no name."""
        return sum(item.mistake is None for item in self.charges)

    @property
    def plain(self) -> bool:
        """True if every fault has the name of exactly one mistake."""
        return not self.unnamed and len(self.charges) == len(self.explanation.faults)

    @property
    def price(self) -> float:
        """The cost when a name halves a fault, and a second mistake behind one fault adds a little."""
        faults = len(self.explanation.faults)
        return (
            self.explanation.cost
            - _NAME_IS_WORTH * (faults - self.unnamed)
            + _PAIR_COSTS * (len(self.charges) - faults)
        )

    def credited(self, stage: str) -> bool:
        """True if the stage earns its points: it is right, or what follows from it is, or a fault above explains it."""
        if stage in self.charged:
            return False
        along, labels = self.explanation.along, self.explanation.labels
        users = [name for name in along.stages if stage in along.groups[name].parents]
        if stage in self.cleared:
            return True
        if stage in self.hollow:
            return False
        if labels[stage] is not Label.UNNAMED:
            return labels[stage] is not Label.FAULT
        return any(labels[user] not in (Label.UNNAMED, Label.FAULT) or self._shown(user) for user in users)

    def _shown(self, stage: str) -> bool:
        return self.explanation.labels[stage] is Label.UNNAMED and self.credited(stage)
