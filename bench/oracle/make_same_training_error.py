"""
Makes the NumPy and SciPy values that test src/study/same-training-error.ts. Users never need it.

    python bench/oracle/make_same_training_error.py      # needs scipy; writes the fixture below

Interpolates another way than the code under test: a falling curve by np.interp over its sorted training errors, one that
rises in between by following it in time and solving for the last moment at which it passes the training error.
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy import stats
from scipy.optimize import brentq

target = Path(__file__).parents[2] / "src/study/fixtures/same-training-error.json"
rng = np.random.default_rng(1605)


def curve(epochs, end, shift, falling):
    """Training and test errors by epoch; a falling one has no epoch whose training error is above the one before."""
    time = np.linspace(0, 1, epochs)
    train = end + (75 - end) * np.exp(-3 * time) + (0 if falling else 1) * rng.normal(0, 4, epochs)
    if falling:
        train = np.sort(train + rng.normal(0, 1, epochs))[::-1]
    test = 8 + 0.9 * train + shift + rng.normal(0, 1, epochs)
    return train, test


def falling_at(train, test, error):
    return np.interp(error, train[::-1], test[::-1])


def followed_at(train, test, error):
    epochs = np.arange(len(train))
    above = lambda time: np.interp(time, epochs, train) - error
    moments = np.unique(np.concatenate([epochs, np.linspace(0, len(train) - 1, 10 * len(train) + 1)]))
    signs = np.sign([above(time) for time in moments])
    if signs[-1] == 0:
        return test[-1]
    last = np.nonzero(signs[:-1] != signs[1:])[0][-1]
    return np.interp(brentq(above, moments[last], moments[last + 1], xtol=1e-13), epochs, test)


def case(seeds, epochs, falling):
    arms = [
        [curve(epochs, end, shift, falling) for _ in range(seeds)] for end, shift in [(10, 0.0), (14, 1.0)]
    ]
    at = falling_at if falling else followed_at
    everything = [train for arm in arms for train, _ in arm]
    low, high = max(min(train) for train in everything), min(max(train) for train in everything)
    # The mean of a piecewise straight line: the trapezoid rule over all its corners, or over very many points.
    corners = np.unique(np.clip(np.concatenate(everything), low, high))
    grid = corners if falling else np.linspace(low, high, 20_001)
    lowest, average = [], []
    for (train0, test0), (train1, test1) in zip(*arms):
        lowest.append(at(train1, test1, low) - at(train0, test0, low))
        difference = [at(train1, test1, error) - at(train0, test0, error) for error in grid]
        average.append(np.trapz(difference, grid) / (high - low))

    def summary(values):
        interval = stats.t.interval(0.95, seeds - 1, np.mean(values), stats.sem(values))
        return {"mean": float(np.mean(values)), "interval": [float(end) for end in interval]}

    return {
        "seeds": seeds,
        "falling": falling,
        "arms": [
            [{"trainError": train.tolist(), "testError": test.tolist()} for train, test in arm] for arm in arms
        ],
        "range": [float(low), float(high)],
        "lowest": summary(lowest),
        "average": summary(average),
    }


fixture = {
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__},
    "cases": [case(3, 8, True), case(5, 12, True), case(4, 10, False), case(6, 15, False)],
}
target.write_text(json.dumps(fixture, indent=1) + "\n")
