package ledger

import (
	"errors"
	"fmt"

	"github.com/tokenry/tokenry/token"
)

// KeyError says that a row is under a key that the keyring does not have: whether
// something is what the row was made of cannot be said here, and another node may know.
type KeyError struct{ ID token.KeyID }

// Error names the key, for the operator.
func (e *KeyError) Error() string {
	return fmt.Sprintf("the keyring lacks key %d, which this row is under", e.ID)
}

// LacksKey says whether an error is for want of a key.
func LacksKey(err error) bool {
	var lacks *KeyError
	return errors.As(err, &lacks)
}
