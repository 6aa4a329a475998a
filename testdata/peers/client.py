#!/usr/bin/env python3
"""A softphone's side of one call: client.py ADDRESS PORT RECORD

Registers, publishes a stream, sends a burst of media, and hangs up with a clean
close. Writes what it sent to the file RECORD as JSON. Media is a counter and
filler: nobody's voice."""

import json
import sys
import threading
import time

import websocket as ws

SDP = "\r\n".join([
    "v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8", "c=IN IP4 0.0.0.0", "a=ice-ufrag:none", "a=ice-pwd:not-a-real-password",
    "a=setup:actpass", "a=mid:0", "a=sendonly", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2", "a=rtpmap:63 red/48000/2",
    "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=ssrc:1 cname:softphone",
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99", "c=IN IP4 0.0.0.0", "a=setup:actpass", "a=mid:1", "a=sendonly",
    "a=rtcp-mux", "a=rtcp-rsize", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:96 transport-cc",
    "a=rtcp-fb:96 ccm fir", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
    "a=rtpmap:98 VP9/90000", "a=fmtp:98 profile-id=0", "a=rtpmap:99 rtx/90000", "a=fmtp:99 apt=98", "a=ssrc:2 cname:softphone", ""])

SESSION = "9ac63f10-7f1d-11ee-b962-0242ac120002"


class Phone:
    def __init__(self, peer):
        self.peer, self.lock = peer, threading.Lock()
        self.state, self.changed = set(), threading.Condition()

    def say(self, name, *data):
        with self.lock:
            self.peer.send_json(name, *data)

    def reach(self, state):
        with self.changed:
            self.state.add(state)
            self.changed.notify_all()

    def wait(self, state):
        with self.changed:
            if not self.changed.wait_for(lambda: state in self.state, timeout=20):
                raise TimeoutError("not " + state)

    def listen(self):
        while True:
            opcode, payload = self.peer.receive()
            if opcode == ws.CLOSE:
                return self.reach("closed")
            if opcode == ws.PING:
                with self.lock:
                    self.peer.send(ws.PONG, payload)
            elif opcode == ws.TEXT:
                message = json.loads(payload)
                name, data = message["message"], message["data"]
                if name == "ping":
                    self.say("pong")
                elif name == "notifyStreamStatusEvent":
                    self.reach(data[0]["status"])
                else:
                    self.reach(name)

    def call(self):
        self.say("connection", {
            "appKey": "defaultApp", "sipLogin": "1001", "sipPassword": "not-a-real-password",
            "sipDomain": "call.example.test", "mediaProviders": ["WebRTC", "WSPlayer"], "clientVersion": "1.0.7"})
        self.wait("registered")
        time.sleep(0.3)
        stream = {"name": "stream-1", "mediaSessionId": SESSION, "hasAudio": True, "hasVideo": True, "sdp": SDP}
        self.say("publishStream", stream)
        self.wait("PUBLISHING")
        for n in range(16):
            with self.lock:
                self.peer.send(ws.BINARY, bytes([n]) + b"media" * (32 + n * 37 % 200))
            time.sleep(0.005)
        time.sleep(0.7)
        self.say("unPublishStream", {"name": "stream-1", "mediaSessionId": SESSION})
        self.wait("UNPUBLISHED")
        with self.lock:
            self.peer.close(1000, "bye")
        self.wait("closed")


def main():
    address, port, record = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    peer = ws.connect((address, port), f"call.example.test:{port}", "/signalling")
    phone = Phone(peer)
    threading.Thread(target=phone.listen, daemon=True).start()
    phone.call()
    peer.sock.close()
    with open(record, "w") as out:
        json.dump(peer.sent, out)


main()
