package authority_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// machineThat is Tokenry itself, with what it expects of what it changes.
func machineThat(e authority.Expected) authority.Caller {
	return authority.Caller{Machine: "test", Expected: e}
}

// TestWhatIsExpectedIsCompared: a change is made of the object as its changer saw it, or
// not at all; and a change that no object's revision was compared for is refused.
func TestWhatIsExpectedIsCompared(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	a := only(w, authority.Options{})
	ws := ledger.Workspace{ID: 1, Slug: "acme"}
	object := func(revision int64) func(*authority.Work) error {
		return func(w *authority.Work) error { return w.Expect(ws, "role:Clerk", revision) }
	}
	entry := func(revision int64, exists bool) func(*authority.Work) error {
		return func(w *authority.Work) error { return w.ExpectEntry(ws, "role:Clerk", revision, exists) }
	}
	anew := func(w *authority.Work) error { return w.ExpectNew() }
	nothing := func(*authority.Work) error { return nil }
	then := func(of ...func(*authority.Work) error) func(*authority.Work) error {
		return func(w *authority.Work) error {
			for _, f := range of {
				if err := f(w); err != nil {
					return err
				}
			}
			return nil
		}
	}
	there, absent := authority.Expected{Given: true, Any: true}, authority.Expected{Absent: true}
	several := authority.Expected{Given: true, Revisions: []int64{3, 7}}
	for name, c := range map[string]struct {
		e    authority.Expected
		do   func(*authority.Work) error
		want api.Code
	}{
		"nothing is expected":                  {authority.Expected{}, object(7), ""},
		"as it was seen":                       {authority.At(7), object(7), ""},
		"newer than it was seen":               {authority.At(6), object(7), api.CodeChangedMeanwhile},
		"older than it was seen":               {authority.At(8), object(7), api.CodeChangedMeanwhile},
		"one of several":                       {several, object(7), ""},
		"none of several":                      {several, object(5), api.CodeChangedMeanwhile},
		"none at all, of an empty list":        {authority.Expected{Given: true}, object(7), api.CodeChangedMeanwhile},
		"it is there":                          {there, object(7), ""},
		"it is not":                            {there, anew, api.CodeChangedMeanwhile},
		"it is not, at that revision":          {authority.At(7), anew, api.CodeChangedMeanwhile},
		"it is to be new":                      {absent, anew, ""},
		"it is to be new, and is there":        {absent, object(7), api.CodeChangedMeanwhile},
		"an entry that is written":             {authority.At(7), entry(7, true), ""},
		"an entry that is gone":                {authority.At(7), entry(7, false), api.CodeChangedMeanwhile},
		"an entry that is made":                {absent, entry(0, false), ""},
		"an entry that is made twice":          {absent, entry(7, true), api.CodeChangedMeanwhile},
		"what follows from it is not meant":    {authority.At(7), then(object(7), object(9)), ""},
		"what is meant is the first":           {authority.At(9), then(object(7), object(9)), api.CodeChangedMeanwhile},
		"nothing is changed":                   {there, nothing, api.CodeInvalidRequest},
		"nothing is changed, and is to be new": {absent, nothing, api.CodeInvalidRequest},
	} {
		before, err := a.Revision(w.Ctx)
		officetest.Must(t, err)
		_, err = a.Mutate(w.Ctx, machineThat(c.e), c.do)
		if (err == nil) != (c.want == "") || err != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if after, _ := a.Revision(w.Ctx); (after == before) != (err != nil) {
			t.Errorf("%s: %v, and the revision went from %d to %d", name, err, before, after)
		}
	}
	if _, err := a.Piece(w.Ctx, machineThat(authority.At(6)), object(7)); err != nil {
		t.Errorf("a piece of what was compared before is compared again: %v", err)
	}
}

// TestWhatThisRequestChangedIsNotChangedMeanwhile: the answer was lost, and the request
// comes again with the revision that its sender knows.
func TestWhatThisRequestChangedIsNotChangedMeanwhile(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	c := w.Root
	c.Retry, c.Expected = authority.Retry{Key: "k", Route: "rotate"}, authority.At(i.Token.Revision)
	first, err := w.RotateToken(w.Ctx, c, "acme", i.Token.ID, api.RotateToken{})
	officetest.Must(t, err)
	again, err := w.RotateToken(w.Ctx, c, "acme", i.Token.ID, api.RotateToken{})
	officetest.Must(t, err)
	w.Deny(api.CodeUnknown, first.Secret)
	w.Allow(again.Secret)
	c.Retry.Key = "another"
	w.Refused(officetest.Second(w.RotateToken(w.Ctx, c, "acme", i.Token.ID, api.RotateToken{})), api.CodeChangedMeanwhile)
}

