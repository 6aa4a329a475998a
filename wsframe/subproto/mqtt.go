package subproto

import "encoding/binary"

// mqttTypes are the control packet types of MQTT 3.1.1 and 5 (2.1.2).
var mqttTypes = [16]string{
	1: "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP",
	"SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
}

// mqtt summarizes the first MQTT control packet of b: its type, with the topic
// of a PUBLISH. A message may hold several, or begin within one (MQTT 5, 6).
func mqtt(l *line, b []byte) bool {
	name := mqttTypes[b[0]>>4]
	i := 1 // behind the remaining length, 1 to 4 bytes of 7 bits
	for i < len(b) && i < 4 && b[i]&0x80 != 0 {
		i++
	}
	i++
	if name == "" {
		return false
	}
	l.word(name)
	if name == "PUBLISH" && len(b) >= i+2 {
		topic := b[i+2:]
		l.bytes(topic[:min(len(topic), int(binary.BigEndian.Uint16(b[i:])))])
	}
	return true
}
