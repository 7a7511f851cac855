"""The normal return inside the day: any daily model as base, on bars whose variance follows the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from eventstudy._typing import Floats
from eventstudy.abnormal.models.linear import MarketModel
from eventstudy.abnormal.models.markets import Markets
from eventstudy.abnormal.models.protocol import Model, Split
from eventstudy.checks import check_fields, count
from eventstudy.errors import StudyError
from eventstudy.words import brief

DAYS: Final = 60
LEAST: Final = 40  # sessions below which no pattern is claimed


@dataclass(frozen=True, slots=True)
class IntradayModel:
    """Level of the day x pattern of the clock, around the normal return of any daily model.

    The variance of a bar is (v_d phi_s)^2: v_d the level of its session, phi_s the pattern of its clock time. The base is
    estimated on the bars of the last `days` event-free sessions before the event's session, linear models by weighted
    least squares with weights 1/(v_d phi_s)^2. The level at an event is what was known before its window: past sessions,
    and the bars of the same session before it.

    Parameters
    ----------
    base : Model
        The normal return of a bar, such as ``MarketModel("SPX")`` or ``MeanAdjusted()``.
    periodic : {"robust", "fourier"}
        How the pattern is estimated: weighted standard deviations by slot (Boudt, Croux and Laurent 2011), or a Fourier form
        (Andersen and Bollerslev 1997).
    days : int
        Event-free sessions of the estimation window; 40 of them must be there (all, where fewer are asked for).
    renew : {"day", "week"}
        How often base and pattern are estimated anew: each session, or each first session of a week.
    mean : {"one", "clock"}
        One mean for all bars, or one of each clock time.
    overnight : {"bar", "drop", "continue"}
        ``"bar"``: the overnight return stands in a bar of its own, or in the opening bar if the data have it there, with
        its own variance; a window ends with its session. ``"drop"``: that bar is left out. ``"continue"``: as ``"bar"``, and a window runs on
        into the next session.
    extended : bool
        Keep bars outside trading hours, on slots of their own.
    allow : tuple of str
        Precisions or event ids that are studied although the moment was read from the price itself: ``("approx_5min",)``.

    Raises
    ------
    StudyError
        An option that is none, or a base that is no model of single bars.

    References
    ----------
    Andersen and Bollerslev (1997); Boudt, Croux and Laurent (2011).

    Examples
    --------
    >>> IntradayModel(base=MarketModel("SPX"), days=60).symbols
    ('SPX',)
    """

    base: Model = field(default_factory=lambda: MarketModel("^GSPC"))
    periodic: Literal["robust", "fourier"] = "robust"
    days: int = DAYS
    renew: Literal["day", "week"] = "day"
    mean: Literal["one", "clock"] = "one"
    overnight: Literal["bar", "drop", "continue"] = "bar"
    extended: bool = False
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given: Any = self.base
        if not isinstance(given, Model) or isinstance(given, IntradayModel):
            msg = f"base={brief(repr(given))} is no daily model; use MarketModel('SPX'), MeanAdjusted() or another"
            raise StudyError(msg)
        check_fields(self)
        object.__setattr__(self, "days", count(self.days, "days", least=20))
        level = getattr(self.base, "volatility", None)
        if level is not None:
            msg = f"base={self.base!r}: inside the day the clock gives the variance; leave volatility= out"
            raise StudyError(msg)
        if len(set(self.symbols)) > 1 and isinstance(getattr(self.base, "market", None), Markets):
            msg = f"base={self.base!r}: inside the day one market serves all securities; name one, as in MarketModel('SPX'), or study the securities of each market by themselves"
            raise StudyError(msg)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The series that the base reads."""
        return self.base.symbols

    @property
    def k(self) -> int:
        """Mean parameters of the base."""
        return self.base.k

    @property
    def forecast(self) -> bool:
        """Whether the estimated mean is subtracted in the event window."""
        return self.base.forecast

    @property
    def least(self) -> int:
        """Event-free sessions that must be there."""
        return min(LEAST, self.days)

    def split(self, series: Floats | None) -> Split:
        """Return the design and the offset of the base."""
        return self.base.split(series)


def base_of(model: Model) -> Model:
    """Return the daily model: the base of one inside the day, any other as it is."""
    return model.base if isinstance(model, IntradayModel) else model
