package subproto

// wampTypes are the message types of WAMP 2 (basic and advanced profile).
func wampType(code string) string {
	switch code {
	case "1":
		return "HELLO"
	case "2":
		return "WELCOME"
	case "3":
		return "ABORT"
	case "4":
		return "CHALLENGE"
	case "5":
		return "AUTHENTICATE"
	case "6":
		return "GOODBYE"
	case "8":
		return "ERROR"
	case "16":
		return "PUBLISH"
	case "17":
		return "PUBLISHED"
	case "32":
		return "SUBSCRIBE"
	case "33":
		return "SUBSCRIBED"
	case "34":
		return "UNSUBSCRIBE"
	case "35":
		return "UNSUBSCRIBED"
	case "36":
		return "EVENT"
	case "48":
		return "CALL"
	case "49":
		return "CANCEL"
	case "50":
		return "RESULT"
	case "64":
		return "REGISTER"
	case "65":
		return "REGISTERED"
	case "66":
		return "UNREGISTER"
	case "67":
		return "UNREGISTERED"
	case "68":
		return "INVOCATION"
	case "69":
		return "INTERRUPT"
	case "70":
		return "YIELD"
	}
	return ""
}

// wamp summarizes a message of WAMP 2: [type, request id, ..., URI, ...].
func wamp(l *line, e []value) bool {
	name := wampType(string(e[0].raw))
	if e[0].kind != number || name == "" {
		return false
	}
	l.word(name)
	for _, v := range e[1:] {
		if v.kind == str {
			l.quoted(v.raw)
			break
		}
	}
	if len(e) > 1 && e[1].kind == number {
		l.id(e[1])
	}
	return true
}
