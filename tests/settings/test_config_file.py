from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.errors import SettingsError
from spotitags.settings import Settings
from spotitags.settings.config_file import ConfigFile, RunOptions, run_options
from spotitags.settings.keys import KEYS, SECRETS, check_value, from_words
from spotitags.settings.settings import check_setting

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPOTITAGS_CONFIG_DIR", str(tmp_path))
    return tmp_path


def written(folder: Path, text: str) -> ConfigFile:
    (folder / "config.toml").write_text(text, encoding="utf-8", newline="")
    return ConfigFile(folder)


def test_every_setting_can_be_in_the_file() -> None:
    assert KEYS.keys() == set(Settings.model_fields) - {"config_dir"} | set(RunOptions._fields)
    secrets = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secrets == SECRETS


def test_options_have_defaults_in_file_and_environment(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_options() == RunOptions()
    written(folder, 'catalog = "library"\ntagger = ["lite", "clip"]\nalbums = 5\nwords = "mine.txt"\n')
    assert run_options() == RunOptions("library", ["lite", "clip"], folder / "mine.txt", None, 5)
    monkeypatch.setenv("SPOTITAGS_ALBUMS", "7")
    monkeypatch.setenv("SPOTITAGS_TAGGER", "lite, google-vision")
    monkeypatch.setenv("SPOTITAGS_MODEL", "m.onnx")
    monkeypatch.setenv("SPOTITAGS_CATALOG", "")
    monkeypatch.chdir(tmp_path)
    assert run_options() == RunOptions(
        "library", ["lite", "google-vision"], folder / "mine.txt", tmp_path / "m.onnx", 7
    )


def test_settings_come_from_arguments_then_environment_then_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(folder, 'market = "de"\ncontact = "me@example.org"\nclarifai_pat = "do-not-tell"\n')
    assert (Settings().market, Settings().contact) == ("DE", "me@example.org")
    assert "do-not-tell" not in repr(Settings())
    monkeypatch.setenv("SPOTITAGS_MARKET", "fr")
    assert Settings().market == "FR"
    assert Settings(market="it").market == "IT"


def test_a_contact_of_an_earlier_version_still_counts(folder: Path) -> None:
    (folder / "contact").write_text("old@example.org\n", encoding="utf-8")
    assert Settings().contact == "old@example.org"
    written(folder, 'contact = "new@example.org"\n')
    assert Settings().contact == "new@example.org"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nalbums = true\n", "line 2: albums must be a whole number"),
        ("albums = 0\n", "line 1: albums must be at least 1"),
        ('# a\n\ncatalogue = "x"\n', "line 3: unknown setting 'catalogue' .*did you mean 'catalog'"),
        ("catalog = 'spotifi'\n", "line 1: catalog must be one of auto, spotify"),
        ("tagger = [1]\n", "line 1: tagger must be a name in quotes, or a list of them"),
        ("market = 5\n", "line 1: market must be text in quotes"),
        ("albums = 5\ncatalog = spotify\n", r"is not TOML: .*line 2"),
        ("[spotify]\nid = 'x'\n", "line 1: unknown setting 'spotify'"),
        ("musicbrainz_pause = '2'\n", "line 1: musicbrainz_pause must be a number"),
    ],
)
def test_mistakes_name_file_line_and_key(folder: Path, text: str, message: str) -> None:
    file = written(folder, text)
    with pytest.raises(SettingsError, match=message) as caught:
        run_options()
    assert str(file.path) in str(caught.value)
    with pytest.raises(SettingsError, match=message):
        Settings()


def test_a_value_out_of_range_names_its_line_and_stays_hidden(folder: Path) -> None:
    file = written(folder, 'albums = 5\nmarket = "Germany"\n')
    with pytest.raises(SettingsError, match=f"^{file.path}, line 2: market is invalid: ") as caught:
        Settings()
    assert "Germany" not in str(caught.value)
    with pytest.raises(SettingsError, match=r"^config set: market is invalid"):
        check_setting("market", "Germany", "config set")
    check_setting("market", "de", "config set")


@pytest.mark.usefixtures("folder")
def test_a_mistake_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTITAGS_ALBUMS", "many")
    with pytest.raises(SettingsError, match="SPOTITAGS_ALBUMS in the environment: albums must be a whole"):
        run_options()


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "config.toml").write_bytes(b"market = '\xff'")
    with pytest.raises(SettingsError, match=r"config\.toml cannot be read .it is not UTF-8"):
        run_options()


def test_an_edit_keeps_all_other_lines_and_comments(folder: Path) -> None:
    before = '# mine\nalbums = 5 # few\ntagger = [\n  "lite", # a\n  "clip",\n] # both\nwords = "a#b.txt"'
    file = written(folder, before)
    assert file.edited("albums", 7) == before.replace("5", "7") + "\n"
    assert (
        file.edited("tagger", ["lite"])
        == '# mine\nalbums = 5 # few\ntagger = ["lite"] # both\nwords = "a#b.txt"\n'
    )
    assert file.edited("words", None).endswith("] # both\n")
    assert file.edited("market", "DE") == before + '\nmarket = "DE"\n'
    assert file.edited("model", None) == before + "\n"


@pytest.mark.parametrize("text", ["[albums]\nx = 1\n", "albums.x = 1\nalbums.y = 2\n"])
def test_what_cannot_be_edited_safely_is_left_alone(folder: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="edit the file"):
        written(folder, text).edited("albums", 5)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.one_of(TEXTS, st.lists(TEXTS, min_size=1), st.integers(0, 10**6), st.floats(0, 60))


@given(
    st.dictionaries(st.sampled_from(sorted(KEYS)), VALUES),
    st.sampled_from(sorted(KEYS)),
    st.one_of(st.none(), VALUES),
    st.sampled_from(["", " # remark", "\t#"]),
)
def test_an_edit_changes_one_key_only(
    tmp_path_factory: pytest.TempPathFactory,
    values: dict[str, str | int | float | list[str]],
    key: str,
    value: str | float | list[str] | None,
    remark: str,
) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = ""
    for name, each in values.items():
        text = written(folder, text).edited(name, each)
        text = text.removesuffix("\n") + remark + "\n"
    assert tomllib.loads(text) == values
    edited = written(folder, text).edited(key, value)
    assert tomllib.loads(edited) == {
        name: each for name, each in (values | {key: value}).items() if each is not None
    }
    assert edited.count(remark.strip() or "\n") >= len(values) - 1


@pytest.mark.parametrize(
    ("key", "words", "value"),
    [
        ("albums", ["5"], 5),
        ("musicbrainz_pause", ["1.5"], 1.5),
        ("tagger", ["lite,clip"], ["lite", "clip"]),
        ("tagger", ["lite", "clip"], ["lite", "clip"]),
        ("market", ["DE"], "DE"),
    ],
)
def test_words_become_values(key: str, words: list[str], value: object) -> None:
    assert from_words(key, words, "here") == value
    assert check_value(key, value, "here") == value


@pytest.mark.parametrize(("key", "words"), [("albums", ["five"]), ("market", ["DE", "FR"]), ("market", [])])
def test_words_that_do_not_fit_are_refused(key: str, words: list[str]) -> None:
    with pytest.raises(SettingsError, match=f"^here: {key} "):
        from_words(key, words, "here")
