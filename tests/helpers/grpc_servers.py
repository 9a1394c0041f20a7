"""gRPC servers on 127.0.0.1 in place of Clarifai and Google Vision, which respond with fixtures.

They check every request against the limits that the services publish; a request beyond them fails the test.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from clarifai_grpc.grpc.api import service_pb2, service_pb2_grpc
from google.cloud import vision
from google.protobuf import json_format

from helpers.servers import fixture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trustme import LeafCert

KEY = "fixture-clarifai-key"
HANGS = "hangs"
"""A step: no response before the deadline."""
GOES = "goes"
"""A step: the server stops during a call."""


@dataclass(frozen=True)
class Call:
    """A received request: its images, size in bytes, metadata, and seconds until its deadline."""

    images: tuple[bytes, ...]
    size: int
    metadata: dict[str, str]
    seconds: float | None


class Replay(ABC):
    """A server that takes one step per call: a fixture's name, `HANGS` or `GOES`; the last step repeats.

    Args:
        certificate: For TLS; None speaks plaintext.
    """

    folder: str
    most_images: int
    most_bytes: int

    def __init__(self, certificate: LeafCert | None = None) -> None:
        self.certificate = certificate
        self.steps: list[str] = []
        self.calls: list[Call] = []
        self.faults: list[str] = []
        self.port = 0
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._server: grpc.Server | None = None

    @property
    def address(self) -> str:
        """The server's address, as a setting accepts it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sizes(self) -> list[int]:
        """Number of covers in each call."""
        return [len(call.images) for call in self.calls]

    def answers(self, *steps: str) -> None:
        """Set the steps of the next calls."""
        self.steps = list(steps)

    @abstractmethod
    def register(self, server: grpc.Server) -> None:
        """Add the service to the server."""

    @abstractmethod
    def images(self, request: Any) -> Sequence[bytes]:
        """Return the images of a request, after checking it against the service's documentation."""

    @abstractmethod
    def answer(self, body: dict[str, Any], request: Any) -> Any:
        """Return a fixture's body as a response to this request, which may have another number of images."""

    def handle(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Record the call and take the next step."""
        size = len(
            request.SerializeToString() if hasattr(request, "SerializeToString") else self.raw(request)
        )
        metadata = {str(key): str(value) for key, value in context.invocation_metadata()}
        try:
            images = tuple(self.images(request))
            assert 1 <= len(images) <= self.most_images, f"{len(images)} images"
            assert size < self.most_bytes, f"{size} bytes"
            assert all(image.startswith(b"\xff\xd8\xff") for image in images), "no JPEG"
            # Every call has an end; gRPC gives a call without one some 290 years.
            assert context.time_remaining() is not None, "no deadline"
            assert context.time_remaining() < 3600, "no deadline"
        except AssertionError as error:
            self.faults.append(str(error))
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        with self._lock:
            self.calls.append(Call(images, size, metadata, context.time_remaining()))
            step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        return self._step(step, request, context)

    def raw(self, request: Any) -> bytes:
        """Return the bytes of a proto-plus request."""
        return bytes(type(request).serialize(request))

    def _step(self, step: str, request: Any, context: grpc.ServicerContext) -> Any:
        if step == GOES and self._server is not None:
            self._server.stop(0)
        if step in {HANGS, GOES}:
            self._over.wait(20)
            context.abort(grpc.StatusCode.ABORTED, "over")
        envelope = fixture(f"{self.folder}/{step}.json")
        if envelope["code"] != "OK":
            context.abort(grpc.StatusCode[envelope["code"]], envelope["message"])
        return self.answer(envelope["body"], request)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the server, and check afterwards that all requests were valid."""
        limits = [("grpc.max_receive_message_length", 256 * 2**20)]
        self._server = grpc.server(ThreadPoolExecutor(4), options=limits)
        self.register(self._server)
        if self.certificate is None:
            self.port = self._server.add_insecure_port("127.0.0.1:0")
        else:
            chain = b"".join(part.bytes() for part in self.certificate.cert_chain_pems)
            pair = (self.certificate.private_key_pem.bytes(), chain)
            self.port = self._server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
        self._server.start()
        try:
            yield
        finally:
            self._over.set()
            self._server.stop(0).wait(5)
        assert self.faults == []


class ClarifaiReplay(Replay, service_pb2_grpc.V2Servicer):
    """Clarifai: outputs have the ids of their inputs, in any order."""

    folder = "clarifai"
    most_images = 128
    most_bytes = 128_000_000

    def register(self, server: grpc.Server) -> None:
        """Add the service to the server."""
        service_pb2_grpc.add_V2Servicer_to_server(self, server)

    def PostModelOutputs(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 — Clarifai's
        """Handle the only method that the tagger calls."""
        return self.handle(request, context)

    def images(self, request: service_pb2.PostModelOutputsRequest) -> Sequence[bytes]:
        """Return the images of a request, which must be for the general model and contain bytes."""
        assert (request.user_app_id.user_id, request.user_app_id.app_id) == ("clarifai", "main")
        assert request.model_id == "general-image-recognition"
        assert len({given.id for given in request.inputs}) == len(request.inputs), "an id twice"
        assert not any(given.data.image.url for given in request.inputs), "a URL"
        return [given.data.image.base64 for given in request.inputs]

    def answer(self, body: dict[str, Any], request: service_pb2.PostModelOutputsRequest) -> Any:
        """Repeat the fixture's outputs; its input ids are positions."""
        answer = json_format.ParseDict(body, service_pb2.MultiOutputResponse())
        by_position = {int(output.input.id): output for output in answer.outputs}
        period = max(by_position, default=0) + 1
        del answer.outputs[:]
        for position, given in enumerate(request.inputs):
            if (output := by_position.get(position % period)) is not None:
                answer.outputs.append(output)
                answer.outputs[-1].input.id = given.id
        return self.deliver(answer)

    def deliver(self, answer: service_pb2.MultiOutputResponse) -> Any:
        """Return the response to send."""
        return answer


class ShuffledClarifai(ClarifaiReplay):
    """Returns the outputs in reverse order."""

    def deliver(self, answer: service_pb2.MultiOutputResponse) -> Any:
        """Return the response in reverse order."""
        outputs = list(answer.outputs)[::-1]
        del answer.outputs[:]
        answer.outputs.extend(outputs)
        return answer


class NamelessClarifai(ClarifaiReplay):
    """Returns outputs with other ids than those of the inputs."""

    def deliver(self, answer: service_pb2.MultiOutputResponse) -> Any:
        """Return the response with other ids."""
        for number, output in enumerate(answer.outputs):
            output.input.id = f"own-{number}"
        return answer


class GoogleReplay(Replay):
    """Google Vision: responses are in the order of the images, without ids."""

    folder = "google_vision"
    most_images = 16
    most_bytes = 10_000_000

    def register(self, server: grpc.Server) -> None:
        """Add the service to the server."""
        method = grpc.unary_unary_rpc_method_handler(
            self.handle,
            request_deserializer=vision.BatchAnnotateImagesRequest.deserialize,
            response_serializer=vision.BatchAnnotateImagesResponse.serialize,
        )
        name = "google.cloud.vision.v1.ImageAnnotator"
        handler = grpc.method_handlers_generic_handler(name, {"BatchAnnotateImages": method})
        server.add_generic_rpc_handlers((handler,))

    def images(self, request: vision.BatchAnnotateImagesRequest) -> Sequence[bytes]:
        """Return the images of a request, which must ask for labels only and contain bytes."""
        for wanted in request.requests:
            kinds = [feature.type_ for feature in wanted.features]
            assert kinds == [vision.Feature.Type.LABEL_DETECTION], kinds
            assert not wanted.image.source.image_uri, "a URI"
        return [wanted.image.content for wanted in request.requests]

    def answer(self, body: dict[str, Any], request: vision.BatchAnnotateImagesRequest) -> Any:
        """Repeat the fixture's responses."""
        found = body["responses"]
        cycled = [found[position % len(found)] for position in range(len(request.requests))]
        answer = json_format.ParseDict(
            {"responses": self.deliver(cycled)}, vision.BatchAnnotateImagesResponse.pb()()
        )
        return vision.BatchAnnotateImagesResponse.wrap(answer)

    def deliver(self, responses: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the responses to send."""
        return responses


class ShortGoogle(GoogleReplay):
    """Leaves out the first response."""

    def deliver(self, responses: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return all responses but the first."""
        return responses[1:]
