"""Whether a campaign's answers are what a recommender should say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


class CampaignCheckError(Exception):
    """A campaign answers, but not with what a recommender should say."""


@dataclass(frozen=True)
class Probe:
    """One question and its answer: `about` is the user or item id, `items` what was recommended."""

    about: str
    items: tuple[str, ...]
    seconds: float


def judge(
    campaign: str,
    probes: Sequence[Probe],
    personal: bool,
    *,
    known_items: Collection[str] | None = None,
    max_milliseconds: float | None = None,
) -> str:
    """A sentence that says what was seen.

    :param personal: whether different users or items should get different lists
    :param known_items: every item that may be recommended; None if that is not known
    :raises CampaignCheckError: names the campaign and what is wrong with its answers
    """
    if not probes:
        raise CampaignCheckError(f"{campaign} could not be asked: the imported data names no user or item.")
    if empty := [probe.about for probe in probes if not probe.items]:
        raise CampaignCheckError(f"{campaign} recommends nothing for {', '.join(empty)}.")
    if repeated := [probe.about for probe in probes if len(set(probe.items)) < len(probe.items)]:
        raise CampaignCheckError(f"{campaign} recommends an item twice for {', '.join(repeated)}.")
    recommended = {item for probe in probes for item in probe.items}
    if known_items is not None and (unknown := sorted(recommended - set(known_items))):
        raise CampaignCheckError(
            f"{campaign} recommends items that are not in the data: {', '.join(unknown[:5])}"
            + (f" and {len(unknown) - 5} others." if len(unknown) > 5 else ".")
        )
    lists = {probe.items for probe in probes}
    if personal and len(probes) > 1 and len(lists) == 1:
        raise CampaignCheckError(f"{campaign} recommends the same items for all of {len(probes)} questions.")
    slowest = max(probe.seconds for probe in probes) * 1000
    if max_milliseconds is not None and slowest > max_milliseconds:
        raise CampaignCheckError(
            f"{campaign} took {slowest:.0f} ms to answer; {max_milliseconds:g} ms are allowed."
        )
    return (
        f"{len(probes)} questions answered with {len(lists)} different lists, the slowest in {slowest:.0f} ms"
    )
