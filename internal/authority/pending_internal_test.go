package authority

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// attic is what is stored while removals are under way. Each field is what the chapter
// of its name answers.
type attic struct {
	removals []ledger.Removal
	roles    map[ledger.ID][]ledger.Role
	scopes   map[ledger.ID][]ledger.Scope
	tokens   []ledger.Token // the newest first
	asked    int            // how often tokens were listed
	broken   error
}

func (a *attic) Removals() ([]ledger.Removal, error)         { return a.removals, a.broken }
func (a *attic) Roles(ws ledger.ID) ([]ledger.Role, error)   { return a.roles[ws], nil }
func (a *attic) Scopes(ws ledger.ID) ([]ledger.Scope, error) { return a.scopes[ws], nil }
func (a *attic) Token(l token.Locator) (ledger.Token, error) {
	i := slices.IndexFunc(a.tokens, func(t ledger.Token) bool { return t.Locator == l })
	if i < 0 {
		return ledger.Token{}, ledger.ErrNoRow
	}
	return a.tokens[i], nil
}

func (a *attic) StandingToken(_, member ledger.ID) (ledger.Token, error) {
	i := slices.IndexFunc(a.tokens, func(t ledger.Token) bool { return t.OwnerMember == member })
	if i < 0 {
		return ledger.Token{}, ledger.ErrNoRow
	}
	return a.tokens[i], nil
}

func (a *attic) Tokens(_ ledger.ID, q ledger.TokenQuery) (out []ledger.Token, err error) {
	a.asked++
	for _, t := range a.tokens {
		if (q.Before == 0 || t.ID < q.Before) && (q.Limit == 0 || len(out) < q.Limit) {
			out = append(out, t)
		}
	}
	return out, nil
}

// CountTokens counts what the rows say.
func (a *attic) CountTokens(_, owner ledger.ID, _ time.Time, _ int) (n int, err error) {
	for _, t := range a.tokens {
		if t.RevokedAt.IsZero() && (owner == 0 || t.OwnerMember == owner || t.OwnerServiceAccount == owner) {
			n++
		}
	}
	return n, nil
}

// chapters are those of the attic, as a snapshot has them.
type (
	atticTokens struct {
		ledger.TokenReader
		*attic
	}
	atticRights struct {
		ledger.RightsReader
		*attic
	}
	atticRemovals struct {
		ledger.RemovalReader
		*attic
	}
	atticCounts struct {
		ledger.TokenWriter
		*attic
	}
	atticMoves struct{ ledger.RemovalWriter }
)

func (a atticTokens) Token(l token.Locator) (ledger.Token, error) { return a.attic.Token(l) }
func (a atticTokens) StandingToken(ws, m ledger.ID) (ledger.Token, error) {
	return a.attic.StandingToken(ws, m)
}

func (a atticTokens) Tokens(ws ledger.ID, q ledger.TokenQuery) ([]ledger.Token, error) {
	return a.attic.Tokens(ws, q)
}
func (a atticRights) Roles(ws ledger.ID) ([]ledger.Role, error)   { return a.attic.Roles(ws) }
func (a atticRights) Scopes(ws ledger.ID) ([]ledger.Scope, error) { return a.attic.Scopes(ws) }
func (a atticRemovals) Removals() ([]ledger.Removal, error)       { return a.attic.Removals() }
func (a atticCounts) CountTokens(ws, owner ledger.ID, now time.Time, enough int) (int, error) {
	return a.attic.CountTokens(ws, owner, now, enough)
}
func (atticMoves) PutRemoval(ledger.Removal) error { return nil }
func (atticMoves) DeleteRemoval(ledger.ID) error   { return nil }

func (a *attic) read() (ledger.Reader, *pending) {
	return asTheyWillBe(ledger.Reader{TokenReader: atticTokens{attic: a}, RightsReader: atticRights{attic: a}, RemovalReader: atticRemovals{attic: a}})
}

func whenRemoved() time.Time { return time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC) }

func removed(kind ledger.RemovalKind, ws ledger.ID, name string) ledger.Removal {
	return ledger.Removal{ID: 1, Kind: kind, Workspace: ws, Name: name, CreatedAt: whenRemoved()}
}

func leftByMember(ws, member ledger.ID) ledger.Removal {
	return ledger.Removal{ID: 2, Kind: ledger.RemovedMember, Workspace: ws, Owner: member, CreatedAt: whenRemoved()}
}

