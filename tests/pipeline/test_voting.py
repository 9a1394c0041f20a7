from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.model_files import Card, copy_model, edit_card
from helpers.servers import FIXTURES

from classifiers.ensemble.ensemble import Ensemble
from spotitags.bags.bag import bag
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.errors import InputError, ModelError
from spotitags.pipeline.library_tags import library_tags
from spotitags.pipeline.voting import Voting, bundled_model
from spotitags.records import Album, Artist, Cover, Tag, TagBag, TaggedCovers
from spotitags.taggers.features.genre_votes import GenreVoteExtractor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ARTIST = Artist("a", "A")
METAL = TagBag(ARTIST, "lite", (Tag("shield", 1.0), Tag("breastplate", 0.8), Tag("dark", 0.5)), covers=10)


class TextTower:
    """A zero-shot tagger whose votes are read off the covers' digests."""

    name = "tower"
    version = "1"
    image_size = 32
    batch_size = 8

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        return [[Tag("something", 0.5)] for _ in covers]

    def votes_version(self, genres: Sequence[str]) -> str:
        return f"1 {','.join(genres)}"

    def genre_votes(self, covers: Sequence[Cover], genres: Sequence[str]) -> list[dict[str, float]]:
        rest = 0.2 / (len(genres) - 1)
        return [{genre: 0.8 if genre == cover.digest else rest for genre in genres} for cover in covers]


def versions() -> dict[str, str]:
    return dict(Ensemble.load(bundled_model()).taggers)


def test_the_ensemble_votes_with_shares_that_sum_to_1_and_every_voter_heard() -> None:
    prediction = Voting(None, versions()).predict([METAL])
    assert prediction.artist == ARTIST
    assert prediction.genre == next(iter(prediction.votes)) == "metal"
    assert sum(prediction.votes.values()) == pytest.approx(1)
    assert sum(voter.weight for voter in prediction.voters) == pytest.approx(1)
    for voter in prediction.voters:
        assert voter.trained
        assert sum(voter.votes.values()) == pytest.approx(1)
    exponent = sum(kind.weight for kind in prediction.kinds)
    means = {
        genre: math.prod(voter.votes[genre] ** (exponent * voter.weight) for voter in prediction.voters)
        for genre in prediction.votes
    }
    total = sum(means.values())
    assert dict(prediction.votes) == pytest.approx({genre: mean / total for genre, mean in means.items()})


def test_reasons_name_tags_of_the_bag_and_only_when_asked() -> None:
    voting = Voting(None, versions())
    assert voting.predict([METAL]).reasons == ()
    explained = voting.predict([METAL], explain=True)
    assert {tag.label for tag in explained.reasons} <= {tag.label for tag in METAL.tags}
    assert explained.reasons[0].pull > 0
    assert explained.reasons[0].log_odds > 0
    assert any(voter.reasons for voter in explained.voters)


def test_embeddings_bring_in_the_voters_that_read_them() -> None:
    voting = Voting(None, versions())
    assert voting.needs_embeddings
    library = LibraryCatalog()
    seen = library_tags(library, "2ye2Wgw4gimLv2eAKyk1NB", 10, embeddings=True)
    assert isinstance(seen, TaggedCovers)
    whole = bag(seen.artist, "lite", seen.tags["lite"])
    with_them, without = voting.predict([whole], seen, explain=True), voting.predict([whole])
    views = {voter.view for voter in with_them.voters}
    assert views - {voter.view for voter in without.voters} == {"embedding"}
    assert with_them.genre == without.genre == "metal"
    for voter in with_them.voters:
        assert bool(voter.reasons) != (voter.view == "embedding"), "the numbers have no names"


def test_confidence_is_given_only_where_the_evaluation_measured_it() -> None:
    library = LibraryCatalog()
    seen = library_tags(library, "2ye2Wgw4gimLv2eAKyk1NB", 10, embeddings=True)
    assert isinstance(seen, TaggedCovers)
    whole = [bag(seen.artist, "lite", seen.tags["lite"])]
    found = Voting(None, versions()).predict(whole, seen).confidence
    assert found is not None
    assert 0 < found.right < 1
    assert found.artists >= 10
    some = Voting(None, versions(), genres=["jazz", "metal"]).predict(whole, seen)
    other = Voting(None, {"lite": "of old"}).predict(whole, seen)
    assert some.genre == other.genre == "metal"
    assert some.confidence is other.confidence is None
    tags_alone = Voting(None, versions()).predict(whole).confidence
    assert tags_alone is not None, "every set of kinds of voters has a confidence of its own"
    assert tags_alone != found


