package api_test

import (
	"errors"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// TestAConflictKeepsItsCodeAndStatusOverTheWire: the same code tells a caller that
// its own token has expired (401) and that the token it wants to change has (409).
func TestAConflictKeepsItsCodeAndStatusOverTheWire(t *testing.T) {
	t.Parallel()
	for want, e := range map[int]*api.Error{
		401: api.Errorf(api.CodeExpired, "the caller's"),
		409: api.Conflictf(api.CodeExpired, "another's"),
	} {
		p := e.Problem("https://example.com/errors", "req-1")
		back := p.Err()
		if p.Status != want || back.Status() != want || !errors.Is(back, api.CodeExpired) {
			t.Errorf("%s: status %d, read back as %d with code %s; want %d", e.Message, p.Status, back.Status(), back.Code, want)
		}
	}
}
