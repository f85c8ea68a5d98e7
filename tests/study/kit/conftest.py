"""A study whose cards tell by their colour which they are."""

import asked
import numpy as np
import pytest
from browsing import LAPTOP, WAIT, watch

from conceptevo_jax.study import Settings, Study, write_questionnaire


@pytest.fixture
def make_study():
    """A study of some tasks, each card of one colour."""

    def make(tasks=None, title="Which go together?", side=4):
        tasks = asked.ordinary((3, 3, 3)) if tasks is None else tasks
        patches = np.full((len(tasks), 6, 9, side, side, 3), 200, np.uint8)
        patches[..., 0] = asked.STEP * np.arange(len(tasks))[:, None, None, None, None]
        patches[..., 1] = asked.SHADE * np.arange(6)[:, None, None, None]
        return Study(title=title, tasks=tuple(tasks), patches=patches)

    return make


@pytest.fixture
def enter(browser, tmp_path):
    """Open a questionnaire; at the end no page has had an error or asked anything."""
    contexts, troubles = [], []

    def entered(file, address="participant=ann", *, script="", size=LAPTOP):
        context = browser.new_context(viewport=size)
        contexts.append(context)
        context.set_default_timeout(WAIT)
        page = context.new_page()
        if script:
            page.add_init_script(script)
        troubles.append(watch(page, file.parent, ()))
        page.goto(f"{file.resolve().as_uri()}?{address}")
        return page

    yield entered
    for context in contexts:
        context.close()
    assert [trouble for one in troubles for trouble in one] == []


@pytest.fixture
def study(make_study):
    return make_study(title=asked.TITLE)


@pytest.fixture
def build(tmp_path):
    def build(study, **settings):
        made = write_questionnaire(study, tmp_path / "q", settings=Settings(**settings))
        return made.page

    return build


@pytest.fixture
def file(study, build):
    return build(study)
