#!/usr/bin/env bash
# Records the demo: a real call-signalling session between the peers of
# ../peers, in two network namespaces, captured on the server's end of the wire.
# Writes signalling.pcapng, and signalling.json with what each peer sent. Needs
# root, iproute2, tcpdump, editcap (wireshark-common), python3.
#
# Time is compressed: the application's ping, every 5 s in the field, comes every
# 200 ms here. The passwords in it are made up, and say so.
set -eu -o pipefail
cd "$(dirname "$0")"

[ "$(id -u)" = 0 ] || { echo "record.sh: needs root for network namespaces" >&2; exit 1; }

client=wstap-client-$$ server=wstap-server-$$ work=$(mktemp -d)
tcpdump_pid= server_pid=
clean() {
	[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
	[ -z "$tcpdump_pid" ] || kill "$tcpdump_pid" 2>/dev/null || true
	ip netns del "$client" 2>/dev/null || true
	ip netns del "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT

ip netns add "$client"
ip netns add "$server"
ip -n "$client" link add veth0 type veth peer name veth0 netns "$server"
ip -n "$client" addr add 192.0.2.10/24 dev veth0
ip -n "$server" addr add 192.0.2.1/24 dev veth0
ip -n "$client" link set veth0 up
ip -n "$server" link set veth0 up

# -Z root: tcpdump would otherwise give its rights up and not write to $work.
ip netns exec "$server" tcpdump -Z root -i veth0 -s 0 --nano -U -w "$work/session.pcap" tcp port 8080 2>"$work/tcpdump.log" &
tcpdump_pid=$!
until grep -q 'listening on' "$work/tcpdump.log"; do sleep 0.05; done

export PYTHONDONTWRITEBYTECODE=1
ip netns exec "$server" python3 ../peers/server.py 192.0.2.1 8080 "$work/server.json" >"$work/port" &
server_pid=$!
until [ -s "$work/port" ]; do sleep 0.05; done
ip netns exec "$client" python3 ../peers/client.py 192.0.2.1 8080 "$work/client.json"
wait "$server_pid"
server_pid=

# The kernel hands tcpdump its packets within a second.
sleep 1.5
kill -INT "$tcpdump_pid"
wait "$tcpdump_pid" || true
tcpdump_pid=

editcap -F pcapng "$work/session.pcap" signalling.pcapng
python3 - "$work" >signalling.json <<'PYTHON'
import json, sys
sent = {who: json.load(open(f"{sys.argv[1]}/{who}.json")) for who in ("client", "server")}
print("{")
for who, last in (("client", False), ("server", True)):
    print(f'  "{who}": [')
    print(",\n".join("    " + json.dumps(entry) for entry in sent[who]))
    print("  ]" + ("" if last else ","))
print("}")
PYTHON
ls -l signalling.pcapng signalling.json