// TestWhoIsOvertakenIsToldByWhom, if they may read the audit; others that they were.
func TestWhoIsOvertakenIsToldByWhom(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.Workspace("twelveletter") // as long as a locator, and no token
	ada, bob := w.Member("owner@example.com", "Owner"), w.Member("bob@example.com", "Administrator")
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Blind", api.PutRole{Scopes: []string{"roles:write", "tokens:edit", "tokens:read", "tickets:*"}})))
	blind := w.Member("eve@example.com", "Blind")
	i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	role := func(at authority.Where, name string) func(c authority.Caller) (int64, error) {
		return func(c authority.Caller) (int64, error) {
			d, err := w.PutRole(w.Ctx, c, at, name, api.PutRole{Scopes: []string{"tickets:read"}, Description: time.Now().String()})
			return d.Value.Revision, err
		}
	}
	label := 0
	for name, c := range map[string]struct {
		at     authority.Where
		target string
		by     authority.Caller
		who    string
		action string
		change func(c authority.Caller) (int64, error)
	}{
		"a role":                              {officetest.In("acme"), "role:Clerk", ada, "owner@example.com", "role.", role(officetest.In("acme"), "Clerk")},
		"a role whose name ends as a token's": {officetest.In("acme"), "role:on_callengineer", ada, "owner@example.com", "role.", role(officetest.In("acme"), "on_callengineer")},
		"a role named as a token is":          {officetest.In("acme"), "role:x_" + i.Token.Locator, ada, "owner@example.com", "role.", role(officetest.In("acme"), "x_"+i.Token.Locator)},
		"a role of the instance":              {officetest.Instance(), "role:Clerk", w.Root, "ada@example.com", "role.", role(officetest.Instance(), "Clerk")},
		"a workspace": {officetest.In("twelveletter"), "twelveletter", w.Root, "ada@example.com", "workspace.", func(c authority.Caller) (int64, error) {
			label++
			d, err := w.EditWorkspace(w.Ctx, c, "twelveletter", api.EditWorkspace{Name: api.Some(strings.Repeat("n", label))})
			return d.Value.Revision, err
		}},
		"a token": {officetest.In("acme"), i.Token.ID, ada, "owner@example.com", "token.edited", func(c authority.Caller) (int64, error) {
			label++
			d, err := w.EditToken(w.Ctx, c, "acme", i.Token.ID, officetest.Patch(func(f *api.TokenFields) { f.Label = api.Some(strings.Repeat("l", label)) }))
			return d.Value.Revision, err
		}},
	} {
		seen, err := c.change(c.by)
		officetest.Must(t, err)
		w.Clock.Pass(time.Minute)
		at := w.Clock.Now().Format(time.RFC3339)
		_, err = c.change(c.by)
		officetest.Must(t, err)
		w.Clock.Pass(time.Minute)
		late := w.Root
		if !c.at.Instance && c.at.Workspace == "acme" {
			late = bob
		}
		late.Expected = authority.At(seen)
		_, err = c.change(late)
		w.Refused(err, api.CodeChangedMeanwhile)
		if told := api.AsError(err).Message; !strings.Contains(told, "last by "+c.who+" at "+at+" ("+c.action) {
			t.Errorf("%s: who is overtaken reads %q", name, told)
		}
		rows, err := w.ChangesSince(w.Ctx, late, c.at, c.target, seen)
		officetest.Must(t, err)
		if len(rows) != 1 || rows[0].Revision <= seen || rows[0].Target != c.target {
			t.Errorf("%s: since then %+v", name, rows)
		}
		if late.User != bob.User {
			continue
		}
		unseeing := blind
		unseeing.Expected = authority.At(seen)
		_, err = c.change(unseeing)
		w.Refused(err, api.CodeChangedMeanwhile)
		if told := api.AsError(err).Message; strings.Contains(told, "last by") || strings.Contains(told, c.who) {
			t.Errorf("%s: who may not read the audit reads %q", name, told)
		}
	}
	for _, at := range []authority.Where{officetest.In("acme"), officetest.Instance()} {
		w.Refused(officetest.Second(w.ChangesSince(w.Ctx, blind, at, "role:Clerk", 0)), api.CodeInsufficientScope)
	}
}
