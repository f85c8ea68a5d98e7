"""What a study of simulated participants must find, from theory alone."""

import numpy as np
from scipy.stats import binom, norm

GRID = norm.ppf((np.arange(400) + 0.5) / 400)
"""Equally likely deviations of a card's appeal."""


def chances(mean, skill):
    """How likely a random participant selects cards of that mean appeal."""
    distance = skill.criterion - mean - skill.spread * GRID
    return norm.sf(distance / np.sqrt(1 + skill.leniency**2))


def planted_auc(skill, raters):
    """Chance that a grouped card has more of so many votes, ties one half."""
    votes = np.arange(raters + 1)[:, None]
    grouped, intruder = (
        binom.pmf(votes, raters, chances(mean, skill)).mean(axis=1)
        for mean in (skill.skill, 0.0)
    )
    below = np.cumsum(intruder) - intruder
    return float(grouped @ (below + intruder / 2))


def planted_accuracy(skill):
    """Mean of the chances to select a grouped card and not to select an intruder's."""
    grouped, intruder = (chances(mean, skill).mean() for mean in (skill.skill, 0.0))
    return float(grouped + 1 - intruder) / 2


def planted_alpha(skill):
    """One less the disagreement on one card as a share of that on two."""
    every = np.concatenate([*[chances(skill.skill, skill)] * 5, chances(0.0, skill)])
    mean = every.mean()
    return float(1 - (every * (1 - every)).mean() / (mean * (1 - mean)))
