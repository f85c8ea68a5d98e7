"""Records on disk: arrays with a manifest, written atomically, keyed by content."""

from conceptevo_jax.store.keys import content_key
from conceptevo_jax.store.records import load_record, read_manifest, save_record
from conceptevo_jax.store.stages import Entry, Store

__all__ = [
    "Entry",
    "Store",
    "content_key",
    "load_record",
    "read_manifest",
    "save_record",
]
