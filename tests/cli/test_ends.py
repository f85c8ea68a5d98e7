"""Signals, refusals of the system and locales, in programs of their own."""

import contextlib
import errno
import io
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from calling import PROGRAM

from conceptevo_jax import cli
from conceptevo_jax.cli import ends, experiment
from conceptevo_jax.cli.console import CONSOLE

pytestmark = pytest.mark.slow

PATIENCE = 600
"""Seconds after which a program is taken to hang."""

WAITING = """
import signal
from conceptevo_jax import cli
def command(words):
    return lambda: (print("ready", flush=True), signal.pause(), signal.pause())
cli._command = command
cli.program()
"""
"""In Python, where a signal is noticed at once, with something to put in order."""

IMPORTING = """
import signal
from conceptevo_jax import cli
def command(words):
    print("ready", flush=True)
    signal.pause()
    signal.pause()
cli._command = command
cli.program()
"""

IN_A_LIBRARY = """
import hashlib
from conceptevo_jax import cli
from conceptevo_jax.cli import ends
ends.GRACE_SECONDS = {grace}
def work():
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha512", b"word", b"salt", 2**31 - 1)
cli._command = lambda words: work
cli.program()
"""
"""Minutes in which Python's main thread cannot be reached, as in a compiler."""

CLEANING = """
import signal, sys, tempfile
from conceptevo_jax import cli
def work():
    with tempfile.TemporaryDirectory(dir=sys.argv[1]):
        print("ready", flush=True)
        signal.pause()
cli._command = lambda words: work
cli.program()
"""


@contextlib.contextmanager
def started(text, *words, ignored=()):
    """A program that has said that it is ready.

    Its shell, as it were, wants some signals ignored, and no others.
    """
    before = "import signal\n"
    for number in ends.SIGNAL_LINES:
        handler = "SIG_IGN" if number in ignored else "SIG_DFL"
        before += f"signal.signal({int(number)}, signal.{handler})\n"
    with subprocess.Popen(
        [sys.executable, "-c", before + text, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            assert program.stdout.readline() == "ready\n"
            yield program
        finally:
            program.kill()


CASES = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.mark.parametrize(("number", "code"), CASES)
@pytest.mark.parametrize(
    "text",
    [WAITING, IMPORTING, IN_A_LIBRARY.format(grace=0.01)],
    ids=["in Python", "importing", "in a library"],
)
def test_a_signal_ends_it_with_one_line_and_a_code(text, number, code):
    with started(text) as program:
        program.send_signal(number)
        _, err = program.communicate(timeout=PATIENCE)
    assert program.returncode == code
    assert err == f"{ends.SIGNAL_LINES[number]}\n"


def test_a_second_signal_ends_it_at_once():
    with started(IN_A_LIBRARY.format(grace=10_000)) as program:
        program.send_signal(signal.SIGTERM)
        program.send_signal(signal.SIGINT)
        _, err = program.communicate(timeout=PATIENCE)
    assert program.returncode in (130, 143)  # Two at a time come in any order.
    assert err.count("\n") == 1


def test_whichever_thread_ends_it_the_line_is_written_before(monkeypatch):
    """The process may exit as soon as one of them is back."""
    lines = []

    def write_slowly(descriptor, line):
        time.sleep(0.1)
        lines.append((descriptor, line))

    monkeypatch.setattr(ends.os, "write", write_slowly)
    watcher = ends.SignalWatcher()
    watcher.signal_received = signal.SIGTERM
    with ThreadPoolExecutor(2) as threads:
        calls = [
            threads.submit(lambda: (watcher.print_line(), len(lines))) for _ in range(2)
        ]
    assert [call.result() for call in calls] == [(143, 1)] * 2
    assert lines == [(2, f"{ends.SIGNAL_LINES[signal.SIGTERM]}\n".encode())]


def test_what_is_in_the_making_is_put_in_order(tmp_path):
    with started(CLEANING, str(tmp_path)) as program:
        assert len(list(tmp_path.iterdir())) == 1
        program.send_signal(signal.SIGTERM)
        program.communicate(timeout=PATIENCE)
    assert list(tmp_path.iterdir()) == []


def test_a_program_in_the_background_ignores_what_its_shell_wants_ignored():
    with started(WAITING, ignored=[signal.SIGINT]) as program:
        program.send_signal(signal.SIGINT)
        program.send_signal(signal.SIGTERM)
        program.communicate(timeout=PATIENCE)
    assert program.returncode == 143


def test_handlers_are_as_before_afterwards(call):
    before = [signal.getsignal(number) for number in ends.SIGNAL_LINES]
    assert call("--help")[0] == 0
    assert [signal.getsignal(number) for number in ends.SIGNAL_LINES] == before


def test_the_package_imports_nothing_that_takes_long_before_signals_are_handled():
    text = "import conceptevo_jax.cli, sys; print({'jax', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.stdout == "set()\n"


SMOKE = ("experiment=demo", "scale=smoke")


def failing(monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(experiment, "execute", fail)


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "The disk is full: free some space"),
        (errno.EROFS, "Choose a run_dir on a disk that can be written to."),
        (errno.EACCES, "Change its permissions, or choose another place."),
        (errno.ENAMETOOLONG, "Choose a shorter name."),
        (errno.ESTALE, "Choose another place."),
    ],
)
def test_what_the_system_refuses_is_one_line(call, monkeypatch, number, remedy):
    failing(monkeypatch, OSError(number, os.strerror(number), "/data/runs"))
    code, out, err = call(*SMOKE)
    assert (code, out) == (3, "")
    assert err.startswith(f"conceptevo: /data/runs: {os.strerror(number)}. {remedy}")
    assert err.count("\n") == 1


