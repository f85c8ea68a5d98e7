"""Records on disk: arrays with a manifest, written atomically, keyed by content."""

from conceptevo_jax.store.bounded_reading import parse_json, read_file, read_json
from conceptevo_jax.store.files import (
    checksum,
    checksum_of,
    open_replacement,
    read_sealed,
    seal,
    unseal,
    write_bytes,
    write_json,
    write_sealed,
    write_text,
)
from conceptevo_jax.store.keys import content_key
from conceptevo_jax.store.links import require_inside_result, require_no_outward_links
from conceptevo_jax.store.names import flaw_of_name
from conceptevo_jax.store.records import (
    load_record,
    read_manifest,
    save_record,
    versions,
)
from conceptevo_jax.store.stage_folders import Entry
from conceptevo_jax.store.stages import Store

__all__ = [
    "Entry",
    "Store",
    "checksum",
    "checksum_of",
    "content_key",
    "flaw_of_name",
    "load_record",
    "open_replacement",
    "parse_json",
    "read_file",
    "read_json",
    "read_manifest",
    "read_sealed",
    "require_inside_result",
    "require_no_outward_links",
    "save_record",
    "seal",
    "unseal",
    "versions",
    "write_bytes",
    "write_json",
    "write_sealed",
    "write_text",
]
