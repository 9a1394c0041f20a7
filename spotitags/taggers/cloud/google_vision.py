"""Google Cloud Vision's label detection, paid by the cover."""

from __future__ import annotations

import warnings
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, Final

from spotitags.errors import NotInstalledError, SettingsError, TaggerError, TaggerKeyError
from spotitags.taggers.base import Readiness
from spotitags.taggers.cloud.base import PATIENCE, TOP, PaidTagger, skipped, tags
from spotitags.taggers.cloud.grpc import BusyError, endpoint, failure, open_channel, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Self

    from google.auth.credentials import Credentials
    from google.cloud.vision import AnnotateImageResponse, BatchAnnotateImagesRequest, ImageAnnotatorClient

    from spotitags.records import Cover
    from spotitags.taggers.base import TaggerOptions
    from spotitags.taggers.cloud.base import Answer, RetryLimits


HOST: Final = "vision.googleapis.com"
MODEL: Final = "builtin/stable"

_SETTING = "SPOTITAGS_GOOGLE_VISION_ADDRESS"
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


class GoogleVisionTagger(PaidTagger):
    """Tags covers by Google Cloud Vision's labels. Finds credentials and connects on the first call of `tag`.

    A label's weight is its score.

    Args:
        credentials: File with application default credentials; None looks for the machine's own.
        address: Another gRPC server than Google's: ``host:port``, or ``http://127.0.0.1:port`` without TLS
            and credentials.
        offline: True sends nothing.
        patience: How long the service is waited for.
        notify: Called with one line when such a wait begins.
    """

    name: ClassVar[str] = "google-vision"
    batch_size: ClassVar[int] = 16
    cover_bytes: ClassVar[int] = 450_000  # 16 are 9.6 MB in base64, of 10 MB
    asked: ClassVar[str] = f"google-vision v1 label-detection {MODEL}"
    cost: ClassVar[str] = (
        "billed by the cover, up to 16 covers a call; 1,000 a month are free, then 1,000 cost 1.50 USD, "
        "cloud.google.com/vision/pricing (as of November 2026)"
    )

    def __init__(
        self,
        credentials: Path | None = None,
        *,
        address: str | None = None,
        offline: bool = False,
        patience: RetryLimits = PATIENCE,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(offline=offline, patience=patience, notify=notify)
        self.credentials = credentials
        self.address = address

    @classmethod
    def from_options(cls, options: TaggerOptions) -> Self:
        """Take credentials and address. Opens nothing."""
        return cls(
            options.google_credentials,
            address=options.google_vision_address,
            offline=options.offline,
            notify=options.notify,
        )

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:
        """Whether the client is installed and credentials are there; asks nobody whether they are good."""
        if not _installed():
            remedy = str(NotInstalledError("the tagger google-vision", "google"))
            return Readiness(ready=False, reason="google-cloud-vision is not installed", remedy=remedy)
        try:
            target, plain = endpoint(options.google_vision_address, HOST, _SETTING)
        except SettingsError as error:
            return Readiness(ready=False, reason=f"{_SETTING} cannot be used", remedy=str(error))
        if plain:
            return Readiness(ready=True, reason=f"sends covers to {target}, without credentials")
        file = options.google_credentials
        if file is None:
            reason = "no application default credentials; only a machine of Google Cloud has its own"
            return Readiness(ready=False, reason=reason, remedy=_KEY)
        if not file.is_file():
            return Readiness(ready=False, reason=f"there are no credentials at {file}", remedy=_KEY)
        return Readiness(ready=True, reason=f"sends covers to {target}; credentials of {file}")

    def _request(self, covers: Sequence[Cover], images: Sequence[bytes]) -> list[Answer]:
        client = self._client
        from google.api_core.exceptions import GoogleAPICallError

        try:
            answer = client.batch_annotate_images(
                request_for(images), retry=None, timeout=self.patience.seconds
            )
        except GoogleAPICallError as error:
            code = error.grpc_status_code.name if error.grpc_status_code else "UNKNOWN"
            raise self._failure(code, str(error.message)) from None  # its repr shows too much
        if len(answer.responses) != len(covers):
            raise TaggerError(
                f"{self.name} gave {len(answer.responses)} answers for {len(covers)} covers without saying "
                "for which: take another --tagger"
            )
        return [self._cover(cover, found) for cover, found in zip(covers, answer.responses, strict=True)]

    def _cover(self, cover: Cover, found: AnnotateImageResponse) -> Answer:
        if not found.error.code:
            return tags((label.description, label.score) for label in found.label_annotations)
        code = _code_name(found.error.code)
        if code in _UNREADABLE:
            return skipped(cover, f"{self.name} cannot read it ({words(found.error.message)})")
        return self._failure(code, found.error.message)

    def _failure(self, code: str, message: str) -> BusyError | TaggerError:
        said = words(message)
        if message.startswith("Getting metadata from plugin failed"):  # a token that could not be renewed
            return TaggerKeyError(f"{self.name} cannot use these credentials ({said}): {_KEY}")
        if code == "RESOURCE_EXHAUSTED":
            return BusyError(f"has its quota used up ({said})", _QUOTA)
        return failure(self.name, code, said, _PROJECT if code == "PERMISSION_DENIED" else _KEY)

    @cached_property
    def _client(self) -> ImageAnnotatorClient:
        return open_client(self.credentials, self.address)


def request_for(images: Sequence[bytes]) -> BatchAnnotateImagesRequest:
    """What asks for the labels of images."""
    from google.cloud import vision

    wanted = [vision.Feature(type_=vision.Feature.Type.LABEL_DETECTION, max_results=TOP, model=MODEL)]
    return vision.BatchAnnotateImagesRequest(
        requests=[
            vision.AnnotateImageRequest(image=vision.Image(content=image), features=wanted)
            for image in images
        ]
    )


def open_client(credentials: Path | None = None, address: str | None = None) -> ImageAnnotatorClient:
    """Google's client with a token, which connects on its first call.

    Raises:
        NotInstalledError: google-cloud-vision is not here.
        SettingsError: The address cannot be used.
        TaggerKeyError: There are no credentials, or they are refused.
        BusyError: Whoever gives tokens does not answer.
    """
    try:
        from google.cloud import vision
        from google.cloud.vision_v1.services.image_annotator.transports import ImageAnnotatorGrpcTransport
    except ImportError as error:
        raise NotInstalledError(f"the tagger {GoogleVisionTagger.name}", "google") from error
    target, plain = endpoint(address, HOST, _SETTING)
    if plain:
        channel = open_channel(target, plain=True)
        return vision.ImageAnnotatorClient(transport=ImageAnnotatorGrpcTransport(channel=channel))
    return vision.ImageAnnotatorClient(
        credentials=_with_token(credentials), transport="grpc", client_options={"api_endpoint": target}
    )


def _with_token(file: Path | None) -> Credentials:
    """Credentials with a token: one that is refused later would look like a server that is gone."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
    from google.auth.transport.requests import Request

    name = GoogleVisionTagger.name
    try:
        if file is None:
            credentials, _ = google.auth.default(default_scopes=[_SCOPE])
        else:
            with warnings.catch_warnings():  # they warn of files that others hand in; this one is the user's
                warnings.simplefilter("ignore", DeprecationWarning)
                credentials, _ = google.auth.load_credentials_from_file(str(file), default_scopes=[_SCOPE])
        credentials.refresh(Request())
    except (DefaultCredentialsError, OSError) as error:
        where = f" in {file}" if file else ""
        raise TaggerKeyError(f"the tagger {name} finds no credentials{where}: {_KEY}") from error
    except RefreshError as error:
        said = words(str(error.args[0])) if error.args else "no reason given"
        raise TaggerKeyError(f"{name} refuses the credentials ({said}): {_KEY}") from None
    except TransportError as error:
        raise BusyError(f"cannot be asked for a token ({words(str(error))})") from None
    return credentials


def _installed() -> bool:
    try:
        return find_spec("google.cloud.vision") is not None
    except ModuleNotFoundError:  # none of Google's packages
        return False


def _code_name(code: int) -> str:
    """Name of a google.rpc.Code, which are gRPC's."""
    import grpc

    return next((status.name for status in grpc.StatusCode if status.value[0] == code), "UNKNOWN")
