package decrypt

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"encoding/hex"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The traffic keys of RFC 8448, 3.
func TestKeys13(t *testing.T) {
	for _, c := range []struct{ name, secret, key, iv string }{
		{"client handshake", "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
			"dbfaa693d1762c5b666af5d950258d01", "5bd3c71b836e0b76bb73265f"},
		{"server handshake", "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
			"3fce516009c21727d0f2e4e86ee403bc", "5d313eb2671276ee13000b30"},
		{"client application", "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
			"17422dda596ed5d9acd890e3c63f5051", "5b78923dee08579033e523d9"},
		{"server application", "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
			"9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984"},
	} {
		k, err := keys13(suite13(0x1301), unhex(t, c.secret))
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(k.key) != c.key || hex.EncodeToString(k.iv) != c.iv {
			t.Errorf("%s: key %x, iv %x", c.name, k.key, k.iv)
		}
	}
}

// The vector for the PRF with SHA-256 that the TLS working group published.
func TestPRF12(t *testing.T) {
	out := make([]byte, 100)
	prf12(out, crypto.SHA256, unhex(t, "9bbe436ba940f017b17652849a71db35"), "test label", unhex(t, "a0ba9f936cda311827a6f796ffd5198c"))
	want := "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a" +
		"6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab" +
		"4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701" +
		"87347b66"
	if got := hex.EncodeToString(out); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// NIST SP 800-38C, example 3: the one with nonces of 12 bytes.
func TestCCM(t *testing.T) {
	block, err := aes.NewCipher(unhex(t, "404142434445464748494a4b4c4d4e4f"))
	if err != nil {
		t.Fatal(err)
	}
	c := newCCM(block, 8)
	nonce, data := unhex(t, "101112131415161718191a1b"), unhex(t, "000102030405060708090a0b0c0d0e0f10111213")
	plain := unhex(t, "202122232425262728292a2b2c2d2e2f3031323334353637")
	want := unhex(t, "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951")
	got := c.Seal(nil, nonce, plain, data)
	if !bytes.Equal(got, want) {
		t.Errorf("sealed %x, want %x", got, want)
	}
	opened, err := c.Open(nil, nonce, want, data)
	if err != nil || !bytes.Equal(opened, plain) {
		t.Errorf("opened %x, %v", opened, err)
	}
	for i := range want {
		want[i] ^= 1
		if _, err := c.Open(nil, nonce, want, data); err == nil {
			t.Errorf("a wrong byte %d was accepted", i)
		}
		want[i] ^= 1
	}
	if _, err := c.Open(nil, nonce, want[:7], data); err == nil {
		t.Error("less than a tag was accepted")
	}
}

// What is sealed is opened, whatever the lengths, and nothing else is.
func TestCCMRoundTrip(t *testing.T) {
	for _, tag := range []int{8, 16} {
		block, err := aes.NewCipher(make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		c := newCCM(block, tag)
		nonce := make([]byte, 12)
		for n := range 70 {
			for _, a := range []int{0, 5, 13, 14, 15, 30} {
				plain, data := bytes.Repeat([]byte{byte(n)}, n), bytes.Repeat([]byte{7}, a)
				sealed := c.Seal([]byte("x"), nonce, plain, data)[1:]
				if len(sealed) != n+tag {
					t.Fatalf("%d bytes sealed are %d", n, len(sealed))
				}
				if got, err := c.Open(nil, nonce, sealed, data); err != nil || !bytes.Equal(got, plain) {
					t.Fatalf("length %d, data %d: %x, %v", n, a, got, err)
				}
				sealed[0] ^= 0x80
				if _, err := c.Open(nil, nonce, sealed, data); err == nil {
					t.Fatalf("length %d, data %d: a wrong byte was accepted", n, a)
				}
			}
		}
	}
}
