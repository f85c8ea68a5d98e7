"""Records of which a test plants only what is read."""


def partial_record(record_class, **fields):
    """A record with only those fields that what is tested reads."""
    record = object.__new__(record_class)
    for name, field in fields.items():
        object.__setattr__(record, name, field)
    return record
