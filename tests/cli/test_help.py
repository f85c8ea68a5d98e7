"""Helps: every command and experiment has one, which imports no JAX and is true."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from importlib import metadata

import pytest
import yaml
from omegaconf import OmegaConf

from conceptevo_jax.cli.command import parse
from conceptevo_jax.cli.commands import COMMANDS, choose_command
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.cli.locate import experiments, folder
from conceptevo_jax.errors import UsageError

NAMES = [command.name for command in COMMANDS]

UNKNOWN_FORM = re.compile(
    r"conceptevo: ([\w.]+: )?unknown [\w .]+ '(?P<name>[^']+)'\. "
    r"Did you mean '(?P<meant>[^']+)'\? Valid: [^']+\.\n"
)
"""The one form of all messages about an unknown name."""


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_every_command_has_a_help_with_all_its_words_and_examples(call, command):
    code, out, err = call(*command.name.split(), "--help")
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    assert text.startswith(f"usage: {command.synopsis}")
    assert command.description in text
    for word in (*command.places, *command.keywords, *command.flags):
        assert word.form in text
        assert word.description in text
    assert command.examples
    for example, meaning in command.examples.items():
        assert re.search(rf"{re.escape(example)} +# {re.escape(meaning)}\n", out)
    assert call(*command.name.split(), "-h")[1] == out
    assert call("help", *command.name.split())[1] == out


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_the_words_of_its_examples_are_taken(command):
    for example in command.examples:
        program, *words = shlex.split(example)
        chosen, further = choose_command(words)
        assert program == "conceptevo"
        assert chosen is command
        parsed = parse(command, further)
        typed = [word for word in further if word not in parsed.places]
        assert len(typed) == len(parsed.keywords) + len(parsed.flags)


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_a_declaration_names_a_function_that_takes_the_words(command):
    module, _, name = command.target.partition(":")
    path = folder("configs").parent / f"conceptevo_jax/cli/{module}.py"
    functions = {
        node.name: node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    (argument,) = functions[name].args.args
    assert ast.unparse(argument.annotation) == "CommandArguments"


def test_the_general_help_lists_every_command_and_experiment(call):
    out = " ".join(call("--help")[1].split())
    for command in COMMANDS:
        assert f"{command.name} " in out
        assert command.purpose in out
    for name in experiments():
        assert f"{name} {summary(name)}" in out
    assert "scale=NAME demo, gpu, paper, smoke" in out


def test_the_second_word_of_a_study_has_a_help(call):
    code, out, _ = call("study", "--help")
    assert code == 0
    assert "study build" in out
    assert "study analyse" in out
    assert call("help", "study")[1] == out


def test_help_wins_over_wrong_words(call):
    assert call("explore", "--tabels", "-h")[0] == 0
    assert call("project", "spce=x", "--help")[0] == 0


def source(name):
    return ast.get_docstring(
        ast.parse((folder("experiments") / f"{name}.py").read_text())
    )


def summary(name):
    return " ".join(source(name).partition("\n\n")[0].split())


def shown_values(page):
    """The settings of a page with their values, as its columns hold them."""
    values, name = {}, None
    for line in page.split("\nexamples:")[0].splitlines():
        if line.startswith("runs and groups"):
            values = {}
        row = re.fullmatch(r"  (?P<name>[a-z_]\w*(\.\w+)*)(?P<text>  +\S.*)?", line)
        if row is not None:
            name = row["name"]
            values[name] = (row["text"] or "").strip()
        elif name and re.match(r" {6,}\S", line):
            values[name] = f"{values[name]} {line.strip()}".strip()
        elif line.startswith("  "):
            name = None
    return values


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["demo", "smoke"])
@pytest.mark.parametrize("name", experiments())
def test_an_experiments_help_is_its_docstring_and_the_values_that_hydra_composes(
    call, name, scale
):
    code, out, err = call(f"experiment={name}", f"scale={scale}", "--help")
    assert (code, err) == (0, "")
    assert source(name) in out
    config = composed_config([f"experiment={name}", f"scale={scale}"])
    values = shown_values(out)
    assert {f"runs.{run}" for run in config.runs} <= set(values)
    compared = 0
    for setting, text in values.items():
        if "=" in text:
            assert text.partition("=")[0] in ("run", "method")
            continue
        value = OmegaConf.select(config, setting)
        if OmegaConf.is_config(value):
            value = OmegaConf.to_container(value, resolve=True)
        read = text if isinstance(value, str) else yaml.safe_load(text)
        if isinstance(value, list):
            # Where the schema holds texts, 3 is read as "3".
            read, value = list(map(str, read)), list(map(str, value))
        assert read == value, setting
        compared += 1
    written = yaml.safe_load(
        (folder("configs") / f"experiment/{name}.yaml").read_text()
    )
    own = set(written) - {"defaults", "name"}
    assert own <= {setting.split(".")[0] for setting in values}
    assert compared or name == "unified_space"
    assert f"conceptevo experiment={name} --cfg job" in out


def test_settings_of_a_file_and_of_anothers_configuration_are_shown(
    call, tmp_path, monkeypatch
):
    from conceptevo_jax import cli

    for part in ("configs", "experiments"):
        shutil.copytree(folder(part), tmp_path / part)
    (tmp_path / "experiments/rare.py").write_text(
        '"""How rare."""\nraise AssertionError("imported")\n'
        'class RareSettings(Settings, key="rare"):\n    """Rarity."""\n\n'
        "    share: float = 0.1\n    of: dict[str, int] = field(default_factory=dict)\n"
    )
    place = f"{tmp_path}/conceptevo_jax/__init__.py"
    monkeypatch.setattr(cli.locate.conceptevo_jax, "__file__", place)
    (tmp_path / "theirs/experiment").mkdir(parents=True)
    theirs = tmp_path / "theirs/experiment/mine.yaml"
    theirs.write_text("name: rare\nrare: {share: 0.2}\n")
    code, out, _ = call("--config-dir=theirs", "experiment=mine", "--help")
    assert code == 0
    assert "How rare." in out
    assert re.search(r"rare\.share +0\.2\n", out)
    assert re.search(r"rare\.of +{}\n", out)
    assert "Rarity." in out
    theirs.write_text("name: rare\nx: " + 700 * "[")
    code, _, err = call("--config-dir", "theirs", "experiment=mine", "--help")
    assert code == 2
    assert "nests its values too deeply" in err


def test_the_version_is_that_of_what_is_installed(call):
    code, out, _ = call("--version")
    assert code == 0
    versions = {name: metadata.version(name) for name in ("jax", "flax", "hydra-core")}
    assert out == (
        f"conceptevo_jax {metadata.version('conceptevo-jax')} (jax {versions['jax']}, "
        f"flax {versions['flax']}, Hydra {versions['hydra-core']}, "
        f"Python {sys.version.split()[0]})\n"
    )
    assert call("experiment=demo", "--version")[1] == out


WITHOUT_JAX = """
import sys
from conceptevo_jax.cli import main
code = main(sys.argv[1:])
print(code, sorted({"jax", "flax", "numpy", "hydra"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 0),
        (("--help",), 0),
        (("--version",), 0),
        (("experiment=demo", "--help"), 0),
        (("experiment=demmo", "--help"), 2),
        (("explore", "--help"), 0),
        (("lss",), 2),
        (("explore", "runs", "--tabels"), 2),
        (("monitor",), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_helps_and_wrong_words_of_commands_import_nothing_that_takes_long(words, code):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_JAX, *words],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == f"{code} []"
    assert done.stderr.count("\n") == (1 if code else 0)


SMOKE = ("experiment=demo", "scale=smoke")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "name", "meant"),
    [
        (("explor", "runs/one"), "explor", "explore"),
        (("demmo",), "demmo", "experiment=demo"),
        (("study", "bild"), "bild", "build"),
        (("hepl",), "hepl", "help"),
        (("experimnt=demo",), "experimnt", "experiment"),
        ((*SMOKE, "datset=shapes"), "datset", "dataset"),
        (("-m", *SMOKE, "datset=shapes,folder"), "datset", "dataset"),
        (("experiment=demo", "scle=smoke"), "scle", "scale"),
        ((*SMOKE, "modle@runs.vgg16.model=vgg19"), "modle", "model"),
        ((*SMOKE, "model@runs.vgg17.model=vgg19"), "vgg17", "vgg16"),
        ((*SMOKE, "+run@rns.x=smoke/vgg16"), "rns", "runs"),
        ((*SMOKE, "hydra/lancher=joblib"), "hydra/lancher", "hydra/launcher"),
        ((*SMOKE, "methd.stimuli.k=3"), "methd", "method"),
        ((*SMOKE, "method.stimli.k=3"), "stimli", "stimuli"),
        (("-m", *SMOKE, "runs.vgg17.epochs=1,2"), "vgg17", "vgg16"),
        (("--cfg", "job", *SMOKE, "sed=1"), "sed", "seed"),
        ((*SMOKE, "~runs.vgg17"), "vgg17", "vgg16"),
        (("experiment=demmo",), "demmo", "demo"),
        (("experiment=demmo", "--help"), "demmo", "demo"),
        (("experiment=demo", "scale=smke"), "smke", "smoke"),
        (("experiment=demo", "scale=smke", "--help"), "smke", "smoke"),
        ((*SMOKE, "dataset=fashion_mnst"), "fashion_mnst", "fashion_mnist"),
        ((*SMOKE, "method.layout.metric=cosinus"), "cosinus", "cosine"),
        (("explore", "runs/one", "ot=x"), "ot", "out"),
        (("explore", "runs/one", "--tabels"), "--tabels", "--tables"),
        (("study", "build", "runs/one", "eech=2"), "eech", "each"),
        (("clean", "yes=tru"), "tru", "true"),
    ],
)
def test_commands_groups_keys_and_values_are_proposed_in_one_form(
    call, words, name, meant
):
    code, _, err = call(*words)
    assert code == 2
    match = UNKNOWN_FORM.fullmatch(err)
    assert match is not None, err
    assert (match["name"], match["meant"]) == (name, meant)


