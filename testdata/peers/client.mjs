// The softphone of client.py, on node's own WebSocket (node 20 needs
// --experimental-websocket): client.mjs ADDRESS PORT RECORD
//
// Pongs are sent by the library, unseen; the record holds the rest.

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";

const [address, port, record] = process.argv.slice(2);
const session = "9ac63f10-7f1d-11ee-b962-0242ac120002";
const sent = [];
const phone = new WebSocket(`ws://${address}:${port}/signalling`);

function say(message, ...data) {
  const text = JSON.stringify({ message, data });
  sent.push({ opcode: 1, length: Buffer.byteLength(text), text });
  phone.send(text);
}

function media(n) {
  const bytes = Buffer.concat([Buffer.from([n]), Buffer.from("media".repeat(32 + ((n * 37) % 200)))]);
  sent.push({ opcode: 2, length: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
  phone.send(bytes);
}

function hangUp() {
  sent.push({ opcode: 8, length: 5, code: 1000, reason: "bye" });
  phone.close(1000, "bye");
}

const on = {
  ping: () => say("pong"),
  registered: () => say("publishStream", { name: "stream-1", mediaSessionId: session, sdp: "v=0\r\n" + "a=\u266a\r\n".repeat(40) }),
  notifyStreamStatusEvent: (stream) => {
    if (stream.status === "UNPUBLISHED") return hangUp();
    for (let n = 0; n < 16; n++) media(n);
    setTimeout(() => say("unPublishStream", { name: "stream-1" }), 500);
  },
};

phone.onopen = () => say("connection", { sipLogin: "1001", sipPassword: "not-a-real-password" });
phone.onmessage = ({ data }) => {
  if (typeof data !== "string") return;
  const { message, data: [first] } = JSON.parse(data);
  on[message]?.(first);
};
phone.onerror = () => { process.exitCode = 1; };
phone.onclose = () => writeFileSync(record, JSON.stringify(sent));
