package console_test

import (
	"net/http"
	"testing"

	"github.com/tokenry/tokenry/internal/policy"
)

// A field that has no place in the form could be set over the API alone, and locked
// by nobody.
func TestEachFieldOfThePolicyHasAPlaceInItsForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.status(w.as("ada@example.com", "/instance/defaults"), http.StatusOK)
	for _, name := range policy.Fields() {
		w.shows(page, `name="locked" value="`+name+`"`)
	}
}