def test_genres_asked_for_share_everything_between_them() -> None:
    prediction = Voting(None, versions(), genres=["jazz", "metal", "jazz"]).predict([METAL])
    assert set(prediction.votes) == {"jazz", "metal"}
    assert sum(prediction.votes.values()) == pytest.approx(1)
    assert all(set(voter.votes) == {"jazz", "metal"} for voter in prediction.voters)


def test_genres_are_known_in_any_case_and_two_are_needed() -> None:
    assert Voting(None, versions(), genres=["Metal", "JAZZ"]).genres == ("metal", "jazz")
    with pytest.raises(InputError, match="two genres"):
        Voting(None, versions(), genres=["metal"])


def test_genres_as_people_write_them_are_answered_by_the_trained_model() -> None:
    said: list[str] = []
    voting = Voting(None, versions(), genres=["metal", "Hip-Hop/Rap", "Classical Music"], notify=said.append)
    assert voting.genres == ("metal", "hiphop", "classical")
    assert all(voter.trained for voter in voting.predict([METAL]).voters)
    assert said == ["genres: Hip-Hop/Rap is hiphop", "genres: Classical Music is classical"]


def test_a_mistyped_genre_is_no_reason_for_untrained_votes() -> None:
    with pytest.raises(InputError, match="did you mean metal"):
        Voting(None, versions(), taggers=[TextTower()], genres=["metl", "jazz"])  # type: ignore[list-item]


def test_untrained_votes_can_be_chosen_where_the_model_fits() -> None:
    class Lite(TextTower):
        name = "lite"

    said: list[str] = []
    tower: list[TextTower] = [Lite()]
    voting = Voting(None, versions(), taggers=tower, zero_shot=True, notify=said.append)  # type: ignore[arg-type]
    assert voting.zero_shot[0].genres == Ensemble.load(bundled_model()).genres
    assert said == ["zero-shot: lite votes on the genres' names, untrained"]
    assert not voting.needs_embeddings
    narrowed = Voting(None, versions(), taggers=tower, genres=["metl", "Rap"], zero_shot=True)  # type: ignore[arg-type]
    assert narrowed.zero_shot[0].genres == ("metl", "hiphop"), "by choice, a name is taken as it is written"


def test_untrained_votes_by_choice_need_a_tagger_that_can_and_no_voter_of_the_model() -> None:
    with pytest.raises(InputError, match="lite, text cannot: use --tagger lite or --tagger clip"):
        Voting(None, versions(), zero_shot=True)
    with pytest.raises(InputError, match="leave --voter or --zero-shot out"):
        Voting(None, versions(), taggers=[TextTower()], voters=["transfer"], zero_shot=True)  # type: ignore[list-item]


def test_a_genre_that_the_model_cannot_name_is_said_once() -> None:
    said: list[str] = []
    voting = Voting(None, versions(), notify=said.append)
    for _ in range(2):
        voting.predict([TagBag(Artist("r", genre="reggae"), "lite", METAL.tags, 10)])
    assert len([line for line in said if "genre reggae, and cannot predict it" in line]) == 1
    said.clear()
    voting.predict([TagBag(Artist("r", genre="Hip-Hop"), "lite", METAL.tags, 10)])
    assert said == []


def test_an_unknown_bag_is_said_to_be_unknown() -> None:
    said: list[str] = []
    strange = TagBag(ARTIST, "lite", (Tag("flibbertigibbet", 3.0),), covers=5)
    prediction = Voting(None, versions(), notify=said.append).predict([strange])
    assert list(prediction.votes.values()) == pytest.approx([0.2] * 5)
    assert said == ["model: it knows none of these tags, so its shares are equal and mean nothing"]


def test_another_version_of_the_tagger_is_pointed_out() -> None:
    said: list[str] = []
    Voting(None, {"lite": "of old"}, notify=said.append)
    assert said == [
        "model: it was trained with another version of lite; train it again",
        "model: voters on text abstain, since that tagger does not run",
    ]


