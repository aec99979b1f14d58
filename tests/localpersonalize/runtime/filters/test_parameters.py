import pytest

from localpersonalize.runtime.filters import FilterParameterError, bind, parse


def test_parameters_are_lists_of_quoted_strings_or_numbers() -> None:
    parsed = parse("EXCLUDE ItemID WHERE Items.CATEGORY IN ($C) OR Items.PRICE < $P")
    assert bind(parsed, {"C": r'"a", "b \"c\""', "P": "-1.5"}) == {"C": ("a", 'b "c"'), "P": (-1.5,)}
    for wrong in ("hat", '"hat', '"a" "b"', '"a",', ""):
        with pytest.raises(FilterParameterError, match="parameter C"):
            bind(parsed, {"C": wrong})


def test_include_needs_all_its_parameters_and_exclude_none() -> None:
    text = "INCLUDE ItemID WHERE Items.CATEGORY IN ($A) | EXCLUDE ItemID WHERE Items.CATEGORY IN ($B)"
    assert bind(parse(text), {"A": '"x"'}) == {"A": ("x",)}
    with pytest.raises(FilterParameterError, match="Missing values for filter parameters: A"):
        bind(parse(text), {"B": '"x"'})
    with pytest.raises(FilterParameterError, match="no parameter a"):
        bind(parse(text), {"A": '"x"', "a": '"x"'})
