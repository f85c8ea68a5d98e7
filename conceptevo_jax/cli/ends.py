"""How a call ends at a signal: one line, an exit code, and no process left running.

Ctrl-C (SIGINT, code 130) and a scheduler's SIGTERM (code 143) are raised as
`EndedBySignal` in the main thread, so that unfinished files are dropped and workers are
ended. Python's main thread cannot be reached inside a library, such as XLA's compiler:
if it has not ended after `GRACE_SECONDS` seconds, or at a second signal, the process
exits immediately. Files on disk are also complete then, and workers end with their
parent.

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

GRACE_SECONDS = 4.0
"""Seconds that the main thread has for ending in order."""

SIGNAL_LINES = {
    signal.SIGINT: "conceptevo: interrupted; finished stages are kept.",
    signal.SIGTERM: "conceptevo: ended by SIGTERM; finished stages and epochs are kept,"
    " and the same command resumes.",
}


class EndedBySignal(KeyboardInterrupt):
    """A signal asks the call to end.

    It is a `KeyboardInterrupt`, which libraries do not catch.
    """


class SignalWatcher:
    """Watches for signals, in the main thread of a program.

    Attributes:
      signal_received: The first signal; None before.
      exits_at_once: Whether there is nothing to clean up yet, as during imports, which
        an exception would leave half done.
    """

    def __init__(self) -> None:
        self.signal_received: signal.Signals | None = None
        self.exits_at_once = True
        self._has_raised, self._line_printed = False, False
        # Reentrant, since a signal may come while the main thread holds it.
        self._printing = threading.RLock()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Handle both signals, and restore the earlier handlers afterwards.

        Python lets only the main thread handle signals: in other threads this does
          nothing.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        previous_wakeup = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        # What a shell starts in the background is to ignore Ctrl-C.
        handled_signals = [
            n for n in SIGNAL_LINES if signal.getsignal(n) != signal.SIG_IGN
        ]
        before = {
            number: signal.signal(number, self._handle) for number in handled_signals
        }
        watcher = threading.Thread(target=self._watch, args=(read_end,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(previous_wakeup)
            os.close(write_end)
            watcher.join()
            os.close(read_end)

    def print_line(self) -> int:
        """Print the message once, whichever thread comes first.

        Returns:
          The exit code that a shell gives to the received signal.
        """
        assert self.signal_received is not None
        with self._printing:
            if not self._line_printed:
                # Not by sys.stderr, which the main thread may be writing to.
                with contextlib.suppress(OSError):
                    os.write(2, f"{SIGNAL_LINES[self.signal_received]}\n".encode())
                self._line_printed = True
        return 128 + self.signal_received

    def _handle(self, number: int, _: FrameType | None) -> None:
        """Called by Python in the main thread, between two of its steps."""
        self.signal_received = self.signal_received or signal.Signals(number)
        if self.exits_at_once:
            self._leave()
        if not self._has_raised:
            self._has_raised = True
            raise EndedBySignal

    def _watch(self, read_end: int) -> None:
        """Exit when the main thread takes too long, or at a second signal."""
        deadline: float | None = None
        while True:
            seconds_left = (
                None if deadline is None else max(0, deadline - time.monotonic())
            )
            ready_ends, _, _ = select.select([read_end], [], [], seconds_left)
            if not ready_ends:
                self._leave()
            byte = os.read(read_end, 1)
            if not byte:
                return
            # Another handler, as of processes that end together, has its own ways.
            if signal.getsignal(byte[0]) != self._handle:
                continue
            self.signal_received = self.signal_received or signal.Signals(byte[0])
            if deadline is not None:
                self._leave()
            deadline = time.monotonic() + GRACE_SECONDS

    def _leave(self) -> None:
        os._exit(self.print_line())
