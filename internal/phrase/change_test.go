package phrase_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/phrase"
)

// TestChangesSayWhatDiffers: of two objects what differs, of one what it holds, and no more
// of a value than a page can bear.
func TestChangesSayWhatDiffers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 400)
	for name, c := range map[string]struct {
		before, after string
		want          []phrase.FieldChange
	}{
		"edited": {
			`{"label":"a","revision":7,"scopes":["x:read"],"owner":{"address":"ada@example.com","name":"Ada"},"expires_at":null,"on":false,"n":9007199254740993}`,
			`{"label":"b","revision":8,"scopes":["x:read","x:write"],"owner":{"address":"eve@example.com","name":"Ada"},"expires_at":"2026-11-05T12:00:00Z","on":true,"n":9007199254740995}`,
			[]phrase.FieldChange{
				{"Expires at", "", "2026-11-05 12:00:00 UTC"}, {"Label", "a", "b"}, {"N", "9007199254740993", "9007199254740995"}, {"On", "no", "yes"},
				{"Owner address", "ada@example.com", "eve@example.com"}, {"Scopes", "x:read", "x:read, x:write"},
			},
		},
		"made":         {``, `{"label":"a","revision":7,"metadata":{"build_id":"7"},"made_by":{"a_b":1},"note":"","list":[{"a":1,"b":null}]}`, []phrase.FieldChange{{"Label", "", "a"}, {"List", "", "(a 1)"}, {"Made by a b", "", "1"}, {"Metadata build_id", "", "7"}, {"Revision", "", "7"}}},
		"gone":         {`{"label":"a"}`, `null`, []phrase.FieldChange{{"Label", "a", "–"}}},
		"nothing":      {`{"label":"a"}`, `{"label":"a"}`, nil},
		"no objects":   {`[1]`, `"x"`, nil},
		"broken":       {`{"a":`, `{`, nil},
		"a long value": {``, `{"a":"` + long + `"}`, []phrase.FieldChange{{"A", "", long[:300] + "…"}}},
	} {
		if diff := cmp.Diff(c.want, phrase.Changes(json.RawMessage(c.before), json.RawMessage(c.after))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
