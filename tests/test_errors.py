"""Messages of errors."""

from conceptevo_jax.errors import DataError, UsageError, suggestion, unknown_name


def test_an_unknown_name_lists_the_valid_ones_and_proposes_the_closest():
    error = unknown_name("model", "convnxt_t", ["vgg19", "vgg16", "convnext_t"])
    assert isinstance(error, UsageError)
    assert str(error) == (
        "unknown model 'convnxt_t'. Did you mean 'convnext_t'? "
        "Valid: convnext_t, vgg16, vgg19."
    )


def test_nothing_is_proposed_where_nothing_is_close():
    assert str(unknown_name("site", "xyz", {"features.0"})) == (
        "unknown site 'xyz'. Valid: features.0."
    )
    assert str(unknown_name("site", 3, ())) == "unknown site 3. Valid: none."


def test_what_is_proposed_for_a_name_may_be_another_text():
    proposals = {"demo": "experiment=demo"}
    assert str(unknown_name("command", "dmo", ["ls"], proposals=proposals)) == (
        "unknown command 'dmo'. Did you mean 'experiment=demo'? Valid: ls."
    )
    assert suggestion("dmo", ["ls"]) == ""
    assert suggestion("lss", ["ls", "clean"], proposals) == " Did you mean 'ls'?"


def test_both_kinds_are_value_errors_apart():
    assert issubclass(UsageError, ValueError)
    assert issubclass(DataError, ValueError)
    assert not issubclass(DataError, UsageError)
