package diagnose

import (
	"bytes"
	"fmt"
	"strings"

	"wstap/capture"
	"wstap/reassembly"
)

// none is no direction.
const none = reassembly.Direction(2)

// missing is the direction of which not one packet was captured, though the
// other acknowledges what it sent; none where there is no such.
func (s *stream) missing() reassembly.Direction {
	for d := reassembly.FromClient; d <= reassembly.FromServer; d++ {
		if s.st.Half(d).Packets == 0 && s.st.Half(d.Reverse()).Packets >= 3 {
			return d
		}
	}
	return none
}

// settle says what became of a TCP connection, when it has ended or nothing
// more is to be learned from it.
func (s *stream) settle(why reassembly.Reason, at capture.Stamp) {
	d := s.d
	if s.over {
		return
	}
	s.over = true
	// Keys may come late, and what is inside TLS with them.
	if !s.tls || len(s.sessions) > 0 || s.handler == nil || len(d.streams) > maxPending {
		delete(d.streams, s.st.Index)
	}
	d.server(s.st.Server()).count(s)
	if !d.wanted(s.st.Server()) && (s.st.Oriented || !d.wanted(s.st.Client())) {
		return
	}
	if dir := s.missing(); dir != none {
		u := s.unit()
		if u == nil {
			u = d.unit(s.st.Server())
		}
		for _, x := range s.sessions {
			if x.joined != nil && x.c.Request != nil {
				x.joined.void = true // the answer is what was not captured
			}
		}
		i := s.incident(OneWayCapture, u, evidence(s.handshake.First, at), oneWayText(s.st.Server(), dir))
		i.detail = dir.String()
		d.early(d.add(i))
		return
	}
	s.losses()
	if len(s.sessions) > 0 || s.upgraded {
		return
	}
	if s.half[0].early || s.half[1].early || !s.st.Oriented {
		if s.tls {
			d.encrypted(s)
		}
		return
	}
	switch s.kind(reassembly.FromClient) {
	case tlsHandshake:
		d.handshakeTLS(s, why, at)
	case httpMessage:
		if strings.HasPrefix(s.line(reassembly.FromClient), "CONNECT ") {
			d.tunnel(s)
		}
	}
}

// unit is that of the stream's only WebSocket, if it has one.
func (s *stream) unit() *unit {
	if len(s.sessions) == 0 {
		return nil
	}
	return s.sessions[len(s.sessions)-1].unit
}

// losses tells what the capture has lost of a WebSocket, or of what may have
// been one.
func (s *stream) losses() {
	var lost, cut int64
	var lostAt, cutAt capture.Stamp
	early := false
	for dir := range s.half {
		h := &s.half[dir]
		lost += h.lost
		cut += h.cut
		lostAt = firstOf(lostAt, h.lostAt)
		cutAt = firstOf(cutAt, h.cutAt)
		early = early || h.early
	}
	relevant := len(s.sessions) > 0 || s.upgraded || early && !s.tls && s.st.Oriented
	headless := s.kind(reassembly.FromClient) == httpMessage && (s.half[0].headCut() || s.half[1].headCut())
	switch {
	case cut > 0 && (relevant || s.tls || headless):
		i := s.incident(CaptureTruncated, s.unit(), evidence(cutAt), fmt.Sprintf("Packets of connections to %v were cut by the snapshot length: frames are incomplete, or hidden.", s.st.Server()))
		i.at = cutAt
		s.d.early(s.d.add(i))
	case lost > 0 && relevant:
		i := s.incident(CaptureLoss, s.unit(), evidence(lostAt), fmt.Sprintf("Packets of connections to %v were delivered and are not in the capture: the receiver acknowledged bytes that are missing here.", s.st.Server()))
		i.at = lostAt
		s.d.early(s.d.add(i))
	}
}

func (s *stream) incident(code Code, u *unit, packets []uint64, text string) incident {
	i := incident{code: code, unit: u, client: s.st.Client(), server: s.st.Server(), stream: s.st.Index, hasTCP: true, packets: packets, text: text, at: s.half[0].last}
	if i.at.Packet < s.half[1].last.Packet {
		i.at = s.half[1].last
	}
	return i
}

