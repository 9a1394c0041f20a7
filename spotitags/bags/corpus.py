"""Bags and distinct tags of a million artists, from the Parquet files of a corpus, in bounded memory.

The numbers are those of `spotitags.bags.bag` and `spotitags.bags.distinctive`. DuckDB sums and sorts, on disk
where memory does not suffice.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final, Self

from classifiers.text import views
from spotitags.bags.bag import broad_labels
from spotitags.bags.distinctive import as_tags, check_k
from spotitags.bags.tables import COLUMNS, Row
from spotitags.errors import InputError, NotInstalledError
from spotitags.io.corpus import corpus_card, corpus_files, import_pyarrow
from spotitags.io.genre_names import common_spellings
from spotitags.io.output import output_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spotitags.records import Tag

MEMORY: Final = "3GB"
"""Memory that DuckDB may take."""
_ROWS: Final = 100_000  # rows of a batch
_COVERS: Final = """
    CREATE VIEW covers AS SELECT coalesce(artist_id, file) AS artist_id, artist_name, genre, digest,
    shard::HUGEINT * 1099511627776 + position AS place, labels, weights FROM read_parquet($files)
"""
# Of each artist's covers the first ones, a cover that occurs again counted once.
_USED: Final = """
    CREATE TEMP TABLE used AS
    WITH firsts AS (SELECT artist_id, min(place) AS place FROM covers GROUP BY artist_id, digest)
    SELECT artist_id, place FROM firsts
    QUALIFY row_number() OVER (PARTITION BY artist_id ORDER BY place) <= $albums
"""
_ARTISTS: Final = """
    CREATE TEMP TABLE artists AS
    SELECT artist_id, min(place) AS first, arg_min(artist_name, place) AS artist_name,
    arg_min(genre, place) AS genre, arg_max(genre, place) AS other
    FROM covers GROUP BY artist_id
"""
# Sums are exact, in units of 2^-80, and rounded once, as those of `math.fsum`: equal sums stay equal in any
# order of the covers.
_ONE: Final = float(2**80)
_BAGS: Final = """
    CREATE TEMP TABLE bags AS
    SELECT first, label, sum((weight * $one)::HUGEINT) / $one AS weight FROM (
        SELECT artists.first, unnest(labels) AS label, unnest(weights) AS weight
        FROM covers SEMI JOIN used ON covers.place = used.place JOIN artists USING (artist_id)
    ) WHERE NOT list_contains($dropped, label) GROUP BY first, label
"""
_TABLE: Final = """
    SELECT artist_id, artist_name, genre, $tagger AS tagger, label, round(weight, 6) AS weight
    FROM bags JOIN artists USING (first)
