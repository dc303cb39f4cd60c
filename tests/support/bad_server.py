#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Serves one file on the loopback, badly. Prints its port, then runs until it is killed.

The first part of a URL's path says how:
  /good            as it should be, HTTP/1.1 with ranges
  /no-ranges       answers every range with the whole file
  /ranges-until/N  the same from the N-th request on
  /no-length       the same, without saying how long the file is
  /cut/N           as if that were all, but the body ends after N bytes
  /cut-until/N     the same after 100000 bytes, in answers before the N-th
  /drop/N          breaks off after N bytes of each answer
  /etag/N          another ETag from the N-th request on, for good
  /etag-once/N     another ETag from the N-th request on, and the same from then on for new visitors
  /etag-until/N    another ETag with each request before the N-th
  /mute/N          three requests from the N-th on get no answer
  /length/N        another length of the file from the N-th request on
  /date/N          no ETag, another Last-Modified from the N-th request on
  /mirrors/ETAG    one ETag, another Last-Modified each time
  /shorter-once/N  the N-th request is too far for the file that lies there meanwhile: 416
  /once/HOW        the first answer is HOW: a status, or "garbage", "bad-length", "no-place"; then good
  /always/HOW      every answer is
  /busy/N          503 for the first N requests
  /later/N         the same, with "Retry-After: 2"
  /much-later      503 with the longest "Retry-After" that fits 64 bits
  /busy-then-silent/N  503 for the first N requests, then no answer at all
  /slow            one byte a second
  /endless         an answer that never ends
  /surplus         a range and then more than was asked for
  /other-range     another range than asked for
  /wrong-once/N    the first time a range covers byte N, that byte is wrong
  /wrong/N         byte N is always wrong
  /silent-once/N   the first answer of more than N bytes stops after so many, the connection stays
  /silent/N        every such answer
  /trickle-once/N  the same, but goes on with 1000 bytes a second
  /unsatisfiable/N 416 from the N-th request on, whatever is asked for
  /login           wants user name "node" and password "secret"
  /token           wants the header "X-Token: secret"
  /elsewhere/PORT/HOW  redirects to /HOW on the given port, another origin
  /loop            redirects to itself
  /to/WHERE        redirects to WHERE, which is percent-encoded
  /gone            404
  /sent            tells how many bytes of the file were sent so far, however badly

