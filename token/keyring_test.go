package token_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenry/tokenry/token"
)

func TestDigestsGoOnVerifyingAfterRotation(t *testing.T) {
	t.Parallel()
	s := samples(t)[0]
	ring := newRing(t)
	stored, id := ring.Digest(s)
	for range 5 {
		ring = rotate(t, ring)
		got, ok := ring.DigestWith(id, s)
		if !ok || !got.Equal(stored) {
			t.Fatalf("after rotation to key %d the digest under key %d does not verify", ring.Current(), id)
		}
		if fresh, current := ring.Digest(s); current != ring.Current() || fresh.Equal(stored) {
			t.Fatalf("after rotation new digests are still made with key %d", current)
		}
	}
	if want := []token.KeyID{1, 2, 3, 4, 5, 6}; !cmp.Equal(ring.IDs(), want) || ring.Current() != 6 {
		t.Errorf("keys %v, current %d", ring.IDs(), ring.Current())
	}
}

func TestRotationLeavesTheOldKeyringAsItWas(t *testing.T) {
	t.Parallel()
	ring := rotate(t, rotate(t, newRing(t)))
	before := ring.Marshal()
	one, two := rotate(t, ring), rotate(t, ring)
	if !bytes.Equal(ring.Marshal(), before) {
		t.Error("the keyring changed")
	}
	a, _ := one.Digest("x")
	b, _ := two.Digest("x")
	if a.Equal(b) || one.Current() != 4 || two.Current() != 4 {
		t.Error("two rotations of one keyring share a key")
	}
}

func TestADigestDependsOnEveryPart(t *testing.T) {
	t.Parallel()
	ring, s := rotate(t, newRing(t)), samples(t)[1]
	seen := make(map[token.Digest]string)
	note := func(name string, d token.Digest) {
		if before, ok := seen[d]; ok {
			t.Errorf("%s and %s have one digest", name, before)
		}
		seen[d] = name
	}
	for _, id := range ring.IDs() {
		for i := range len(s) {
			d, _ := ring.DigestWith(id, s[:i]+other(s[i])+s[i+1:])
			note(fmt.Sprintf("key %d, place %d", id, i), d)
		}
		for i := range len(s) + 1 {
			d, _ := ring.DigestWith(id, s[:i])
			note(fmt.Sprintf("key %d, length %d", id, i), d)
		}
	}
}

// The composed HMAC against the standard library's, over lengths on both sides
// of each block, of MaxLength and far beyond.
func TestDigestsAreHMAC(t *testing.T) {
	t.Parallel()
	ring, master := ringOf(t, bytes.Repeat([]byte{7}, 32))
	long := make([]byte, 10_000)
	if _, err := fixed("long").Read(long); err != nil {
		t.Fatal(err)
	}
	lengths := []int{1000, 4096, 10_000}
	for n := range 600 {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		h := hmac.New(sha256.New, expand(t, master, "tokenry/v1/token/1/digest"))
		h.Write(long[:n])
		if got, _ := ring.Digest(string(long[:n])); !bytes.Equal(got[:], h.Sum(nil)) {
			t.Errorf("of %d bytes: %x, want %x", n, got, h.Sum(nil))
		}
	}
}

// expand is HKDF (RFC 5869) with no salt, for one block, written out.
func expand(t *testing.T, master []byte, info string) []byte {
	t.Helper()
	extract := hmac.New(sha256.New, make([]byte, 32))
	extract.Write(master)
	h := hmac.New(sha256.New, extract.Sum(nil))
	h.Write([]byte(info + "\x01"))
	return h.Sum(nil)
}

// ringOf returns a keyring of this one key.
func ringOf(t *testing.T, master []byte) (*token.Keyring, []byte) {
	t.Helper()
	ring, err := token.GenerateKeyring(bytes.NewReader(master), noon)
	if err != nil {
		t.Fatal(err)
	}
	return ring, master
}

func TestAnUnknownKeyFailsClosed(t *testing.T) {
	t.Parallel()
	s, ring := samples(t)[2], rotate(t, newRing(t))
	zero := new(token.Keyring)
	for _, id := range []token.KeyID{0, 3, 99, math.MaxUint32} {
		for _, r := range []*token.Keyring{ring, zero} {
			d, ok := r.DigestWith(id, s)
			if ok {
				t.Errorf("key %d digests", id)
			}
			if d.Equal(token.Digest{}) {
				t.Errorf("under key %d the digest is that of an empty column", id)
			}
			if key, ok := r.Derive("audit", id); ok || key != nil {
				t.Errorf("key %d derives %x", id, key)
			}
			if check, ok := r.Check(id); ok || check != (token.Digest{}) {
				t.Errorf("key %d checks %x", id, check)
			}
		}
		for _, known := range ring.IDs() {
			d, _ := ring.DigestWith(id, s)
			if stored, _ := ring.DigestWith(known, s); stored.Equal(d) {
				t.Errorf("the digest under the unknown key %d matches key %d", id, known)
			}
		}
	}
}

