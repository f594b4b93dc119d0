package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

const keyLength = 32

// KeyID names one key of a keyring. It is stored beside each digest. No key has
// the ID 0.
type KeyID uint32

// Keyring holds the master keys of an instance. One of them is current and
// signs what is new; all of them verify. From each master key every use derives
// a key of its own (HKDF-SHA-256), so that no two uses share one.
//
// A keyring never changes: Rotate returns a new one. It may be used by any
// number of goroutines. It prints, encodes and logs as "[redacted]"; its keys
// leave it through Marshal alone. The zero value holds no key, verifies
// nothing, and cannot be marshalled to something that parses.
type Keyring struct {
	redacted

	// A closure for the reason given at Secret. Pointers would not do: under a
	// verb that does not fit them fmt prints what they point to.
	open func() *ring
}

// ring is what a keyring holds.
type ring struct {
	keys    []*masterKey   // by ascending ID, none repeated
	current *masterKey     // one of keys
	shared  func() []KeyID // which of them count; nil is all
	decoy   mac            // digests for keys that are not there
}

// masterKey is one key with what the hot path needs of it, worked out before.
type masterKey struct {
	id        KeyID
	createdAt time.Time
	master    [keyLength]byte
	tokens    mac
	check     Digest
}

// KeyInfo is what may be shown of a key.
type KeyInfo struct {
	ID        KeyID     `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	Current   bool      `json:"current"`
}

// GenerateKeyring draws a keyring with one key. Its ID is 1.
func GenerateKeyring(rand io.Reader, now time.Time) (*Keyring, error) {
	return new(Keyring).Rotate(rand, now)
}

// Rotate returns a keyring with one key more, which is current. Digests under
// the others go on verifying.
func (k *Keyring) Rotate(rand io.Reader, now time.Time) (*Keyring, error) {
	keys := k.ring().keys
	var highest KeyID
	if n := len(keys); n > 0 {
		highest = keys[n-1].id
	}
	if highest == math.MaxUint32 {
		return nil, errors.New("token: keyring: no key ID is left")
	}
	var master [keyLength]byte
	if _, err := io.ReadFull(rand, master[:]); err != nil {
		return nil, fmt.Errorf("token: keyring: read randomness: %w", err)
	}
	key, err := newMasterKey(highest+1, now.UTC().Truncate(time.Second), master)
	if err != nil {
		return nil, fmt.Errorf("token: keyring: %w", err)
	}
	return newKeyring(append(keys[:len(keys):len(keys)], key), key.id)
}

// newKeyring takes keys by ascending ID.
func newKeyring(keys []*masterKey, current KeyID) (*Keyring, error) {
	for i, key := range keys {
		for _, other := range keys[:i] {
			if other.id == key.id {
				return nil, fmt.Errorf("token: keyring: the ID %d is repeated", key.id)
			}
			if other.master == key.master {
				return nil, fmt.Errorf("token: keyring: keys %d and %d are the same", other.id, key.id)
			}
		}
	}
	r := &ring{keys: keys}
	if r.current = r.find(current); r.current == nil {
		return nil, errors.New("token: keyring: the current key is not among the keys")
	}
	r.decoy = newMAC(r.current.derive(useToken, "decoy"))
	return &Keyring{open: func() *ring { return r }}, nil
}

func newMasterKey(id KeyID, createdAt time.Time, master [keyLength]byte) (*masterKey, error) {
	switch {
	case id == 0:
		return nil, errors.New("a key has no ID above 0")
	case master == [keyLength]byte{}:
		return nil, fmt.Errorf("key %d is all zeros", id)
	case createdAt.IsZero() || createdAt.Year() < 1 || createdAt.Year() > 9999:
		return nil, fmt.Errorf("key %d has no usable created_at", id)
	}
	key := &masterKey{id: id, createdAt: createdAt, master: master}
	key.tokens = newMAC(key.derive(useToken, "digest"))
	key.check = Digest(key.derive(useToken, "check"))
	return key, nil
}

// The two sides between which derived keys are kept apart: what this package
// uses itself, and what Derive gives away.
const (
	useToken   = "token"
	usePurpose = "purpose"
)

// derive expands the master key for one use. The name stands last, so that no
// name can be mistaken for another use or ID.
func (key *masterKey) derive(use, name string) []byte {
	info := fmt.Sprintf("tokenry/v1/%s/%d/%s", use, key.id, name)
	derived, err := hkdf.Key(sha256.New, key.master[:], nil, info, keyLength)
	if err != nil {
		panic("token: HKDF refused 32 bytes: " + err.Error()) // its limit is 8160
	}
	return derived
}

func (k *Keyring) ring() *ring {
	if k.open == nil {
		return new(ring)
	}
	return k.open()
}

func (r *ring) find(id KeyID) *masterKey {
	for _, key := range r.keys {
		if key.id == id {
			return key
		}
	}
	return nil
}

// Following returns the same keyring for one of several programs that share what
// they make with it: shared answers the keys that all of them have now. Current is
// then one of those, the keyring's own if it can be and else the newest, and so is
// Oldest; where there is none, they are the keyring's own. All else stays, what Marshal
// writes too. Shared is asked often, by any number of goroutines.
func (k *Keyring) Following(shared func() []KeyID) *Keyring {
	r := *k.ring()
	r.shared = shared
	return &Keyring{open: func() *ring { return &r }}
}

// Current returns the ID of the key that new digests are made with.
func (k *Keyring) Current() KeyID {
	r := k.ring()
	if r.current == nil {
		return 0
	}
	shared := r.following()
	if r.counts(r.current, shared) {
		return r.current.id
	}
	for _, key := range slices.Backward(r.keys) {
		if r.counts(key, shared) {
			return key.id
		}
	}
	return r.current.id
}

// Oldest returns the ID of the oldest key, which names are made with that must stay
// the same when the keyring is rotated.
func (k *Keyring) Oldest() KeyID {
	r := k.ring()
	if r.current == nil {
		return 0
	}
	shared := r.following()
	for _, key := range r.keys {
		if r.counts(key, shared) {
			return key.id
		}
	}
	return r.keys[0].id
}

// following are the keys that count now; nil also where all do.
func (r *ring) following() []KeyID {
	if r.shared == nil {
		return nil
	}
	return r.shared()
}

// counts says whether a key is one that all have who share what is made.
func (r *ring) counts(key *masterKey, shared []KeyID) bool {
	return r.shared == nil || slices.Contains(shared, key.id)
}

// IDs returns the IDs of all keys in ascending order.
func (k *Keyring) IDs() []KeyID {
	keys := k.ring().keys
	ids := make([]KeyID, len(keys))
	for i, key := range keys {
		ids[i] = key.id
	}
	return ids
}

// Keys describes all keys in the order of their IDs.
func (k *Keyring) Keys() []KeyInfo {
	r := k.ring()
	infos := make([]KeyInfo, len(r.keys))
	for i, key := range r.keys {
		infos[i] = KeyInfo{ID: key.id, CreatedAt: key.createdAt, Current: key == r.current}
	}
	return infos
}

// Digest returns the digest of s under the current key, and that key's ID, to
// be stored together.
func (k *Keyring) Digest(s string) (Digest, KeyID) {
	id := k.Current()
	d, _ := k.DigestWith(id, s)
	return d, id
}

// DigestWith returns the digest of s under the key id. When there is no such
// key the answer is false and takes the same time; the digest is then one under
// a key that nothing is stored under, so that even a caller who overlooks the
// false finds no match. For an s of at most [MaxLength] it allocates nothing.
func (k *Keyring) DigestWith(id KeyID, s string) (Digest, bool) {
	r := k.ring()
	if key := r.find(id); key != nil {
		return key.tokens.sum(s), true
	}
	return r.decoy.sum(s), false
}

// Derive returns a key of 32 bytes for a purpose outside this package, such as
// "audit chain" or "cursor", from the master key id. Keys of different purposes
// or IDs have nothing to do with each other. Without such a key, or without a
// purpose, the answer is false. It takes microseconds: derive once and keep.
func (k *Keyring) Derive(purpose string, id KeyID) ([]byte, bool) {
	key := k.ring().find(id)
	if key == nil || purpose == "" {
		return nil, false
	}
	return key.derive(usePurpose, purpose), true
}

// Check returns the key-check value of the key id. Stored in the database, it
// shows later whether the keyring given is the one that its digests were made
// with. It tells nothing of the key.
func (k *Keyring) Check(id KeyID) (Digest, bool) {
	key := k.ring().find(id)
	if key == nil {
		return Digest{}, false
	}
	return key.check, true
}
