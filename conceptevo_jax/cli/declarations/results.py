"""Commands that show results, and trainings while they run."""

from conceptevo_jax.cli.command import Argument, Command
from conceptevo_jax.cli.declarations.arguments import (
    FOLDER,
    INTERVAL,
    NO_PATCHES,
    RESULT,
    STORE,
    TRAINING,
    WAIT,
)

COMMANDS = (
    Command(
        name="explore",
        purpose="write the page of a result again",
        description="Writes the page that shows every neuron of a result at every "
        "snapshot on one map. It opens in any browser without a network connection. "
        "RESULT_FOLDER/RUN shows a single run with the base. For a training that is "
        "still running see `conceptevo explore --live --help`.",
        target="explore:explore",
        request="say which: conceptevo explore RESULT_FOLDER, or RESULT_FOLDER/RUN, or "
        "conceptevo explore --live TRAINING.",
        places=(RESULT,),
        keywords=(
            Argument(
                form="out=PATH",
                description="where the page goes (explorer.html in the result folder)",
            ),
        ),
        flags=(
            NO_PATCHES,
            FOLDER,
            Argument(
                form="--tables",
                description="also writes parquet and files for TensorBoard's projector",
            ),
        ),
        examples={
            "conceptevo explore runs/demo-demo": "the whole result",
            "conceptevo explore runs/demo-demo/vgg16 out=vgg16.html": "one run",
            "conceptevo explore runs/demo-demo --no-patches": "to send to others",
        },
    ),
    Command(
        name="explore --live",
        purpose="follow a training on the map of a result",
        description="Observes every new snapshot of a training, places it on the map "
        "of a result, and writes a page in runs/live-RUN/ that reloads its data until "
        "the training ends.",
        target="explore:follow_live",
        request="say which: conceptevo explore --live TRAINING, a folder or key that "
        "`conceptevo ls` lists, finished or not.",
        places=(TRAINING,),
        keywords=(
            Argument(
                form="space=RESULT_FOLDER",
                description="the result whose map is used (the newest with the same "
                "images)",
            ),
            STORE,
            INTERVAL,
            WAIT,
        ),
        flags=(NO_PATCHES,),
        examples={
            "conceptevo explore --live KEY": "the training whose key begins so",
            "conceptevo explore --live KEY space=runs/demo-demo": "on this map",
        },
    ),
    Command(
        name="compare",
        purpose="show two results on one page",
        description="Writes one page of two results, or of a run of each. They share a "
        "map if they share a space; otherwise each has its own.",
        target="explore:compare",
        request="say which two: conceptevo compare A B, each RESULT_FOLDER or "
        "RESULT_FOLDER/RUN.",
        places=(
            Argument(form="A", description="RESULT_FOLDER or RESULT_FOLDER/RUN"),
            Argument(form="B", description="the same of the other result"),
        ),
        keywords=(
            Argument(
                form="out=PATH", description="where the page goes (comparison.html)"
            ),
        ),
        flags=(NO_PATCHES, FOLDER),
        examples={
            "conceptevo compare runs/demo-demo/vgg16 runs/other/vgg16": "two runs",
        },
    ),
    Command(
        name="project",
        purpose="add a finished training to a space",
        description="Projects every snapshot of a finished training into the space of "
        "a result, by Step 2.2 alone, and writes projected/RUN/ there. The space, its "
        "map and all existing points stay as they are.",
        target="project:project",
        request="say which: conceptevo project space=RESULT_FOLDER run=TRAINING; "
        "trainings are listed by `conceptevo ls`.",
        keywords=(
            Argument(
                form="space=RESULT_FOLDER",
                description="the result whose space is used",
                is_required=True,
            ),
            Argument(
                form="run=TRAINING",
                description="the training's folder or key, as `conceptevo ls` lists it",
                is_required=True,
            ),
        ),
        examples={"conceptevo project space=runs/demo-demo run=KEY": "by its key"},
    ),
    Command(
        name="monitor",
        purpose="follow a training, one line per snapshot",
        description="Prints the monitor's report on every snapshot of a training, "
        "running or finished, until it ends. The training is only read.",
        target="monitor:monitor",
        request="say which: conceptevo monitor TRAINING, a folder or key that "
        "`conceptevo ls` lists, finished or not.",
        places=(TRAINING,),
        keywords=(
            Argument(
                form="space=RESULT_FOLDER",
                description="adds measures in the space of this result",
            ),
            STORE,
            INTERVAL,
            WAIT,
        ),
        examples={
            "conceptevo monitor KEY": "from another terminal",
            "conceptevo monitor KEY wait=false": "the snapshots there are",
        },
    ),
)
