#!/usr/bin/env python3
"""Clients that meet the servers of broken.py: meet.py CASE ADDRESS"""

import base64
import os
import socket
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../peers"))
import websocket as ws  # noqa: E402

case, address = sys.argv[1], sys.argv[2]


def ask(s, *more, path="/chat"):
    key = base64.b64encode(os.urandom(16)).decode()
    head = ["GET %s HTTP/1.1" % path, "Host: broken.example.test", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + key] + list(more)
    s.sendall(("\r\n".join(head) + "\r\n\r\n").encode())


def connect(port, timeout=10):
    s = socket.create_connection((address, port), timeout)
    s.settimeout(30)
    return s


def upgrade(port):
    s = connect(port)
    ask(s)
    _, ahead = ws.read_head(s)
    return ws.Peer(s, ahead, True)


def hello(p):
    p.send(ws.TEXT, b"hello")
    p.receive()


def bye(p):
    p.close(1000, "")
    p.receive()
    p.sock.close()


def tls(port, **settings):
    context = ssl.create_default_context()  # knows no such certificate
    for name, value in settings.items():
        setattr(context, name, value)
    return context.wrap_socket(connect(port), server_hostname="broken.example.test")


def talk_tls():
    s = ssl._create_unverified_context().wrap_socket(connect(9009))
    ask(s)
    _, ahead = ws.read_head(s)
    p = ws.Peer(s, ahead, True)
    hello(p)
    bye(p)


def page():
    s = connect(9013)
    s.sendall(b"GET / HTTP/1.1\r\nHost: broken.example.test\r\n\r\n")
    while s.recv(65536):
        pass
    s.close()


def fails(port, timeout=4):
    try:
        connect(port, timeout)
    except OSError:
        pass


def meet():
    if case == "port-closed":
        for _ in range(3):
            fails(9001)
    elif case == "port-filtered":
        fails(9002, 4)
    elif case == "handshake-half":
        fails(9003, 4)
    elif case in ("host-unreachable", "host-prohibited"):
        fails(9013)
    elif case == "no-response":
        s = connect(9004)
        ask(s)
        time.sleep(3)
        s.close()
    elif case in ("hang-up", "upgrade-refused", "upgrade-stripped", "ws-to-tls"):
        if case == "ws-to-tls":  # this server only resets: that it speaks TLS shows here
            talk_tls()
        s = connect({"hang-up": 9005, "upgrade-refused": 9006, "upgrade-stripped": 9010, "ws-to-tls": 9009}[case])
        ask(s)
        try:
            while s.recv(65536):
                pass
        except OSError:
            pass
        s.close()
    elif case == "proxy-refuses":
        s = connect(9017)
        s.sendall(b"CONNECT chat.example.test:443 HTTP/1.1\r\nHost: chat.example.test:443\r\n\r\n")
        s.recv(65536)
        s.close()
    elif case in ("upgrade-invalid", "subprotocol-mismatch"):
        s = connect({"upgrade-invalid": 9007, "subprotocol-mismatch": 9008}[case])
        ask(s, "Sec-WebSocket-Protocol: chat.v1")
        ws.read_head(s)
        s.close()
    elif case == "wss-to-plain":  # this server waits: that it speaks HTTP shows here
        page()
        s = connect(9013)
        s.settimeout(1)
        try:
            ssl._create_unverified_context().wrap_socket(s)
        except (OSError, ValueError):
            pass
        s.close()
    elif case == "tls-failed-13":
        tls(9009)
    elif case == "tls-failed-12":
        tls(9009, maximum_version=ssl.TLSVersion.TLSv1_2)
    elif case == "tls-no-key":
        talk_tls()
    elif case == "protocol-error":
        p = upgrade(9015)
        p.masks = False
        p.send(ws.TEXT, b"bare")
        p.receive()
        p.sock.close()
    elif case in ("closed-with-error", "closed-by-application"):
        p = upgrade(9013)
        hello(p)
        p.send(ws.TEXT, b"close 1011" if case == "closed-with-error" else b"close 4001")
        _, payload = p.receive()
        p.send(ws.CLOSE, payload)
        p.sock.close()
    elif case in ("abnormal-close", "abnormal-reset"):
        p = upgrade(9013)
        hello(p)
        p.send(ws.TEXT, b"die" if case == "abnormal-close" else b"reset")
        time.sleep(0.3)
        p.sock.close()
    elif case == "silent":
        p = upgrade(9013)
        time.sleep(21)
        bye(p)
    elif case == "pong-missing":
        p = upgrade(9014)
        for _ in range(6):
            p.send(ws.PING, b"there?")
            time.sleep(1)
        p.sock.close()
    elif case == "idle-cut":
        both = [upgrade(9012)]
        hello(both[0])
        time.sleep(1.5)
        both.append(upgrade(9012))
        hello(both[1])
        hello(both[1])
        for p in both:
            try:
                p.receive()
            except OSError:
                pass
            p.sock.close()
    elif case == "joined-midstream":
        p = upgrade(9013)
        hello(p)
        print("go", flush=True)
        sys.stdin.readline()
        for _ in range(5):
            p.send(ws.TEXT, b"a text of some length, to be told back")
            p.receive()
        bye(p)
    elif case == "no-websocket":
        page()
    elif case == "healthy-unauthorized-first":
        s = connect(9016)
        ask(s)
        ws.read_head(s)
        ask(s, "Authorization: Basic eDp5")
        _, ahead = ws.read_head(s)
        p = ws.Peer(s, ahead, True)
        hello(p)
        bye(p)
    else:  # healthy, one-way-capture, capture-truncated
        p = upgrade(9013)
        hello(p)
        p.send(ws.BINARY, os.urandom(3000))
        p.receive()
        p.send(ws.PING, b"there?")
        p.receive()
        bye(p)


try:
    meet()
except (OSError, ssl.SSLError) as e:
    print(case, e, file=sys.stderr)
