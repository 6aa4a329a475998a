#!/usr/bin/env python3
"""A raw client and a raw server that break the rules of RFC 6455, one at a
time: conformance.py ADDRESS PORT

The cases carry the numbers of the public conformance suite (autobahn|testsuite).
Each is sent twice over real TCP, by the client on a connection to /NUMBER/client
and by the server on one to /NUMBER/server. Prints the number of connections,
and the target of each when it is done. Uses nothing of wstap."""

import base64
import os
import socket
import struct
import sys
import threading
import zlib

import websocket as ws

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=1, rsv=0):
    """A frame to be sent: encoded when it is known whether it is masked."""
    def encode(masked):
        out = bytes([fin << 7 | rsv << 4 | opcode])
        bit = 0x80 if masked else 0
        n = len(payload)
        if n < 126:
            out += bytes([bit | n])
        elif n < 65536:
            out += struct.pack("!BH", bit | 126, n)
        else:
            out += struct.pack("!BQ", bit | 127, n)
        if not masked:
            return out + payload
        key = os.urandom(4)
        return out + key + bytes(b ^ key[i & 3] for i, b in enumerate(payload))
    return encode


def close(body=struct.pack("!H", 1000)):
    return frame(CLOSE, body)


def code(n, reason=b""):
    return close(struct.pack("!H", n) + reason)


def parts(opcode, *payloads):
    """A message in fragments."""
    return [frame(opcode if i == 0 else CONT, p, fin=int(i == len(payloads) - 1)) for i, p in enumerate(payloads)]


def joined(lists, between):
    out = list(lists[:1])
    for f in lists[1:]:
        out += between + [f]
    return out


CASES = {}  # number -> (frames, octets sent at a time or 0, extension or None)


def case(number, *frames, chop=0, extension=None):
    CASES[number] = (list(frames), chop, extension)


HELLO = frame(TEXT, b"Hello, world!")
LENGTHS = [0, 125, 126, 127, 128, 65535, 65536]
for i, n in enumerate(LENGTHS):
    case(f"1.1.{i + 1}", frame(TEXT, b"*" * n))
    case(f"1.2.{i + 1}", frame(BINARY, b"\xfe" * n))
case("1.1.8", frame(TEXT, b"*" * 65536), chop=997)
case("1.2.8", frame(BINARY, b"\xfe" * 65536), chop=997)

