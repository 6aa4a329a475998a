package decrypt

import (
	"wstap/capture"
	"wstap/reassembly"
)

// maxLayers bounds how deep TLS is followed within tunnels within TLS.
const maxLayers = 4

// layer is a pair of byte streams whose contents are to be recognized: that of
// TCP, or what a TLS session carries.
type layer struct {
	conn  *conn
	depth int
	tls   *session // once TLS was found
	mode  layerMode
	begin [2][]byte // up to maxBegin bytes, looked at and not understood yet
	wait  []item    // what was not handed on meanwhile
	cut   bool      // bytes were lost before any could be looked at
	skip  [2]int    // bytes of a PROXY header still to come
	// tunnel is how far a CONNECT request came.
	tunnel tunnel
	chase  *chase
}

// layerMode says what a layer carries.
type layerMode uint8

const (
	undecided layerMode = iota
	encrypted           // TLS
	plainText           // not TLS, and it can't become so
	watched             // not TLS, but it may become so
)

// take is a layer's only door.
func (l *layer) take(i item) error {
	switch l.mode {
	case undecided:
		return l.look(i)
	case encrypted:
		return l.tls.take(i)
	case watched:
		return l.watch(i)
	}
	return l.conn.deliver(i)
}

// midstream reports whether the layer's beginning may not have been captured.
func (l *layer) midstream() bool {
	return l.cut || l.depth == 0 && !l.conn.st.Begun
}

// maxWait bounds the items that wait for a decision.
const maxWait = 64

// look finds out what the layer carries.
func (l *layer) look(i item) error {
	if i.kind == dataItem {
		if n := min(l.skip[i.dir], len(i.data)); n > 0 {
			l.skip[i.dir] -= n
			if i.data = i.data[n:]; len(i.data) == 0 {
				return nil
			}
		}
		begin := i.data[:min(len(i.data), maxBegin)]
		if seen := l.begin[i.dir]; len(seen) > 0 {
			begin = append(seen, begin...)
		}
		switch f := recognize(begin, l.midstream(), i.dir); f {
		case more:
			l.begin[i.dir] = append([]byte(nil), begin...)
		case tlsRecord:
			return l.encrypted(i)
		case proxyHeader:
			return l.proxy(i, begin)
		case connectRequest:
			l.mode = watched
			return l.pass(i)
		default:
			l.mode = plainText
			if l.midstream() {
				l.mode, l.chase = watched, &chase{}
			}
			return l.pass(i)
		}
	}
	if i.kind == gapItem {
		l.cut, l.begin[i.dir] = true, nil
	}
	if i.kind == closeItem || len(l.wait) == maxWait {
		l.mode = plainText
		return l.pass(i)
	}
	i.data = append([]byte(nil), i.data...)
	l.wait = append(l.wait, i)
	return nil
}

// pass hands on what waited, and i.
func (l *layer) pass(i item) error {
	wait := l.wait
	l.wait, l.begin = nil, [2][]byte{}
	for _, w := range wait {
		if err := l.take(w); err != nil {
			return err
		}
	}
	return l.take(i)
}

// encrypted begins a TLS session with what waited, and i.
func (l *layer) encrypted(i item) error {
	l.tls = newSession(l)
	l.mode, l.chase = encrypted, nil
	return l.pass(i)
}

// proxy takes a PROXY protocol header out: begin holds enough of it.
func (l *layer) proxy(i item, begin []byte) error {
	before := len(begin) - min(len(i.data), maxBegin) // bytes of it that wait
	length, origin := parseProxyHeader(begin)
	if origin.IsValid() && l.depth == 0 {
		l.conn.st.SetOrigin(origin)
	}
	wait := l.wait
	l.wait, l.begin[i.dir] = nil, nil
	for _, w := range wait {
		if w.kind != dataItem || w.dir != i.dir {
			l.wait = append(l.wait, w)
		}
	}
	n := min(length-before, len(i.data))
	l.skip[i.dir] = length - before - n
	if i.data = i.data[n:]; len(i.data) == 0 {
		return nil
	}
	return l.look(i)
}

// watch hands on what is no TLS, and sees when it becomes so.
func (l *layer) watch(i item) error {
	switch i.kind {
	case dataItem:
		if n, inside := l.tunnel.follow(i.dir, i.data); inside {
			return l.enter(i, n)
		}
		if l.chase != nil {
			switch n, found := l.chase.follow(i.dir, i.data); {
			case found:
				return l.caught(i, n)
			case l.chase.over():
				if l.chase = nil; !l.tunnel.asked {
					l.mode = plainText
				}
			}
		}
	case gapItem:
		l.tunnel.lose(i.dir)
		if l.chase != nil {
			l.chase.lose(i.dir)
		}
	}
	return l.conn.deliver(i)
}

// enter begins anew inside a tunnel, n bytes into i.
func (l *layer) enter(i item, n int) error {
	head := i
	head.data, i.data = i.data[:n], i.data[n:]
	l.tunnel, l.chase, l.cut = tunnel{}, nil, false
	if err := l.conn.deliver(head); err != nil {
		return err
	}
	l.mode = undecided
	if len(i.data) == 0 {
		return nil
	}
	return l.look(i)
}

// caught begins TLS in a stream that was joined inside a record and passed on
// until the record layer was recognized, n bytes into i. What the inner handler
// made of it is ended, and it is opened anew with the plaintext.
func (l *layer) caught(i item, n int) error {
	c := l.conn
	if c.inner != nil {
		inner := c.inner
		c.inner = nil
		if err := inner.Close(reassembly.Reason{How: reassembly.End}, i.at); err != nil && !ignored(err) {
			return err
		}
	}
	i.data = i.data[n:]
	return l.encrypted(i)
}

// plain hands on plaintext of the session below.
func (l *layer) plain(d reassembly.Direction, b []byte, at capture.Stamp) error {
	return l.take(item{kind: dataItem, dir: d, data: b, at: at})
}
