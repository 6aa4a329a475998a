package decrypt

import (
	"fmt"
	"strings"
)

// tell puts into words how far decryption came.
func (s *session) tell() {
	i := s.info
	w, detail := s.words()
	if i.Alert != "" {
		detail += ", alert " + i.Alert
	}
	if len(i.State) == len(w)+len(detail) && strings.HasPrefix(i.State, w) && strings.HasSuffix(i.State, detail) {
		return // nothing new, as for most at their end
	}
	i.State = w + detail
}

// words says it in two pieces, so that they need not be joined to be compared.
func (s *session) words() (state, detail string) {
	if s.info.Decrypted {
		w := "decrypted"
		if s.midstream {
			w += ", joined mid-stream"
		} else if !s.haveClient && s.version == versionTLS13 {
			w += ", client hello lost"
		}
		if s.late {
			w += ", key arrived late"
		}
		switch {
		case s.lost > 0 && s.resynced:
			w += fmt.Sprintf(", lost %d bytes, resynchronized", s.lost)
		case s.lost > 0:
			w += fmt.Sprintf(", lost %d bytes", s.lost)
		}
		return w, ""
	}
	switch {
	case s.suiteID != 0 && s.suite == nil:
		return "unsupported suite ", s.info.Cipher
	case s.opened:
		return "handshake decrypted, no application data", ""
	case s.midstream && !s.haveClient:
		return "joined mid-stream, no key fits", ""
	case !s.haveClient:
		return "client hello lost, no key fits", ""
	case !s.haveServer && s.version == 0:
		return "no server hello, client random ", s.info.ClientRandom
	case s.h.keys == nil || !s.known():
		return "no key for client random ", s.info.ClientRandom
	}
	return "no record opened with the key for client random ", s.info.ClientRandom
}

// known reports whether the key log knows this connection.
func (s *session) known() bool {
	if s.h.keys.entries[s.clientRandom] != nil {
		return true
	}
	for _, random := range s.resumes {
		if s.h.keys.entries[random] != nil {
			return true
		}
	}
	return false
}
