"""The one console that every command prints to."""

from rich.console import Console

CONSOLE = Console()
