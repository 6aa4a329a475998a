package wsframe

// Rule is a rule that a peer can break. Its Code is stable: programs match it.
type Rule struct {
	Code string // a slug, "mask-missing"
	RFC  string // number and section, "6455 5.1"
	Text string // the rule in one plain sentence
}

// The rules. The names in brackets are the cases of the public conformance
// suite (autobahn|testsuite numbering) that break them.
var (
	RuleMaskMissing        = Rule{"mask-missing", "6455 5.1", "a client masks every frame"}
	RuleMaskPresent        = Rule{"mask-present", "6455 5.1", "a server masks no frame"}
	RuleRSV                = Rule{"rsv-set", "6455 5.2", "RSV bits are 0 unless an extension defines them"}                                           // [3.*]
	RuleOpcodeReserved     = Rule{"opcode-reserved", "6455 5.2", "opcodes 3-7 and 11-15 are reserved"}                                                // [4.*]
	RuleLengthNonMinimal   = Rule{"length-non-minimal", "6455 5.2", "the shortest form of the payload length is used"}                                //
	RuleLengthTopBit       = Rule{"length-top-bit", "6455 5.2", "the top bit of a 64-bit payload length is 0"}                                        //
	RuleControlTooLong     = Rule{"control-too-long", "6455 5.5", "a control frame's payload is 125 bytes at most"}                                   // [2.5, 7.3.6]
	RuleControlFragmented  = Rule{"control-fragmented", "6455 5.5", "a control frame is not fragmented"}                                              // [5.1, 5.2]
	RuleMessageInterleaved = Rule{"message-interleaved", "6455 5.4", "no new message begins before the fragmented one has ended"}                     // [5.18]
	RuleLoneContinuation   = Rule{"continuation-lone", "6455 5.4", "a continuation frame continues a message"}                                        // [5.9-5.17; 5.1, 5.2 as well]
	RuleDataAfterClose     = Rule{"data-after-close", "6455 5.5.1", "no data follows a Close frame"}                                                  // [7.1.2-7.1.6]
	RuleCloseBodyShort     = Rule{"close-body-short", "6455 5.5.1", "a Close frame's body is empty or begins with a 2-byte code"}                     // [7.3.2]
	RuleCloseCode          = Rule{"close-code-invalid", "6455 7.4", "a Close frame carries a code that may be sent: 1000-1003, 1007-1014, 3000-4999"} // [7.9.*, 7.13.*]
	RuleCloseReasonUTF8    = Rule{"close-reason-utf8", "6455 5.5.1", "a Close frame's reason is UTF-8"}                                               // [7.5.1]
	RuleInvalidUTF8        = Rule{"utf8-invalid", "6455 8.1", "a text message is UTF-8"}                                                              // [6.3, 6.4, 6.6, 6.8, 6.10, 6.12-6.21]
	RuleRSV1Continuation   = Rule{"rsv1-on-continuation", "7692 6.1", "RSV1 is set on a message's first frame only"}                                  //
	RuleRSV1Control        = Rule{"rsv1-on-control", "7692 6", "RSV1 is not set on control frames"}                                                   //
	RuleDeflateCorrupt     = Rule{"deflate-corrupt", "7692 7.2.2", "a compressed message is a valid DEFLATE stream"}                                  //
	RuleAcceptWrong        = Rule{"accept-wrong", "6455 4.2.2", "Sec-WebSocket-Accept proves that the server read the key"}                           //
	RuleAcceptMissing      = Rule{"accept-missing", "6455 4.2.2", "a 101 response carries Sec-WebSocket-Accept"}                                      //
	RuleSubprotocol        = Rule{"subprotocol-unoffered", "6455 4.1", "the server chooses one of the subprotocols offered"}                          //
	RuleExtension          = Rule{"extension-unoffered", "6455 4.1", "the server agrees to extensions that were offered"}                             //
	RuleExtensionParams    = Rule{"extension-parameters", "7692 7.1", "permessage-deflate parameters are known, valid and not repeated"}              //
	RuleHTTPVersion        = Rule{"http-version", "6455 4.1", "the upgrade request is HTTP/1.1 or higher"}                                            //
	RuleHTTPMethod         = Rule{"http-method", "6455 4.1", "the upgrade request's method is GET"}                                                   //
	RuleKey                = Rule{"key-invalid", "6455 4.1", "Sec-WebSocket-Key is 16 bytes in base64, once"}                                         //
	RuleVersion            = Rule{"version-unsupported", "6455 4.1", "Sec-WebSocket-Version is 13"}                                                   //
	RuleHost               = Rule{"host-missing", "6455 4.1", "the upgrade request has a Host header"}                                                //
	RuleUpgradeHeader      = Rule{"upgrade-header", "6455 4.2.2", "Upgrade: websocket stands in request and 101 response"}                            //
	RuleConnectionHeader   = Rule{"connection-header", "6455 4.2.2", "Connection: Upgrade stands in request and 101 response"}                        //
	RuleConnectProtocol    = Rule{"connect-protocol-unannounced", "8441 3", "extended CONNECT is used once the server has announced it"}              //
	RuleConnectPseudo      = Rule{"connect-pseudo-missing", "8441 4", "an extended CONNECT carries :scheme, :authority and :path"}                    //
	RuleOverlap            = Rule{"tcp-overlap", "9293 3.10.7.4", "a retransmission repeats the same bytes"}                                          //
)
