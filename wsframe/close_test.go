package wsframe

import "testing"

// The codes are those of the public conformance suite's cases 7.7 and 7.9, and
// the borders of the ranges.
func TestCloseCodeValid(t *testing.T) {
	valid := []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}
	invalid := []uint16{0, 1, 125, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}
	for _, code := range valid {
		if !closeCodeValid(code) {
			t.Errorf("%d may be sent", code)
		}
	}
	for _, code := range invalid {
		if closeCodeValid(code) {
			t.Errorf("%d may not be sent", code)
		}
	}
}

func TestCloseCodeName(t *testing.T) {
	for code, want := range map[uint16]string{
		1000: "normal closure", 1005: "no status received", 1006: "abnormal closure", 1012: "service restart",
		1014: "bad gateway", 1015: "tls handshake", 1016: "", 3000: "unauthorized", 3001: "", 4000: "private use",
		4999: "private use", 5000: "", 0: "",
	} {
		if got := CloseCodeName(code); got != want {
			t.Errorf("%d: %q, want %q", code, got, want)
		}
	}
	for code := uint16(1000); code <= 1014; code++ {
		if CloseCodeName(code) == "" {
			t.Errorf("%d has no name", code)
		}
	}
}
