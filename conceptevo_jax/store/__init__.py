"""Records on disk: arrays with a manifest, written atomically, keyed by content."""

from conceptevo_jax.store.files import (
    checksum,
    checksum_of,
    read_sealed,
    replacing,
    seal,
    unseal,
    write_bytes,
    write_json,
    write_sealed,
    write_text,
)
from conceptevo_jax.store.keys import content_key
from conceptevo_jax.store.records import (
    load_record,
    read_manifest,
    save_record,
    versions,
)
from conceptevo_jax.store.stages import Entry, Store

__all__ = [
    "Entry",
    "Store",
    "checksum",
    "checksum_of",
    "content_key",
    "load_record",
    "read_manifest",
    "read_sealed",
    "replacing",
    "save_record",
    "seal",
    "unseal",
    "versions",
    "write_bytes",
    "write_json",
    "write_sealed",
    "write_text",
]
