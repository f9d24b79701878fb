"""
Makes the SciPy values that test the distributions of src/study/statistics. Users never need it.

    python bench/oracle/make_distributions.py      # needs scipy; writes the fixture below

The range covers what studies use: from two seeds (one degree of freedom) to a hundred seeds of 10,000 images, p-values
under Holm's correction down to the smallest distinguishable one, and noncentralities of every difference that a plan
can detect.
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy import integrate, stats

target = Path(__file__).parents[2] / "src/study/statistics/fixtures/distributions.json"

degrees = [1, 1.3, 2, 2.7, 3, 4, 5, 8, 12, 30, 99, 1000, 9999, 1e5, 1e6]


def noncentral(t, d, nc):
    """Integrates the probability, because scipy.stats.nct loses digits at large noncentralities."""
    half = d / 2
    log_constant = np.log(2) + half * np.log(half) - scipy.special.gammaln(half)

    def integrand(s):
        return stats.norm.cdf(t * s - nc) * np.exp(log_constant + (d - 1) * np.log(s) - half * s * s)

    width = 14 / np.sqrt(2 * d)
    low, high = max(1e-300, 1 - width), 1 + width
    turn = [nc / t + step / abs(t) for step in (-9, -3, 0, 3, 9)] if t else []
    ends = [low, *sorted(p for p in [0.02, 0.1, 0.3, 1.0, *turn] if low < p < high), high]
    parts = (integrate.quad(integrand, a, b, limit=500, epsabs=1e-14, epsrel=1e-13)[0] for a, b in zip(ends, ends[1:]))
    return float(sum(parts))


fixture = {
    "versions": {"scipy": scipy.__version__},
    "student": [
        {"t": t, "degrees": d, "below": float(stats.t.cdf(t, d))}
        for d in degrees
        for t in (-300, -12.7, -4, -2, -1, -0.3, -0.001, 0.001, 0.3, 1.7, 4, 12.7)
        if stats.t.cdf(t, d) > 1e-14
    ],
    "quantiles": [
        {"p": p, "degrees": d, "quantile": float(stats.t.ppf(p, d))}
        for d in degrees
        for p in (5e-13, 1e-8, 1e-4, 0.005, 0.0083, 0.0125, 0.025, 0.1, 0.25, 0.4, 0.9, 0.975)
    ],
    "noncentral": [
        {"t": t, "degrees": d, "noncentrality": nc, "below": noncentral(t, d, nc)}
        for d in (1, 1.3, 2, 4.7, 12, 99, 9999)
        for t in (-12.7, -1.96, 0.0, 2.1, 4.3, 12.7, 38.2, 127.3)
        for nc in (0.0, 0.5, 2.8, 12.0, 25.0, 28.0, 35.0, 90.0, 200.0)
    ],
}
target.write_text(json.dumps(fixture, indent=1) + "\n")
