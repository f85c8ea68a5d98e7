"""The questionnaire: one page that works from the disk and sends no data.

`index.html` holds tasks, patches and forms, but no answer key: tasks have names
that reveal nothing, and cards are in their tasks' own order. Each participant gets one
form, with tasks and cards in an individual order. Parameters of the page's address:

    form=3                                          else the name decides
    participant=ann, workerId=… or PROLIFIC_PID=…   else a name is made up
    assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE        shows the instructions only

Answers stay in the participant's browser. At the end they are saved as a file or copied
as text, which `read_answers` reads. The completion code can be found in the source of
the page, so it proves nothing.

For Mechanical Turk put the page on any server of files, write its address into
`hits_mturk.csv` and publish that as a batch. A layout that links to the page and takes
the answers, one column of the batch's results:

    <crowd-form>
      <p><a target="_blank" href="${url}">Open the questionnaire</a></p>
      <crowd-text-area name="answers" label="Paste your answers" required>
      </crowd-text-area>
    </crowd-form>

A worker may fill in one form: of several files of a participant the first counts.

For Prolific choose Taskflow and upload `prolific.csv` with the page's address, one line
per form; numbers of participants may be added as a second column. Prolific fills in the
participant. `link` is then the completion URL.

A page of 60 tasks of 54 patches of 32 pixels takes 5 to 10 MB.
"""

import base64
import importlib.resources
import io
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.store.files import write_text
from conceptevo_jax.study.kit.answers import SCHEMA
from conceptevo_jax.study.kit.forms import TASKS_PER_FORM, Form, deal_forms
from conceptevo_jax.study.kit.material import Study, public_ids
from conceptevo_jax.types import record

PAGE, MTURK, PROLIFIC = "index.html", "hits_mturk.csv", "prolific.csv"
TEMPLATE = "questionnaire.html"
MARKER = "<!--conceptevo:study-->"

SITE = "https://YOUR-SITE"
"""Placeholder in the tables for the page's address."""

MAX_PATCH_SIDE = 96
"""Largest side of a patch, in pixels; it is shown smaller."""

CONSENT = (
    "I am at least 18 years old and take part of my own free will. I may stop at any "
    "time, without giving a reason and without any disadvantage.\n\n"
    "My answers, the time they take and my participant number may be used for research "
    "and be published without my name."
)

_MAX_LOSSLESS_SIDE = 32
_LOSSLESS = {"lossless": True, "quality": 75, "method": 4}
_LOSSY = {"quality": 90, "method": 4}


@record
class Settings:
    """Texts of a questionnaire, and how tasks are dealt.

    Attributes:
      each: Ordinary tasks per participant.
      forms: Number of different sets of tasks; by default as for `deal_forms`.
      contact: Contact person, and where to send files; may be empty.
      consent: What participants agree to; an empty line begins a paragraph.
      complete: Code that is shown at the end; may be empty.
      link: Address to go back to at the end; may be empty.
      seed: Of the deal.
    """

    each: int = TASKS_PER_FORM
    forms: int | None = None
    contact: str = ""
    consent: str = CONSENT
    complete: str = ""
    link: str = ""
    seed: int = 0


@record
class Questionnaire:
    """The written files.

    Attributes:
      page: The questionnaire.
      tables: One row per form: for Mechanical Turk, and for Prolific.
      forms: The tasks of each form.
    """

    page: Path
    tables: tuple[Path, Path]
    forms: tuple[Form, ...]


def _dealt_forms(study: Study, settings: Settings) -> list[Form]:
    """The study's tasks, dealt to forms as the settings say."""
    return deal_forms(
        study.tasks,
        tasks_per_form=settings.each,
        forms=settings.forms,
        seed=settings.seed,
    )


def write_questionnaire(
    study: Study, folder: Path, *, settings: Settings
) -> Questionnaire:
    """Write the page of a study and tables of its forms, each completely or not at all.

    Args:
      study: The study.
      folder: The folder to write to; it is created.
      settings: Texts of the page.

    Raises:
      UsageError: if tasks cannot be dealt so, or the link is not a web address.
      DataError: if the page's template cannot be read.
    """
    _require_web_address(settings.link)
    forms = _dealt_forms(study, settings)
    write_text(folder / PAGE, _page(page_data(study, forms, settings)))
    write_text(folder / MTURK, _mturk_table(len(forms)))
    write_text(folder / PROLIFIC, _prolific_table(len(forms)))
    return Questionnaire(
        page=folder / PAGE,
        tables=(folder / MTURK, folder / PROLIFIC),
        forms=tuple(forms),
    )


