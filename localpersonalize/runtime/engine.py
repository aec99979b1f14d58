"""The runtime as the server sees it: requests in, answers out, and notice of everything that changes."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from localpersonalize.disk.sealed import DamagedError
from localpersonalize.recipes.base.model import Model
from localpersonalize.recipes.registry import load_model, recipe
from localpersonalize.resource_types import (
    CAMPAIGN,
    FILTER,
    RECOMMENDER,
    SOLUTION_VERSION,
    Campaign,
    Recommender,
    ResourceKind,
    SolutionVersion,
)
from localpersonalize.runtime import requests
from localpersonalize.runtime.deployment import (
    Deployment,
    Exploration,
    GroupData,
    RankingInfluence,
    actions_of,
    memory_bytes,
)
from localpersonalize.runtime.errors import InvalidInputError, ResourceNotFoundError
from localpersonalize.runtime.event_followers import EventFollowers
from localpersonalize.runtime.exploration import Explorer
from localpersonalize.runtime.filters import Filter, parse
from localpersonalize.runtime.group_data import GroupDataCache
from localpersonalize.runtime.histories import EventSelection, StreamedEvent
from localpersonalize.runtime.interfaces import Datasets, Resources
from localpersonalize.runtime.microbatch import RequestBatcher, answer_now
from localpersonalize.runtime.requests import Answer, Params, Prepared
from localpersonalize.runtime.use_cases import use_case

log = logging.getLogger(__name__)

PREPARE_USERS = 50_000
PREPARE_SECONDS = 10.0
PREPARE_BATCH = 64
DEPLOYABLE_KINDS: Mapping[str, ResourceKind[Campaign | Recommender]] = {
    "campaign": CAMPAIGN,
    "recommender": RECOMMENDER,
}
"""Resources that answer requests, by what their ARNs say before their name."""
MAX_REMEMBERED_RECOMMENDATIONS = 20_000

OPERATIONS: Mapping[str, Callable[[requests.Sources, Params], Prepared]] = {
    "GetRecommendations": requests.recommendations,
    "GetPersonalizedRanking": requests.ranking,
    "GetActionRecommendations": requests.actions,
}


class Runtime:
    """Campaigns and recommenders in memory, one `Deployment` each, replaced as a whole.

    A deployment is loaded when it is deployed, or by the first request that names it. An update loads aside
    and then takes the place of the old one in one step: requests in between are answered by the old one,
    whole.
    """

    def __init__(
        self,
        resources: Resources,
        datasets: Datasets,
        on_damage: Callable[[str, DamagedError], None] = lambda arn, error: None,
    ) -> None:
        """
        :param on_damage: called for a campaign or recommender whose model can't be read.
        """
        self.resources, self._on_damage = resources, on_damage
        self.groups = GroupDataCache(datasets)
        self.explorer = Explorer()
        self.batcher = RequestBatcher()
        self._deployments: dict[str, Deployment] = {}
        self._filters: dict[str, Filter] = {}
        self._recommended: OrderedDict[str, list[str]] = OrderedDict()
        self._loading: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        # More at a time would be no faster, and each is in memory beside the one whose place it takes.
        self._preparing = threading.Semaphore(os.cpu_count() or 1)
        self._followers = EventFollowers(self._deployments, self.groups)
        self._background = ThreadPoolExecutor(1, thread_name_prefix="runtime")

    # --- requests ---

    def answer(self, operation: str, params: Params) -> Answer:
        """Answer one request. `RequestRefusedError` with its code and message if it can't be."""
        return answer_now(OPERATIONS[operation](self, params))

    async def answer_async(self, operation: str, params: Params) -> Answer:
        """The same from an event loop; requests that come together are scored together."""
        arn = params.get("campaignArn") or params.get("recommenderArn")
        if arn and arn not in self._deployments:
            await asyncio.to_thread(self.deployment, arn)  # reading a model must not hold up the others
        return await self.batcher.answer(OPERATIONS[operation](self, params))

    def get_recommendations(self, params: Params) -> Answer:
        return self.answer("GetRecommendations", params)

    def get_personalized_ranking(self, params: Params) -> Answer:
        return self.answer("GetPersonalizedRanking", params)

    def get_action_recommendations(self, params: Params) -> Answer:
        return self.answer("GetActionRecommendations", params)

    # --- what requests look up (`requests.Sources`) ---

    def deployment(self, arn: str) -> Deployment:
        cached = self._deployments.get(arn)
        if cached is not None:
            return cached
        try:
            return self.deploy(arn)
        except DamagedError as error:
            self._on_damage(arn, error)
            raise ResourceNotFoundError(f"{arn} can't be served: {error}.") from None

    def data(self, group_arn: str) -> GroupData:
        return self.groups.get(group_arn)

    def filter(self, arn: str, group_arn: str) -> Filter:
        cached = self._filters.get(arn)
        if cached is None:
            body = self.resources.find(FILTER, arn)
            if body is None:
                raise ResourceNotFoundError(f"Could not find filter {arn}.")
            if body["datasetGroupArn"] != group_arn:
                raise InvalidInputError(f"Filter {arn} belongs to another dataset group than the campaign.")
            if body["status"] != "ACTIVE":
                raise InvalidInputError(f"Filter {arn} is not ACTIVE; its status is {body['status']}.")
            cached = self._filters[arn] = parse(body["filterExpression"])
        return cached

    def remember(self, recommendation_id: str, items: list[str]) -> None:
        self._recommended[recommendation_id] = items
        if len(self._recommended) > MAX_REMEMBERED_RECOMMENDATIONS:
            self._recommended.popitem(last=False)

    def recommended(self, recommendation_id: str) -> list[str]:
        """What a recommendation showed, empty if it was long ago."""
        return self._recommended.get(recommendation_id, [])

    # --- campaigns and recommenders ---

    def deploy(self, arn: str, version: Mapping[str, Any] | None = None) -> Deployment:
        """Load a campaign or recommender and put it in the place of what served that ARN before.

        :param version: the resource to serve instead of the stored one, for an update that is not ACTIVE yet.
        :raises ResourceNotFoundError: if there is none, or it does not serve.
        :raises DamagedError: if its model can't be read.
        """
        kind = DEPLOYABLE_KINDS.get(arn.split(":")[-1].split("/")[0])
        body = version or (self.resources.find(kind, arn) if kind else None)
        if body is None or kind is None:
            raise ResourceNotFoundError(f"Could not find a campaign or recommender {arn}.")
        if version is None and body["status"] != "ACTIVE":
            reason = f" {body['failureReason']}" if "failureReason" in body else ""
            raise ResourceNotFoundError(f"{arn} is not ACTIVE; its status is {body['status']}.{reason}")
        ends = time.monotonic() + PREPARE_SECONDS
        with self._loading[arn], self._preparing:
            cached = self._deployments.get(arn)
            if version is None and cached is not None:
                return cached
            loaded = self._load_campaign(arn, body) if kind is CAMPAIGN else self._load_recommender(arn, body)
            data = self.groups.get(loaded.data_arn)
            add_unseen_items(loaded, data)
            loaded.build_index()
            if data.histories.has_streamed:
                loaded.follow_events(data)
            loaded.view(data, loaded.model.items)
            prepare(loaded, data, ends)
            self._deployments[arn] = loaded
            log.info(
                "serving %s with %s (%d bytes)", arn, loaded.solution_version_arn, memory_bytes(loaded.model)
            )
            return loaded

    def warm(self, arns: Iterable[str]) -> Future[None]:
        """Load what will be asked for, at a start, so that the first requests find it in memory."""

        def load() -> None:
            for arn in arns:
                try:
                    self.deployment(arn)
                except ResourceNotFoundError as error:
                    log.error("could not load %s: %s", arn, error)
                except Exception:
                    log.exception("could not load %s", arn)

        return self._background.submit(load)

    def withdraw(self, arn: str) -> None:
        """A campaign, recommender or filter was deleted, or a recommender stopped."""
        self._deployments.pop(arn, None)
        self._filters.pop(arn, None)

    def _load_campaign(self, arn: str, body: Mapping[str, Any]) -> Deployment:
        version_arn = body["solutionVersionArn"]
        version = self.resources.find(SOLUTION_VERSION, version_arn)
        if version is None:
            raise ResourceNotFoundError(f"Could not find solution version {version_arn}.")
        return deployment_of(
            arn,
            version_arn,
            version,
            load_model(self.resources.model_directory(version_arn)),
            body.get("campaignConfig") or {},
        )

    def _load_recommender(self, arn: str, body: Mapping[str, Any]) -> Deployment:
        case = use_case(body["recipeArn"])
        assert case is not None, body["recipeArn"]
        config = body.get("recommenderConfig") or {}
        return Deployment(
            arn=arn,
            solution_version_arn=arn,
            group_arn=body["datasetGroupArn"],
            recipe=body["recipeArn"].rsplit("/", 1)[-1],
            recipe_type=recipe(case.recipe).recipe_type,
            model=load_model(self.resources.model_directory(arn)),
            selection=EventSelection.from_solution_config(case.event_type, None),
            explores=Exploration.from_wire(config.get("itemExplorationConfig")) if case.explores else None,
            shows_metadata=bool(config.get("enableMetadataWithRecommendations")),
            hides_events=case.hides,
            requires=case.requires,
            is_recommender=True,
        )

    # --- what was accepted ---

    def put_events(
        self, group_arn: str, events: Sequence[StreamedEvent], impressions: Sequence[Sequence[str]] = ()
    ) -> None:
        """Accepted events, and for each the items that were shown with it."""
        self.groups.put_events(group_arn, events)
        self._followers.notice(group_arn)
        if not any(impressions) or not self.groups.loaded(group_arn):
            return
        known = self.groups.get(group_arn).histories.items
        for event, items in zip(events, impressions, strict=True):
            self.explorer.record_impressions(
                group_arn, [item for item in items if known.get(item) >= 0], event.item_id
            )

    def put_items(self, group_arn: str, rows: Sequence[Mapping[str, Any]]) -> Future[None]:
        """Accepted items. Filters see them at once; models that can take them in do so shortly."""
        self.groups.put_items(group_arn, rows)
        return self._background.submit(self._refresh, group_arn, [str(row["ITEM_ID"]) for row in rows])

    def put_users(self, group_arn: str, rows: Sequence[Mapping[str, Any]]) -> None:
        for arn in (group_arn, actions_of(group_arn)):
            self.groups.put_users(arn, rows)

    def data_changed(self, group_arn: str) -> Future[None]:
        """An import, or a deletion of users, ended; the new data is seen once the returned future is done."""
        return self._background.submit(self._reload, group_arn)

    def forget(self, group_arn: str) -> None:
        """A dataset group was deleted; another one of its name begins with nothing."""
        for arn in (group_arn, actions_of(group_arn)):
            self.groups.forget(arn)

    def _reload(self, group_arn: str) -> None:
        for arn in (group_arn, actions_of(group_arn)):
            if self.groups.loaded(arn):
                self.groups.reload(arn)
                self._refresh(arn)

    def _refresh(self, group_arn: str, put: Sequence[str] | None = None) -> None:
        """Prepare what the next request would otherwise wait for.

        :param put: the items that were put; None: any may be others now.
        """
        for deployment in [d for d in list(self._deployments.values()) if d.data_arn == group_arn]:
            try:
                data = self.groups.get(group_arn)
                add_unseen_items(deployment, data, put)
                deployment.build_index()
                deployment.follow_events(data)
                deployment.view(data, deployment.model.items)
            except Exception:
                log.exception("%s could not add new items", deployment.arn)

    # --- for the metrics page ---

    def model_sizes(self) -> dict[str, int]:
        """Bytes of each loaded model, by the ARN that it serves."""
        return {arn: memory_bytes(deployment.model) for arn, deployment in list(self._deployments.items())}

    def close(self) -> None:
        self._background.shutdown(wait=False, cancel_futures=True)