// TestWhatIsRemovedIsGoneWhereItIsMeant: a workspace's own name in it alone, the
// instance's everywhere but where a workspace has one of its own by that name.
func TestWhatIsRemovedIsGoneWhereItIsMeant(t *testing.T) {
	t.Parallel()
	own := ownNames{roles: map[string]bool{"Auditor": true}, scopes: map[string]bool{"tickets:read": true}}
	for name, c := range map[string]struct {
		x    ledger.Removal
		own  ownNames
		want bool
	}{
		"the workspace's own scope":                   {removed(ledger.RemovedScope, 1, "tickets:read"), own, true},
		"another workspace's":                         {removed(ledger.RemovedScope, 2, "tickets:read"), ownNames{}, false},
		"the instance's scope":                        {removed(ledger.RemovedScope, 0, "tickets:read"), ownNames{}, true},
		"the instance's, where there is an own scope": {removed(ledger.RemovedScope, 0, "tickets:read"), own, false},
		"the instance's role":                         {removed(ledger.RemovedRole, 0, "Auditor"), ownNames{}, true},
		"the instance's, where there is an own role":  {removed(ledger.RemovedRole, 0, "Auditor"), own, false},
		"a role called as an own scope":               {removed(ledger.RemovedRole, 0, "tickets:read"), own, true},
		"an owner, who is no name":                    {leftByMember(1, 7), ownNames{}, false},
		"copies of secrets, which are no name":        {removed(ledger.RemovedSealed, 1, "recoverable"), ownNames{}, false},
	} {
		if got := concerns(c.x, 1, c.own); got != c.want {
			t.Errorf("%s: it concerns the workspace: %v", name, got)
		}
	}
}

// TestStatementsAreReadWithoutWhatIsGone: long before their rows are rewritten.
func TestStatementsAreReadWithoutWhatIsGone(t *testing.T) {
	t.Parallel()
	stored := []grant.Statement{{Role: "Auditor", Resources: []string{"*"}}, {Scopes: []string{"tickets:read", "tickets:write"}, Resources: []string{"pay-1", "pay-2"}}}
	undecided := removed(ledger.RemovedRole, 1, "Auditor")
	undecided.Undecided = true
	replaced := removed(ledger.RemovedRole, 1, "Auditor")
	replaced.Replacement = "Viewer"
	for name, c := range map[string]struct {
		gone []ledger.Removal
		want []grant.Statement
	}{
		"nothing is gone": {nil, stored},
		"a scope is": {[]ledger.Removal{removed(ledger.RemovedScope, 1, "tickets:write")},
			[]grant.Statement{stored[0], {Scopes: []string{"tickets:read"}, Resources: []string{"pay-1", "pay-2"}}}},
		"a resource is": {[]ledger.Removal{removed(ledger.RemovedResource, 1, "pay-2")},
			[]grant.Statement{stored[0], {Scopes: []string{"tickets:read", "tickets:write"}, Resources: []string{"pay-1"}}}},
		"a role is another": {[]ledger.Removal{replaced}, []grant.Statement{{Role: "Viewer", Resources: []string{"*"}}, stored[1]}},
		"whether a role is gone is not decided, so whoever has it keeps it": {[]ledger.Removal{undecided}, stored},
		"all of it elsewhere": {[]ledger.Removal{removed(ledger.RemovedScope, 2, "tickets:read"), removed(ledger.RemovedResource, 2, "pay-1")}, stored},
	} {
		a := &attic{removals: c.gone, tokens: []ledger.Token{{ID: 1, Workspace: 1, Locator: token.Locator{1}, Grants: slices.Clone(stored)}}}
		r, _ := a.read()
		got, err := r.Token(token.Locator{1})
		if diff := cmp.Diff(c.want, got.Grants); diff != "" || err != nil {
			t.Errorf("%s (%v), want - read +:\n%s", name, err, diff)
		}
	}
}

