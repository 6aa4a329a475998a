package wsframe_test

import (
	"path/filepath"
	"testing"
)

// h2Cases are the corpus' captures with HTTP/2, and how often each message was
// captured: a proxy's capture holds both of its legs.
var h2Cases = []struct {
	name string
	legs int
}{
	{"09-chromium-h2-extconnect", 1},
	{"28-node-h2c-plaintext-continuation", 1},
	{"50-haproxy-chromium-h2-to-h1-backend", 2},
}

// TestH2Truth: message for message what the servers noted, through HTTP/2.
func TestH2Truth(t *testing.T) {
	for _, c := range h2Cases {
		t.Run(c.name, func(t *testing.T) {
			want, got := readTruth(t, c.name), make(complete)
			for k := range want {
				want[k] *= c.legs
			}
			states := runTLS(t, filepath.Join(corpus(), "own", c.name), got)
			right, wrong, missing := got.against(want)
			t.Logf("%d of %d, %d wrong", right, want.total(), wrong)
			if wrong+missing > 0 {
				t.Errorf("%d right, %d wrong, %d missing", right, wrong, missing)
				for _, s := range states {
					t.Log(s)
				}
			}
		})
	}
}