// handshakeTLS judges a connection that begins with a ClientHello and came to no
// WebSocket that could be read.
func (d *Diagnosis) handshakeTLS(s *stream, why reassembly.Reason, at capture.Stamp) {
	server := s.st.Server()
	c, v := &s.half[reassembly.FromClient], &s.half[reassembly.FromServer]
	var i incident
	switch answer := s.kind(reassembly.FromServer); {
	case answer == httpMessage || answer == unknownBytes:
		what := "something that is not TLS"
		if answer == httpMessage {
			what = "plain HTTP: " + s.line(reassembly.FromServer)
		}
		i = s.incident(SchemeMismatch, nil, evidence(c.first, v.first), fmt.Sprintf("TLS (wss://) was sent to %v, which answers with %s.", server, what))
		i.detail = "tls to plain"
	case c.cut+c.lost+v.cut+v.lost > 0:
		if s.established() {
			d.encrypted(s)
		}
		return
	case v.records.alertAt.Packet != 0 && v.records.alert[1] != 0:
		i = s.failedTLS(reassembly.FromServer, "alert "+reassembly.AlertName(v.records.alert[1]), v.records.alertAt)
	case c.records.alertAt.Packet != 0 && c.records.alert[1] != 0:
		i = s.failedTLS(reassembly.FromClient, "alert "+reassembly.AlertName(c.records.alert[1]), c.records.alertAt)
	case s.established() && (s.st.TLS == nil || s.st.TLS.Alert == "" || s.st.TLS.Decrypted):
		d.encrypted(s)
		return
	case s.st.TLS != nil && s.st.TLS.Alert != "":
		i = s.failedTLS(s.st.TLS.AlertFrom, "alert "+s.st.TLS.Alert, s.st.TLS.AlertAt)
	case why.How == reassembly.RST:
		if why.By == reassembly.FromClient && c.records.sealed > 0 {
			i = s.failedTLS(why.By, "an encrypted alert and RST", c.records.sealedAt)
			break
		}
		i = s.failedTLS(why.By, "RST", at)
	case why.How == reassembly.FINs && why.By == reassembly.FromServer:
		i = s.failedTLS(why.By, "FIN", firstOf(v.fin, at))
	case why.How == reassembly.FINs && c.records.sealed > 0 && v.records.hello:
		// Its only encrypted record is as short as an alert.
		i = s.failedTLS(why.By, "an encrypted alert", c.records.sealedAt)
	case why.How == reassembly.FINs && v.first.Packet == 0:
		i = s.incident(NoResponse, nil, evidence(c.first, at), fmt.Sprintf("%v never answered the TLS ClientHello, for %s.", server, duration(between(c.first.Time, at.Time))))
		i.detail = "hello"
	case v.first.Packet == 0 && c.fin.Packet != 0 && why.How == reassembly.End:
		i = s.incident(NoResponse, nil, evidence(c.first, c.fin), fmt.Sprintf("%v never answered the TLS ClientHello, for %s.", server, duration(between(c.first.Time, c.fin.Time))))
		i.detail = "hello"
	case v.first.Packet == 0 && d.since(c.first) >= patience && why.How == reassembly.End:
		i = s.incident(NoResponse, nil, evidence(c.first), fmt.Sprintf("%v never answered the TLS ClientHello, for %s.", server, duration(d.since(c.first))))
		i.detail = "hello"
	default:
		return // under way, or given up by the client for reasons of its own
	}
	i.unit = d.unit(server)
	p := d.add(i)
	i.unit.path = d.tlsPath(s, p)
	if i.code == SchemeMismatch {
		d.early(p)
	} else {
		d.hangups = append(d.hangups, p)
	}
}

// failedTLS is an end within the TLS handshake.
func (s *stream) failedTLS(by reassembly.Direction, how string, at capture.Stamp) incident {
	text := fmt.Sprintf("The TLS handshake with %v failed: the %v ended it with %s.", s.st.Server(), by, how)
	if hint := alertHint(by, how); hint != "" {
		text += " " + hint
	}
	i := s.incident(TLSFailed, nil, evidence(s.half[reassembly.FromClient].first, at), text)
	i.at, i.detail, i.brief = at, by.String()+how, how
	return i
}

