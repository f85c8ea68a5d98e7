"""Figures from plain arrays, without jax or statistics, each as PNG and PDF."""

from conceptevo_jax.figures.agreement import MethodDots, draw_methods, draw_pairs
from conceptevo_jax.figures.bars import Bars, draw_bars
from conceptevo_jax.figures.concept_bands import ConceptBands, draw_concepts_over_time
from conceptevo_jax.figures.concepts import draw_concepts
from conceptevo_jax.figures.curves import Curve, draw_curves
from conceptevo_jax.figures.drift import (
    ConceptPanel,
    DriftDots,
    draw_concept_maps,
    draw_drift,
)
from conceptevo_jax.figures.evolutions import (
    EvolutionGroup,
    EvolvingNeuron,
    Strip,
    draw_evolutions,
    draw_images,
)
from conceptevo_jax.figures.factors import Factor, draw_factors
from conceptevo_jax.figures.lettering import undrawable_note
from conceptevo_jax.figures.maps import MapConcept, MapPanel, draw_training_map
from conceptevo_jax.figures.ratios import Ratio, draw_ratios
from conceptevo_jax.figures.roc import (
    MeasuredNumber,
    RocLine,
    draw_label_similarity,
    draw_roc,
)
from conceptevo_jax.figures.shared import Circle, ModelMap, draw_shared_space
from conceptevo_jax.figures.style import save_figure
from conceptevo_jax.figures.tasks import TaskPicture, draw_tasks

__all__ = [
    "Bars",
    "Circle",
    "ConceptBands",
    "ConceptPanel",
    "Curve",
    "DriftDots",
    "EvolutionGroup",
    "EvolvingNeuron",
    "Factor",
    "MapConcept",
    "MapPanel",
    "MeasuredNumber",
    "MethodDots",
    "ModelMap",
    "Ratio",
    "RocLine",
    "Strip",
    "TaskPicture",
    "draw_bars",
    "draw_concept_maps",
    "draw_concepts",
    "draw_concepts_over_time",
    "draw_curves",
    "draw_drift",
    "draw_evolutions",
    "draw_factors",
    "draw_images",
    "draw_label_similarity",
    "draw_methods",
    "draw_pairs",
    "draw_ratios",
    "draw_roc",
    "draw_shared_space",
    "draw_tasks",
    "draw_training_map",
    "save_figure",
    "undrawable_note",
]