def deployment_of(
    arn: str, version_arn: str, version: SolutionVersion, model: Model, config: Mapping[str, Any]
) -> Deployment:
    """A solution version as a campaign, or a batch job, serves it.

    :param config: `campaignConfig` or `batchInferenceJobConfig`.
    """
    trained = recipe(version["recipeArn"])
    return Deployment(
        arn=arn,
        solution_version_arn=version_arn,
        group_arn=version["datasetGroupArn"],
        recipe=trained.name,
        recipe_type=trained.recipe_type,
        model=model,
        selection=EventSelection.from_solution_config(
            version.get("eventType"), version.get("solutionConfig")
        ),
        explores=Exploration.from_wire(config.get("itemExplorationConfig")) if trained.explores else None,
        influence=RankingInfluence.from_wire(config.get("rankingInfluence")),
        shows_metadata=bool(config.get("enableMetadataWithRecommendations")),
    )


def prepare(deployment: Deployment, data: GroupData, ends: float) -> None:
    """Let the model read the histories of the users who were active last, until a moment of `time.monotonic`."""
    if not deployment.model.uses_history:
        return
    users = data.histories.newest_users(PREPARE_USERS)
    for start in range(0, len(users), PREPARE_BATCH):
        if time.monotonic() > ends:
            break
        deployment.prepare(data, users[start : start + PREPARE_BATCH])


def add_unseen_items(deployment: Deployment, data: GroupData, put: Sequence[str] | None = None) -> None:
    """Let the model know the items of the Items dataset that came after its training, or that changed since.

    :param put: the only items that may be new or others; None: all.
    """
    table = data.items.table() if put is None else data.items.newer_table(put)
    if table is None:
        return
    unseen = table
    if not deployment.model.follows_items:
        unknown = pc.equal(pa.array(deployment.model.items.index(table.column("ITEM_ID"))), -1)
        unseen = table.filter(unknown)
    if unseen.num_rows:
        deployment.add_items(unseen)
