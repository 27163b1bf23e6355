"""ML Metadata over gRPC: `python metadata_store.py ADDRESS FILE`, where ml-metadata is installed.

KFP's driver and launcher keep what ran in ML Metadata. Its own server is nowhere to be had but as
an image; the library of the same name is the same C++ code, and each of its calls takes and gives
the very bytes of the service's messages. So this only carries them from the wire to the library.
"""

from __future__ import annotations

import sys
import threading
from concurrent import futures

import grpc
from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as library
from ml_metadata.proto import metadata_store_pb2

CODES = {code.value[0]: code for code in grpc.StatusCode}


class Service(grpc.GenericRpcHandler):
    """Answers each method of ml_metadata.MetadataStoreService by the library's of that name."""

    def __init__(self, file: str) -> None:
        config = metadata_store_pb2.ConnectionConfig()
        config.sqlite.filename_uri = file
        options = metadata_store_pb2.MigrationOptions()
        self._store = library.CreateMetadataStore(
            config.SerializeToString(), options.SerializeToString()
        )
        # The library's store holds one connection, for one thread at a time.
        self._lock = threading.Lock()

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Find the method; without a serializer gRPC hands bytes through."""
        method = getattr(library, call.method.rpartition("/")[2], None)
        if method is None:
            return None

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            with self._lock:
                response, message, code = method(self._store, request)
            if code:
                context.abort(CODES[code], message.decode())
            return bytes(response)

        return grpc.unary_unary_rpc_method_handler(answer)


def main(address: str, file: str) -> None:
    """Serve until killed."""
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((Service(file),))
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
