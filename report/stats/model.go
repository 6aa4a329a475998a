package stats

import (
	"wstap/report"
	"wstap/wsframe"
)

// foreign is a string that a peer sent.
type foreign string

// MarshalJSON implements json.Marshaler: no byte of it can steer a terminal.
func (s foreign) MarshalJSON() ([]byte, error) { return report.AppendJSON(nil, []byte(s)), nil }

// head is a foreign string of an HTTP head.
type head string

// MarshalJSON implements json.Marshaler, as the event stream writes heads.
func (s head) MarshalJSON() ([]byte, error) { return report.AppendJSONHead(nil, string(s)), nil }

// model is what is written: the figures as both forms tell them. Its JSON keys
// are a promise. Pointers and slices are nil where there is nothing to tell.
type model struct {
	Connections []connModel `json:"connections"`
	All         allModel    `json:"all"`
}

type connModel struct {
	Type        string         `json:"type"`
	Conn        int            `json:"conn"`
	TCPStream   uint64         `json:"tcp_stream"`
	Client      endpointModel  `json:"client"`
	Server      endpointModel  `json:"server"`
	Via         string         `json:"via"`
	URL         head           `json:"url,omitempty"`
	Status      int            `json:"status,omitempty"`
	Subprotocol head           `json:"subprotocol,omitempty"`
	Close       *closeModel    `json:"close,omitempty"`
	Open        *float64       `json:"open_seconds,omitempty"`
	Handshake   handshakeModel `json:"handshake"`
	figuresModel
}

type endpointModel struct {
	IP       string           `json:"ip"`
	Port     uint16           `json:"port"`
	endpoint wsframe.Endpoint // for text
}

type closeModel struct {
	By   string `json:"by"`
	Code uint16 `json:"code,omitempty"`
	How  string `json:"how"`
}

type handshakeModel struct {
	TCP     *float64 `json:"tcp_seconds,omitempty"`
	TLS     *float64 `json:"tls_hello_seconds,omitempty"`
	Upgrade *float64 `json:"upgrade_seconds,omitempty"`
}

type allModel struct {
	Type        string  `json:"type"`
	Connections uint64  `json:"connections"`
	Refused     uint64  `json:"refused"`
	MostOpen    int     `json:"most_open"`
	Capture     float64 `json:"capture_seconds"`
	// Told is how many connections are told one by one.
	Told      int       `json:"told"`
	Open      *durModel `json:"open_seconds,omitempty"`
	Handshake struct {
		TCP     *durModel `json:"tcp_seconds,omitempty"`
		TLS     *durModel `json:"tls_hello_seconds,omitempty"`
		Upgrade *durModel `json:"upgrade_seconds,omitempty"`
	} `json:"handshake"`
	figuresModel
}

// figuresModel is common to one connection and all. Arrays of two are by who
// sent: the client, the server.
type figuresModel struct {
	Client     sideModel      `json:"from_client"`
	Server     sideModel      `json:"from_server"`
	Names      []nameModel    `json:"names"`
	Silences   []silenceModel `json:"silences"`
	Gaps       uint64         `json:"gaps"`
	Violations uint64         `json:"violations"`
}

func (f *figuresModel) sides() [2]*sideModel { return [2]*sideModel{&f.Client, &f.Server} }

type sideModel struct {
	Frames       uint64            `json:"frames"`
	ByOpcode     map[string]uint64 `json:"frames_by_opcode"`
	PayloadBytes uint64            `json:"payload_bytes"`
	FrameRate    float64           `json:"frames_per_second"`
	ByteRate     float64           `json:"payload_bytes_per_second"`
	Messages     uint64            `json:"messages"`
	Incomplete   uint64            `json:"messages_incomplete"`
	MessageBytes uint64            `json:"message_bytes"`
	Size         *sizeModel        `json:"message_size,omitempty"`
	Compression  *compressionModel `json:"compression,omitempty"`
	Pings        *pingModel        `json:"pings,omitempty"`
	AppPings     *pingModel        `json:"application_pings,omitempty"`
	Replies      *replyModel       `json:"replies,omitempty"`
	TCP          tcpModel          `json:"tcp"`
	opcodes      [16]uint64        // for text
}

type sizeModel struct {
	Count  uint64  `json:"count"`
	Min    uint64  `json:"min"`
	Median uint64  `json:"median"`
	P95    uint64  `json:"p95"`
	Max    uint64  `json:"max"`
	Mean   float64 `json:"mean"`
}

// durModel is in seconds.
type durModel struct {
	Count  uint64  `json:"count"`
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	Max    float64 `json:"max"`
	Mean   float64 `json:"mean"`
}

type compressionModel struct {
	Messages  uint64  `json:"messages"`
	WireBytes uint64  `json:"wire_bytes"`
	Bytes     uint64  `json:"bytes"`
	Ratio     float64 `json:"ratio"` // bytes to wire bytes: above 1 is smaller on the wire
}

type pingModel struct {
	Sent        uint64    `json:"sent"`
	Answered    uint64    `json:"answered"`
	Skipped     uint64    `json:"skipped"`
	Unanswered  uint64    `json:"unanswered"`
	Unsolicited uint64    `json:"unsolicited_pongs"`
	Trip        *durModel `json:"round_trip_seconds,omitempty"`
}

type replyModel struct {
	Latency *durModel     `json:"latency_seconds"`
	Slowest exchangeModel `json:"slowest"`
}

type exchangeModel struct {
	Name    foreign `json:"name"`
	ID      foreign `json:"id"`
	Seconds float64 `json:"seconds"`
	Asked   uint64  `json:"request_packet"`
	Served  uint64  `json:"reply_packet"`
}

type tcpModel struct {
	Segments      uint64 `json:"segments"`
	Retransmitted uint64 `json:"retransmitted"`
	OutOfOrder    uint64 `json:"out_of_order"`
	Missing       uint64 `json:"missing_bytes"`
}

type nameModel struct {
	Name   foreign        `json:"name"`
	Client nameCountModel `json:"from_client"`
	Server nameCountModel `json:"from_server"`
}

type nameCountModel struct {
	Messages uint64 `json:"messages"`
	Bytes    uint64 `json:"bytes"`
}

type silenceModel struct {
	Conn    int     `json:"conn"`
	Seconds float64 `json:"seconds"`
	After   uint64  `json:"after_packet"`
	Before  uint64  `json:"before_packet"`
}
