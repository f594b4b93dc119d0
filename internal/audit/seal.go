package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// A seal is what only who has the keyring can write: it tells what Tokenry took
// out of the audit from what somebody else did.

// sealOf is HMAC-SHA-256 over the JSON of facts, under a key derived for a purpose.
func sealOf(keys *token.Keyring, purpose string, id token.KeyID, facts any) ([]byte, error) {
	key, ok := keys.Derive(purpose, id)
	if !ok {
		return nil, noKey(id)
	}
	b, err := json.Marshal(facts)
	if err != nil {
		return nil, err
	}
	m := hmac.New(sha256.New, key)
	m.Write(b)
	return m.Sum(nil), nil
}

// SealAnchor is the seal of an anchor.
func SealAnchor(keys *token.Keyring, a ledger.AuditAnchor) ([]byte, error) {
	return sealOf(keys, "audit anchor", a.Key, struct {
		Workspace, Sequence int64
		Hash                []byte
		At                  int64
	}{a.Workspace, a.Sequence, a.Hash, a.At.UnixMicro()})
}

// SealErasure is the seal of an erased row: over its place in the chain and all
// that its columns still say.
func SealErasure(keys *token.Keyring, row ledger.AuditRow) ([]byte, error) {
	return sealOf(keys, "audit erasure", row.Key, struct {
		Workspace, Sequence, Revision, At                  int64
		Action, Actor, ActorToken, OnBehalf, Target, Token string
		Digest, Hash                                       []byte
	}{
		row.Workspace, row.Sequence, row.Revision, row.At.UnixMicro(),
		row.Action, row.Actor, row.ActorToken, row.OnBehalf, row.Target, row.Token, row.PayloadDigest, row.Hash,
	})
}
