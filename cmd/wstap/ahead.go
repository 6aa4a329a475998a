package main

import "wstap/capture"

// decodeAhead passes on the packets up to the next question whether to stop, as
// far as File.Decode takes them, and reports whether these were all. The file has
// no secrets between them; key logs grow only while packets come as they happen.
func (r *run) decodeAhead() (all bool, err error) {
	ahead := r.ahead[r.passed%stopPackets:]
	if left := r.f.count - r.passed; r.f.count != 0 && left < uint64(len(ahead)) {
		ahead = ahead[:left]
	}
	n := r.file.Decode(&r.decoder, ahead)
	for i := range ahead[:n] {
		p := &ahead[i]
		if r.source.waits {
			if err := r.keys.poll(p.Time); err != nil {
				return false, err
			}
		}
		if p.Kind == capture.KindTCP {
			err = r.assembler.Segment(&p.Segment)
		} else {
			err = r.assembler.Advance(p.Time)
		}
		if err != nil {
			return false, err
		}
	}
	if n > 0 {
		r.passed += uint64(n)
		r.last = ahead[n-1].Stamp
		err = r.progressed()
	}
	return n == len(ahead), err
}
