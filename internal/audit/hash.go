package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Payload is an event as it is chained: all that is known about it. Its JSON is
// canonical because the order of its fields is fixed.
type Payload struct {
	At         string          `json:"at"`
	Revision   int64           `json:"revision"`
	Workspace  string          `json:"workspace"`
	Action     string          `json:"action"`
	Actor      string          `json:"actor"`
	ActorToken string          `json:"actor_token,omitempty"`
	OnBehalf   string          `json:"on_behalf,omitempty"`
	IP         string          `json:"ip,omitempty"`
	Agent      string          `json:"user_agent,omitempty"`
	RequestID  string          `json:"request_id,omitempty"`
	Target     string          `json:"target"`
	Token      string          `json:"token,omitempty"`
	Before     json.RawMessage `json:"before,omitempty"`
	After      json.RawMessage `json:"after,omitempty"`
}

// SaltSize is enough that nobody guesses the salt to guess a payload.
const SaltSize = 16

// Digest is HMAC-SHA-256 under the salt. Rows from before there was a
// salt have a plain SHA-256.
func Digest(salt, payload []byte) []byte {
	if salt == nil {
		plain := sha256.Sum256(payload)
		return plain[:]
	}
	m := hmac.New(sha256.New, salt)
	m.Write(payload)
	return m.Sum(nil)
}

// TimeFormat is RFC 3339 with the microseconds that the store keeps.
const TimeFormat = "2006-01-02T15:04:05.000000Z07:00"

// Hash is HMAC-SHA-256, under a key derived for the audit, over the
// previous hash, the sequence (8 bytes, big endian) and the payload's digest.
func Hash(keys *token.Keyring, id token.KeyID, previous []byte, sequence int64, digest []byte) ([]byte, error) {
	h := hasher{keys: keys}
	return h.hash(id, previous, sequence, digest)
}

// hasher makes the hashes of many rows, most of them under one key. It is one goroutine's.
type hasher struct {
	keys *token.Keyring
	id   token.KeyID
	mac  hash.Hash // under that key; nil before the first
	out  []byte
}

// hash is [Hash]; what it answers holds until the next.
func (h *hasher) hash(id token.KeyID, previous []byte, sequence int64, digest []byte) ([]byte, error) {
	if h.mac == nil || h.id != id {
		key, ok := h.keys.Derive("audit chain", id)
		if !ok {
			return nil, noKey(id)
		}
		h.id, h.mac = id, hmac.New(sha256.New, key)
	}
	h.mac.Reset()
	h.mac.Write(previous)
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(sequence))
	h.mac.Write(n[:])
	h.mac.Write(digest)
	h.out = h.mac.Sum(h.out[:0])
	return h.out, nil
}

// noKey is why nothing can be said of a row that is under a key of others.
func noKey(id token.KeyID) error {
	return api.Errorf(api.CodeUnavailable, "this server lacks a key of the audit; try again").Wrap(&ledger.KeyError{ID: id})
}

// Link makes a row the next of its chain after the tip, which is zero for
// the first, under the keyring's current key. Its payload has its digest already.
func Link(keys *token.Keyring, tip ledger.AuditTip, row ledger.AuditRow) (_ ledger.AuditRow, err error) {
	row.Sequence, row.Key = tip.Sequence+1, keys.Current()
	row.Hash, err = Hash(keys, row.Key, tip.Hash, row.Sequence, row.PayloadDigest)
	return row, err
}
