"""The one console that every command prints to."""

from rich.console import Console

# What is printed holds names of users and their files: brackets and colons are text.
CONSOLE = Console(markup=False, emoji=False)
