package token

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"
)

// Terms are what narrows a derived token: what it may do is what its token may, and of
// that no more than they say.
type Terms struct {
	// Scopes and Resources are names and patterns, as on a token; nil is no narrowing.
	Scopes, Resources []string
	// Addresses are the only networks it is accepted from; nil is no narrowing.
	Addresses []netip.Prefix
	// ExpiresAt is its end, in whole seconds; zero is no earlier one than its token's.
	ExpiresAt time.Time
}

// Derived is a derived token, taken apart. That it was signed by whom it says is for
// [Derived.SignedBy] to tell.
type Derived struct {
	Parsed
	Terms

	// A closure for the reason given at Secret: message and signature are the string again.
	signedBy func(ed25519.PublicKey) bool
}

// ErrTerms is the error of terms that no derived token can have. The errors that are
// returned say which and why.
var ErrTerms = errors.New("token: derive")

const (
	// derivedMark stands between the kind and the underscore of a derived token.
	derivedMark = 'd'
	// termsHead is what stands before the parts of the terms. The shortest part, one network, has two bytes.
	termsHead  = 4
	leastTerms = termsHead + 2
	// shortestDerived is what stands behind the underscore of one with the least terms: 70 bytes,
	// which are eight blocks and six bytes more.
	shortestDerived = LocatorLength + (leastTerms+ed25519.SignatureSize)/blockBytes*blockChars + 9 + CheckLength
	// derivedFormat is the first byte of what is signed.
	derivedFormat = 1
	// keyUse and signedUse keep the derived key, and what it signs, apart from all others.
	keyUse    = "tokenry/v1/derived token"
	signedUse = "tokenry derived token\n"
)

// DerivationKey is the key that tokens derived from a secret are checked with. It
// follows from the secret, and the secret from nothing that is kept of it.
func DerivationKey(s Secret) ed25519.PublicKey {
	return publicKey(signingKey(s))
}

func publicKey(key ed25519.PrivateKey) ed25519.PublicKey {
	public, _ := key.Public().(ed25519.PublicKey) // which crypto/ed25519 promises
	return public
}

func signingKey(s Secret) ed25519.PrivateKey {
	seed, err := hkdf.Key(sha256.New, []byte(s.Reveal()), nil, keyUse, ed25519.SeedSize)
	if err != nil {
		panic("token: HKDF refused 32 bytes: " + err.Error()) // its limit is 8160
	}
	return ed25519.NewKeyFromSeed(seed)
}

// Derive makes a narrower token of a token string, without asking anybody:
//
//	<prefix><kind>d_<locator><terms, signature><check>
//
// It is signed (Ed25519, RFC 8032) with a key that follows from the secret (HKDF-SHA-256,
// RFC 5869). It dies with that secret, and with the token; nothing can be derived from
// it. The error is [ErrMalformed] for what is no token string, else [ErrTerms].
func Derive(s Secret, t Terms) (Secret, error) {
	p, err := Parse(s.Reveal())
	if err != nil {
		return Secret{}, err
	}
	key := signingKey(s)
	terms, err := t.encode(publicKey(key))
	if err != nil {
		return Secret{}, err
	}
	out := append([]byte(p.Prefix), byte(p.Kind), derivedMark, '_')
	out = append(out, p.Locator[:]...)
	signature := ed25519.Sign(key, signed(out, terms))
	out = appendBlocks(out, append(terms, signature...))
	if len(out)+CheckLength > MaxLength {
		return Secret{}, fmt.Errorf("%w: the terms are too long for a token of %d characters: name fewer scopes, resources or addresses, or patterns", ErrTerms, MaxLength)
	}
	crc, _ := scan(crcStart, out)
	check := checkOf(crc)
	return NewSecret(string(append(out, check[:]...))), nil
}

// signed is what the signature is of: all that stands before it.
func signed(head, terms []byte) []byte {
	return slices.Concat([]byte(signedUse), head, terms)
}