"""


class CorpusBags:
    """Bags of all artists of a corpus. A context manager, which removes its temporary files.

    Args:
        path: As for `spotitags.catalogs.corpus.CorpusCatalog`.
        albums: Maximum number of covers per artist, copies not counted.
        keep_broad: True keeps `spotitags.bags.bag.broad_labels`.
        memory: Memory for DuckDB, such as ``3GB``.

    Raises:
        NotInstalledError: DuckDB or pyarrow is missing.
        InputError: It is no corpus.
    """

    def __init__(
        self, path: Path, *, albums: int = 10, keep_broad: bool = False, memory: str = MEMORY
    ) -> None:
        import_pyarrow("a corpus")
        self.path = path
        self.tagger = corpus_card(path).tagger
        self._folder = tempfile.TemporaryDirectory(prefix="spotitags-")
        self._database = _open_database(self._folder.name, memory)
        dropped = [] if keep_broad else sorted(broad_labels())
        files = [str(file) for file in corpus_files(path)]
        with self._errors():
            self._run(_COVERS.replace("$files", _text_list(files)))
            self._run(_ARTISTS)
            self._run(_USED, albums=albums)
            self._run(_BAGS, dropped=dropped, one=_ONE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._database.close()
        self._folder.cleanup()

    def artists(self) -> int:
        """Return the number of artists."""
        return int(self._run("SELECT count(*) FROM artists")[0][0])

    def rows(self, top: int | None = None) -> Iterator[Row]:
        """Yield the ``top`` tags (None: all) of each artist, as `spotitags.bags.tables.rows` does."""
        for batch in self._batches(top):
            columns = [batch.column(name).to_pylist() for name in COLUMNS]
            yield from map(Row._make, zip(*columns, strict=True))

    def write_parquet(self, out: Path, top: int | None = None) -> None:
        """Write these rows to a Parquet file, which appears when it is complete.

        Raises:
            InputError: The file cannot be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {str: pa.string(), float: pa.float64()}
        schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
        with output_file(out, "--parquet") as file, pq.ParquetWriter(file, schema) as writer:
            for batch in self._batches(top):
                writer.write_batch(batch.cast(schema))

    def distinct_tags(self, k: int = 100) -> dict[str, list[Tag]]:
        """Find distinct tags by the artists' genres, as `spotitags.bags.distinctive.distinct_tags` does.

        Raises:
            InputError: An artist has two genres or none, or ``k`` is not above 0.
        """
        check_k(k)
        return as_tags(views.distinct(self.genre_totals(), k))

    def log_odds_tags(self, *, prior: float | None = None) -> dict[str, list[Tag]]:
        """Score tags by genre, as `spotitags.bags.distinctive.log_odds_tags` does.

        Raises:
            InputError: An artist has two genres or none, or as there.
        """
        try:
            return as_tags(views.log_odds(self.genre_totals(), prior))
        except ValueError as error:
            raise InputError(str(error)) from error

    def genre_totals(self) -> dict[str, dict[str, float]]:
        """Return the summed weight of each label in each genre, genres in alphabetical order.

        Raises:
            InputError: An artist has two genres or none.
        """
        spelling = self._spellings()
        query = "SELECT genre, label, fsum(weight) FROM bags JOIN artists USING (first) GROUP BY genre, label"
        totals: dict[str, dict[str, float]] = {genre: {} for genre in sorted(set(spelling.values()))}
        for genre, label, weight in self._run(query):
            labels = totals[spelling[genre]]
            labels[label] = labels.get(label, 0.0) + weight
        return totals

    def _spellings(self) -> dict[str, str]:
        """Return each spelling of a genre with its most frequent one."""
        counted = self._run("SELECT genre, count(*) FROM artists GROUP BY genre ORDER BY min(first)")
        if any(not genre for genre, _ in counted):
            ((artist,),) = self._run("SELECT artist_id FROM artists WHERE genre IS NULL LIMIT 1")
            raise InputError(f"the artist {artist} has no genre: label it, or leave it out")
        spelling = common_spellings(chain.from_iterable(repeat(genre, count) for genre, count in counted))
        pairs = self._run(
            "SELECT genre, other, any_value(artist_id) FROM artists WHERE genre != other GROUP BY ALL"
        )
        for genre, other, artist in pairs:
            if common_spellings([genre, other])[other] != genre:
                raise InputError(
                    f"{self.path}: artist {artist} is {genre!r} and {other!r}: give each artist one genre in "
                    "the input, and write the corpus anew"
                )
        return spelling

    def _batches(self, top: int | None) -> Any:  # noqa: ANN401 - no types
        """Return batches of the rows, artists in the order of their first covers, heaviest tag first."""
        query = _TABLE
        if top is not None:
            query += (
                "QUALIFY row_number() OVER (PARTITION BY first ORDER BY bags.weight DESC, label) <= $top "
            )
        query += "ORDER BY first, bags.weight DESC, label"
        given = {"tagger": self.tagger} | ({} if top is None else {"top": top})
        return self._database.sql(query, params=given).to_arrow_reader(_ROWS)

    def _run(self, query: str, **values: object) -> list[Any]:
        rows: list[Any] = self._database.execute(query, values or None).fetchall()
        return rows

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Convert errors of DuckDB into one that names the corpus."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            self.__exit__()
            line = str(error).partition("\n")[0]
            raise InputError(
                f"{self.path} cannot be summed ({line}): restore its files, or free disk"
            ) from error


def _open_database(folder: str, memory: str) -> Any:  # noqa: ANN401 - no types
    try:
        import duckdb
    except ImportError as error:
        raise NotInstalledError("a table of a corpus", "scale") from error
    return duckdb.connect(
        config={
            "memory_limit": memory,
            "temp_directory": folder,
            "preserve_insertion_order": False,
            # DuckDB would download extensions that a query needs; these need none.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def _text_list(texts: list[str]) -> str:
    """Return texts as a list in SQL: a view takes no parameters."""
    quoted = (f"'{text.replace(chr(39), chr(39) * 2)}'" for text in texts)
    return f"[{', '.join(quoted)}]"
