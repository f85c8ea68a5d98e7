"""Names that become part of a path must be a single component of it.

A run's name comes from a record that may be somebody else's, and becomes part of the
names of figures and folders. Names that never become paths, such as those of classes
and titles, are free.
"""

MAX_NAME_BYTES = 100
"""Longest name in bytes: file systems take 255, and names get prefixes and keys."""


def flaw_of_name(name: object) -> str | None:
    """Why a name cannot be a single component of a path; None if it can.

    Args:
      name: Anything; only text can be a name.
    """
    if not isinstance(name, str):
        return f"it is a {type(name).__name__}, not text"
    if not name.strip():
        return "it is empty"
    if name in (".", ".."):
        return "it stands for a folder"
    if "/" in name or "\\" in name:
        return "it holds a separator of folders"
    if not name.isprintable():
        return "it holds characters that cannot be printed"
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        return f"it is longer than {MAX_NAME_BYTES} bytes"
    return None
