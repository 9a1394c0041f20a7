"""Clarifai's general image recognition, paid by the cover; the first SpotiTags of 2015 saw through it."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, Final

from spotitags.errors import NotInstalledError, SettingsError, TaggerError, TaggerKeyError
from spotitags.taggers.base import Readiness
from spotitags.taggers.cloud.base import PATIENCE, PaidTagger, skipped, tags
from spotitags.taggers.cloud.grpc import BusyError, endpoint, failure, open_channel, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from clarifai_grpc.grpc.api.resources_pb2 import Output
    from clarifai_grpc.grpc.api.service_pb2 import MultiOutputResponse, PostModelOutputsRequest
    from clarifai_grpc.grpc.api.service_pb2_grpc import V2Stub
    from clarifai_grpc.grpc.api.status.status_pb2 import Status
    from pydantic import SecretStr

    from spotitags.records import Cover
    from spotitags.taggers.base import TaggerOptions
    from spotitags.taggers.cloud.base import Answer, RetryLimits


HOST: Final = "api.clarifai.com"
USER: Final = "clarifai"
APP: Final = "main"
MODEL: Final = "general-image-recognition"

_SETTING = "SPOTITAGS_CLARIFAI_ADDRESS"
_KEY = "create a personal access token at clarifai.com (Settings, Security) and set CLARIFAI_PAT to it"
_PLAN = "see your plan at clarifai.com/pricing, or take another --tagger"

# https://docs.clarifai.com/resources/api-overview/status-codes
_OK = 10000
_FAILURE = 10020
_ANSWERED = frozenset({_OK, 10010, _FAILURE})  # all, some or none of the outputs are in order
_BUSY = frozenset({10030, 11005, 21351, 21352, 21354, 21355})
_REFUSED = frozenset({11000, 11001, 11002, 11007, 11008, 11009, 11200})
_USED_UP = frozenset({11003, 11004, 11006})
_GONE = frozenset({11101, 21200, 21201, 21350, 21353})
_INTERNAL = range(98000, 99000)


class ClarifaiTagger(PaidTagger):
    """Tags covers by Clarifai. Connects on the first call of `tag`.

    A label's weight is the concept's own value, a probability of each for itself.

    Args:
        key: Personal access token.
        address: Another gRPC server than Clarifai's: ``host:port``, or ``http://127.0.0.1:port`` without TLS.
        offline: True sends nothing.
        patience: How long the service is waited for.
        notify: Called with one line when such a wait begins.
    """

    name: ClassVar[str] = "clarifai"
    batch_size: ClassVar[int] = 128
    cover_bytes: ClassVar[int] = 700_000  # 128 are 119 MB in base64, of 128 MB
    asked: ClassVar[str] = f"clarifai {USER}/{APP}/{MODEL}"
    cost: ClassVar[str] = (
        "billed by the cover, up to 128 covers a call; what one costs is a matter of your plan, "
        "clarifai.com/pricing (as of November 2026)"
    )

    def __init__(
        self,
        key: SecretStr | None,
        *,
        address: str | None = None,
        offline: bool = False,
        patience: RetryLimits = PATIENCE,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(offline=offline, patience=patience, notify=notify)
        self.key = key
        self.address = address

    @classmethod
    def from_options(cls, options: TaggerOptions) -> Self:
        """Take key and address. Opens nothing."""
        return cls(
            options.clarifai_key,
            address=options.clarifai_address,
            offline=options.offline,
            notify=options.notify,
        )

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:
        """Whether the client is installed and a key set; asks nobody whether it is a good one."""
        if find_spec("clarifai_grpc") is None:
            remedy = str(NotInstalledError("the tagger clarifai", "clarifai"))
            return Readiness(ready=False, reason="clarifai-grpc is not installed", remedy=remedy)
        if flaw := _flaw(_text(options.clarifai_key)):
            return Readiness(ready=False, reason=flaw, remedy=_KEY)
        try:
            target, _ = endpoint(options.clarifai_address, HOST, _SETTING)
        except SettingsError as error:
            return Readiness(ready=False, reason=f"{_SETTING} cannot be used", remedy=str(error))
        return Readiness(ready=True, reason=f"sends covers to {target}; a key is set")

    def _request(self, covers: Sequence[Cover], images: Sequence[bytes]) -> list[Answer]:
        stub, secret = self._stub, self._secret
        import grpc

        ids = [cover.digest[:32] for cover in covers]
        request = request_for(ids, images)
        metadata = (("authorization", f"Key {secret}"),)
        try:
            answer = stub.PostModelOutputs(request, metadata=metadata, timeout=self.patience.seconds)
        except grpc.RpcError as error:
            said = words(error.details() or "", secret)
            raise failure(self.name, error.code().name, said, _KEY) from None  # its repr shows too much
        return self._read(covers, ids, answer)

    def _read(self, covers: Sequence[Cover], ids: Sequence[str], answer: MultiOutputResponse) -> list[Answer]:
        """Each cover's own output, found by the id that its input was given."""
        if answer.status.code not in _ANSWERED or (answer.status.code == _FAILURE and not answer.outputs):
            raise self._error(answer.status)
        outputs = {output.input.id: output for output in answer.outputs}
        if not outputs.keys() & set(ids) and len(answer.outputs) == len(ids):
            outputs = dict(zip(ids, answer.outputs, strict=True))  # ids of its own, but in order and complete
        if not outputs.keys() & set(ids):
            raise TaggerError(
                f"{self.name} answers for none of {len(ids)} covers that it was sent: take another --tagger"
            )
        return [self._cover(cover, outputs.get(name)) for cover, name in zip(covers, ids, strict=True)]

    def _cover(self, cover: Cover, output: Output | None) -> Answer:
        if output is None:
            return skipped(cover, f"{self.name} gave no answer for it")
        if output.status.code == _OK:
            return tags((concept.name, concept.value) for concept in output.data.concepts)
        error = self._error(output.status)
        if isinstance(error, BusyError) or output.status.code in _REFUSED | _USED_UP | _GONE:
            return error
        return skipped(cover, f"{self.name} cannot read it ({self._said(output.status)})")

    def _error(self, status: Status) -> BusyError | TaggerError:
        """What Clarifai's own status means for the whole request."""
        code, said = status.code, self._said(status)
        if code in _BUSY or code in _INTERNAL or code == _FAILURE:
            return BusyError(f"is too busy ({said})")
        if code in _REFUSED:
            return TaggerKeyError(f"{self.name} refuses the key ({said}): {_KEY}")
        if code in _USED_UP:
            return TaggerError(
                f"{self.name} answers no more, a limit of the plan is reached ({said}): {_PLAN}"
            )
        if code in _GONE:
            return TaggerError(
                f"{self.name} no longer offers the model {MODEL} ({said}): take --tagger google-vision, clip "
                "or lite"
            )
        return TaggerError(f"{self.name} refuses the request ({said}): take another --tagger")

    def _said(self, status: Status) -> str:
        said = ". ".join(filter(None, (status.description, status.details)))
        return words(f"{status.code}: {said}", self._secret)

    @property
    def _secret(self) -> str:
        secret = _text(self.key)
        if flaw := _flaw(secret):
            raise TaggerKeyError(f"the tagger {self.name} needs a key: {flaw}; {_KEY}")
        return secret

    @cached_property
    def _stub(self) -> V2Stub:
        return open_stub(self.address)