def _require_web_address(link: str) -> None:
    if link and urlsplit(link).scheme not in ("http", "https"):
        raise UsageError(
            f"link={link} is not a web address: it must begin with https://."
        )


def _page(content: dict[str, object]) -> str:
    """The template filled with the study's content."""
    # In JSON a `<` can only be in a string, where it may be written so.
    escaped = json.dumps(content).replace("<", "\\u003c")
    block = f'<script type="application/json" id="conceptevo-study">{escaped}</script>'
    before, after = _read_template()
    return before + block + after


def page_data(
    study: Study, forms: Sequence[Form], settings: Settings
) -> dict[str, object]:
    """The JSON object of a page: no ids of tasks, no categories, no answers.

    Args:
      study: What is asked.
      forms: Its tasks, dealt.
      settings: What the page says.
    """
    names = public_ids(study)
    rows = {task.id: row for row, task in enumerate(study.tasks)}
    pictures: dict[str, int] = {}
    tasks = {}
    # By name, since the order of a study's tasks would reveal their categories.
    for task_id, name in sorted(names.items(), key=lambda pair: pair[1]):
        cards = [_encode_card(card) for card in study.patches[rows[task_id]]]
        tasks[name] = [pictures.setdefault(card, len(pictures)) for card in cards]
    return {
        "schema": SCHEMA,
        "study": study.id,
        "title": study.title,
        "contact": settings.contact,
        "consent": settings.consent,
        "complete": settings.complete,
        "link": settings.link,
        "cards": study.patches.shape[1],
        "patches": study.patches.shape[2],
        "pictures": list(pictures),
        "tasks": tasks,
        "forms": [
            {
                "tasks": [names[task] for task in form.tasks],
                "apart": [names[task] for task in form.apart],
            }
            for form in forms
        ],
    }


def _encode_card(patches: UInt8[np.ndarray, "p side side 3"]) -> str:
    """A card's patches, row by row in a square, as a WebP file in base 64."""
    side = min(patches.shape[1], MAX_PATCH_SIDE)
    columns = int(np.ceil(np.sqrt(len(patches))))
    rows = -(-len(patches) // columns)
    sheet = np.full((rows * side, columns * side, 3), 255, np.uint8)
    for index, patch in enumerate(patches):
        y, x = (side * cell for cell in divmod(index, columns))
        sheet[y : y + side, x : x + side] = _downscale(patch, side)
    file = io.BytesIO()
    options = _LOSSLESS if side <= _MAX_LOSSLESS_SIDE else _LOSSY
    Image.fromarray(sheet).save(file, "WEBP", **options)
    return base64.b64encode(file.getvalue()).decode()


def _downscale(patch: np.ndarray, side: int) -> np.ndarray:
    if len(patch) == side:
        return patch
    return np.asarray(Image.fromarray(patch).resize((side, side), Image.Resampling.BOX))


def _read_template() -> tuple[str, str]:
    """The page before and after its data."""
    path = importlib.resources.files("conceptevo_jax.study.kit") / TEMPLATE
    try:
        before, after = path.read_text(encoding="utf-8").split(MARKER)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}, the questionnaire without data, cannot be read ({error}). "
            "Install conceptevo_jax again."
        ) from error
    return before, after


def _mturk_table(forms: int) -> str:
    """A batch: a column is a variable of the layout, a row becomes one HIT."""
    rows = [f"{form},{SITE}/{PAGE}?form={form}" for form in range(1, forms + 1)]
    return "\n".join(["form,url", *rows]) + "\n"


def _prolific_table(forms: int) -> str:
    """Addresses for Taskflow, which has no header; Prolific fills the name in."""
    name = "PROLIFIC_PID={{%PROLIFIC_PID%}}"
    rows = [f"{SITE}/{PAGE}?form={form}&{name}" for form in range(1, forms + 1)]
    return "\n".join(rows) + "\n"
