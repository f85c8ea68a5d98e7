"""The one console that every command prints to."""

from rich.console import Console


class _Console(Console):
    """Lets the command handle a closed output."""

    def on_broken_pipe(self) -> None:
        """Called by Rich while it handles the error, where it would exit with 1."""
        raise


# What is printed holds names of users and their files: brackets and colons are text.
CONSOLE = _Console(markup=False, emoji=False)
