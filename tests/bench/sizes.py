"""How much is measured: what is worth writing down, or what fits in two minutes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Counts of messages and rounds; seconds. `seconds` bounds what one load may send."""

    rounds: int
    requests: int
    callbacks: int
    orders: int
    searches: int
    rates: tuple[int, ...]
    seconds: float
    grace: float
    starts: int


LONG = Size(
    rounds=5,
    requests=4000,
    callbacks=8000,
    orders=3000,
    searches=10_000,
    rates=(100, 250, 500, 750, 1000, 1250),
    seconds=20,
    grace=30,
    starts=5,
)
QUICK = Size(
    rounds=1,
    requests=1000,
    callbacks=1500,
    orders=200,
    searches=1500,
    rates=(500, 1000),
    seconds=4,
    grace=10,
    starts=1,
)