It is a proxy, too: of "http://HOST/HOW" it looks at HOW.
"""

import base64
import http.server
import socket
import sys
import threading
import time
import urllib.parse

CONTENT = open(sys.argv[1], "rb").read()
PIECE = 64 * 1024
lock = threading.Lock()
requests: dict[str, int] = {}
flipped: set[str] = set()
sent = 0


class BadHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        # Little lies in buffers that the client never reads, or "/sent" would tell nothing.
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIECE)
        super().setup()

    def log_message(self, *_):
        pass

    def refuse(self, status, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def asked_range(self):
        text = self.headers.get("Range")
        if text is None:
            return 0, len(CONTENT)
        first, last = text.removeprefix("bytes=").split("-")
        return int(first), min(int(last) + 1, len(CONTENT))

    def send_start(self, status, start, end, etag='"one"', length=None, date=None, whole=None):
        self.send_response(status)
        if etag is not None:
            self.send_header("ETag", etag)
        if date is not None:
            self.send_header("Last-Modified", date)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{whole or len(CONTENT)}")
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()

    def send_piecewise(self, data):
        global sent
        for place in range(0, len(data), PIECE):
            piece = data[place : place + PIECE]
            self.wfile.write(piece)
            with lock:
                sent += len(piece)

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        how, _, value = path.strip("/").partition("/")
        with lock:
            count = requests[how] = requests.get(how, 0) + 1
        try:
            getattr(self, "do_" + how.replace("-", "_"))(value, count)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_good(self, value, count, change=None, **said):
        start, end = self.asked_range()
        if start >= len(CONTENT):
            self.refuse(416, [("Content-Range", f"bytes */{len(CONTENT)}")])
            return
        data = bytearray(CONTENT[start:end])
        if change is not None and start <= change < end:
            data[change - start] ^= 1
        self.send_start(206, start, end, length=len(data), **said)
        self.send_piecewise(data)

    def do_no_ranges(self, value, count):
        self.send_start(200, 0, len(CONTENT), length=len(CONTENT))
        self.send_piecewise(CONTENT)

    def do_ranges_until(self, value, count):
        (self.do_good if count < int(value) else self.do_no_ranges)(value, count)

    def do_no_length(self, value, count):
        self.send_start(200, 0, len(CONTENT))
        self.send_piecewise(CONTENT)

    def do_cut(self, value, count):
        self.send_start(200, 0, len(CONTENT))
        self.send_piecewise(CONTENT[: int(value)])

    def do_cut_until(self, value, count):
        if count < int(value):
            self.do_cut("100000", count)
        else:
            self.do_no_length(value, count)

    def do_drop(self, value, count):
        start, end = self.asked_range()
        self.send_start(206, start, end, length=end - start)
        self.wfile.write(CONTENT[start : min(end, start + int(value))])
        self.close_connection = True

    def do_etag(self, value, count):
        self.do_good(value, count, etag=f'"{count}"' if count >= int(value) else '"one"')

    def do_etag_once(self, value, count):
        self.do_good(value, count, etag='"two"' if count >= int(value) else '"one"')

    def do_etag_until(self, value, count):
        self.do_good(value, count, etag=f'"{min(count, int(value))}"')

    def do_mute(self, value, count):
        if 0 <= count - int(value) < 3:
            self.close_connection = True
        else:
            self.do_good(value, count)

    def do_length(self, value, count):
        self.do_good(value, count, whole=len(CONTENT) + max(0, count - int(value) + 1))

    def do_date(self, value, count):
        day = 1 + max(0, count - int(value) + 1)
        self.do_good(value, count, etag=None, date=f"{day:02} Jan 2024 00:00:00 GMT")

    def do_mirrors(self, value, count):
        etag = {"strong": '"one"', "weak": 'W/"one"'}[value]
        self.do_good(value, count, etag=etag, date=f"{1 + count % 28:02} Jan 2024 00:00:00 GMT")

    def do_shorter_once(self, value, count):
        if count == int(value):
            self.refuse(416, [("Content-Range", f"bytes */{self.asked_range()[0]}")])
        else:
            self.do_good(value, count)

    def do_once(self, value, count):
        with lock:
            first = value not in flipped
            flipped.add(value)
        (self.do_always if first else self.do_good)(value, count)

    def do_always(self, value, count):
        start, end = self.asked_range()
        if value == "garbage":
            self.wfile.write(b"SSH-2.0-elsewhere\r\n" * 10)
            self.close_connection = True
        elif value == "bad-length":
            self.send_start(200, start, end, length="abc")
        elif value == "no-place":
            self.send_response(206)
            self.send_header("Content-Length", str(end - start))
            self.end_headers()
            self.send_piecewise(CONTENT[start:end])
        else:
            self.refuse(int(value))

    def do_busy(self, value, count, headers=()):
        if count <= int(value):
            self.refuse(503, headers)
        else:
            self.do_good(value, count)

    def do_later(self, value, count):
        self.do_busy(value, count, [("Retry-After", "2")])

    def do_busy_then_silent(self, value, count):
        if count <= int(value):
            self.refuse(503)
        else:
            time.sleep(3600)

    def do_much_later(self, value, count):
        self.refuse(503, [("Retry-After", str(2**63 - 1))])

    def do_slow(self, value, count):
        start, end = self.asked_range()
        self.send_start(206, start, end, length=end - start)
        for byte in CONTENT[start:end]:
            self.wfile.write(bytes([byte]))
            time.sleep(1)

    def do_endless(self, value, count):
        self.send_start(200, 0, len(CONTENT))
        while True:
            self.send_piecewise(CONTENT)

    def do_surplus(self, value, count):
        start, end = self.asked_range()
        self.send_start(206, start, end)
        self.send_piecewise(CONTENT[start:end] + CONTENT)

    def do_other_range(self, value, count):
        start, end = self.asked_range()
        self.send_start(206, start + 1, end + 1, length=end - start)
        self.send_piecewise(CONTENT[start:end])

    def do_wrong_once(self, value, count):
        start, end = self.asked_range()
        with lock:
            wrong = value not in flipped and start <= int(value) < end
            if wrong:
                flipped.add(value)
        self.do_good(value, count, change=int(value) if wrong else None)

    def do_wrong(self, value, count):
        self.do_good(value, count, change=int(value))

    def do_login(self, value, count):
        wanted = "Basic " + base64.b64encode(b"node:secret").decode()
        if self.headers.get("Authorization") == wanted:
            self.do_good(value, count)
        else:
            self.refuse(401, [("WWW-Authenticate", "Basic")])

    def do_token(self, value, count):
        if self.headers.get("X-Token") == "secret":
            self.do_good(value, count)
        else:
            self.refuse(403)

    def do_elsewhere(self, value, count):
        self.refuse(302, [("Location", f"http://127.0.0.1:{value}")])

    def do_silent(self, value, count):
        start, end = self.asked_range()
        self.send_start(206, start, end, length=end - start)
        self.send_piecewise(CONTENT[start : min(end, start + int(value))])
        if end - start > int(value):
            time.sleep(3600)

    def do_silent_once(self, value, count):
        start, end = self.asked_range()
        with lock:
            silent = end - start > int(value) and "silent" not in flipped
            flipped.update({"silent"} if silent else {})
        (self.do_silent if silent else self.do_good)(value, count)

    def do_trickle_once(self, value, count):
        start, end = self.asked_range()
        slow = start + int(value)
        with lock:
            trickles = end > slow and "trickle" not in flipped
            flipped.update({"trickle"} if trickles else {})
        if not trickles:
            self.do_good(value, count)
            return
        self.send_start(206, start, end, length=end - start)
        self.send_piecewise(CONTENT[start:slow])
        for place in range(slow, end, 100):
            time.sleep(0.1)
            self.wfile.write(CONTENT[place : min(end, place + 100)])

    def do_unsatisfiable(self, value, count):
        if count >= int(value):
            self.refuse(416, [("Content-Range", f"bytes */{len(CONTENT)}")])
        else:
            self.do_good(value, count)

    def do_loop(self, value, count):
        self.refuse(302, [("Location", "/loop")])

    def do_to(self, value, count):
        self.refuse(302, [("Location", urllib.parse.unquote(value))])

    def do_sent(self, value, count):
        text = str(sent).encode()
        self.send_start(200, 0, len(text), length=len(text))
        self.wfile.write(text)

    def do_gone(self, value, count):
        self.refuse(404)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), BadHandler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
