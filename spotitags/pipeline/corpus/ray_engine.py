"""The Ray engine: the tagger as a class in a pool of actors over Ray Data, on one machine or a cluster.

Each row of the dataset is a shard. An actor tags it and writes its parts itself, so that only numbers pass
through Ray; a shard that is tagged again, as its node was lost, gives the same files again. Input, output and
index must be in folders that all nodes have under the same path.
"""

from __future__ import annotations

import logging
import os
import pickle
from typing import TYPE_CHECKING, Any, Final

from spotitags.errors import InputError, NotInstalledError, SpotiTagsError, TaggerError
from spotitags.io.corpus import Part
from spotitags.io.interrupts import allow
from spotitags.pipeline.corpus.digests import DigestIndex
from spotitags.pipeline.corpus.engines import Corpus, Summary, counted, covers_in
from spotitags.pipeline.corpus.output import opened
from spotitags.pipeline.corpus.worker import WRITE_SECONDS, Finished, ShardTagger
from spotitags.pipeline.tagger_pool import TaggerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from spotitags.io.corpus import Card
    from spotitags.pipeline.corpus.items import Place
    from spotitags.taggers.base import Tagger

CPUS: Final = 0.5
"""Cores that an actor asks for. It uses all cores of its node; it asks for fewer so that the actor of a lost
node finds a place on another one, while its shards wait for it."""

STARTS: Final = 3
"""Attempts to start Ray, which gives up after half a minute: a busy machine may take longer."""


class SharedIndex:
    """The index of a run, in an actor beside the driver."""

    def __init__(self, actor: Any) -> None:  # noqa: ANN401 - no types
        self._actor = actor

    def find(self, digests: Sequence[str]) -> Mapping[str, Place]:
        """Return the places of those covers that are in a finished part."""
        import ray

        places: Mapping[str, Place] = ray.get(self._actor.find.remote(digests))
        return places

    def add(self, name: str, digests: Sequence[str]) -> None:
        """Add a finished part with the digests of its rows."""
        import ray

        ray.get(self._actor.add.remote(name, digests))


class RayTagger:
    """Tags the shards of a batch of rows; an actor of Ray Data has one.

    Args:
        folder: The corpus.
        build: Builds the tagger.
        index: The index of the run.
        card: Card of the corpus.
        size: Maximum number of covers in a part.
    """

    def __init__(
        self, folder: Path, build: Callable[[], Tagger], index: SharedIndex, card: Card, size: int
    ) -> None:
        self.folder = folder
        tagger = build()
        self._tagger = ShardTagger(folder, tagger, TaggerPool([tagger]), index, card=card, size=size)

    def __call__(self, rows: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Tag shards; return a row for each finished part."""
        shards = [pickle.loads(row) for row in rows["shard"]]  # noqa: S301 (pickled by the driver)
        try:
            finished = list(self._tagger.run(shards))
        except SpotiTagsError as error:
            # Ray would raise its own error and try again: the driver raises this one.
            return _columns([], str(error), type(error).__name__)
        return _columns(finished)


_FIELDS: Final = ("unit", "start", "stop", "tagged", "skipped", "copies")


def _columns(finished: Sequence[Finished], error: str = "", kind: str = "") -> dict[str, list[Any]]:
    rows = [(*each.part[:3], each.tagged, each.skipped, each.copies, "", "") for each in finished] or [
        (0, 0, 0, 0, 0, 0, error, kind)
    ]
    return dict(zip((*_FIELDS, "error", "kind"), map(list, zip(*rows, strict=True)), strict=True))


def run_ray(
    corpus: Corpus,
    step: Callable[[int, int], None] = lambda _done, _of: None,
    *,
    address: str | None = None,
    workers: int | None = None,
) -> Summary:
    """Tag what is missing of a corpus on a Ray cluster.

    Args:
        corpus: The corpus.
        step: As for `spotitags.pipeline.corpus.engines.run_local`.
        address: Address of the cluster; None for that of the environment (``RAY_ADDRESS``), or a new one on
            this machine.
        workers: Number of actors; None for one a GPU, or else one a node.

    Raises:
        NotInstalledError: Ray is missing.
        InputError: As for the local engine, or the cluster cannot be reached.
        TaggerError: The tagger cannot work; what is finished is kept.
    """
    ray = _import_ray()
    corpus = Corpus(corpus.source, corpus.folder.absolute(), corpus.build, corpus.size)
    card = corpus.card()
    with opened(corpus.folder, card) as done:
        summary = Summary(before=covers_in(done))
        count = counted(summary.before, corpus.source.estimate(), step)
        shards = [{"shard": pickle.dumps(shard)} for shard in corpus.source.shards(done, corpus.size)]
        if not shards:
            return summary
        started = _connect(ray, address)
        try:
            index = _start_index(ray, corpus.folder)
            gpus = int(ray.cluster_resources().get("GPU", 0))
            actors = min(workers or gpus or len(ray.nodes()), len(shards))
            rows = ray.data.from_items(shards, override_num_blocks=len(shards)).map_batches(
                RayTagger,
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=2),
                fn_constructor_args=(corpus.folder, corpus.build, index, card, corpus.size),
                num_cpus=CPUS,
                num_gpus=1 if gpus else None,
            )
            for row in rows.iter_rows():
                if row["error"]:
                    raise _error(row["kind"], row["error"])
                part = Part(row["unit"], row["start"], row["stop"])
                summary.add(Finished(part, row["tagged"], row["skipped"], row["copies"]))
                count(part.stop - part.start)
        except ray.exceptions.RayError as error:
            line = str(error).partition("\n")[0]
            raise TaggerError(
                f"Ray ended the run ({line}); finished covers are kept: run the same command to continue"
            ) from error
        except KeyboardInterrupt:
            allow(WRITE_SECONDS)
            raise
        finally:
            if started:
                ray.shutdown()
    return summary


def _import_ray() -> Any:  # noqa: ANN401 - no types
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise NotInstalledError("--engine ray", "scale") from error
    return ray


def _connect(ray: Any, address: str | None) -> bool:  # noqa: ANN401 - no types
    """Connect to a cluster, or start one here; return whether this was needed.

    Raises:
        InputError: There is no cluster at the address.
    """
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # else it writes on stderr past every setting
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    if ray.is_initialized():
        return False
    for attempt in range(STARTS):
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", include_dashboard=False)
        except Exception as error:  # Ray raises Exception itself if it is slow to start
            ray.shutdown()
            if attempt == STARTS - 1 or isinstance(error, (ConnectionError, ValueError)):
                where = address or "the address of RAY_ADDRESS, or started here"
                line = str(error).partition("\n")[0]
                raise InputError(
                    f"Ray cannot be reached at {where} ({line}): start it with 'ray start --head', or leave "
                    "--address out to run on this machine"
                ) from error
        else:
            break
    return True


def _start_index(ray: Any, folder: Path) -> SharedIndex:  # noqa: ANN401 - no types
    """Start the actor of the index on the driver's node."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1, "scheduling_strategy": here}
    return SharedIndex(ray.remote(DigestIndex).options(**options).remote(folder))


def _error(kind: str, message: str) -> SpotiTagsError:
    return InputError(message) if kind == "InputError" else TaggerError(message)
