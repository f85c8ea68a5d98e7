"""Examples of docstrings, run as doctest runs them.

They share one namespace: a name that an example reads and does not assign is assigned
by exactly one other, which is run before it. So each is a few lines that read
naturally, and none needs what no example shows.
"""

import builtins
import contextlib
import doctest
import symtable
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class DocstringExamples:
    """The examples of some docstrings, each run once, after those that it needs.

    Args:
      docstrings: By name.
      namespace: What all examples can read.
      folder: Where they run.
    """

    def __init__(
        self, docstrings: Mapping[str, str], namespace: dict[str, Any], folder: Path
    ) -> None:
        parser = doctest.DocTestParser()
        self.statements = {n: parser.get_examples(d) for n, d in docstrings.items()}
        self.namespace, self.folder = dict(namespace), folder
        self.given = set(namespace)
        self.reports: dict[str, str] = {}

    def report(self, name: str) -> str:
        """What went wrong in an example, run after those that it needs; or nothing."""
        if name not in self.reports:
            for needed in sorted(self.names(name)[1]):
                self.report(self.maker(needed))
            self.reports[name] = self._run(name)
        return self.reports[name]

    def maker(self, wanted: str) -> str:
        """The only example that assigns a name."""
        makers = [name for name in self.statements if wanted in self.names(name)[0]]
        assert len(makers) == 1, f"{wanted!r} is made by the examples of {makers}"
        return makers[0]

    def names(self, name: str) -> tuple[set[str], set[str]]:
        """The names that an example assigns, and those that it needs from others."""
        source = "".join(statement.source for statement in self.statements[name])
        top = symtable.symtable(source, name, "exec")
        assigned = {
            symbol.get_name()
            for symbol in top.get_symbols()
            if symbol.is_assigned() or symbol.is_imported()
        }
        read = {
            symbol.get_name()
            for table in _tables(top)
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (table is top or symbol.is_global())
        }
        return assigned, read - assigned - self.given - set(dir(builtins))

    def _run(self, name: str) -> str:
        statements, lines = self.statements[name], []
        test = doctest.DocTest(statements, self.namespace, name, None, None, None)
        # It copies the namespace, which later examples read.
        test.globs = self.namespace
        runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
        with contextlib.chdir(self.folder):
            runner.run(test, out=lines.append, clear_globs=False)
        return "".join(lines)


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)
