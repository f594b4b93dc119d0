package ledger_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// named are so many tokens of a workspace.
func named(workspace ledger.ID, n int) (t ledger.Touched) {
	for i := range n {
		t.AddToken(workspace, token.Locator([]byte(fmt.Sprintf("%012d", i))))
	}
	return t
}

// TestWhatABatchTouchesIsBounded: what is too much is said by saying more.
func TestWhatABatchTouchesIsBounded(t *testing.T) {
	t.Parallel()
	few := named(1, ledger.MostTouched)
	if b := few.Bounded(); len(b.Tokens[1]) != ledger.MostTouched || b.Whole != nil {
		t.Errorf("as many as fit became %d and %v", len(b.Tokens[1]), b.Whole)
	}
	many := named(1, ledger.MostTouched)
	many.Add(named(2, 1))
	many.Members = []ledger.ID{7, 7}
	if diff := cmp.Diff(ledger.Touched{Whole: []ledger.ID{1, 2}, Members: []ledger.ID{7}}, many.Bounded()); diff != "" {
		t.Errorf("tokens that are too many are not their workspaces:\n%s", diff)
	}
	var all ledger.Touched
	for id := range ledger.ID(ledger.MostTouched + 1) {
		all.Members = append(all.Members, id)
	}
	if diff := cmp.Diff(ledger.Touched{All: true}, all.Bounded()); diff != "" {
		t.Errorf("owners that are too many are not all:\n%s", diff)
	}
	if nothing := (ledger.Touched{}); !nothing.IsZero() || few.IsZero() {
		t.Error("nothing is something, or something nothing")
	}
}

// TestWhatWasTouchedIsReadAsItWasWritten: nodes of two builds read each other's.
func TestWhatWasTouchedIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	const stored = `{"tokens":{"3":["abcDEF012345"]},"members":[1],"service_accounts":[2],"portals":[3],"workspaces":[4],` +
		`"whole":[5],"endpoints":[6],"all_workspaces":true,"all":true}`
	var touched ledger.Touched
	if err := json.Unmarshal([]byte(stored), &touched); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(touched)
	if err != nil || string(b) != stored {
		t.Errorf("%s, %v", b, err)
	}
}
