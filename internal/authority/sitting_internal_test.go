package authority

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// TestWhoSitsHasEverythingThatTheAuthorityHas: a field that is forgotten would be a
// verb that fails on pages alone.
func TestWhoSitsHasEverythingThatTheAuthorityHas(t *testing.T) {
	t.Parallel()
	a := New(Options{Keys: &token.Keyring{}, Now: time.Now, Rand: strings.NewReader(""), Mail: true, Runs: func() int64 { return 1 }, CheckWebhookURL: func(*url.URL) error { return nil }})
	have, sits := reflect.ValueOf(a).Elem(), reflect.ValueOf(a.Seated(ledger.Reader{})).Elem()
	for i := range have.NumField() {
		name := have.Type().Field(i).Name
		if slices.Contains([]string{"store", "now", "ungiven"}, name) { // its own
			continue
		}
		if have.Field(i).IsZero() || sits.Field(i).IsZero() {
			t.Errorf("%s: the authority has %v, who sits has %v", name, have.Field(i), sits.Field(i))
		}
	}
}