// alertHint is what an alert means to people.
func alertHint(by reassembly.Direction, how string) string {
	switch {
	case strings.Contains(how, "unknown_ca"), strings.Contains(how, "bad_certificate"), strings.Contains(how, "certificate_unknown"):
		return fmt.Sprintf("The %v does not trust the certificate.", by)
	case strings.Contains(how, "certificate_expired"):
		return "The certificate has expired, or a clock is wrong."
	case strings.Contains(how, "certificate_required"):
		return "The server wants a client certificate."
	case strings.Contains(how, "protocol_version"), strings.Contains(how, "handshake_failure"), strings.Contains(how, "insufficient_security"):
		return "The two have no protocol version or cipher in common."
	case strings.Contains(how, "unrecognized_name"):
		return "The server has no certificate for the name that was asked for."
	case strings.Contains(how, "encrypted alert"):
		return "Most often the client does not trust the certificate."
	}
	return ""
}

// encrypted notes TLS that could not be read.
func (d *Diagnosis) encrypted(s *stream) {
	began := s.kind(reassembly.FromClient) == tlsHandshake
	if s.st.TLS != nil && s.st.TLS.Decrypted || began && !s.half[reassembly.FromClient].records.carried {
		return
	}
	name := ""
	if s.st.TLS != nil && s.st.TLS.SNI != "" {
		name = " (" + s.st.TLS.SNI + ")"
	}
	i := s.incident(TLSNoKey, nil, evidence(firstOf(s.half[0].first, s.half[1].first)), fmt.Sprintf("Connections to %v%s are encrypted with TLS, and there is no key: whether they carry WebSockets cannot be seen.", s.st.Server(), name))
	i.at = firstOf(s.half[0].first, s.half[1].first)
	p := d.add(i)
	d.early(p)
	if s.st.TLS != nil && len(d.noKeys) < maxPending {
		d.noKeys = append(d.noKeys, noKey{p, s.st.TLS})
	}
}

// noKey is TLS for which a key may yet come.
type noKey struct {
	incident *incident
	tls      *reassembly.TLSInfo
}

// lateKeys takes back what was noted as encrypted and could be read later.
func (d *Diagnosis) lateKeys() {
	for _, k := range d.noKeys {
		k.incident.void = k.tls.Decrypted
	}
}

// statusOf is the status code of a status line (RFC 9112, 4); 0 if it is none.
func statusOf(line string) (status int) {
	var minor int
	if _, err := fmt.Sscanf(line, "HTTP/1.%d %d", &minor, &status); err != nil {
		return 0
	}
	return status
}

// enterTunnel begins anew where a proxy has granted a tunnel (RFC 9110, 9.3.6).
func (s *stream) enterTunnel() {
	c, v := &s.half[reassembly.FromClient], &s.half[reassembly.FromServer]
	if s.tunneled || !bytes.HasPrefix(c.begin, []byte("CONNECT ")) || statusOf(s.line(reassembly.FromServer))/100 != 2 ||
		!bytes.Contains(v.begin, []byte("\r\n\r\n")) {
		return
	}
	s.tunneled = true
	s.d.tunnels[s.st.Server()] = true
	c.begin, v.begin = nil, nil
	c.records, v.records = records{}, records{}
	c.first, v.first = capture.Stamp{}, capture.Stamp{}
}

// tunnel judges a request to a proxy for a tunnel.
func (d *Diagnosis) tunnel(s *stream) {
	answer := s.line(reassembly.FromServer)
	status := statusOf(answer)
	if status == 0 || status/100 == 2 {
		return
	}
	target := strings.Fields(s.line(reassembly.FromClient))
	if len(target) < 2 {
		return
	}
	i := s.incident(UpgradeRefused, d.unit(s.st.Server()), evidence(s.half[0].first, s.half[1].first),
		fmt.Sprintf("The proxy %v refused a tunnel to %s with %s.", s.st.Server(), target[1], strings.TrimSpace(answer[len("HTTP/1.x"):])))
	i.detail, i.brief = i.text, fmt.Sprintf("%d from the proxy", status)
	if status == 407 {
		i.advice = "The proxy wants credentials."
	}
	d.refusedBy = append(d.refusedBy, d.add(i))
}
