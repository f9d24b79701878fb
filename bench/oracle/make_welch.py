"""
Makes the SciPy values that test Welch's interval and p-value in src/study/statistics. Users never need it.

    python bench/oracle/make_welch.py      # needs scipy; writes the fixture below
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy import stats

target = Path(__file__).parents[2] / "src/study/statistics/fixtures/welch.json"
rng = np.random.default_rng(1947)


def case(n, m, shift, spread):
    a = rng.normal(shift, 1, n).round(3)
    b = rng.normal(0, spread, m).round(3)
    result = stats.ttest_ind(a, b, equal_var=False)
    interval = result.confidence_interval(0.95)
    return {
        "a": a.tolist(),
        "b": b.tolist(),
        "mean": float(a.mean() - b.mean()),
        "low": float(interval.low),
        "high": float(interval.high),
        "p": float(result.pvalue),
    }


cases = [case(5, 6, -4, 0.3), case(6, 6, 0, 1), case(2, 3, 1, 5), case(4, 30, 0.5, 0.1), case(3, 2, 8, 1)]
target.write_text(json.dumps({"scipy": scipy.__version__, "cases": cases}, indent=2) + "\n")
