"""Commands of data sets and of the store of stages."""

from conceptevo_jax.cli.command import Argument, Command
from conceptevo_jax.cli.declarations.arguments import (
    STORE,
)

COMMANDS = (
    Command(
        name="prepare",
        purpose="prepare a data set of TensorFlow Datasets",
        description="Prepares a data set once, with TensorFlow, which the extra "
        "[prepare] installs; reading it needs no TensorFlow. ImageNet is made from the "
        "two archives that its site offers to registered users.",
        target="prepare:prepare",
        request="say which: conceptevo prepare NAME [data_dir=FOLDER] "
        "[manual_dir=FOLDER], with a name of TensorFlow Datasets such as cifar10.",
        places=(
            Argument(
                form="NAME",
                description="a name of TensorFlow Datasets, such as cifar10",
            ),
        ),
        keywords=(
            Argument(
                form="data_dir=FOLDER",
                description="where prepared data sets lie (~/tensorflow_datasets)",
                flags=("--data_dir", "--data-dir"),
            ),
            Argument(
                form="manual_dir=FOLDER",
                description="archives that you downloaded yourself",
                flags=("--manual_dir", "--manual-dir"),
            ),
        ),
        examples={
            "conceptevo prepare cifar10": "downloads it",
            "conceptevo prepare imagenet2012 manual_dir=archives": "from archives",
        },
    ),
    Command(
        name="ls",
        purpose="list finished stages",
        description="Lists the stages of a store, newest last: trainings, "
        "observations, spaces, maps.",
        target="store_commands:ls",
        request="",
        keywords=(STORE,),
        examples={"conceptevo ls": "the store of the current folder"},
    ),
    Command(
        name="clean",
        purpose="delete unfinished or chosen stages",
        description="Lists the unfinished stages of a store, or those chosen by stage "
        "or key, and deletes them with yes=true. Stages of running jobs are kept.",
        target="store_commands:clean",
        request="",
        keywords=(
            STORE,
            Argument(
                form="stage=NAME",
                description="stages of this kind, such as train, or all",
            ),
            Argument(form="key=KEY", description="the stage with this key"),
            Argument(
                form="yes=true|false", description="whether to delete them (false)"
            ),
        ),
        examples={
            "conceptevo clean": "what would be deleted",
            "conceptevo clean stage=train yes=true": "deletes all trainings",
        },
    ),
)
