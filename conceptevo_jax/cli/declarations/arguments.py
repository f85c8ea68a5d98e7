"""Words that several commands take."""

from conceptevo_jax.cli.command import Argument

RESULT = Argument(
    form="RESULT_FOLDER",
    description="the result folder of an experiment, such as runs/demo-demo",
)
TRAINING = Argument(
    form="TRAINING",
    description="a training's folder or key, as `conceptevo ls` lists it, finished or "
    "not",
)
STORE = Argument(
    form="store=FOLDER", description="where stages are stored (runs/store)"
)
INTERVAL = Argument(
    form="interval=SECONDS", description="time between two looks for a snapshot (5)"
)
WAIT = Argument(
    form="wait=true|false",
    description="whether to wait for further snapshots until the training ends (true)",
)
NO_PATCHES = Argument(
    form="--no-patches", description="leaves out all pixels and names of images"
)
FOLDER = Argument(
    form="--folder", description="writes a folder of many files, loaded as needed"
)
