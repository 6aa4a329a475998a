#!/usr/bin/env python3
"""Servers that fail in one way each: broken.py ADDRESS CERTIFICATE KEY

Each listens on a port of its own, see PORTS; record.sh says which client meets
which. Needs Python 3.8 and nothing else."""

import os
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../peers"))
import websocket as ws  # noqa: E402

IDLE = 6  # seconds after which the proxy cuts


def grant(lines, *more, accept=None, drop=()):
    key = next(l.split(":", 1)[1].strip() for l in lines if l.lower().startswith("sec-websocket-key:"))
    head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Accept: " + (accept or ws.accept_of(key))]
    head = [l for l in head if l.split(":")[0] not in drop] + list(more)
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def never_answers(s):
    ws.read_head(s)
    time.sleep(60)


def hangs_up(s):
    ws.read_head(s)
    s.close()


def forbids(s):
    ws.read_head(s)
    body = b"<h1>403 Forbidden</h1>\n"
    s.sendall(b"HTTP/1.1 403 Forbidden\r\nServer: nginx\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    s.close()


def knows_no_websocket(s):
    """An HTTP server that answers what lost its upgrade as a page."""
    ws.read_head(s)
    s.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    s.close()


def strips(s):
    """A proxy that does not know hop-by-hop upgrades, in front of port 9011."""
    lines, _ = ws.read_head(s)
    kept = [l for l in lines if l.split(":")[0].lower() not in ("upgrade", "connection")] + ["Connection: close"]
    out = socket.create_connection((sys.argv[1], 9011))
    out.sendall(("\r\n".join(kept) + "\r\n\r\n").encode())
    while True:
        b = out.recv(65536)
        if not b:
            break
        s.sendall(b)
    s.close()


def accepts_wrongly(s):
    lines, _ = ws.read_head(s)
    s.sendall(grant(lines, accept="AAAAAAAAAAAAAAAAAAAAAAAAAAA="))
    time.sleep(1)


def chooses_wrongly(s):
    lines, _ = ws.read_head(s)
    s.sendall(grant(lines, "Sec-WebSocket-Protocol: chat.v9"))
    time.sleep(1)


def unauthorized_first(s):
    for status in (401, 101):
        lines, _ = ws.read_head(s)
        if status == 401:
            s.sendall(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
        else:
            s.sendall(grant(lines))
            echo_frames(ws.Peer(s, b"", False))


def echo_frames(p):
    """Echoes; does as the text says."""
    s = p.sock
    while True:
        try:
            opcode, payload = p.receive()
        except OSError:
            return s.close()
        if opcode == ws.CLOSE:
            p.send(ws.CLOSE, payload)
            return s.close()
        if payload == b"die":
            return s.close()
        if payload == b"reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            return s.close()
        if payload.startswith(b"close "):
            p.close(int(payload[6:]), "as asked for")
            p.receive()
            return s.close()
        if opcode == ws.PING:
            p.send(ws.PONG, payload)
        elif opcode != ws.PONG:
            p.send(opcode, payload)


def echoes(s):
    lines, ahead = ws.read_head(s)
    if not any(l.lower().startswith("upgrade:") for l in lines):
        s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        return s.close()
    s.sendall(grant(lines))
    echo_frames(ws.Peer(s, ahead, False))


def checks_masks(s):
    lines, ahead = ws.read_head(s)
    s.sendall(grant(lines))
    p = ws.Peer(s, ahead, False)
    if not p.take(2)[1] & 0x80:
        p.close(1002, "not masked")
    time.sleep(0.3)
    s.close()


def never_pongs(s):
    lines, _ = ws.read_head(s)
    s.sendall(grant(lines))
    while s.recv(65536):
        pass


def cuts_idle(s):
    """A proxy in front of the echo server that ends what is idle."""
    out = socket.create_connection((sys.argv[1], 9013))
    s.settimeout(IDLE)
    out.settimeout(IDLE)
    last = [time.time()]

    def pump(a, b):
        while True:
            try:
                data = a.recv(65536)
            except OSError:
                if time.time() - last[0] < IDLE - 0.1:
                    continue
                data = b""
            if not data:
                break
            last[0] = time.time()
            b.sendall(data)
        a.close(), b.close()
    threading.Thread(target=pump, args=(out, s), daemon=True).start()
    pump(s, out)


def refuses_tunnels(s):
    ws.read_head(s)
    s.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=p\r\nContent-Length: 0\r\n\r\n")
    s.close()


PORTS = {9004: never_answers, 9005: hangs_up, 9006: forbids, 9007: accepts_wrongly, 9008: chooses_wrongly, 9010: strips,
         9011: knows_no_websocket, 9012: cuts_idle, 9013: echoes, 9014: never_pongs, 9015: checks_masks,
         9016: unauthorized_first, 9017: refuses_tunnels, 9002: echoes, 9003: echoes, 9009: echoes}


def serve(port, handler):
    listener = socket.create_server((sys.argv[1], port), backlog=64)
    context = None
    if port == 9009:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])

    def one(s):
        try:
            handler(context.wrap_socket(s, server_side=True) if context else s)
        except OSError:
            s.close()
    while True:
        s, _ = listener.accept()
        threading.Thread(target=one, args=(s,), daemon=True).start()


for port, handler in PORTS.items():
    threading.Thread(target=serve, args=(port, handler), daemon=True).start()
time.sleep(0.3)
print("ready", flush=True)
threading.Event().wait()
