package subproto

// phoenix summarizes a message of Phoenix channels (serializer 2.0.0):
// [join_ref, ref, topic, event, payload].
func phoenix(l *line, e []value) bool {
	ref := func(v value) bool { return v.kind == str || string(v.raw) == "null" }
	if len(e) != 5 || !ref(e[0]) || !ref(e[1]) || e[2].kind != str || e[3].kind != str || e[4].kind != objectValue {
		return false
	}
	l.quoted(e[3].raw)
	l.quoted(e[2].raw)
	l.reply = string(e[3].raw) == "phx_reply"
	l.id(e[1])
	return true
}
