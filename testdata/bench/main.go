// Bench measures wstap beside tshark, tcpdump and cat, on captures that it
// generates, and holds what wstap counts against what was generated:
//
//	go run ./testdata/bench -wstap bin/wstap -dir bin/bench -size 100 small bulk deflate mixed
//
// With -generate it writes the capture of one profile and its truth, and ends.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"wstap/capture/benchtest"
)

// bench is what the flags say.
type bench struct {
	wstap  string
	dir    string
	runs   int
	tshark int
	seed   uint64
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	// What exec leaves of this process counts as the peak memory of the next.
	debug.SetGCPercent(20)
	var b bench
	flag.StringVar(&b.wstap, "wstap", "bin/wstap", "the `binary` to measure")
	flag.StringVar(&b.dir, "dir", "bin/bench", "`directory` of the captures; those that are there are used again")
	flag.IntVar(&b.runs, "runs", 7, "how often to measure, of which the median counts")
	flag.IntVar(&b.tshark, "tshark", 1, "how often to measure tshark")
	flag.Uint64Var(&b.seed, "seed", 1, "what the captures are derived from")
	size := flag.Int64("size", 100, "size of the captures in `megabytes` (of a million bytes)")
	idle := flag.Int("idle", 10_000, "idle `connections` to measure, and ten times as many; 0 leaves them out")
	generate := flag.String("generate", "", "only write the capture of this `profile`")
	connections := flag.Int("connections", 0, "`number` of WebSocket connections; 0 is the profile's own")
	flag.Parse()
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		log.Fatal(err)
	}
	if *generate != "" {
		if err := b.generate(b.options(benchtest.Profile(*generate), *size, *connections)); err != nil {
			log.Fatal(err)
		}
		return
	}
	fmt.Printf("%s, %d CPUs\n", version(b.wstap, "version"), runtime.NumCPU())
	failed := false
	for _, name := range flag.Args() {
		if err := b.profile(b.options(benchtest.Profile(name), *size, *connections)); err != nil {
			log.Printf("%s: %v", name, err)
			failed = true
		}
	}
	if *idle > 0 {
		if err := b.idle(*idle); err != nil {
			log.Print("idle: ", err)
			failed = true
		}
	}
	if err := b.startUp(); err != nil {
		log.Fatal(err)
	}
	if failed {
		os.Exit(1)
	}
}

func (b *bench) options(p benchtest.Profile, size int64, connections int) benchtest.Options {
	o := benchtest.Options{Profile: p, Bytes: size * 1e6, Connections: connections, Seed: b.seed}
	if p == benchtest.Idle {
		o.Bytes = 0
	}
	return o
}

// path is where the capture of o is, without its extension.
func (b *bench) path(o benchtest.Options) string {
	name := fmt.Sprintf("%s-%dMB", o.Profile, o.Bytes/1e6)
	if o.Connections != 0 {
		name += fmt.Sprintf("-%d", o.Connections)
	}
	return filepath.Join(b.dir, name)
}

// generate writes a capture, and when it is whole its truth.
func (b *bench) generate(o benchtest.Options) error {
	path := b.path(o)
	os.Remove(path + ".json")
	f, err := os.Create(path + ".pcap")
	if err != nil {
		return err
	}
	defer f.Close()
	truth, err := benchtest.Write(f, o)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(truth, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path+".json", append(text, '\n'), 0o644)
}

// capture returns the path of the capture of o and its truth. It generates in
// a process of its own where there is none: the
// compressors take 700 MB.
func (b *bench) capture(o benchtest.Options) (string, benchtest.Truth, error) {
	path := b.path(o)
	if truth, ok := b.truth(o); ok {
		return path + ".pcap", truth, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", benchtest.Truth{}, err
	}
	cmd := exec.Command(self, "-generate", string(o.Profile), "-dir", b.dir, "-size", fmt.Sprint(o.Bytes/1e6),
		"-connections", fmt.Sprint(o.Connections), "-seed", fmt.Sprint(o.Seed))
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", benchtest.Truth{}, fmt.Errorf("cannot generate: %w", err)
	}
	truth, ok := b.truth(o)
	if !ok {
		return "", truth, fmt.Errorf("%s.json is not what was generated", path)
	}
	return path + ".pcap", truth, nil
}

// truth reads the truth of o, if it is there and from this generator.
func (b *bench) truth(o benchtest.Options) (t benchtest.Truth, ok bool) {
	text, err := os.ReadFile(b.path(o) + ".json")
	if err != nil || json.Unmarshal(text, &t) != nil {
		return t, false
	}
	same := t.Profile == o.Profile && t.Bytes == o.Bytes && t.Seed == o.Seed && t.Version == benchtest.Version
	return t, same && (o.Connections == 0 || t.Connections == o.Connections)
}
