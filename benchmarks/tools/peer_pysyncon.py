"""pysyncon: the weights of one synthetic control, its optimiser called directly with equal bar weights."""

from __future__ import annotations

import sys

import numpy as np
from pysyncon.synth import VanillaOptimMixin
from world import donors_world

from report import best_of, say


def main() -> None:
    """Fit a pool of so many donors."""
    donors, times = int(sys.argv[1]), int(sys.argv[2])
    own, pool = donors_world(donors, 250)
    y, d = own[0] - own[0].mean(), pool - pool.mean(axis=1, keepdims=True)
    scale = y.std()  # its optimiser stops at a fixed tolerance: in units of one
    seconds, found = best_of(
        lambda: VanillaOptimMixin.w_optimize(V_mat=np.eye(250), X0=d.T / scale, X1=y / scale), times
    )
    rest = y - found[0] @ d
    say("pysyncon", f"synthetic control, {donors} donors", 1, seconds, [rest @ rest])


if __name__ == "__main__":
    main()
