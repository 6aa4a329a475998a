package subproto

// ocpp summarizes a message of OCPP-J, which charging stations speak:
// [2, id, action, payload], [3, id, payload], [4, id, code, text, details].
func ocpp(l *line, e []value) bool {
	if e[0].kind != number || len(e) < 2 || e[1].kind != str {
		return false
	}
	switch string(e[0].raw) {
	case "2":
		if len(e) < 3 || e[2].kind != str {
			return false
		}
		l.quoted(e[2].raw)
		l.request = true
	case "3":
		l.word("result")
	case "4":
		l.word("error")
		if len(e) > 2 {
			l.quoted(e[2].raw)
		}
	default:
		return false
	}
	l.reply = !l.request
	l.id(e[1])
	return true
}