// The digest for keys that are not there cannot be computed without the keyring.
func TestTheDecoyIsSecret(t *testing.T) {
	t.Parallel()
	a, _ := newRing(t).DigestWith(99, "x")
	b, _ := newRing(t).DigestWith(99, "x")
	if a.Equal(b) {
		t.Error("two keyrings share their decoy")
	}
}

func TestTheZeroKeyringVerifiesNothing(t *testing.T) {
	t.Parallel()
	zero := new(token.Keyring)
	if _, id := zero.Digest("x"); id != 0 || zero.Current() != 0 || len(zero.IDs()) != 0 || len(zero.Keys()) != 0 {
		t.Errorf("the zero keyring has the key %d", id)
	}
	if _, err := token.ParseKeyring(zero.Marshal()); err == nil {
		t.Error("the zero keyring was read back")
	}
}

func TestPurposesAreSeparated(t *testing.T) {
	t.Parallel()
	ring := rotate(t, newRing(t))
	seen := make(map[string]string)
	note := func(name string, key []byte) {
		if len(key) != 32 {
			t.Errorf("%s has %d bytes", name, len(key))
		}
		if before, ok := seen[string(key)]; ok {
			t.Errorf("%s and %s share a key", name, before)
		}
		seen[string(key)] = name
	}
	for _, id := range ring.IDs() {
		for _, purpose := range []string{
			"audit chain", "cursor", "sealing", "Cursor", "cursor ", "digest", "check", "decoy", "1", "2", "/", "1/cursor",
			"token/1/digest", "tokenry/v1/token/1/digest", "../token/1/digest", "\x00", strings.Repeat("long", 1000),
		} {
			key, ok := ring.Derive(purpose, id)
			if !ok {
				t.Errorf("no key %d for %q", id, purpose)
			}
			note(fmt.Sprintf("key %d for %.20q", id, purpose), key)
		}
		check, _ := ring.Check(id)
		note(fmt.Sprintf("the check of key %d", id), check[:])
	}
	if key, ok := ring.Derive("", 1); ok || key != nil {
		t.Errorf("without a purpose there is the key %x", key)
	}
}

func TestDerivedKeysAreStableAndNobodyElses(t *testing.T) {
	t.Parallel()
	ring := newRing(t)
	first, _ := ring.Derive("cursor", 1)
	want := bytes.Clone(first)
	clear(first)
	if again, _ := rotate(t, ring).Derive("cursor", 1); !bytes.Equal(again, want) {
		t.Error("the derived key changed by rotation or by a caller")
	}
	if other, _ := newRing(t).Derive("cursor", 1); bytes.Equal(other, want) {
		t.Error("two instances derive one key")
	}
}

// A database knows its keyring again by the check values.
func TestTheCheckTellsKeyringsApart(t *testing.T) {
	t.Parallel()
	ring := newRing(t)
	stored, _ := ring.Check(1)
	if again, ok := rotate(t, ring).Check(1); !ok || !again.Equal(stored) {
		t.Error("the same key has another check after rotation")
	}
	if wrong, _ := newRing(t).Check(1); wrong.Equal(stored) {
		t.Error("another keyring has the same check")
	}
}

func TestKeysAreDescribedWithoutTheirBytes(t *testing.T) {
	t.Parallel()
	ring := rotate(t, newRing(t))
	want := []token.KeyInfo{{ID: 1, CreatedAt: noon}, {ID: 2, CreatedAt: noon.AddDate(1, 0, 0), Current: true}}
	if got := ring.Keys(); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	b, err := json.Marshal(ring.Keys()[1])
	if err != nil || string(b) != `{"id":2,"created_at":"2027-01-02T12:00:00Z","current":true}` {
		t.Errorf("in JSON: %s, %v", b, err)
	}
}

// Files of two machines in two zones read alike.
func TestKeysAreDatedInWholeSecondsUTC(t *testing.T) {
	t.Parallel()
	local := noon.Add(987654321).In(time.FixedZone("here", 5*3600))
	ring, err := token.GenerateKeyring(rand.Reader, local)
	if err != nil {
		t.Fatal(err)
	}
	if got := ring.Keys()[0].CreatedAt; got != noon {
		t.Errorf("dated %v, want %v", got, noon)
	}
	if !strings.Contains(string(ring.Marshal()), `"2026-01-02T12:00:00Z"`) {
		t.Errorf("written with another date")
	}
}