// TestWhatAnOwnerLeftIsRevokedSinceThen: each token of theirs and no other, and one that
// was revoked before keeps its own reason.
func TestWhatAnOwnerLeftIsRevokedSinceThen(t *testing.T) {
	t.Parallel()
	before := whenRemoved().Add(-time.Hour)
	account := ledger.Removal{ID: 3, Kind: ledger.RemovedServiceAccount, Workspace: 1, Owner: 7, CreatedAt: whenRemoved()}
	for name, c := range map[string]struct {
		gone   ledger.Removal
		row    ledger.Token
		at     time.Time
		reason string
	}{
		"the member's":                           {leftByMember(1, 7), ledger.Token{OwnerMember: 7}, whenRemoved(), api.ReasonOwnerLeft},
		"another member's":                       {leftByMember(1, 7), ledger.Token{OwnerMember: 8}, time.Time{}, ""},
		"a service account's of that number":     {leftByMember(1, 7), ledger.Token{OwnerServiceAccount: 7}, time.Time{}, ""},
		"the service account's":                  {account, ledger.Token{OwnerServiceAccount: 7}, whenRemoved(), api.ReasonOwnerLeft},
		"a member's of the account's number":     {account, ledger.Token{OwnerMember: 7}, time.Time{}, ""},
		"one that was leaked before":             {leftByMember(1, 7), ledger.Token{OwnerMember: 7, RevokedAt: before, RevokeReason: "leaked"}, before, "leaked"},
		"the workspace's own, which nobody left": {leftByMember(1, 7), ledger.Token{}, time.Time{}, ""},
	} {
		a := &attic{removals: []ledger.Removal{c.gone}, tokens: []ledger.Token{c.row}}
		r, _ := a.read()
		got, err := r.Token(token.Locator{})
		if err != nil || !got.RevokedAt.Equal(c.at) || got.RevokeReason != c.reason {
			t.Errorf("%s: revoked at %s, %s (%v)", name, got.RevokedAt, got.RevokeReason, err)
		}
	}
}

// TestAListOfWhatLivesIsFilledUp: who asks for so many live ones is given them, however
// many there are in between whose owner has left.
func TestAListOfWhatLivesIsFilledUp(t *testing.T) {
	t.Parallel()
	a := &attic{removals: []ledger.Removal{leftByMember(1, 7)}}
	for id := ledger.ID(20); id > 0; id-- {
		owner := ledger.ID(7)
		if id%5 == 0 {
			owner = 8
		}
		a.tokens = append(a.tokens, ledger.Token{ID: id, Workspace: 1, OwnerMember: owner})
	}
	r, _ := a.read()
	list := func(q ledger.TokenQuery) (ids []ledger.ID) {
		t.Helper()
		rows, err := r.Tokens(1, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			ids = append(ids, row.ID)
		}
		return ids
	}
	live := ledger.TokenQuery{Limit: 3, Live: whenRemoved()}
	if got := list(live); !slices.Equal(got, []ledger.ID{20, 15, 10}) {
		t.Errorf("the first three that live are %v", got)
	}
	live.Before = 10
	if got := list(live); !slices.Equal(got, []ledger.ID{5}) {
		t.Errorf("then %v", got)
	}
	a.asked = 0
	if got := list(ledger.TokenQuery{Limit: 3}); !slices.Equal(got, []ledger.ID{20, 19, 18}) || a.asked != 1 {
		t.Errorf("of all, %v after %d lists", got, a.asked)
	}
	if got := list(ledger.TokenQuery{Live: whenRemoved()}); !slices.Equal(got, []ledger.ID{20, 15, 10, 5}) {
		t.Errorf("without a bound, %v", got)
	}
}

// TestAStandingTokenOfWhoLeftIsNone: it is not handed out again.
func TestAStandingTokenOfWhoLeftIsNone(t *testing.T) {
	t.Parallel()
	a := &attic{tokens: []ledger.Token{{ID: 1, Workspace: 1, OwnerMember: 7}}}
	r, _ := a.read()
	if _, err := r.StandingToken(1, 7); err != nil {
		t.Errorf("while its owner is there: %v", err)
	}
	a.removals = []ledger.Removal{leftByMember(1, 7)}
	r, _ = a.read()
	if _, err := r.StandingToken(1, 7); !errors.Is(err, ledger.ErrNoRow) {
		t.Errorf("once they left: %v", err)
	}
}

// TestWhatWasLeftDoesNotCount: a limit of how many a workspace may have is not used up by
// tokens that nobody can use; a limit of an owner's has its own count.
func TestWhatWasLeftDoesNotCount(t *testing.T) {
	t.Parallel()
	a := &attic{removals: []ledger.Removal{leftByMember(1, 7), leftByMember(2, 8), removed(ledger.RemovedScope, 1, "x:y")}}
	for i, owner := range []ledger.ID{7, 7, 8, 9, 9, 9} {
		a.tokens = append(a.tokens, ledger.Token{ID: ledger.ID(i + 1), Workspace: 1, OwnerMember: owner})
	}
	_, p := a.read()
	w := changing(ledger.Writer{TokenWriter: atticCounts{attic: a}, RemovalWriter: atticMoves{}}, p)
	for _, c := range []struct {
		owner  ledger.ID
		enough int
		want   int
	}{{0, 1, 4}, {0, 6, 4}, {0, 7, 6}, {7, 1, 2}, {9, 1, 3}} {
		n, err := w.CountTokens(1, c.owner, whenRemoved(), c.enough)
		if err != nil || n != c.want { // fewer than enough is exact enough as it is stored
			t.Errorf("of owner %d, enough is %d: %d (%v), want %d", c.owner, c.enough, n, err, c.want)
		}
	}
}

