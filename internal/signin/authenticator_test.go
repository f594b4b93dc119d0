package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/tokenry/tokenry/internal/door"
)

// Flags of authenticator data (Web Authentication, section 6.1).
const (
	present, verified, eligible, backedUp, attested = 0x01, 0x04, 0x08, 0x10, 0x40
)

// device is an authenticator with one passkey. What it says can be bent.
type device struct {
	*testing.T
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
	count  uint32
	flags  byte
	// origin and host are where the browser believes to be.
	origin, host string
	// challenge replaces the one that was offered.
	challenge string
	// spoil damages the signature.
	spoil bool
}

func newDevice(t *testing.T) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	d := &device{T: t, key: key, id: make([]byte, 32), flags: present | verified, origin: "https://tokens.example.com", host: "tokens.example.com"}
	_, err = rand.Read(d.id)
	must(t, err)
	return d
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// offered is what a page hands to the browser.
type offered struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
		UserVerification       string `json:"userVerification"`
		AuthenticatorSelection struct {
			ResidentKey      string `json:"residentKey"`
			UserVerification string `json:"userVerification"`
		} `json:"authenticatorSelection"`
		AllowCredentials   []any `json:"allowCredentials"`
		ExcludeCredentials []any `json:"excludeCredentials"`
	} `json:"publicKey"`
}

func (d *device) read(c door.Ceremony) (o offered) {
	d.Helper()
	must(d.T, json.Unmarshal([]byte(c.Options), &o))
	return o
}

func (d *device) client(what, challenge string) []byte {
	d.Helper()
	if d.challenge != "" {
		challenge = d.challenge
	}
	b, err := json.Marshal(map[string]any{"type": what, "challenge": challenge, "origin": d.origin, "crossOrigin": false})
	must(d.T, err)
	return b
}

func (d *device) data(flags byte) []byte {
	sum := sha256.Sum256([]byte(d.host))
	return binary.BigEndian.AppendUint32(append(sum[:], flags), d.count)
}

// cborBytes is a byte string of CBOR (RFC 8949).
func cborBytes(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0x59}, uint16(len(b))), b...)
}

// creates answers a registration, with an attestation of the format none.
func (d *device) creates(c door.Ceremony) string {
	d.Helper()
	o := d.read(c)
	handle, err := base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID)
	must(d.T, err)
	d.handle = handle
	point, err := d.key.PublicKey.Bytes()
	must(d.T, err)
	cose := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}, cborBytes(point[1:33])...)
	cose = append(append(cose, 0x22), cborBytes(point[33:])...)
	data := append(d.data(d.flags|attested), make([]byte, 16)...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(d.id))), d.id...)
	data = append(data, cose...)
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData")
	object = append(object, cborBytes(data)...)
	return d.answer(map[string]string{
		"clientDataJSON": b64(d.client("webauthn.create", o.PublicKey.Challenge)), "attestationObject": b64(object),
	})
}

// asserts answers a sign-in or a confirmation.
func (d *device) asserts(c door.Ceremony) string {
	d.Helper()
	d.count++
	client := d.client("webauthn.get", d.read(c).PublicKey.Challenge)
	sum := sha256.Sum256(client)
	data := d.data(d.flags)
	digest := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	must(d.T, err)
	if d.spoil {
		sig[len(sig)-1] ^= 1
	}
	return d.answer(map[string]string{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(sig), "userHandle": b64(d.handle),
	})
}

func (d *device) answer(response map[string]string) string {
	d.Helper()
	b, err := json.Marshal(map[string]any{
		"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
	must(d.T, err)
	return string(b)
}
