// Package redact takes secrets out of what is made to be passed on: passwords,
// tokens, cookies and credentials in text messages, HTTP header fields and
// URLs. It knows them by what they are called, and JSON Web Tokens and bearer
// tokens by what they look like. What is secret by its meaning alone, or sits
// in a binary message, it does not find.
//
// All else keeps its bytes: nothing is parsed and written anew.
package redact

import "strings"

// Mark stands where a secret stood.
const Mark = "[redacted]"

// maxName bounds the bytes of a name that are looked at: its last.
const maxName = 64

// Secret reports whether the value of a JSON key, header field or parameter of
// this name is secret. Case and punctuation do not matter: accessToken,
// access_token and Access-Token are one.
func Secret(name string) bool {
	if len(name) > maxName {
		name = name[len(name)-maxName:]
	}
	var letters [maxName]byte
	n := 0
	for i := range len(name) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			letters[n] = c
			n++
		}
	}
	bare := string(letters[:n])
	switch bare {
	case "pwd", "pass", "pin", "otp", "jwt", "auth", "signature", "sid", "sessionid", "jsessionid", "phpsessid":
		return true
	}
	for _, end := range [...]string{
		"password", "passwd", "passphrase", "passcode", "secret", "token", "apikey", "privatekey", "accesskey",
		"authorization", "authenticate", "authenticationinfo", "credential", "credentials", "cookie", "icepwd",
	} {
		if strings.HasSuffix(bare, end) {
			return true
		}
	}
	return false
}
