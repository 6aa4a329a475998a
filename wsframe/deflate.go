package wsframe

// Deflate holds the parameters of permessage-deflate in force (RFC 7692, 7.1).
type Deflate struct {
	ClientNoContextTakeover, ServerNoContextTakeover bool
	ClientMaxWindowBits, ServerMaxWindowBits         int // 8 to 15
}
