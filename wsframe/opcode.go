package wsframe

import (
	"net/netip"

	"github.com/gobwas/ws"
)

// Opcode is a frame's opcode (RFC 6455, 5.2 and 11.8).
type Opcode = ws.OpCode

// The opcodes; 3 to 7 and 11 to 15 are reserved.
const (
	OpContinuation = ws.OpContinuation
	OpText         = ws.OpText
	OpBinary       = ws.OpBinary
	OpClose        = ws.OpClose
	OpPing         = ws.OpPing
	OpPong         = ws.OpPong
)

var opcodeNames = [16]string{
	0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong",
	3: "reserved-3", 4: "reserved-4", 5: "reserved-5", 6: "reserved-6", 7: "reserved-7",
	11: "reserved-11", 12: "reserved-12", 13: "reserved-13", 14: "reserved-14", 15: "reserved-15",
}

// OpcodeName is the registered name in lower case, "reserved-3" without one.
func OpcodeName(o Opcode) string { return opcodeNames[o&15] }

// Endpoint is one end of a connection.
type Endpoint = netip.AddrPort