def _text(key: SecretStr | None) -> str:
    """The key without the end of a line that a file or a store of secrets may leave."""
    return key.get_secret_value().strip() if key else ""


def _flaw(secret: str) -> str:
    """Why it is no key, or nothing. Anything but printable ASCII gRPC refuses as if the server were busy."""
    if not secret:
        return "CLARIFAI_PAT is not set"
    return "" if secret.isascii() and secret.isprintable() else "CLARIFAI_PAT holds what no key does"


def request_for(ids: Sequence[str], images: Sequence[bytes]) -> PostModelOutputsRequest:
    """What asks for the concepts of images, whose ids come back with them."""
    from clarifai_grpc.grpc.api import resources_pb2, service_pb2

    inputs = [
        resources_pb2.Input(id=name, data=resources_pb2.Data(image=resources_pb2.Image(base64=image)))
        for name, image in zip(ids, images, strict=True)
    ]
    owner = resources_pb2.UserAppIDSet(user_id=USER, app_id=APP)
    return service_pb2.PostModelOutputsRequest(user_app_id=owner, model_id=MODEL, inputs=inputs)


def open_stub(address: str | None = None) -> V2Stub:
    """Clarifai's client, which connects on its first call.

    Raises:
        NotInstalledError: clarifai-grpc is not here.
        SettingsError: The address cannot be used.
    """
    try:
        from clarifai_grpc.channel.clarifai_channel import ClarifaiChannel
        from clarifai_grpc.grpc.api import service_pb2_grpc
    except ImportError as error:
        raise NotInstalledError("the tagger clarifai", "clarifai") from error
    target, plain = endpoint(address, HOST, _SETTING)
    # The stub reads answers as the last channel that this class made, anywhere in the process. Such a
    # channel asks again by itself, so it is made for this alone.
    ClarifaiChannel.get_grpc_channel(HOST).close()
    return service_pb2_grpc.V2Stub(open_channel(target, plain=plain))
