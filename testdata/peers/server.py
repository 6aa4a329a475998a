#!/usr/bin/env python3
"""A call server's signalling, for one call: server.py ADDRESS PORT RECORD

Prints the port it listens on (PORT 0 chooses one), serves one connection, and
writes what it sent to the file RECORD as JSON. Time is compressed: the
application's ping, every 5 s in the field, comes every 200 ms."""

import json
import socket
import sys
import threading
import time

import secure
import websocket as ws

SDP = "\r\n".join([
    "v=0", "o=call-server 1988962254 1988962254 IN IP4 192.0.2.1", "s=call-server/1.0",
    "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 31002 RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1", "a=recvonly", "a=rtcp-mux", "a=ssrc:3735928559 cname:rtp/audio",
    "m=video 31004 RTP/SAVPF 96", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli",
    "a=rtcp-fb:96 ccm fir", "a=recvonly", "a=rtcp-mux", ""])


class Call:
    def __init__(self, peer):
        self.peer, self.lock, self.over = peer, threading.Lock(), threading.Event()

    def say(self, name, *data):
        with self.lock:
            self.peer.send_json(name, *data)

    def keep_alive(self):
        """Pings of the application, and every fifth time one of the protocol."""
        n = 0
        while not self.over.wait(0.2):
            n += 1
            self.say("ping")
            if n % 5 == 0:
                with self.lock:
                    self.peer.send(ws.PING, b"alive %d" % n)

    def publish(self, stream):
        text = ws.signal("setRemoteSDP", stream["mediaSessionId"], SDP, False)
        with self.lock:
            self.peer.send_split(ws.TEXT, text, 400, b"between fragments")
        self.say("notifyStreamStatusEvent", dict(stream, sdp="", status="PUBLISHING"))

    def media(self, payload):
        """Answers every tenth with four small ones, in one packet."""
        if payload[0] % 10 == 9:
            with self.lock:
                self.peer.send(ws.BINARY, *(bytes([n]) * 24 for n in range(4)))

    def run(self):
        stream = None
        while True:
            opcode, payload = self.peer.receive()
            if opcode == ws.CLOSE:
                self.over.set()
                with self.lock:
                    self.peer.send(ws.CLOSE, payload)
                return
            if opcode == ws.PING:
                with self.lock:
                    self.peer.send(ws.PONG, payload)
            elif opcode == ws.BINARY:
                self.media(payload)
            elif opcode == ws.TEXT:
                message = json.loads(payload)
                name, data = message["message"], message["data"]
                if name == "connection":
                    login = data[0]["sipLogin"]
                    self.say("getUserData", {"sipLogin": login, "sipDomain": "call.example.test", "sipPassword": "not-a-real-password"})
                    self.say("getVersion", "1.0.42")
                    time.sleep(0.03)
                    self.say("registered", {"sipLogin": login, "status": "REGISTERED"})
                    threading.Thread(target=self.keep_alive, daemon=True).start()
                elif name == "publishStream":
                    stream = data[0]
                    self.publish(stream)
                elif name == "unPublishStream":
                    self.say("notifyStreamStatusEvent", dict(stream, sdp="", status="UNPUBLISHED"))


def main():
    address, port, record = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with socket.create_server((address, port)) as listener:
        print(listener.getsockname()[1], flush=True)
        sock, _ = listener.accept()
    sock.settimeout(20)
    sock = secure.server(sock)
    with sock:
        peer = ws.accept(sock)
        Call(peer).run()
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):  # the client closes after us (RFC 6455, 7.1.1)
            pass
    with open(record, "w") as out:
        json.dump(peer.sent, out)


main()
