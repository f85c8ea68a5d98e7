"""What measuring importance and reverting evolutions is estimated to take."""

import pytest

from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.pipeline.plan import START_SECONDS
from conceptevo_jax.reports.importance.plan import PATCHING_SECONDS, plan_reversion


@pytest.mark.slow
def test_reverting_on_few_images_takes_as_long_as_compiling_every_site():
    """What took minutes was once estimated at 54 s."""
    words = ["experiment=reversion", "scale=smoke", "reversion.train_images=2"]
    config = resolve(composed_config([*words, "reversion.elsewhere_images=0"]))
    seconds = {
        step.about.split(":")[0]: step.seconds
        for step in plan_reversion(config, ["vgg16", "inception_v3"])
    }
    sites = {"vgg16": 13, "inception_v3": 16}
    for name, count in sites.items():
        assert seconds[name] > START_SECONDS + count * PATCHING_SECONDS
