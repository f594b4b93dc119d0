package ledger_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
)

// TestWhatWasTouchedConcernsItsWorkspaces, and every one where nobody says which.
func TestWhatWasTouchedConcernsItsWorkspaces(t *testing.T) {
	t.Parallel()
	one, all := ledger.Spaces{IDs: []ledger.ID{3}}, ledger.Spaces{All: true}
	tokens := named(3, 2)
	for name, c := range map[string]struct {
		touched ledger.Touched
		want    ledger.Spaces
	}{
		"nothing": {}, "webhooks": {ledger.Touched{Endpoints: []ledger.ID{1}}, ledger.Spaces{}},
		"tokens":                      {tokens, one},
		"an owner":                    {ledger.Touched{Members: []ledger.ID{1}, Homes: []ledger.ID{3}}, one},
		"a workspace that owns":       {ledger.Touched{Portals: []ledger.ID{3}}, one},
		"what names mean":             {ledger.Touched{Workspaces: []ledger.ID{3}, Whole: []ledger.ID{3}}, one},
		"an owner of an older build":  {ledger.Touched{ServiceAccounts: []ledger.ID{1}}, all},
		"an owner of who knows where": {ledger.Touched{Members: []ledger.ID{1}, Homes: []ledger.ID{0}}, all},
		"what the instance defines":   {ledger.Touched{AllWorkspaces: true}, all},
		"everything":                  {ledger.Touched{All: true}, all},
	} {
		got := c.touched.Spaces()
		if got.All != c.want.All || !got.All && cmp.Diff(len(c.want.IDs), len(got.IDs)) != "" || got.Has(3) != c.want.Has(3) || got.Has(4) != c.want.Has(4) {
			t.Errorf("%s concerns %+v, want %+v", name, got, c.want)
		}
	}
}

// TestWhatIsBehindIsBoundedAndSaysNotLess: the first revision counts, and of too many
// workspaces it is said of all.
func TestWhatIsBehindIsBoundedAndSaysNotLess(t *testing.T) {
	t.Parallel()
	b := ledger.Behind{}
	b.Note(1, 9)
	b.Note(1, 7)
	b.Note(1, 8)
	for _, c := range []struct {
		revision int64
		of       ledger.Spaces
		want     bool
	}{
		{6, ledger.Spaces{IDs: []ledger.ID{1}}, false}, {7, ledger.Spaces{IDs: []ledger.ID{1}}, true}, {99, ledger.Spaces{IDs: []ledger.ID{2, 1}}, true},
		{99, ledger.Spaces{IDs: []ledger.ID{2}}, false}, {7, ledger.Spaces{All: true}, true}, {99, ledger.Spaces{}, false},
	} {
		if got := b.Of(c.revision, c.of); got != c.want {
			t.Errorf("%d of %+v is behind: %v", c.revision, c.of, got)
		}
	}
	for id := range ledger.ID(1000) {
		b.Note(id+1, 20)
	}
	other := ledger.Spaces{IDs: []ledger.ID{5000}}
	if len(b) > ledger.MostBehind+1 || b.Of(19, other) || !b.Of(20, other) || !b.Of(7, ledger.Spaces{IDs: []ledger.ID{1}}) {
		t.Errorf("%d are told apart", len(b))
	}
	text, err := json.Marshal(b)
	var read ledger.Behind
	if err != nil || json.Unmarshal(text, &read) != nil || cmp.Diff(b, read) != "" {
		t.Errorf("written and read: %s", text)
	}
}