case("2.1", frame(PING))
case("2.2", frame(PING, b"Hello, world!"))
case("2.3", frame(PING, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"))
case("2.4", frame(PING, b"\xfe" * 125))
case("2.5", frame(PING, b"\xfe" * 126))
case("2.6", frame(PING, b"\xfe" * 125), chop=1)
case("2.7", frame(PONG))
case("2.8", frame(PONG, b"unsolicited"))
case("2.9", frame(PONG, b"unsolicited"), frame(PING, b"ping"))
case("2.10", *[frame(PING, b"payload-%d" % i) for i in range(10)])
case("2.11", *[frame(PING, b"payload-%d" % i) for i in range(10)], chop=1)

case("3.1", frame(TEXT, b"Hello, world!", rsv=1))
case("3.2", HELLO, frame(TEXT, b"Hello, world!", rsv=2), frame(PING))
case("3.3", HELLO, frame(TEXT, b"Hello, world!", rsv=3), frame(PING))
case("3.4", HELLO, frame(TEXT, b"Hello, world!", rsv=4), frame(PING), chop=1)
case("3.5", frame(BINARY, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", rsv=5))
case("3.6", frame(PING, b"Hello, world!", rsv=6))
case("3.7", frame(CLOSE, struct.pack("!H", 1000), rsv=7))

for i, op in enumerate([3, 4, 5, 6, 7]):
    lead = [HELLO] if i > 1 else []
    case(f"4.1.{i + 1}", *lead, frame(op, b"reserved opcode payload" if i % 2 else b""), frame(PING))
for i, op in enumerate([11, 12, 13, 14, 15]):
    lead = [HELLO] if i > 1 else []
    case(f"4.2.{i + 1}", *lead, frame(op, b"reserved opcode payload" if i % 2 else b""), frame(PING))

case("5.1", *parts(PING, b"fragment1", b"fragment2"))
case("5.2", *parts(PONG, b"fragment1", b"fragment2"))
TWO = parts(TEXT, b"fragment1", b"fragment2")
case("5.3", *TWO)
case("5.4", *TWO, chop=7)
case("5.5", *TWO, chop=1)
BETWEEN = [TWO[0], frame(PING, b"ping"), TWO[1]]
case("5.6", *BETWEEN)
case("5.7", *BETWEEN, chop=7)
case("5.8", *BETWEEN, chop=1)
for fin, first in ((1, 9), (0, 12)):
    for i, chop in enumerate((0, 7, 1)):
        case(f"5.{first + i}", frame(CONT, b"non-continuation payload", fin=fin), HELLO, chop=chop)
case("5.15", *TWO, frame(CONT, b"fragment3", fin=0), HELLO)
case("5.16", *[frame(CONT, b"fragment1", fin=0), *parts(TEXT, b"fragment2", b"fragment3")] * 2)
case("5.17", *[frame(CONT, b"fragment1"), *parts(TEXT, b"fragment2", b"fragment3")] * 2)
case("5.18", frame(TEXT, b"fragment1", fin=0), frame(TEXT, b"fragment2"))
FIVE = joined(parts(TEXT, *[b"fragment%d" % i for i in range(1, 6)]), [frame(PING, b"ping")])
case("5.19", *FIVE)
case("5.20", *FIVE, chop=1)

KOSME = "κόσμε".encode()
case("6.1.1", frame(TEXT))
case("6.1.2", *parts(TEXT, b"", b"", b""))
case("6.1.3", *parts(TEXT, b"", b"middle frame payload", b""))
UNI = "Hello-µ@ßöäüàá-UTF-8!!".encode()
case("6.2.1", frame(TEXT, UNI))
case("6.2.2", *parts(TEXT, UNI[:12], UNI[12:]))
case("6.2.3", *parts(TEXT, *[bytes([b]) for b in UNI]))
case("6.2.4", *parts(TEXT, *[bytes([b]) for b in KOSME]))
BAD = KOSME + b"\xed\xa0\x80" + b"edited"
case("6.3.1", frame(TEXT, BAD))
case("6.3.2", *parts(TEXT, *[bytes([b]) for b in BAD]))
LATE = KOSME + b"\xf4\x90\x80\x80" + b"edited"
case("6.4.1", *parts(TEXT, LATE[:11], LATE[11:15], LATE[15:]))
case("6.4.2", *parts(TEXT, LATE[:12], LATE[12:]))
case("6.4.3", *parts(TEXT, LATE[:11], LATE[11:15], LATE[15:]), chop=1)
case("6.4.4", *parts(TEXT, LATE[:12], LATE[12:]), chop=1)
for i, p in enumerate([b"\xce\xba", "κό".encode(), "κόσ".encode(), "κόσμ".encode(), KOSME]):
    case(f"6.5.{i + 1}", frame(TEXT, p))
for i in range(1, len(KOSME) + 1):
    case(f"6.6.{i}", frame(TEXT, KOSME[:i]))
for group, texts in {
    "6.7": [b"\x00", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80"],
    "6.8": [b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80"],
    "6.9": [b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"],
    "6.10": [b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf"],
    "6.11": [b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbd", b"\xf4\x8f\xbf\xbf", b"\xef\xbf\xbe"],
    "6.12": [b"\x80", b"\xbf", b"\x80\xbf", b"\x80\xbf\x80", b"\x80\xbf\x80\xbf"],
    "6.13": [b"".join(bytes([b, 32]) for b in range(0xc0, 0xe0)), b"".join(bytes([b, 32]) for b in range(0xe0, 0xf0)),
             b"".join(bytes([b, 32]) for b in range(0xf0, 0xf8)), b"\xf8 \xf9 \xfa \xfb ", b"\xfc \xfd "],
    "6.14": [b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xdf", b"\xef\xbf", b"\xf7\xbf\xbf"],
    "6.15": [b"\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef\xbf\xf7\xbf\xbf\xfb\xbf\xbf\xbf\xfd\xbf\xbf\xbf\xbf"],
    "6.16": [b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"],
    "6.17": [b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf8\x80\x80\x80\xaf"],
    "6.18": [b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xf8\x87\xbf\xbf\xbf"],
    "6.19": [b"\xc0\x80", b"\xe0\x80\x80", b"\xf0\x80\x80\x80", b"\xf8\x80\x80\x80\x80"],
    "6.20": [b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xaf\xbf", b"\xed\xb0\x80", b"\xed\xbe\x80", b"\xed\xbf\xbf"],
    "6.21": [b"\xed\xa0\x80\xed\xb0\x80", b"\xed\xa0\x80\xed\xbf\xbf", b"\xed\xaf\xbf\xed\xbf\xbf"],
    "6.22": [b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\xf0\x9f\xbf\xbe", b"\xf4\x8f\xbf\xbf"],
    "6.23": [b"\xef\xbf\xb9", b"\xef\xbf\xbc", b"\xef\xbf\xbd"],
}.items():
    for i, p in enumerate(texts):
        case(f"{group}.{i + 1}", frame(TEXT, p))

case("7.1.1", HELLO, close())
case("7.1.2", close(), close())
case("7.1.3", close(), frame(PING))
case("7.1.4", close(), HELLO)
case("7.1.5", TWO[0], close(), TWO[1])
case("7.1.6", frame(TEXT, b"BAsd7&jh23" * 26214), HELLO, close(), frame(PING))
case("7.3.1", close(b""))
case("7.3.2", close(b"a"))
case("7.3.3", close())
case("7.3.4", code(1000, b"Hello, world!"))
case("7.3.5", code(1000, b"*" * 123))
case("7.3.6", code(1000, b"*" * 124))
case("7.5.1", code(1000, BAD))
for i, n in enumerate([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]):
    case(f"7.7.{i + 1}", code(n))
for i, n in enumerate([0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]):
    case(f"7.9.{i + 1}", code(n))
for i, n in enumerate([5000, 65535]):
    case(f"7.13.{i + 1}", code(n))

case("9.1.1", frame(TEXT, b"*" * 65536))
case("9.2.1", frame(BINARY, b"\xfe" * 65536))
case("9.3.1", *parts(TEXT, *[b"*" * 64] * 1024))
case("9.4.1", *parts(BINARY, *[b"\xfe" * 64] * 1024))
case("9.5.1", frame(TEXT, b"*" * 65536), chop=64)
case("10.1.1", *parts(TEXT, *[b"*" * 1300] * 50))


def deflated(n, size, takeover, fragments=1):
    """n compressed messages of JSON."""
    out, z = [], None
    for i in range(n):
        if z is None or not takeover:
            z = zlib.compressobj(9, zlib.DEFLATED, -15)
        text = b'{"message":"number %d","data":"%s"}' % (i, b"lorem ipsum " * (size // 12))
        p = (z.compress(text) + z.flush(zlib.Z_SYNC_FLUSH))[:-4]
        step = -(-len(p) // fragments)
        pieces = [p[k:k + step] for k in range(0, len(p), step)]
        for k, piece in enumerate(pieces):
            out.append(frame(TEXT if k == 0 else CONT, piece, fin=int(k == len(pieces) - 1), rsv=4 if k == 0 else 0))
    return out


PMD = "permessage-deflate"
FRESH = PMD + "; server_no_context_takeover; client_no_context_takeover"
for i, size in enumerate([16, 64, 256, 1024, 4096]):
    case(f"12.1.{i + 1}", *deflated(20, size, True), extension=PMD)
    case(f"13.1.{i + 1}", *deflated(20, size, True), extension=PMD)
    case(f"13.3.{i + 1}", *deflated(20, size, False), extension=FRESH)
    case(f"12.2.{i + 1}", *deflated(20, size, True, fragments=3), extension=PMD)


def send(sock, number, masked):
    """One side's part in a case; then its end of the connection."""
    frames, chop, _ = CASES[number]
    if number.split(".")[0] != "7" and number != "3.7":
        frames = frames + [close()]
    data = b"".join(f(masked) for f in frames)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    step = chop or len(data)
    for i in range(0, len(data), step):
        sock.sendall(data[i:i + step])
    sock.shutdown(socket.SHUT_WR)


def drain(sock):
    while sock.recv(65536):
        pass


def serve(listener):
    while True:
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(20)
            lines, _ = ws.read_head(sock)
            _, number, sender = lines[0].split()[1].split("/")
            headers = {n.strip().lower(): v.strip() for n, v in (l.split(":", 1) for l in lines[1:])}
            extension = CASES[number][2]
            sock.sendall((
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {ws.accept_of(headers['sec-websocket-key'])}\r\n"
                + (f"Sec-WebSocket-Extensions: {extension}\r\n" if extension else "") + "\r\n").encode())
            if sender == "server":
                send(sock, number, masked=False)
            drain(sock)


def connect(address, number, sender):
    with socket.create_connection(address, timeout=20) as sock:
        extension = CASES[number][2]
        sock.sendall((
            f"GET /{number}/{sender} HTTP/1.1\r\nHost: conformance.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            + (f"Sec-WebSocket-Extensions: {extension}\r\n" if extension else "") + "\r\n").encode())
        ws.read_head(sock)
        if sender == "client":
            send(sock, number, masked=True)
        else:
            sock.shutdown(socket.SHUT_WR)
        drain(sock)


def main():
    address = sys.argv[1], int(sys.argv[2])
    listener = socket.create_server(address)
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    print(2 * len(CASES), flush=True)
    for number in CASES:
        for sender in ("client", "server"):
            connect(address, number, sender)
            print(f"/{number}/{sender}", flush=True)


main()