def test_a_group_of_a_run_says_how_it_is_chosen(call):
    code, _, err = call(*SMOKE, "model=vgg19")
    assert code == 2
    assert "write model@runs.NAME.model=vgg19" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("clean", "--yes"),
            "'--yes' is not of the form key=value. Did you mean 'yes'",
        ),
        (
            ("explore", "a", "--out=b"),
            "'--out=b' is not of the form key=value. Did you",
        ),
        (
            ("monitor", "a", "b"),
            "'b' is not of the form key=value, and TRAINING is given",
        ),
        (("explore", "a", "--folder=b"), "`conceptevo explore --help` lists what can"),
        (
            ("prepare", "a", "--data-dir"),
            "argument --data_dir/--data-dir: expected one",
        ),
        (("prepare", "a", "data_dir=b", "--data-dir", "c"), "data_dir= is given twice"),
    ],
)
def test_words_of_another_form_are_told(call, words, told):
    code, _, err = call(*words)
    assert code == 2
    assert told in err
    assert err.count("\n") == 1


def test_places_with_an_equals_sign_are_places_if_they_exist(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command, _ = choose_command(["explore"])
    (tmp_path / "lr=0.1").mkdir()
    assert parse(command, ["lr=0.1"]).places == ("lr=0.1",)
    assert parse(command, ["runs/lr=0.2"]).places == ("runs/lr=0.2",)
    with pytest.raises(UsageError, match="unknown option 'lrs'"):
        parse(command, ["lrs=0.2"])
    assert parse(command, ["./-odd"]).places == ("./-odd",)
    mixed = parse(command, ["--folder", "a", "--tables", "out=b"])
    assert mixed.places == ("a",)
    assert mixed.keywords == {"out": "b"}
    assert mixed.flags == {"--folder", "--tables"}


@pytest.mark.parametrize("width", ["1", "5", "20"])
def test_helps_are_printed_in_the_narrowest_terminal(call, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    for words in ([], ["ls", "--help"], ["experiment=demo", "--help"]):
        code, out, err = call(*words)
        assert (code, err) == (0, "")
        assert max(map(len, out.splitlines())) < 200
