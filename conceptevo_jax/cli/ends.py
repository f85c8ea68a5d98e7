"""How a call ends at a signal: one line, an exit code, and no process left running.

Ctrl-C (SIGINT, code 130) and a scheduler's SIGTERM (code 143) are raised as `Ended` in
the main thread, so that unfinished files are dropped and workers are ended. Python's
main thread cannot be reached inside a library, such as XLA's compiler: if it has not
ended after `GRACE` seconds, or at a second signal, the process exits immediately. Files
on disk are also complete then, and workers end with their parent.

This module imports nothing slow, since it must work while jax is imported.
"""

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

GRACE = 4.0
"""Seconds that the main thread has for ending in order."""

LINES = {
    signal.SIGINT: "conceptevo: interrupted; finished stages are kept.",
    signal.SIGTERM: "conceptevo: ended by SIGTERM; finished stages and epochs are kept,"
    " and the same command resumes.",
}


class Ended(KeyboardInterrupt):
    """A signal asks the call to end.

    It is a `KeyboardInterrupt`, which libraries do not catch.
    """


class Ends:
    """Watches for signals, in the main thread of a program.

    Attributes:
      received: The first signal; None before.
      at_once: Whether there is nothing to clean up yet, as during imports, which
        an exception would leave half done.
      line_printed: Whether the line was printed.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self.at_once, self.line_printed = True, False
        self._raised = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Handle both signals, and restore the earlier handlers afterwards.

        Python lets only the main thread handle signals: in other threads this does
          nothing.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        # What a shell starts in the background is to ignore Ctrl-C.
        heeded = [n for n in LINES if signal.getsignal(n) != signal.SIG_IGN]
        before = {number: signal.signal(number, self._handle) for number in heeded}
        watcher = threading.Thread(target=self._watch, args=(reading,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup)
            os.close(writing)
            watcher.join()
            os.close(reading)

    def last(self) -> tuple[int, str]:
        """The exit code that a shell gives to the received signal, and the message."""
        assert self.received is not None
        self.line_printed = True
        return 128 + self.received, LINES[self.received]

    def _handle(self, number: int, _: FrameType | None) -> None:
        """Called by Python in the main thread, between two of its steps."""
        self.received = self.received or signal.Signals(number)
        if self.at_once:
            self._leave()
        if not self._raised:
            self._raised = True
            raise Ended

    def _watch(self, reading: int) -> None:
        """Exit when the main thread takes too long, or at a second signal."""
        deadline: float | None = None
        while True:
            seconds_left = (
                None if deadline is None else max(0, deadline - time.monotonic())
            )
            ready, _, _ = select.select([reading], [], [], seconds_left)
            if not ready:
                self._leave()
            byte = os.read(reading, 1)
            if not byte:
                return
            # Another handler, as of processes that end together, has its own ways.
            if signal.getsignal(byte[0]) != self._handle:
                continue
            self.received = self.received or signal.Signals(byte[0])
            if deadline is not None:
                self._leave()
            deadline = time.monotonic() + GRACE

    def _leave(self) -> None:
        line_printed = self.line_printed
        code, line = self.last()
        if not line_printed:
            # Not by sys.stderr, which the main thread may be writing to.
            with contextlib.suppress(OSError):
                os.write(2, f"{line}\n".encode())
        os._exit(code)
