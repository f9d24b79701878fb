"""
Makes the SciPy and statsmodels values that test the statistics of src/study. Users never need it.

    python bench/oracle/make_statistics.py      # needs scipy and statsmodels; writes the fixture below
"""

import json
from pathlib import Path

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

target = Path(__file__).parents[2] / "src/study/statistics/fixtures/scipy.json"
rng = np.random.default_rng(2017)


def crossed_table(seeds, examples):
    """Differences between two networks' errors: -1, 0 or 1."""
    effect = rng.normal(0, 0.5, examples) + rng.normal(0, 0.3, (seeds, 1))
    return np.clip(np.round(effect + rng.normal(0, 0.5, (seeds, examples))), -1, 1).astype(int)


def mean_squares(table):
    n, m = table.shape
    frame = {
        "y": 100.0 * table.ravel(),
        "seed": np.repeat(np.arange(n), m),
        "example": np.tile(np.arange(m), n),
    }
    anova = sm.stats.anova_lm(ols("y ~ C(seed) + C(example)", frame).fit(), typ=2)
    return {
        name: float(anova.loc[row, "sum_sq"] / anova.loc[row, "df"])
        for name, row in [("seed", "C(seed)"), ("example", "C(example)"), ("residual", "Residual")]
    }


def seed_case(n):
    differences = rng.normal(-0.2, 0.3, n).round(2)
    baseline = rng.normal(8.5, 0.2, n).round(2)
    errors = (baseline + differences).round(2)
    differences = errors - baseline
    interval = stats.t.interval(0.95, n - 1, loc=differences.mean(), scale=stats.sem(differences))
    flips = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    wins = stats.mannwhitneyu(baseline, errors).statistic / n**2
    return {
        "baseline": baseline.tolist(),
        "errors": errors.tolist(),
        "mean": float(differences.mean()),
        "deviation": float(differences.std(ddof=1)),
        "interval": [float(x) for x in interval],
        "pairedP": float(stats.ttest_rel(errors, baseline).pvalue),
        "signFlipP": float(flips.pvalue),
        "correlation": float(np.corrcoef(errors, baseline)[0, 1]),
        "improvementProbability": float(wins),
    }


tables = [crossed_table(3, 8), crossed_table(5, 40)]
power_cases = [(5, 0.8, 0.05), (5, 2.5, 0.05), (10, 1.0, 0.05 / 3), (40, 0.5, 0.01)]
p_values = [[0.01, 0.04, 0.03], [0.2, 0.001, 0.02, 0.02, 0.9]]
fixture = {
    "versions": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
    "student": [
        {"p": p, "degrees": d, "quantile": float(stats.t.ppf(p, d))}
        for p in (0.6, 0.975, 0.9917)
        for d in (1, 2, 4, 4.7, 9, 30, 250.5)
    ],
    "noncentral": [
        {"t": t, "degrees": d, "noncentrality": nc, "probability": float(stats.nct.cdf(t, d, nc))}
        for t in (-2.8, 0.5, 2.8, 6.0)
        for d in (2, 4, 5.5, 40)
        for nc in (0.1, 1.5, 4.0, 12.0)
        # SciPy itself returns no number for a few cases near 0.
        if np.isfinite(stats.nct.cdf(t, d, nc))
    ],
    "crossed": [{"rows": t.tolist(), "meanSquares": mean_squares(t)} for t in tables],
    "seeds": [seed_case(n) for n in (3, 5, 9)],
    "holm": [{"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()} for p in p_values],
    "power": [
        {"seeds": n, "effect": d, "alpha": a, "power": float(TTestPower().power(d, n, a))} for n, d, a in power_cases
    ],
}
target.write_text(json.dumps(fixture, indent=1) + "\n")