// IsDerived says that a string looks like a derived token rather than any other. It
// allocates nothing and reads no more than the head.
func IsDerived[T text](s T) bool {
	for i := 0; i < len(s) && i <= longestHead+1; i++ {
		if s[i] == '_' {
			return i > shortestHead && s[i-1] == derivedMark && Kind(s[i-2]).Valid() && isPrefix(s[:i-2])
		}
	}
	return false
}

// ParseDerived takes a derived token apart. It accepts the one canonical form and answers
// everything else with an error that is [ErrMalformed].
func ParseDerived(s string) (Derived, error) {
	sep, err := derivedHead(s)
	if err != nil {
		return Derived{}, err
	}
	body := sep + 1 + LocatorLength
	raw, ok := blocks(s[body : len(s)-CheckLength])
	if !ok || len(raw) < leastTerms+ed25519.SignatureSize {
		return Derived{}, errDerived
	}
	terms, signature := raw[:len(raw)-ed25519.SignatureSize], raw[len(raw)-ed25519.SignatureSize:]
	d := Derived{Parsed: derivedParts(s, sep)}
	if d.Terms, ok = decodeTerms(terms); !ok {
		return Derived{}, errDerived
	}
	message := signed([]byte(s[:body]), terms)
	d.signedBy = func(key ed25519.PublicKey) bool {
		return key[0] == terms[1] && key[1] == terms[2] && ed25519.Verify(key, message, signature)
	}
	return d, nil
}

// ParseAny is [Parse] of a token string or a derived one, whoever signed that.
func ParseAny(s string) (Parsed, error) {
	if IsDerived(s) {
		d, err := ParseDerived(s)
		return d.Parsed, err
	}
	return Parse(s)
}

// derivedHead checks what can be told without the terms, and answers where the
// underscore is.
func derivedHead[T text](s T) (sep int, err error) {
	if !IsDerived(s) {
		return 0, errSeparator
	}
	for s[sep] != '_' {
		sep++
	}
	if len(s)-sep-1 < shortestDerived || len(s) > MaxLength {
		return 0, errLength
	}
	return sep, checkBody(s, sep+1)
}

// derivedParts are the public parts of a string whose head was checked.
func derivedParts[T text](s T, sep int) Parsed {
	p := Parsed{Prefix: Prefix(s[:sep-2]), Kind: Kind(s[sep-2]), Derived: true}
	copy(p.Locator[:], s[sep+1:])
	return p
}

// SignedBy says whether the holder of the secret with this [DerivationKey] derived it.
func (d *Derived) SignedBy(key ed25519.PublicKey) bool {
	return d.signedBy != nil && len(key) == ed25519.PublicKeySize && d.signedBy(key)
}

// What is encoded of the terms: the format, two bytes of the key that they are signed
// with, which parts there are, and those in this order. A part with several has their
// number in front, a text its length.
const (
	withExpiry = 1 << iota
	withScopes
	withResources
	withAddresses
	withAll = 1<<iota - 1
)

// encode writes the terms down.
func (t *Terms) encode(key ed25519.PublicKey) ([]byte, error) {
	parts := byte(0)
	out := []byte{derivedFormat, key[0], key[1], 0}
	if !t.ExpiresAt.IsZero() {
		at := t.ExpiresAt.Unix()
		if at <= 0 || at > math.MaxUint32 {
			return nil, fmt.Errorf("%w: a derived token ends between 1970 and 2106", ErrTerms)
		}
		parts |= withExpiry
		out = binary.BigEndian.AppendUint32(out, uint32(at))
	}
	for _, list := range []struct {
		part  byte
		name  string
		texts []string
	}{{withScopes, "scopes", t.Scopes}, {withResources, "resources", t.Resources}} {
		if list.texts == nil {
			continue
		}
		var err error
		if out, err = appendTexts(out, list.name, list.texts); err != nil {
			return nil, err
		}
		parts |= list.part
	}
	if t.Addresses != nil {
		var err error
		if out, err = appendAddresses(out, t.Addresses); err != nil {
			return nil, err
		}
		parts |= withAddresses
	}
	if parts == 0 {
		return nil, fmt.Errorf("%w: without terms it would be another string for the same: name scopes, resources, addresses or an end", ErrTerms)
	}
	out[termsHead-1] = parts
	return out, nil
}

