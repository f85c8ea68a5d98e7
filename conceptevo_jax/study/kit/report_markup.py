"""Markup of the report page: its style, sections and tables, all text escaped."""

import re
from collections.abc import Iterable, Sequence
from html import escape

_INTERVAL = re.compile(r"\[-?[\d.]+, -?[\d.]+\]")

STYLE = """
:root { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  color: #222; background: #fff; color-scheme: light; }
body { max-width: 72rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p, dl, ul { max-width: 44rem; }
.who { font-size: 1.1rem; font-weight: 600; }
.quiet { color: #595959; font-size: .9rem; }
.warning { border-left: 4px solid #d55e00; padding: .5rem .75rem; background: #fdf1e7; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.pictures img { flex: 0 1 28rem; width: 28rem; max-width: 100%; min-width: 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; padding: .25rem 0; color: #595959; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0;
  border-bottom: 1px solid #dcdcdc; font-variant-numeric: tabular-nums; }
thead th { font-weight: 600; }
.others { overflow-wrap: anywhere; }
.ends { white-space: nowrap; }
dt { font-weight: 600; }
dd { margin: 0 0 .5rem; }
@media (max-width: 48rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); }
  tr, th[scope=row], td { display: block; border: 0; padding: .1rem 0; }
  tr { border-bottom: 1px solid #dcdcdc; padding: .6rem 0; }
  th[scope=row] { overflow-wrap: anywhere; }
  td { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: .5rem; }
  td::before { content: attr(data-name); color: #595959; }
}
"""


def join_lines(parts: Iterable[str]) -> str:
    """The parts that are not empty, one a line."""
    return "\n".join(part for part in parts if part)


def section(heading: str, body: str) -> str:
    """A section of the page.

    Args:
      heading: As text.
      body: As HTML.
    """
    return f"<section>\n<h2>{escape(heading)}</h2>\n{body}\n</section>"


def table(
    caption: str,
    names: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    foreign_text: bool = False,
) -> str:
    """A table whose first column names its rows.

    Args:
      caption: Above the table.
      names: Of the columns.
      rows: Cells as text, one per column.
      foreign_text: Whether participants wrote the cells, so that words of any length
        must be broken.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = join_lines(_row(names, row) for row in rows)
    opening_tag = '<table class="others">' if foreign_text else "<table>"
    return (
        f"{opening_tag}\n<caption>{escape(caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _row(names: Sequence[str], row: Sequence[str]) -> str:
    cells = "".join(
        f'<td data-name="{escape(name)}"><span>{_cell(cell)}</span></td>'
        for name, cell in zip(names[1:], row[1:], strict=True)
    )
    return f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>'


def _cell(text: str) -> str:
    """Escaped; an interval stays on one line."""
    return _INTERVAL.sub(r'<span class="ends">\g<0></span>', escape(text))
