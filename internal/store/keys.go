package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// KeyringError says that a keyring is not the one that the database's digests
// were made with.
type KeyringError struct {
	// Key is the key that differs from the recorded one; 0 when the two have no
	// key in common.
	Key token.KeyID
	// Given and Recorded are the IDs on both sides.
	Given, Recorded []token.KeyID
}

// Error says what the operator can do.
func (e *KeyringError) Error() string {
	if e.Key != 0 {
		return fmt.Sprintf("store: key %d of the keyring is not the key %d that this database was used with; "+
			"give the keyring that belongs to it", e.Key, e.Key)
	}
	return fmt.Sprintf("store: the keyring has the keys %d, and this database was used with the keys %d; "+
		"give the keyring that belongs to it", e.Given, e.Recorded)
}

// keyCheck is one row of key_checks.
type keyCheck struct {
	id     token.KeyID
	digest token.Digest
}

func keyCheckFields(k *keyCheck) []any { return []any{(*uint32)(&k.id), column.Digest(&k.digest)} }

// KeyChecks reads the check values of the keys this database was used with.
func (s *Store) KeyChecks(ctx context.Context) (map[token.KeyID]token.Digest, error) {
	checks := make(map[token.KeyID]token.Digest)
	err := s.snapshot(ctx, func(r *reader) error {
		rows, err := list(r.session, keyCheckFields, `SELECT key_id, digest FROM key_checks`)
		for _, row := range rows {
			checks[row.id] = row.digest
		}
		return err
	})
	return checks, err
}

// KeyRecorded says whether this database was ever used with a key.
func (s *Store) KeyRecorded(ctx context.Context, id token.KeyID) (bool, error) {
	checks, err := s.KeyChecks(ctx)
	_, is := checks[id]
	return is, err
}

// KeysNeeded answers under which of some keys there are secrets that work at a moment.
func (s *Store) KeysNeeded(ctx context.Context, ids []token.KeyID, now time.Time) (needed []token.KeyID, err error) {
	err = s.snapshot(ctx, func(r *reader) error {
		for _, id := range ids {
			n, err := number(r.session, keyNeeded, int64(id), column.Moment(now))
			if err != nil {
				return err
			}
			if n > 0 {
				needed = append(needed, id)
			}
		}
		return nil
	})
	return needed, err
}

const keyNeeded = `SELECT count(*) FROM (SELECT 1 FROM secrets s JOIN tokens t ON t.id = +s.token
	WHERE s.key_id = $1 AND s.ended_at IS NULL AND (s.retires_at IS NULL OR s.retires_at > $2) AND t.revoked_at IS NULL
		AND t.deleted_at IS NULL AND (t.revoke_at IS NULL OR t.revoke_at > $2) AND (t.expires_at IS NULL OR t.expires_at > $2)
	LIMIT 1) AS rows`

// AddKeyCheck records the check value of a new key. It takes no revision; a
// key that is recorded already is [ledger.ErrDuplicate].
func (s *Store) AddKeyCheck(ctx context.Context, id token.KeyID, check token.Digest) error {
	b, err := s.begin(ctx, inLine)
	if err != nil {
		return err
	}
	defer b.end()
	row := keyCheck{id, check}
	if err := b.exec(`INSERT INTO key_checks (key_id, digest) VALUES ($1, $2)`, keyCheckFields(&row)...); err != nil {
		return err
	}
	return b.commit()
}

// CheckKeyring refuses a keyring that this database was not used with, as a
// *[KeyringError], and records the keys that are new. Recorded keys that the
// keyring lacks are only reported to the log: what they signed cannot be
// verified, and that may be meant.
func (s *Store) CheckKeyring(ctx context.Context, k *token.Keyring) error {
	recorded, err := s.KeyChecks(ctx)
	if err != nil {
		return err
	}
	fresh, missing, err := compareKeys(k, recorded)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		s.log.Warn("the keyring lacks keys that this database was used with; tokens and audit rows under them cannot be verified",
			"missing_keys", missing)
	}
	for _, id := range fresh {
		if s.readOnly || s.fenced {
			break
		}
		check, _ := k.Check(id)
		err := s.AddKeyCheck(ctx, id, check)
		if errors.Is(err, ledger.ErrDuplicate) { // another node was faster: with the same key?
			return s.CheckKeyring(ctx, k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compareKeys tells the keys that are new from those that are missing.
func compareKeys(k *token.Keyring, recorded map[token.KeyID]token.Digest) (fresh, missing []token.KeyID, err error) {
	for id := range recorded {
		if _, ok := k.Check(id); !ok {
			missing = append(missing, id)
		}
	}
	slices.Sort(missing)
	for _, id := range k.IDs() {
		check, _ := k.Check(id)
		known, ok := recorded[id]
		switch {
		case !ok:
			fresh = append(fresh, id)
		case !known.Equal(check):
			return nil, nil, &KeyringError{Key: id}
		}
	}
	if len(recorded) > 0 && len(missing) == len(recorded) {
		return nil, nil, &KeyringError{Given: k.IDs(), Recorded: missing}
	}
	return fresh, missing, nil
}
