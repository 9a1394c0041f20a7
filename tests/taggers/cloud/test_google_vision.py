"""Google Vision: application default credentials, quotas, responses without ids."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from helpers.grpc_servers import GoogleReplay, ShortGoogle
from helpers.paid_covers import QUICK, covers, firsts

from spotitags.errors import TaggerError, TaggerKeyError
from spotitags.records import Skipped
from spotitags.taggers.base import TaggerOptions
from spotitags.taggers.cloud.google_vision import GoogleVisionTagger
from spotitags.taggers.registry import tagger_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_httpserver import HTTPServer


@contextmanager
def serving(
    *steps: str, server: GoogleReplay | None = None
) -> Iterator[tuple[GoogleVisionTagger, GoogleReplay]]:
    """A tagger and its server."""
    server = server or GoogleReplay()
    server.answers(*steps)
    with server.running():
        yield GoogleVisionTagger(address=server.address, retry_limits=QUICK), server


@pytest.fixture(scope="module")
def private_key() -> str:
    """The private key of an invented service account."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def account(folder: Path, private_key: str, token_url: str) -> Path:
    """A service account's key file."""
    file = folder / "account.json"
    file.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": "fixture",
                "private_key_id": "1",
                "private_key": private_key,
                "client_email": "fixture@fixture.iam.gserviceaccount.com",
                "token_uri": token_url,
            }
        )
    )
    return file


def test_a_short_answer_gives_no_cover_another_s_tags() -> None:
    with serving("labels", server=ShortGoogle()) as (tagger, server):
        with pytest.raises(TaggerError, match="gave 2 answers for 3 covers"):
            tagger.tag(covers(3))
        assert len(server.calls) == 1  # a retry would be paid again


def test_its_message_on_a_cover_is_passed_on() -> None:
    with serving("mixed") as (tagger, _):
        assert tagger.tag(covers(2))[1] == Skipped(
            "Album 1", "google-vision cannot read it (Bad image data.)"
        )


@pytest.mark.parametrize(
    ("step", "kind", "message", "calls"),
    [
        ("quota", TaggerError, r"its quota used up \(Quota exceeded .*tries: 3; .*iam-admin/quotas", 3),
        (
            "api_disabled",
            TaggerKeyError,
            r"has not been used in project .*billing and the Cloud Vision API",
            1,
        ),
        (
            "key_refused",
            TaggerKeyError,
            r"invalid authentication credentials.*gcloud auth application-default",
            1,
        ),
    ],
)
def test_errors_come_with_a_remedy(step: str, kind: type[TaggerError], message: str, calls: int) -> None:
    with serving(step) as (tagger, server):
        with pytest.raises(kind, match=message):
            tagger.tag(covers(40))
        assert len(server.calls) == calls


def test_a_quota_that_frees_up_is_waited_for() -> None:
    with serving("quota", "labels") as (tagger, server):
        assert firsts(tagger.tag(covers(1))) == ["guitar"]
        assert server.sizes == [1, 1]


def test_missing_credentials_are_named(tmp_path: Path) -> None:
    def asked(file: Path | None) -> tuple[bool, str, str]:
        options = TaggerOptions(tmp_path, google_credentials=file)
        readiness = tagger_class("google-vision").readiness(options)
        assert readiness.ready or "gcloud auth application-default login" in readiness.remedy
        with pytest.raises(TaggerKeyError, match="GOOGLE_APPLICATION_CREDENTIALS") as caught:
            tagger_class("google-vision").from_options(options).tag(covers(1))
        return readiness.ready, readiness.reason, str(caught.value)

    ready, reason, message = asked(None)
    assert not ready
    assert "no application default credentials" in reason
    assert "finds no credentials:" in message
    file = tmp_path / "key.json"
    ready, reason, message = asked(file)
    assert not ready
    assert f"finds no credentials in {file}:" in message
    file.write_text("do-not-tell")
    ready, reason, message = asked(file)
    assert ready  # what is in it shows when it is used
    assert "do-not-tell" not in reason + message


def test_refused_credentials_are_named_and_not_shown(
    tmp_path: Path, private_key: str, httpserver: HTTPServer
) -> None:
    refusal = {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}
    httpserver.expect_request("/token", method="POST").respond_with_json(refusal, 400)
    file = account(tmp_path, private_key, httpserver.url_for("/token"))
    tagger = GoogleVisionTagger(file, retry_limits=QUICK)
    with pytest.raises(TaggerKeyError, match=r"refuses the credentials .*account not found") as caught:
        tagger.tag(covers(1))
    assert private_key.splitlines()[1] not in repr(caught.value) + repr(tagger)


def test_a_token_service_that_is_gone_is_asked_again_and_named(tmp_path: Path, private_key: str) -> None:
    file = account(tmp_path, private_key, "http://127.0.0.1:1/token")
    with pytest.raises(TaggerError, match="gives no token"):
        GoogleVisionTagger(file, retry_limits=QUICK).tag(covers(1))


def test_the_key_of_credentials_is_sent_to_no_other_machine_unencrypted(
    tmp_path: Path, private_key: str
) -> None:
    file = account(tmp_path, private_key, "http://tokens.example.org/token")
    with pytest.raises(TaggerKeyError, match=r"cannot use these credentials.*token_uri.*unencrypted"):
        GoogleVisionTagger(file, retry_limits=QUICK).tag(covers(1))


def test_credentials_go_with_the_call_over_tls(
    tmp_path: Path, private_key: str, httpserver: HTTPServer
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "roots.pem")
    token = {"access_token": "fixture-token", "expires_in": 3600, "token_type": "Bearer"}
    httpserver.expect_request("/token", method="POST").respond_with_json(token)
    file = account(tmp_path, private_key, httpserver.url_for("/token"))
    server = GoogleReplay(authority.issue_cert("127.0.0.1"))
    server.answers("labels")
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]\n"
        "from helpers.paid_covers import covers\n"
        "from spotitags.taggers.registry import tagger_options\n"
        "from spotitags.settings import Settings\n"
        "from spotitags.taggers.registry import tagger_class\n"
        "tagger = tagger_class('google-vision').from_options(tagger_options(Settings()))\n"
        "print(tagger.tag(covers(1))[0][0])\n"
    )
    with server.running():
        environment = {
            "GOOGLE_APPLICATION_CREDENTIALS": str(file),
            "SPOTITAGS_GOOGLE_VISION_ADDRESS": f"127.0.0.1:{server.port}",
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(tmp_path / "roots.pem"),
        }
        done = subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parents[2])],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout == "Tag(label='guitar', weight=0.9931)\n", done.stderr
    assert server.calls[0].metadata["authorization"].startswith("Bearer ")