def test_a_tagger_that_the_model_does_not_know_does_not_vote() -> None:
    said: list[str] = []
    voting = Voting(None, versions() | {"tower": "1"}, taggers=[TextTower()], notify=said.append)  # type: ignore[list-item]
    assert voting.zero_shot == []
    assert said == ["model: it was not trained with tower, whose tags do not vote"]
    other = TagBag(ARTIST, "tower", (Tag("something", 1.0),), covers=1)
    assert {voter.tagger for voter in voting.predict([METAL, other]).voters} == {"lite"}


def test_without_a_model_of_its_own_a_vote_is_carried_over_to_the_tags_of_any_tagger() -> None:
    said: list[str] = []
    voting = Voting(None, {"tower": "1"}, taggers=[TextTower()], voters=["transfer"], notify=said.append)  # type: ignore[list-item]
    assert voting.zero_shot == []
    assert not voting.needs_embeddings
    assert voting.extractors(device=None, offline=True, has_covers=True) == []
    towers = TagBag(ARTIST, "tower", (Tag("skull", 2.5), Tag("demon", 1.5)), covers=3)
    prediction = voting.predict([towers])
    assert prediction.genre == "metal"
    assert "carried over" in said[0]
    assert said[1:] == ["voters: transfer cannot vote: they belong to the model, which does not fit"]


def test_by_choice_the_text_tower_votes_untrained_on_the_names_of_the_genres() -> None:
    said: list[str] = []
    voting = Voting(None, {"tower": "1"}, taggers=[TextTower()], zero_shot=True, notify=said.append)  # type: ignore[list-item]
    (reader,) = voting.zero_shot
    assert reader.genres == Ensemble.load(bundled_model()).genres
    covers = [Cover(Album(str(n), "", ARTIST), "jazz", None) for n in range(3)]  # type: ignore[arg-type]
    seen = TaggedCovers(ARTIST, {reader.name: reader.tag(covers)}, tuple(cover.album for cover in covers))
    towers = TagBag(ARTIST, "tower", (Tag("something", 1.5),), covers=3)
    prediction = voting.predict([towers], seen)
    assert prediction.genre == "jazz"
    assert sum(prediction.votes.values()) == pytest.approx(1)
    (voter,) = prediction.voters
    assert (voter.tagger, voter.view, voter.trained, voter.weight) == ("tower", "zero-shot", False, 1.0)
    assert "untrained" in said[0]


def test_a_model_of_other_labels_votes_no_more_and_says_what_to_do() -> None:
    tagger, _ = versions()
    with pytest.raises(ModelError, match="other labels") as caught:
        Voting(None, {tagger: "own words"}, custom_labels=True)
    for way in ("spotitags train --words", "--genres", "leave --words out"):
        assert way in str(caught.value)
    assert Voting(None, versions(), custom_labels=True).zero_shot == [], "it was trained on these very labels"


def test_with_own_labels_even_genres_that_the_model_knows_are_voted_on_untrained() -> None:
    class Lite(TextTower):
        name = "lite"

    said: list[str] = []
    voting = Voting(
        None, {"lite": "own words"}, taggers=[Lite()], genres=["jazz", "metal"], custom_labels=True,  # type: ignore[list-item]
        notify=said.append,
    )  # fmt: skip
    assert [reader.name for reader in voting.zero_shot] == ["lite genres"]
    assert said == ["model: it was trained on other labels; lite votes on the genres' names, untrained"]


def test_a_reader_recalls_votes_from_embeddings_where_its_tagger_can() -> None:
    class Remembering(TextTower):
        def embedding_votes(
            self, embeddings: NDArray[np.float32], genres: Sequence[str]
        ) -> list[dict[str, float]]:
            return [{genre: float(row[at]) for at, genre in enumerate(genres)} for row in embeddings]

    rows = np.array([[0.2, 0.8], [0.6, 0.4]], np.float32)
    recalled = GenreVoteExtractor(Remembering(), ["jazz", "metal"]).tag_embeddings(rows)  # type: ignore[arg-type]
    assert [tags[0].label for tags in recalled] == ["metal", "jazz"]
    with pytest.raises(ModelError, match="--manifest"):
        GenreVoteExtractor(TextTower(), ["jazz", "metal"]).tag_embeddings(rows)  # type: ignore[arg-type]


