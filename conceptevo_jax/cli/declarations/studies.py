"""Commands of studies: the questionnaire, and the analysis of its answers."""

from conceptevo_jax.cli.command import Argument, Command
from conceptevo_jax.cli.declarations.arguments import (
    RESULT,
)

COMMANDS = (
    Command(
        name="study build",
        purpose="write the questionnaire of a study",
        description="Writes the questionnaire of a result that holds a study, as one "
        "offline page, and the tables that MTurk and Prolific import. The page holds "
        "no answer key and sends nothing.",
        target="study:build",
        request="say of which result: conceptevo study build RESULT_FOLDER.",
        places=(RESULT,),
        keywords=(
            Argument(
                form="out=FOLDER",
                description="where it goes (questionnaire in the result folder)",
            ),
            Argument(form="each=NUMBER", description="tasks per participant (9)"),
            Argument(
                form="forms=NUMBER", description="number of forms (as many as needed)"
            ),
            Argument(form="contact=TEXT", description="whom participants may ask"),
            Argument(
                form="consent=FILE", description="a text that participants agree to"
            ),
            Argument(
                form="complete=TEXT", description="the code shown at the end of a form"
            ),
            Argument(form="link=URL", description="the address opened at the end"),
            Argument(form="seed=NUMBER", description="seed of the tasks' order (0)"),
        ),
        examples={
            "conceptevo study build runs/alignment-demo": "with the usual settings",
            "conceptevo study build runs/alignment-demo each=6 forms=4": "shorter",
        },
    ),
    Command(
        name="study analyse",
        purpose="analyse the answers to a study",
        description="Reads the files that participants exported, and writes ROC "
        "curves, agreement and the similarity of labels to report.html. It names every "
        "file and participant that it leaves out.",
        target="study_analyse:analyse",
        request="say which: conceptevo study analyse RESULT_FOLDER ANSWERS.json ... "
        "[out=FOLDER] [encoder=tfidf|minilm].",
        places=(
            RESULT,
            Argument(
                form="ANSWERS.json ...", description="files of answers, or a pattern"
            ),
        ),
        keywords=(
            Argument(
                form="out=FOLDER",
                description="where results go (study-answers in the result folder)",
            ),
            Argument(
                form="encoder=tfidf|minilm", description="encoder of labels (tfidf)"
            ),
        ),
        examples={
            "conceptevo study analyse runs/alignment-demo answers/*.json": "all files"
        },
    ),
)