func TestAKeyringNeedsRandomnessAndATime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		random io.Reader
		now    time.Time
	}{
		"short":         {bytes.NewReader(make([]byte, 31)), noon},
		"broken":        {iotest.ErrReader(errors.New("broken")), noon},
		"zeros":         {bytes.NewReader(make([]byte, 32)), noon},
		"no time":       {rand.Reader, time.Time{}},
		"a time beyond": {rand.Reader, time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)},
	}
	for name, tt := range tests {
		if ring, err := token.GenerateKeyring(tt.random, tt.now); err == nil || ring != nil {
			t.Errorf("%s: a keyring was made", name)
		}
		if ring, err := newRing(t).Rotate(tt.random, tt.now); err == nil || ring != nil {
			t.Errorf("%s: a keyring was rotated", name)
		}
	}
}

func TestRotationToTheSameKeyIsRefused(t *testing.T) {
	t.Parallel()
	ring, master := ringOf(t, bytes.Repeat([]byte{7}, 32))
	if _, err := ring.Rotate(bytes.NewReader(master), noon); err == nil {
		t.Error("a rotation that changes nothing was accepted")
	}
}

func TestKeyIDsRunOutWithAnError(t *testing.T) {
	t.Parallel()
	ring, err := token.ParseKeyring([]byte(strings.ReplaceAll(string(newRing(t).Marshal()), ": 1,", ": 4294967295,")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Rotate(rand.Reader, noon); err == nil {
		t.Error("rotated beyond the last ID")
	}
}

func TestAKeyringIsSafeForManyReaders(t *testing.T) {
	t.Parallel()
	ring, s := newRing(t), samples(t)[0]
	want, _ := ring.Digest(s)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				if got, ok := ring.DigestWith(1, s); !ok || !got.Equal(want) {
					t.Error("another digest")
				}
				if _, err := ring.Rotate(rand.Reader, noon); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestAKeyringIsNeverPrinted(t *testing.T) {
	t.Parallel()
	ring, master := ringOf(t, []byte(rawA))
	derived := expand(t, master, "tokenry/v1/token/1/digest")
	pieces := append(forms(string(master[4:12])), base64.StdEncoding.EncodeToString(master)[:12])
	for name, host := range hosts(*ring) {
		hides(t, name, host, append(pieces, forms(string(derived[:8]))...)...)
	}
	for name, host := range hosts(ring) {
		hides(t, "pointer, "+name, host, pieces...)
	}
	if got := fmt.Sprintf("%+v %s %v", ring, *ring, struct{ R *token.Keyring }{ring}); got != "[redacted] [redacted] {[redacted]}" {
		t.Errorf("a keyring prints as %q", got)
	}
}

func TestDigestsAreEqualOnlyToThemselves(t *testing.T) {
	t.Parallel()
	d, _ := newRing(t).Digest("x")
	if !d.Equal(d) {
		t.Error("a digest differs from itself")
	}
	for i := range len(d) * 8 {
		changed := d
		changed[i/8] ^= 1 << (i % 8)
		if d.Equal(changed) {
			t.Errorf("bit %d does not matter", i)
		}
	}
}

// TestAKeyringFollowsWhatIsShared: of several programs, none makes what another cannot
// read.
func TestAKeyringFollowsWhatIsShared(t *testing.T) {
	t.Parallel()
	ring := rotate(t, rotate(t, newRing(t))) // 1, 2, 3
	var shared []token.KeyID
	following := ring.Following(func() []token.KeyID { return shared })
	for _, c := range []struct {
		shared          []token.KeyID
		current, oldest token.KeyID
	}{
		{[]token.KeyID{1, 2, 3}, 3, 1},
		{[]token.KeyID{1, 2}, 2, 1},
		{[]token.KeyID{2, 3, 4}, 3, 2},
		{[]token.KeyID{1}, 1, 1},
		{[]token.KeyID{7}, 3, 1}, // nothing that all can read
		{nil, 3, 1},
	} {
		shared = c.shared
		_, made := following.Digest("x")
		if following.Current() != c.current || made != c.current || following.Oldest() != c.oldest {
			t.Errorf("with %v: current %d, made under %d, oldest %d", shared, following.Current(), made, following.Oldest())
		}
	}
	shared = []token.KeyID{1}
	if !bytes.Equal(following.Marshal(), ring.Marshal()) || len(following.IDs()) != 3 {
		t.Error("the keyring that is written is another one")
	}
	if ring.Current() != 3 || ring.Oldest() != 1 || new(token.Keyring).Oldest() != 0 {
		t.Error("the keyring itself follows")
	}
}
