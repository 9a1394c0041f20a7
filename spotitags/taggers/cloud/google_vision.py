"""Tagger `google-vision`: Google Cloud Vision's label detection, paid by the cover."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from spotitags.errors import FetchError, SettingsError, TaggerError, TaggerKeyError
from spotitags.errors.secrets import hide
from spotitags.io.addresses import setting_origin
from spotitags.taggers.base import Readiness
from spotitags.taggers.cloud.answers import TOP, skipped, tags_or_skipped
from spotitags.taggers.cloud.base import PaidTagger
from spotitags.taggers.cloud.grpc import BusyError, channel_options, error_of_status, open_channel, short_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from google.auth.credentials import Credentials
    from google.cloud.vision import AnnotateImageResponse, BatchAnnotateImagesRequest, ImageAnnotatorClient
    from requests import Session

    from spotitags.records import Cover
    from spotitags.taggers.cloud.answers import Result


MODEL: Final = "builtin/stable"
TOKEN_SECONDS: Final = 30.0
"""Time for a token, with retries."""

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_KEY = (
    "run 'gcloud auth application-default login', or set GOOGLE_APPLICATION_CREDENTIALS to the key file of a "
    "service account"
)
_PROJECT = (
    "check that the project has billing and the Cloud Vision API enabled, and this account access to it"
)
_QUOTA = "wait a minute, or raise the quota at console.cloud.google.com/iam-admin/quotas"
_UNREADABLE = frozenset({"INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND", "OUT_OF_RANGE", "UNKNOWN"})


class GoogleVisionTagger(PaidTagger["Path"]):
    """Tags covers by Google Cloud Vision's labels. Finds credentials and connects on the first call of `tag`.

    The key is a file with application default credentials; None takes the machine's own. A server without
    TLS gets no credentials. A label's weight is its score.
    """

    name: ClassVar[str] = "google-vision"
    batch_size: ClassVar[int] = 16
    cover_bytes: ClassVar[int] = 450_000  # 16 are 9.6 MB in base64, of 10 MB
    model: ClassVar[str] = f"google-vision v1 label-detection {MODEL}"
    host: ClassVar[str] = "vision.googleapis.com"
    options: ClassVar[tuple[str, str]] = ("google_credentials", "google_vision_address")
    client: ClassVar[tuple[str, str, str]] = ("google-cloud-vision", "google.cloud.vision", "google")
    cost: ClassVar[str] = (
        "billed by the cover, up to 16 covers a call; 1,000 a month are free, then 1,000 cost 1.50 USD, "
        "cloud.google.com/vision/pricing (as of November 2026)"
    )

    @classmethod
    def _key_readiness(cls, key: Path | None, target: str, *, plain: bool) -> Readiness:
        if plain:
            return Readiness(ready=True, reason=f"sends covers to {target}, without credentials")
        if key is None:
            reason = "no application default credentials; only a machine of Google Cloud has its own"
            return Readiness(ready=False, reason=reason, remedy=_KEY)
        if not key.is_file():
            return Readiness(ready=False, reason=f"there are no credentials at {key}", remedy=_KEY)
        return Readiness(ready=True, reason=f"sends covers to {target}; credentials of {key}")

    def _request(self, covers: Sequence[Cover], images: Sequence[bytes]) -> list[Result]:
        client = self._client
        from google.api_core.exceptions import GoogleAPICallError

        try:
            batch = client.batch_annotate_images(
                request_for(images), retry=None, timeout=self.retry_limits.seconds
            )
        except GoogleAPICallError as error:
            code = error.grpc_status_code.name if error.grpc_status_code else "UNKNOWN"
            raise self._error(code, str(error.message)) from None  # its repr may show credentials
        if len(batch.responses) != len(covers):
            raise TaggerError(
                f"{self.name} gave {len(batch.responses)} answers for {len(covers)} covers without saying "
                "for which: take another --tagger"
            )
        return [
            self._result(cover, response) for cover, response in zip(covers, batch.responses, strict=True)
        ]

    def _result(self, cover: Cover, response: AnnotateImageResponse) -> Result:
        if not response.error.code:
            labels = ((label.description, label.score) for label in response.label_annotations)
            return tags_or_skipped(self.name, cover, labels)
        code = _code_name(response.error.code)
        if code in _UNREADABLE:
            return skipped(cover, f"{self.name} cannot read it ({short_line(response.error.message)})")
        return self._error(code, response.error.message)

    def _error(self, code: str, text: str) -> BusyError | TaggerError:
        """Return the error for a gRPC status and its message."""
        message = short_line(text)
        if text.startswith("Getting metadata from plugin failed"):  # a token could not be renewed
            return TaggerKeyError(f"{self.name} cannot use these credentials ({message}): {_KEY}")
        if code == "RESOURCE_EXHAUSTED":
            return BusyError(f"has its quota used up ({message})", _QUOTA)
        return error_of_status(self.name, code, message, _PROJECT if code == "PERMISSION_DENIED" else _KEY)

    @cached_property
    def _client(self) -> ImageAnnotatorClient:
        return open_client(self.key, self.address)


def request_for(images: Sequence[bytes]) -> BatchAnnotateImagesRequest:
    """Build the request for the labels of images."""
    from google.cloud import vision

    wanted = [vision.Feature(type_=vision.Feature.Type.LABEL_DETECTION, max_results=TOP, model=MODEL)]
    return vision.BatchAnnotateImagesRequest(
        requests=[
            vision.AnnotateImageRequest(image=vision.Image(content=image), features=wanted)
            for image in images
        ]
    )


def open_client(credentials: Path | None = None, address: str | None = None) -> ImageAnnotatorClient:
    """Return Google's client with a token; it connects on its first call.

    Raises:
        NotInstalledError: google-cloud-vision is not installed.
        SettingsError: The address cannot be used.
        TaggerKeyError: There are no credentials, or they are refused.
        BusyError: The token server does not answer.
    """
    try:
        from google.cloud import vision
        from google.cloud.vision_v1.services.image_annotator.transports import ImageAnnotatorGrpcTransport
    except ImportError as error:
        raise GoogleVisionTagger.not_installed() from error
    target, plain = GoogleVisionTagger.endpoint(address)
    if plain:
        channel = open_channel(target, plain=True)
        return vision.ImageAnnotatorClient(transport=ImageAnnotatorGrpcTransport(channel=channel))

    def open_limited(host: str, **arguments: Any) -> Any:  # noqa: ANN401 — Google's own accepts any size
        arguments["options"] = channel_options(plain=False)
        return ImageAnnotatorGrpcTransport.create_channel(host, **arguments)

    transport = ImageAnnotatorGrpcTransport(
        host=target, credentials=_with_token(credentials), channel=open_limited
    )
    return vision.ImageAnnotatorClient(transport=transport)


def _with_token(file: Path | None) -> Credentials:
    """Return credentials with a token. If it were refused later, the server would seem to be unreachable."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
    from google.auth.transport.requests import Request

    name = GoogleVisionTagger.name
    try:
        if file is None:
            credentials, _ = google.auth.default(default_scopes=[_SCOPE])
        else:
            with warnings.catch_warnings():  # google-auth warns of files from others; this one is the user's
                warnings.simplefilter("ignore", DeprecationWarning)
                credentials, _ = google.auth.load_credentials_from_file(str(file), default_scopes=[_SCOPE])
        credentials.refresh(Request(_session(credentials)))
        hide(*(getattr(credentials, name, None) for name in ("client_secret", "refresh_token", "token")))
    except (DefaultCredentialsError, OSError) as error:
        where = f" in {file}" if file else ""
        raise TaggerKeyError(f"the tagger {name} finds no credentials{where}: {_KEY}") from error
    except RefreshError as error:
        message = short_line(str(error.args[0])) if error.args else "no reason given"
        raise TaggerKeyError(f"{name} refuses the credentials ({message}): {_KEY}") from None
    except SettingsError as error:
        raise TaggerKeyError(f"{name} cannot use these credentials ({error})") from None
    except (TransportError, FetchError) as error:
        raise BusyError(f"gives no token ({short_line(str(error))})") from None
    return credentials


def _session(credentials: Credentials) -> Session | None:
    """Return a session for the token server that the file of credentials names; None for Google's own.

    Raises:
        SettingsError: The file would send its key unencrypted to another machine.
    """
    from spotitags.io.deadline import Deadline
    from spotitags.io.requests_adapter import limited_session
    from spotitags.io.transport import Transport

    uri = getattr(credentials, "token_uri", None) or getattr(credentials, "_token_uri", None)
    if not isinstance(uri, str):
        return None  # such as the credentials of a machine of Google Cloud
    allowed = setting_origin(uri, "the token_uri of the Google credentials", keys=True)
    return limited_session(Transport(), allowed, lambda: Deadline(TOKEN_SECONDS))


def _code_name(code: int) -> str:
    """Return the name of a google.rpc.Code, which equals gRPC's status code."""
    import grpc

    return next((status.name for status in grpc.StatusCode if status.value[0] == code), "UNKNOWN")