def test_an_error_of_no_system_call_is_a_bug(call, monkeypatch):
    failing(monkeypatch, OSError("broken data stream"))
    with pytest.raises(OSError, match="broken data stream"):
        call(*SMOKE)


def test_a_reader_that_has_enough_ends_it_silently():
    """As `conceptevo --help | head -1` does."""
    text = (
        "import os; from conceptevo_jax import cli\n"
        "def work():\n"
        "    print('x' * 100_000, flush=True)\n"
        "cli._command = lambda words: work; cli.program()"
    )
    assert end_without_reader(text) == (cli.EXIT_NO_READER, b"")


@pytest.mark.parametrize("number", ends.SIGNAL_LINES)
@pytest.mark.parametrize(
    "text",
    [WAITING, IN_A_LIBRARY.format(grace=0.01)],
    ids=["in Python", "in a library"],
)
def test_a_signal_gives_its_code_though_nobody_reads_any_more(text, number):
    """As of `conceptevo … 2>&1 | tail`, all of which Ctrl-C reaches."""
    with started(text) as program:
        program.stdout.close()
        program.stderr.close()
        program.send_signal(number)
        program.wait(PATIENCE)
    assert program.returncode == 128 + number


def test_an_error_gives_its_code_though_nobody_reads_any_more():
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "lss"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        program.stdout.close()
        program.stderr.close()
        program.wait(PATIENCE)
    assert program.returncode == 2


def end_without_reader(text):
    """Exit code and error output of a program whose output nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        program = subprocess.run(
            [sys.executable, "-c", text], stdout=closed, stderr=subprocess.PIPE
        )
    return program.returncode, program.stderr


def in_a_shell(words):
    """A run of the program with the words and redirections as a shell reads them."""
    shell = f'"$0" -c "$1" {words}'
    return subprocess.run(
        ["bash", "-c", shell, sys.executable, PROGRAM], capture_output=True
    )


def test_what_the_console_prints_ends_silently_as_well():
    """Rich would exit with 1."""
    text = (
        "from conceptevo_jax import cli\nfrom conceptevo_jax.cli.console import CONSOLE"
    )
    text += "\ncli._command = lambda words: work\n"
    text += "def work():\n    CONSOLE.print('x')\ncli.program()"
    assert end_without_reader(text) == (cli.EXIT_NO_READER, b"")


@pytest.mark.parametrize(
    ("words", "code"), [("lss 2>/dev/full", 2), ("lss 2>&-", 2), ("--help >&-", 0)]
)
def test_codes_are_kept_whatever_the_streams_are(words, code):
    done = in_a_shell(words)
    assert (done.returncode, done.stderr) == (code, b"")


def test_what_cannot_be_printed_is_told():
    done = in_a_shell("--help >/dev/full")
    assert done.returncode == 3
    assert re.fullmatch(rb"conceptevo: .*No space left on device.*\n", done.stderr)


def test_what_was_printed_last_is_not_lost_without_a_word():
    """It lies in a buffer until Python ends."""
    text = "from conceptevo_jax import cli\ncli._command = lambda words: work\n"
    text += "def work():\n    print('x')\n    return 0\ncli.program()"
    assert end_without_reader(text) == (cli.EXIT_NO_READER, b"")


def test_what_is_printed_is_utf_8_whatever_the_locale():
    env = {
        **os.environ,
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "latin-1",
    }
    words = [sys.executable, "-c", PROGRAM, "explore", "写真"]
    done = subprocess.run(words, capture_output=True, env=env)
    assert done.returncode == 3
    assert "写真" in done.stderr.decode()


def test_brackets_in_names_are_text(monkeypatch):
    printed = io.StringIO()
    monkeypatch.setattr(CONSOLE, "_file", printed)
    CONSOLE.print("[bold]photos[/x] :smile:")
    assert printed.getvalue() == "[bold]photos[/x] :smile:\n"


@pytest.mark.parametrize(
    ("run_dir", "named"),
    [
        ("file", "file is a file, not a folder"),
        ("file/below", "file is a file, not a folder"),
        ("link", "link is a link to gone, which does not exist: make that folder, or"),
        ("link/below", "link is a link to gone, which does not exist"),
        ("x" * 300, "has 300 bytes, but at most"),
        ("/", "holds unrelated files"),
        ("/usr", "holds unrelated files"),
        ("~", "holds unrelated files"),
        ("/proc/runs", "lies in the system folder /proc"),
        ("/etc/runs/deep", "lies in the system folder /etc"),
        ("locked", "locked cannot be written to"),
    ],
)
def test_a_place_for_results_that_cannot_be_is_refused_before_any_work(
    call, tmp_path, monkeypatch, run_dir, named
):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "locked").mkdir()
    (tmp_path / "link").symlink_to("gone")
    is_allowed = os.access
    monkeypatch.setattr(
        os, "access", lambda p, m: Path(p).name != "locked" and is_allowed(p, m)
    )
    # A plan refuses what a run refuses.
    dry = "dry_run=true" if len(run_dir) % 2 else "dry_run=false"
    code, _, err = call(*SMOKE, f"run_dir={run_dir}", dry)
    assert code == 3
    assert named in err
    assert "choose another run_dir" in err
    assert err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "file",
        "link",
        "locked",
    ]
