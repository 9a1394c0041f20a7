"""Tagger `clarifai`: Clarifai's general image recognition, paid by the cover; SpotiTags used it in 2015."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from spotitags.errors import TaggerError, TaggerKeyError
from spotitags.errors.secrets import hide
from spotitags.taggers.base import Readiness
from spotitags.taggers.cloud.answers import skipped, tags_or_skipped
from spotitags.taggers.cloud.base import PaidTagger
from spotitags.taggers.cloud.grpc import BusyError, error_of_status, open_channel, short_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarifai_grpc.grpc.api.resources_pb2 import Output
    from clarifai_grpc.grpc.api.service_pb2 import MultiOutputResponse, PostModelOutputsRequest
    from clarifai_grpc.grpc.api.service_pb2_grpc import V2Stub
    from clarifai_grpc.grpc.api.status.status_pb2 import Status
    from pydantic import SecretStr

    from spotitags.records import Cover
    from spotitags.taggers.cloud.answers import Result


USER: Final = "clarifai"
APP: Final = "main"
MODEL: Final = "general-image-recognition"

_KEY = "create a personal access token at clarifai.com (Settings, Security) and set CLARIFAI_PAT to it"
_PLAN = "see your plan at clarifai.com/pricing, or take another --tagger"

# https://docs.clarifai.com/resources/api-overview/status-codes
_OK = 10000
_FAILURE = 10020
_HAS_OUTPUTS = frozenset({_OK, 10010, _FAILURE})  # all, some or none of the outputs succeeded
_BUSY = frozenset({10030, 11005, 21351, 21352, 21354, 21355})
_REFUSED = frozenset({11000, 11001, 11002, 11007, 11008, 11009, 11200})
_USED_UP = frozenset({11003, 11004, 11006})
_GONE = frozenset({11101, 21200, 21201, 21350, 21353})
_INTERNAL = range(98000, 99000)


class ClarifaiTagger(PaidTagger["SecretStr"]):
    """Tags covers by Clarifai. Connects on the first call of `tag`; the key is a personal access token.

    A label's weight is the value of the concept: its own probability, independent of the other concepts.
    """

    name: ClassVar[str] = "clarifai"
    batch_size: ClassVar[int] = 128
    cover_bytes: ClassVar[int] = 700_000  # 128 are 119 MB in base64, of 128 MB
    model: ClassVar[str] = f"clarifai {USER}/{APP}/{MODEL}"
    host: ClassVar[str] = "api.clarifai.com"
    options: ClassVar[tuple[str, str]] = ("clarifai_key", "clarifai_address")
    client: ClassVar[tuple[str, str, str]] = ("clarifai-grpc", "clarifai_grpc", "clarifai")
    cost: ClassVar[str] = (
        "billed by the cover, up to 128 covers a call; what one costs is a matter of your plan, "
        "clarifai.com/pricing (as of November 2026)"
    )

    @classmethod
    def _key_readiness(cls, key: SecretStr | None, target: str, *, plain: bool) -> Readiness:  # noqa: ARG003
        if flaw := _flaw(_text(key)):
            return Readiness(ready=False, reason=flaw, remedy=_KEY)
        return Readiness(ready=True, reason=f"sends covers to {target}; a key is set")

    def _request(self, covers: Sequence[Cover], images: Sequence[bytes]) -> list[Result]:
        stub, secret = self._stub, self._secret
        import grpc

        ids = [cover.digest[:32] for cover in covers]
        request = request_for(ids, images)
        metadata = (("authorization", f"Key {secret}"),)
        try:
            response = stub.PostModelOutputs(request, metadata=metadata, timeout=self.retry_limits.seconds)
        except grpc.RpcError as error:
            message = short_line(error.details() or "")
            # Its repr shows the key.
            raise error_of_status(self.name, error.code().name, message, _KEY) from None
        return self._results(covers, ids, response)

    def _results(
        self, covers: Sequence[Cover], ids: Sequence[str], response: MultiOutputResponse
    ) -> list[Result]:
        """Return the result of each cover, whose output has the id of its input."""
        code = response.status.code
        if code not in _HAS_OUTPUTS or (code == _FAILURE and not response.outputs):
            raise self._error(response.status)
        outputs = {output.input.id: output for output in response.outputs}
        if not outputs.keys() & set(ids) and len(response.outputs) == len(ids):
            outputs = dict(zip(ids, response.outputs, strict=True))  # other ids, but complete and in order
        if not outputs.keys() & set(ids):
            raise TaggerError(
                f"{self.name} answers for none of {len(ids)} covers that it was sent: take another --tagger"
            )
        return [self._result(cover, outputs.get(name)) for cover, name in zip(covers, ids, strict=True)]

    def _result(self, cover: Cover, output: Output | None) -> Result:
        if output is None:
            return skipped(cover, f"{self.name} gave no answer for it")
        if output.status.code == _OK:
            concepts = ((concept.name, concept.value) for concept in output.data.concepts)
            return tags_or_skipped(self.name, cover, concepts)
        error = self._error(output.status)
        if isinstance(error, BusyError) or output.status.code in _REFUSED | _USED_UP | _GONE:
            return error
        return skipped(cover, f"{self.name} cannot read it ({self._message(output.status)})")

    def _error(self, status: Status) -> BusyError | TaggerError:
        """Return the error for one of Clarifai's status codes."""
        code, message = status.code, self._message(status)
        if code in _BUSY or code in _INTERNAL or code == _FAILURE:
            return BusyError(f"is too busy ({message})")
        if code in _REFUSED:
            return TaggerKeyError(f"{self.name} refuses the key ({message}): {_KEY}")
        if code in _USED_UP:
            return TaggerError(
                f"{self.name} answers no more, a limit of the plan is reached ({message}): {_PLAN}"
            )
        if code in _GONE:
            return TaggerError(
                f"{self.name} no longer offers the model {MODEL} ({message}): take --tagger google-vision, "
                "clip or lite"
            )
        return TaggerError(f"{self.name} refuses the request ({message}): take another --tagger")

    def _message(self, status: Status) -> str:
        text = ". ".join(filter(None, (status.description, status.details)))
        return short_line(f"{status.code}: {text}")

    @property
    def _secret(self) -> str:
        secret = _text(self.key)
        if flaw := _flaw(secret):
            raise TaggerKeyError(f"the tagger {self.name} needs a key: {flaw}; {_KEY}")
        hide(secret)
        return secret

    @cached_property
    def _stub(self) -> V2Stub:
        return open_stub(self.address)


