"""WebSocket framing (RFC 6455) by hand, for peers whose traffic wstap is held
against. It shares no code with wstap, needs Python 3.8 and nothing else, and
keeps a record of what it sent."""

import base64
import hashlib
import json
import os
import socket
import struct

import secure

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def accept_of(key):
    """Sec-WebSocket-Accept for a key (RFC 6455, 4.2.2)."""
    guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.b64encode(hashlib.sha1((key + guid).encode()).digest()).decode()


class Peer:
    """One end of a connection whose upgrade is done."""

    def __init__(self, sock, ahead, masks):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.buffer, self.masks = sock, ahead, masks
        self.sent = []  # the record: one entry a message or control frame
        self.parts = b""

    def encode(self, opcode, payload, fin=True):
        """One frame (5.2)."""
        first = bytes([opcode | (0x80 if fin else 0)])
        mask = 0x80 if self.masks else 0
        if len(payload) < 126:
            head = first + bytes([mask | len(payload)])
        elif len(payload) < 1 << 16:
            head = first + struct.pack("!BH", mask | 126, len(payload))
        else:
            head = first + struct.pack("!BQ", mask | 127, len(payload))
        if self.masks:
            key = os.urandom(4)
            head += key
            payload = bytes(b ^ key[i & 3] for i, b in enumerate(payload))
        return head + payload

    def record(self, opcode, payload):
        entry = {"opcode": opcode, "length": len(payload)}
        if opcode == CLOSE:
            entry["code"] = struct.unpack("!H", payload[:2])[0]
            entry["reason"] = payload[2:].decode()
        elif opcode == TEXT:
            entry["text"] = payload.decode()
        else:
            entry["sha256"] = hashlib.sha256(payload).hexdigest()
        self.sent.append(entry)

    def send(self, opcode, *payloads):
        """Sends messages or control frames of one frame each, all at once."""
        self.sock.sendall(b"".join(self.encode(opcode, p) for p in payloads))
        for payload in payloads:
            self.record(opcode, payload)

    def send_split(self, opcode, payload, at, ping):
        """Sends a message in two fragments, with a ping between (5.4)."""
        self.sock.sendall(self.encode(opcode, payload[:at], fin=False))
        self.send(PING, ping)
        self.sock.sendall(self.encode(0, payload[at:]))
        self.record(opcode, payload)

    def send_json(self, name, *data):
        self.send(TEXT, signal(name, *data))

    def close(self, code, reason):
        self.send(CLOSE, struct.pack("!H", code) + reason.encode())

    def take(self, n):
        while len(self.buffer) < n:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("peer has gone")
            self.buffer += more
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def receive(self):
        """The next message or control frame: (opcode, payload)."""
        while True:
            first, second = self.take(2)
            length = second & 127
            if length == 126:
                (length,) = struct.unpack("!H", self.take(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self.take(8))
            key = self.take(4) if second & 0x80 else b"\0\0\0\0"
            payload = bytes(b ^ key[i & 3] for i, b in enumerate(self.take(length)))
            opcode, fin = first & 15, first & 0x80
            if opcode >= 8:
                return opcode, payload
            if opcode:
                self.opcode, self.parts = opcode, b""
            self.parts += payload
            if fin:
                return self.opcode, self.parts


def signal(name, *data):
    """A signalling message: {"message":NAME,"data":[...]}."""
    return json.dumps({"message": name, "data": list(data)}, separators=(",", ":")).encode()


def read_head(sock):
    """An HTTP head, as its lines, and the bytes read behind it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            raise ConnectionError("peer has gone")
        data += more
    head, ahead = data.split(b"\r\n\r\n", 1)
    return head.decode("latin-1").split("\r\n"), ahead


def accept(sock):
    """The server's side of the upgrade."""
    lines, ahead = read_head(sock)
    headers = {n.strip().lower(): v.strip() for n, v in (l.split(":", 1) for l in lines[1:])}
    sock.sendall((
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_of(headers['sec-websocket-key'])}\r\n"
        "Server: call-server\r\n\r\n").encode())
    return Peer(sock, ahead, masks=False)


def connect(address, host, target):
    """The client's side of the upgrade."""
    sock = secure.client(socket.create_connection(address, timeout=20), host.split(":")[0])
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall((
        f"GET {target} HTTP/1.1\r\n"
        f"Host: {host}\r\n"
        "Connection: Upgrade\r\n"
        "Upgrade: websocket\r\n"
        "Origin: http://call.example.test\r\n"
        "User-Agent: softphone/1.0\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n").encode())
    lines, ahead = read_head(sock)
    if " 101 " not in lines[0] or f"Sec-WebSocket-Accept: {accept_of(key)}" not in lines:
        raise ConnectionError("upgrade refused: " + lines[0])
    return Peer(sock, ahead, masks=True)
