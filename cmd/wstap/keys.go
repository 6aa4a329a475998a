package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"wstap/capture"
	"wstap/reassembly"
	"wstap/reassembly/decrypt"
)

// keyFlags are the flags that say where the secrets of TLS are.
type keyFlags struct{ files []string }

func (k *keyFlags) add(s *pflag.FlagSet) {
	s.StringArrayVar(&k.files, "keylog", nil, "read the TLS secrets in `FILE`; repeatable")
	s.VarPF(parsed(k.setOption), "option", "o", "--keylog as in tshark: `PREF` tls.keylog_file:FILE")
	s.Lookup("option").Hidden = true // for fingers that know tshark
}

// setOption takes tshark's -o NAME:VALUE, of which the key log is the one
// preference that means something here.
func (k *keyFlags) setOption(s string) error {
	name, file, ok := strings.Cut(s, ":")
	if !ok || file == "" || name != "tls.keylog_file" && name != "ssl.keylog_file" {
		return errors.New("of tshark's preferences only tls.keylog_file:FILE is known")
	}
	k.files = append(k.files, file)
	return nil
}

// Times of a live capture's keys: a client writes its secrets within
// milliseconds, but may flush them late.
const (
	pollKeys = 200 * time.Millisecond
	waitKeys = 30 * time.Second
)

// keys brings the secrets of TLS to where they are needed.
type keys struct {
	log     *decrypt.KeyLog // nil where no secrets can come
	handler *decrypt.Handler
	file    *capture.File // whose secrets are taken; nil without
	taken   int
	grows   bool      // the key logs may grow while we read
	polled  time.Time // packet time
	// complain tells that a key log can be read no more; it is told once.
	complain func(string)
}

// openKeys opens the key logs. Live, a file that is not there yet is waited
// for; for a capture file its absence is a fault.
func (p *program) openKeys(f *flags, src source) (*keys, error) {
	k := &keys{grows: src.waits, complain: p.complain}
	if src.file != nil && holdsSecrets(src.file.Format()) {
		k.file = src.file
	}
	if len(f.keys.files) > 0 || k.file != nil {
		k.log = new(decrypt.KeyLog)
	}
	for _, name := range f.keys.files {
		err := k.log.AddFile(name)
		if errors.Is(err, fs.ErrNotExist) && src.waits {
			p.complain(fmt.Sprintf("key log %s is not there yet: it is read as soon as it is", name))
			err = nil
		}
		if err != nil {
			k.close()
			return nil, fmt.Errorf("key log: %w", err)
		}
	}
	return k, nil
}

// around puts decryption in front of h.
func (k *keys) around(h reassembly.Handler, live bool) reassembly.Handler {
	var o decrypt.Options
	if live {
		o.Wait = waitKeys
	}
	k.handler = decrypt.New(h, k.log, o)
	return k.handler
}

// poll looks for new secrets, at most every pollKeys of time.
func (k *keys) poll(now time.Time) error {
	if k.log == nil { // asked for each packet
		return nil
	}
	return k.look(now)
}

// look is poll where secrets may come.
func (k *keys) look(now time.Time) error {
	k.take()
	if !k.grows || now.Sub(k.polled) < pollKeys {
		return nil
	}
	k.polled = now
	return k.unreadable(k.log.Poll())
}

// unreadable passes over that a key log was replaced by one that wstap, being
// nobody by now, may not read: that is no reason to end a capture.
func (k *keys) unreadable(err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if k.complain != nil {
		k.complain(fmt.Sprintf("key log: %v: no more keys are read of it until it can be", err))
		k.complain = nil
	}
	return nil
}

// take adds the secrets that the capture file held since the last call.
func (k *keys) take() {
	if k.file == nil {
		return
	}
	fresh := k.file.SecretsFrom(k.taken)
	for _, s := range fresh {
		if s.Type == capture.SecretTLS {
			k.log.AddSecrets(s.Data)
		}
	}
	k.taken += len(fresh)
}

// holdsSecrets reports whether a file of that format may bring secrets: pcapng,
// packed or not, and a pipe whose header has not come yet.
func holdsSecrets(format string) bool {
	return strings.HasPrefix(format, "pcapng") || format == "unknown"
}

// finish takes the last secrets, and hands on what waited for them.
func (k *keys) finish() error {
	if k.log != nil {
		k.take()
		if err := k.unreadable(k.log.Poll()); err != nil {
			return err
		}
	}
	return k.handler.Close()
}

func (k *keys) close() {
	if k.log != nil {
		k.log.Close()
	}
}