def _text(key: SecretStr | None) -> str:
    """Return the key without the line end that a file or a secret store may add."""
    return key.get_secret_value().strip() if key else ""


def _flaw(secret: str) -> str:
    """Return why this cannot be a key, or an empty string.

    gRPC reports anything but printable ASCII as if the server were busy, so it is checked before.
    """
    if not secret:
        return "CLARIFAI_PAT is not set"
    return "" if secret.isascii() and secret.isprintable() else "CLARIFAI_PAT has characters that no key has"


def request_for(ids: Sequence[str], images: Sequence[bytes]) -> PostModelOutputsRequest:
    """Build the request for the concepts of images; the response repeats the ids."""
    from clarifai_grpc.grpc.api import resources_pb2, service_pb2

    inputs = [
        resources_pb2.Input(id=name, data=resources_pb2.Data(image=resources_pb2.Image(base64=image)))
        for name, image in zip(ids, images, strict=True)
    ]
    owner = resources_pb2.UserAppIDSet(user_id=USER, app_id=APP)
    return service_pb2.PostModelOutputsRequest(user_app_id=owner, model_id=MODEL, inputs=inputs)


def open_stub(address: str | None = None) -> V2Stub:
    """Return Clarifai's client, which connects on its first call.

    Raises:
        NotInstalledError: clarifai-grpc is not installed.
        SettingsError: The address cannot be used.
    """
    try:
        from clarifai_grpc.channel.clarifai_channel import ClarifaiChannel
        from clarifai_grpc.grpc.api import service_pb2_grpc
    except ImportError as error:
        raise ClarifaiTagger.not_installed() from error
    target, plain = ClarifaiTagger.endpoint(address)
    # The stub decodes responses like the last channel of ClarifaiChannel in the process, so one is made here.
    # It is not used: it would retry by itself.
    ClarifaiChannel.get_grpc_channel(ClarifaiTagger.host).close()
    return service_pb2_grpc.V2Stub(open_channel(target, plain=plain))
