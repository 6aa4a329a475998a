#!/usr/bin/env bash
# Records what diagnose is held against for real: clients of meet.py meet servers
# of broken.py in two network namespaces, one capture each, on the server's end of
# the wire. Writes CASE.pcap. Needs root, iproute2, tcpdump, openssl,
# python3; takes two minutes. record.sh CASE... records these alone.
set -eu -o pipefail
cd "$(dirname "$0")"

[ "$(id -u)" = 0 ] || { echo "record.sh: needs root for network namespaces" >&2; exit 1; }

client=wstap-c-$$ server=wstap-s-$$ work=$(mktemp -d)
server_pid=
clean() {
	[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
	ip netns del "$client" 2>/dev/null || true
	ip netns del "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT

ip netns add "$client"
ip netns add "$server"
ip -n "$client" link add veth0 type veth peer name veth0 netns "$server"
for ns in "$client" "$server"; do
	ip -n "$ns" link set lo up
done
ip -n "$client" addr add 192.0.2.10/24 dev veth0
ip -n "$server" addr add 192.0.2.1/24 dev veth0
ip -n "$client" link set veth0 up
ip -n "$server" link set veth0 up
ip -n "$client" route add default via 192.0.2.1
# What the server's host, as a router, cannot or may not reach.
ip netns exec "$server" sysctl -qw net.ipv4.ip_forward=1
ip -n "$server" route add unreachable 198.51.100.0/24
ip -n "$server" route add prohibit 203.0.113.0/24
# A firewall that drops: SYNs to port 9002 at the server, SYN-ACKs of 9003 at the client.
for ns in "$server" "$client"; do
	ip -n "$ns" rule add pref 100 table local
	ip -n "$ns" rule del pref 0
done
ip -n "$server" rule add pref 10 iif veth0 ipproto tcp dport 9002 blackhole
ip -n "$client" rule add pref 10 iif veth0 ipproto tcp sport 9003 blackhole

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key" -out "$work/cert" -days 1 -subj /CN=broken.example.test 2>/dev/null
export PYTHONDONTWRITEBYTECODE=1
ip netns exec "$server" python3 broken.py 192.0.2.1 "$work/cert" "$work/key" >"$work/ready" &
server_pid=$!
until grep -q ready "$work/ready"; do sleep 0.05; done

# capture CASE INTERFACE TCPDUMP-ARGUMENTS...: begins, and sets tcpdump_pid
capture() {
	local case=$1 interface=$2
	shift 2
	: >"$work/log"
	# -Z root: tcpdump would otherwise give its rights up and not write to $work.
	ip netns exec "$server" tcpdump -Z root --immediate-mode -i "$interface" -U -w "$work/out.pcap" "$@" 2>"$work/log" &
	tcpdump_pid=$!
	until grep -q 'listening on' "$work/log"; do sleep 0.05; done
}
finish() {
	sleep 0.3
	kill -INT "$tcpdump_pid"
	wait "$tcpdump_pid" || true
	mv "$work/out.pcap" "$1.pcap"
	echo "$1: $(tcpdump -r "$1.pcap" 2>/dev/null | wc -l) packets"
}
wanted=" $* "
want() { [ "$wanted" = "  " ] || [[ $wanted == *" $1 "* ]]; }
meet() { # CASE ADDRESS INTERFACE TCPDUMP-ARGUMENTS...
	want "$1" || return 0
	capture "$1" "${@:3}"
	ip netns exec "$client" python3 meet.py "$1" "$2" || true
	finish "$1"
}

for case in port-closed port-filtered handshake-half no-response hang-up upgrade-refused ws-to-tls proxy-refuses \
	upgrade-invalid subprotocol-mismatch wss-to-plain tls-failed-13 tls-failed-12 tls-no-key protocol-error \
	closed-with-error closed-by-application abnormal-close abnormal-reset silent pong-missing idle-cut \
	no-websocket healthy healthy-unauthorized-first; do
	meet $case 192.0.2.1 veth0 -s 0 ip
done
meet host-unreachable 198.51.100.7 veth0 -s 0 ip
meet host-prohibited 203.0.113.7 veth0 -s 0 ip
meet upgrade-stripped 192.0.2.1 any -s 0 'tcp port 9010 or tcp port 9011'
meet healthy-any 192.0.2.1 any -s 0 'tcp port 9013'
meet one-way-capture 192.0.2.1 veth0 -s 0 'dst port 9013'
meet one-way-capture-server 192.0.2.1 veth0 -s 0 'src port 9013'
meet capture-truncated 192.0.2.1 veth0 -s 200 'tcp port 9013'

if want joined-midstream; then
	mkfifo "$work/in" "$work/go"
	ip netns exec "$client" python3 meet.py joined-midstream 192.0.2.1 <"$work/in" >"$work/go" &
	exec 3>"$work/in"
	read -r <"$work/go"
	capture joined-midstream veth0 -s 0 ip
	echo >&3
	exec 3>&-
	sleep 0.5
	finish joined-midstream
fi