def test_any_genres_can_be_asked_of_a_text_tower() -> None:
    voting = Voting(None, {"tower": "1"}, taggers=[TextTower()], genres=["doom metal", "k-pop"])  # type: ignore[list-item]
    assert voting.zero_shot[0].version == "1 doom metal,k-pop"


@pytest.mark.parametrize(
    ("names", "genres", "word"),
    [({"other": "1"}, (), "not with other"), ({"lite": "1"}, ("polka", "jazz"), "not polka")],
)
def test_no_voter_at_all_is_an_error_that_says_what_to_do(
    names: dict[str, str], genres: tuple[str, ...], word: str
) -> None:
    with pytest.raises(ModelError, match=word) as caught:
        Voting(bundled_model(), names, genres=genres)
    assert "spotitags train" in str(caught.value)


def test_a_tagger_without_a_vote_is_no_genre_reader() -> None:
    class Silent:
        name = "silent"

    with pytest.raises(InputError, match="silent"):
        GenreVoteExtractor(Silent(), ["a", "b"])  # type: ignore[arg-type]


def test_an_explanation_names_the_ten_strongest_tags() -> None:
    library = LibraryCatalog()
    covers = library_tags(library, "2ye2Wgw4gimLv2eAKyk1NB", 10, embeddings=True)
    assert isinstance(covers, TaggedCovers)
    whole = bag(covers.artist, "lite", covers.tags["lite"])
    found = Voting(None, {"lite": library.version}).predict([whole], covers, explain=True)
    assert len(whole.tags) > 20
    assert len(found.reasons) == 10
    parts = [abs(reason.log_odds) for reason in found.reasons]
    assert parts == sorted(parts, reverse=True)


def test_evidence_compares_the_two_leading_genres_of_those_requested() -> None:
    library = LibraryCatalog()
    covers = library_tags(library, "2ye2Wgw4gimLv2eAKyk1NB", 10, embeddings=True)
    assert isinstance(covers, TaggedCovers)
    whole = [bag(covers.artist, "lite", covers.tags["lite"])]
    for genres in ((), ("jazz", "country", "classical")):
        voting = Voting(None, {"lite": library.version}, genres=genres)
        found = voting.predict(whole, covers, explain=True)
        assert found.evidence is not None
        assert (found.evidence.winner, found.evidence.runner_up) == tuple(found.votes)[:2]
        winner, runner_up = tuple(found.votes.values())[:2]
        assert found.evidence.in_shares == pytest.approx(math.log(winner / runner_up))
        assert voting.predict(whole, covers).evidence is None


def test_a_certain_vote_has_reasons_too() -> None:
    library = LibraryCatalog()
    covers = library_tags(library, "7jxJ25p0pPjk0MStloN6o6", 10, embeddings=True)
    assert isinstance(covers, TaggedCovers)
    whole = [bag(covers.artist, "lite", covers.tags["lite"])]
    found = Voting(None, {"lite": library.version}).predict(whole, covers, explain=True)
    assert found.votes["metal"] > 0.99
    assert max(abs(reason.pull) for reason in found.reasons) < 0.001, "the share is saturated"
    assert {reason.label for reason in found.reasons if reason.log_odds > 0.2} >= {"band logo", "skeleton"}


def test_a_network_that_a_model_names_is_reported_before_it_is_fetched(tmp_path: Path) -> None:
    stem = copy_model(FIXTURES / "earlier" / "ead2be0" / "model" / "styles", tmp_path)

    def rename(card: Card) -> None:
        for each in (*card["voters"], *card["inputs"]):
            each["tagger"] = each["tagger"].replace("colours", "resnet18")
        card["measures"][0]["name"] = "resnet18"

    edit_card(stem, rename)
    said: list[str] = []
    voting = Voting(stem, dict(Ensemble.load(stem).taggers), notify=said.append)
    (extractor,) = voting.extractors(device=None, offline=True, has_covers=True)
    assert extractor.name.startswith("resnet18")
    assert "model: some voters read covers by resnet18, networks of timm" in said
