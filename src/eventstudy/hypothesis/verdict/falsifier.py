"""A falsifier: what would speak against the chain, and whether it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: How often each fires where the chain is true at the declared effects: forced worlds as long as the record's hold-out
#: (docs/worlds.csv; one of the falsifiers asks for named sessions, which no world has).
FALSE_ALARMS: Mapping[str, float] = {
    "smaller than declared in the rule-based sample": 0.10,
    "smaller than declared in the headline sample": 0.15,
    "smaller than declared beside fear gauge, yield and retaliation": 0.16,
    "other selloffs lower it": 0.00,
    "smaller than declared against drawdown-matched placebos": 0.05,
    "median smaller than declared": 0.02,
}


@dataclass(frozen=True, slots=True)
class Falsifier:
    """Something declared beforehand that would keep "supported" from being said.

    Attributes
    ----------
    link : str
        "H1", "H2" or "H3".
    text : str
        As in the definitions.
    fires : bool or None
        None where it cannot be judged on this record.
    figure : str
        The number behind it, or why it cannot be judged.
    required : bool
        It must be judged: as long as it cannot be, "supported" is not said either.
    """

    link: str
    text: str
    fires: bool | None
    figure: str
    required: bool = False

    @property
    def stands(self) -> bool:
        """Whether it keeps "supported" from being said."""
        return self.required if self.fires is None else self.fires

    def __str__(self) -> str:
        return f"{self.link} {self.text}" + (f" (cannot be judged: {self.figure})" if self.fires is None else "")