func appendTexts(out []byte, name string, texts []string) ([]byte, error) {
	if len(texts) == 0 || len(texts) > math.MaxUint8 {
		return nil, fmt.Errorf("%w: %s: name at least one and at most %d", ErrTerms, name, math.MaxUint8)
	}
	out = append(out, byte(len(texts)))
	for _, s := range texts {
		if !isName(s) {
			return nil, fmt.Errorf("%w: %s: a name or pattern is of [0-9A-Za-z._:*-], at most 128 characters", ErrTerms, name)
		}
		out = append(append(out, byte(len(s))), s...)
	}
	return out, nil
}

// isName says whether a text can be a scope, a resource or a pattern of either, as far as
// its letters tell.
func isName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case isWord(c), c == '.', c == ':', c == '*', c == '-':
		default:
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// appendAddresses writes each network as its bits, those of IPv6 behind those of IPv4, and the bytes
// that have some of them.
func appendAddresses(out []byte, networks []netip.Prefix) ([]byte, error) {
	if len(networks) == 0 || len(networks) > math.MaxUint8 {
		return nil, fmt.Errorf("%w: addresses: name at least one and at most %d", ErrTerms, math.MaxUint8)
	}
	out = append(out, byte(len(networks)))
	for _, n := range networks {
		if !n.IsValid() || n.Addr().Is4In6() || n != n.Masked() {
			return nil, fmt.Errorf("%w: addresses: a network is its first address and its bits, such as 192.0.2.0/24", ErrTerms)
		}
		code := n.Bits()
		if n.Addr().Is6() {
			code += ipv6
		}
		out = append(append(out, byte(code)), n.Addr().AsSlice()[:(n.Bits()+7)/8]...)
	}
	return out, nil
}

// ipv6 is added to the bits of an IPv6 network: those of IPv4 end at 32.
const ipv6 = 64

// reader takes values off the front of what was encoded; ok turns false for good at the
// first that is not there.
type termReader struct {
	rest []byte
	ok   bool
}

func (r *termReader) take(n int) []byte {
	if r.ok = r.ok && n <= len(r.rest); !r.ok {
		return make([]byte, n)
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *termReader) texts() []string {
	n := int(r.take(1)[0])
	r.ok = r.ok && n > 0
	var out []string
	for range n {
		s := string(r.take(int(r.take(1)[0])))
		if r.ok = r.ok && isName(s); !r.ok {
			return nil
		}
		out = append(out, s)
	}
	return out
}

func (r *termReader) addresses() []netip.Prefix {
	n := int(r.take(1)[0])
	r.ok = r.ok && n > 0
	var out []netip.Prefix
	for range n {
		bits := int(r.take(1)[0])
		var room [16]byte
		size := 4
		if bits >= ipv6 {
			bits, size = bits-ipv6, 16
		}
		if r.ok = r.ok && bits <= size*8; !r.ok {
			return nil
		}
		copy(room[:], r.take((bits+7)/8))
		addr, _ := netip.AddrFromSlice(room[:size])
		n := netip.PrefixFrom(addr, bits)
		if r.ok = r.ok && n == n.Masked() && !addr.Is4In6(); !r.ok {
			return nil
		}
		out = append(out, n)
	}
	return out
}

func decodeTerms(raw []byte) (t Terms, ok bool) {
	r := termReader{rest: raw, ok: true}
	head := r.take(termsHead)
	parts := head[termsHead-1]
	if head[0] != derivedFormat || parts == 0 || parts > withAll {
		return Terms{}, false
	}
	if parts&withExpiry != 0 {
		at := binary.BigEndian.Uint32(r.take(4))
		r.ok = r.ok && at != 0
		t.ExpiresAt = time.Unix(int64(at), 0).UTC()
	}
	if parts&withScopes != 0 {
		t.Scopes = r.texts()
	}
	if parts&withResources != 0 {
		t.Resources = r.texts()
	}
	if parts&withAddresses != 0 {
		t.Addresses = r.addresses()
	}
	if !r.ok || len(r.rest) != 0 {
		return Terms{}, false
	}
	return t, true
}