// TestAMutationSeesTheRemovalThatItMakes: what it reads next is read without it, and with
// it again once the removal is done.
func TestAMutationSeesTheRemovalThatItMakes(t *testing.T) {
	t.Parallel()
	a := &attic{tokens: []ledger.Token{{ID: 1, Workspace: 1, OwnerMember: 7}}}
	r, p := a.read()
	w := changing(ledger.Writer{TokenWriter: atticCounts{attic: a}, RemovalWriter: atticMoves{}}, p)
	revoked := func() bool {
		t.Helper()
		row, err := r.Token(token.Locator{})
		if err != nil {
			t.Fatal(err)
		}
		return !row.RevokedAt.IsZero()
	}
	if revoked() {
		t.Fatal("revoked though nobody left")
	}
	a.removals = []ledger.Removal{leftByMember(1, 7)}
	if err := w.PutRemoval(a.removals[0]); err != nil || !revoked() {
		t.Errorf("the removal was made (%v), and the token lives", err)
	}
	a.removals = nil
	if err := w.DeleteRemoval(2); err != nil || revoked() {
		t.Errorf("the removal is done (%v), and the token reads as revoked by it", err)
	}
}

// TestWhatCannotBeReadIsNotReadAsStored: rather an error than a right that is gone.
func TestWhatCannotBeReadIsNotReadAsStored(t *testing.T) {
	t.Parallel()
	a := &attic{broken: ledger.ErrStoreUnavailable, tokens: []ledger.Token{{ID: 1, Workspace: 1, OwnerMember: 7}}}
	r, _ := a.read()
	for name, read := range map[string]func() error{
		"a token":  func() error { _, err := r.Token(token.Locator{}); return err },
		"a list":   func() error { _, err := r.Tokens(1, ledger.TokenQuery{}); return err },
		"the live": func() error { _, err := r.Tokens(1, ledger.TokenQuery{Live: whenRemoved()}); return err },
		"removals": func() error { _, err := r.Removals(); return err },
		"standing": func() error { _, err := r.StandingToken(1, 7); return err },
	} {
		if err := read(); !errors.Is(err, ledger.ErrStoreUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheCatalogueIsReadWithoutWhatIsGone: roles do not hold it, scopes do not imply it,
// and the lists that were read stay as they are stored.
func TestTheCatalogueIsReadWithoutWhatIsGone(t *testing.T) {
	t.Parallel()
	roles := [][]ledger.Role{{{Name: "Auditor", Scopes: []string{"tickets:read", "audit:read"}}}, {{Workspace: 1, Name: "Clerk", Scopes: []string{"tickets:read"}}}}
	scopes := [][]ledger.Scope{{{Name: "all:read", Implies: []string{"tickets:read"}, Roles: []string{"Clerk", "Old"}}}, nil}
	list := roles[0][0].Scopes
	replaced := removed(ledger.RemovedRole, 1, "Old")
	replaced.Replacement = "Clerk"
	c := newCatalogue(1, []ledger.Removal{removed(ledger.RemovedScope, 0, "tickets:read"), replaced}, roles, scopes)
	if got := c.book.Roles["Auditor"]; !slices.Equal(got, []string{"audit:read"}) {
		t.Errorf("Auditor holds %v", got)
	}
	if got := c.book.Roles["Clerk"]; slices.Contains(got, "tickets:read") || !slices.Contains(got, "all:read") {
		t.Errorf("Clerk holds %v", got)
	}
	if got := c.book.Implies["all:read"]; len(got) != 0 {
		t.Errorf("all:read implies %v", got)
	}
	if !slices.Equal(list, []string{"tickets:read", "audit:read"}) {
		t.Errorf("the stored list became %v", list)
	}
	sp := &Space{catalogue: c, removals: c.concerned(1, []ledger.Removal{removed(ledger.RemovedScope, 0, "tickets:read"), removed(ledger.RemovedScope, 2, "other:read")})}
	if err := sp.Free(ledger.RemovedScope, "audit:read", "tickets:read"); !errors.Is(err, api.CodeBeingDeleted) {
		t.Errorf("a name that is being deleted: %v", err)
	}
	if err := sp.Free(ledger.RemovedRole, "tickets:read"); err != nil {
		t.Errorf("a role that is called so: %v", err)
	}
	if err := sp.Free(ledger.RemovedScope, "other:read"); err != nil {
		t.Errorf("a name that another workspace deletes: %v", err)
	}
}
