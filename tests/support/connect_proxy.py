#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A proxy on the loopback that knows CONNECT alone, and connects to the loopback whatever the host's
name. Prints its port, and to stderr every line that clients show it. Runs until it is killed.
With a status as argument that is its answer to everything."""

import socket
import sys
import threading


def pump(source: socket.socket, target: socket.socket) -> None:
    """Until `source` has no more; then `target` is told."""
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one end is gone, and so will be the other


def serve(client: socket.socket) -> None:
    with client, client.makefile("rb", buffering=0) as lines:
        words = []
        while line := lines.readline().decode("latin-1").strip():
            print(line, file=sys.stderr, flush=True)
            words = words or line.split()
        refusal = sys.argv[1] if len(sys.argv) > 1 else None if words[:1] == ["CONNECT"] else "405"
        if refusal:
            client.sendall(f"HTTP/1.1 {refusal} Refused\r\nContent-Length: 0\r\n\r\n".encode())
            return
        with socket.create_connection(("127.0.0.1", int(words[1].rpartition(":")[2]))) as server:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=(server, client))
            back.start()
            pump(client, server)
            back.join()


with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
