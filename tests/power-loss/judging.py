# SPDX-License-Identifier: Apache-2.0
"""What must hold in every state that a cut can leave, given what held before and after.

A scenario's first and last state bound what may be seen in between: which systems may run, and which
count of tries each entry may show.
"""

from dataclasses import dataclass

from model.power_on import Listed, Observation


@dataclass(frozen=True)
class Problem:
    kind: str
    text: str

    @property
    def dead(self) -> bool:
        return self.kind == DEAD


DEAD = "no system"
WRONG = "wrong system"
BURNT = "tries burnt"
INCOMPLETE = "incomplete but listed"
TRIES = "tries lost or gained"
UNCOUNTED = "started uncounted"
NOT_DURABLE = "not durable"


@dataclass(frozen=True)
class Rules:
    """Made from a scenario's ends by `between`."""

    acceptable: frozenset[str]  # root hashes that may run
    tries: dict[str, frozenset]  # root hash -> tries left that its entries may show
    always_startable: frozenset[str]  # root hashes with a startable entry in every state

    @staticmethod
    def between(before: Observation, after: Observation, acceptable: frozenset[str]) -> "Rules":
        first, last = _tries_of(before), _tries_of(after)
        tries = {root: _range(first.get(root, set()), last.get(root, set()))
                 for root in first.keys() | last.keys()}
        startable = _startable(before) & _startable(after)
        return Rules(acceptable, tries, frozenset(startable))

    def problems(self, seen: Observation) -> list[Problem]:
        found = []
        outcome = seen.outcome
        if outcome.dead:
            found.append(Problem(DEAD, outcome.end))
        elif outcome.root_hash not in self.acceptable:
            found.append(Problem(WRONG, f"slot {outcome.slot}, {outcome.root_hash[:12]}…"))
        if outcome.failures:
            found.append(Problem(BURNT, ", ".join(outcome.failures)))
        if outcome.uncounted:
            found.append(Problem(UNCOUNTED, seen.listed[0].entry.file_name))
        found += [Problem(INCOMPLETE, listed.entry.file_name) for listed in seen.listed
                  if not listed.entry.bad and not listed.whole]
        return found + self._about_tries(seen)

    def _about_tries(self, seen: Observation) -> list[Problem]:
        found = []
        for root, shown in _tries_of(seen).items():
            if odd := shown - self.tries.get(root, frozenset()):
                found.append(Problem(TRIES, f"{root[:12]}… shows {sorted(map(str, odd))}"))
        for root in self.always_startable - _startable(seen):
            found.append(Problem(TRIES, f"{root[:12]}… has no entry that starts it"))
        return found


def durable(complete: Observation, flushed: Observation) -> list[Problem]:
    """What was reported done must be there without the writes that were not flushed."""
    of = lambda o: [(l.entry.file_name, l.whole) for l in o.listed if not l.entry.bad]
    if of(complete) == of(flushed) and complete.outcome == flushed.outcome:
        return []
    return [Problem(NOT_DURABLE, f"{of(complete)} without what was not flushed is {of(flushed)}")]


def _tries_of(seen: Observation) -> dict[str, set]:
    tries: dict[str, set] = {}
    for listed in seen.listed:
        tries.setdefault(_system(listed), set()).add(listed.entry.left)
    return tries


def _startable(seen: Observation) -> set[str]:
    return {_system(listed) for listed in seen.listed if not listed.entry.bad}


def _system(listed: Listed) -> str:
    return listed.root_hash or f"without a root: {listed.entry.file_name}"


def _range(first: set, last: set) -> frozenset:
    """Both ends, and where a boot counted down between them every step."""
    ends = first | last
    numbers = [left for left in ends if left is not None]
    steps = set(range(min(numbers), max(numbers) + 1)) if numbers else set()
    return frozenset(ends | steps)


def signature(seen: Observation) -> tuple:
    """What makes two states the same kind of state."""
    return (seen.outcome, tuple((l.entry.file_name, l.whole) for l in seen.listed), seen.unlisted,
            seen.tables)


def acceptable_roots(recording) -> frozenset[str]:
    return frozenset(release.root_hash for release in recording.releases if release.acceptable)


