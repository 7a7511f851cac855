"""cvxpy with Clarabel: the weights of one synthetic control as the full quadratic program."""

from __future__ import annotations

import sys

import cvxpy as cp
from world import donors_world

from report import best_of, say


def main() -> None:
    """Fit a pool of so many donors."""
    donors, times = int(sys.argv[1]), int(sys.argv[2])
    own, pool = donors_world(donors, 250)
    y, d = own[0] - own[0].mean(), pool - pool.mean(axis=1, keepdims=True)
    scale = y.std()

    def call() -> object:
        w = cp.Variable(donors, nonneg=True)
        rest = cp.Variable(250)
        program = cp.Problem(cp.Minimize(cp.sum_squares(rest)), [rest == (y - d.T @ w) / scale, cp.sum(w) == 1])
        program.solve(solver="CLARABEL", tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12)
        return w.value

    seconds, weight = best_of(call, times)
    rest = y - weight @ d
    say("cvxpy", f"synthetic control, {donors} donors", 1, seconds, [rest @ rest])


if __name__ == "__main__":
    main()
