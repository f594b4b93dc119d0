package imports_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// only is a world over SQLite alone, where no store matters.
func only(t *testing.T) world {
	t.Helper()
	return world{officetest.NewWorld(t, storetest.SQLite(t))}
}

// slow is a format whose strings are found by their last characters.
func slow() api.ImportFormat {
	return api.ImportFormat{Name: "gitea", MinLength: 32, MaxLength: 32, Prefix: "old_", Alphabet: "base62", Hash: "pbkdf2-sha256", Iterations: 3, Length: 50,
		Salt: "item", Hint: &api.Part{Take: 8, FromEnd: true}}
}

// alike is the n-th string of those that end alike.
func alike(n int) token.Secret { return token.NewSecret(fmt.Sprintf("old_%020dsamesame", n)) }

// keptSlow is what the other system kept of a string, under a salt.
func keptSlow(w world, s token.Secret, salt string) api.ImportToken {
	w.Helper()
	sum, err := pbkdf2.Key(sha256.New, s.Reveal(), []byte(salt), 3, 50)
	officetest.Must(w.T, err)
	return kept(1, func(in *api.ImportToken) { in.Hash, in.Salt, in.Hint = hex.EncodeToString(sum), salt, s.Reveal()[24:] })
}

// results are the statuses, or the field or code of a refusal.
func results(out api.ImportResults) (all []string) {
	for _, r := range out.Results {
		switch {
		case r.Status != api.ImportRefused:
			all = append(all, r.Status)
		case r.Field != "":
			all = append(all, r.Field)
		default:
			all = append(all, string(r.Code))
		}
	}
	return all
}

// TestARehearsalSaysOfEachStringWhatBecomesOfIt: two that end alike are two, one that stands
// there twice is one, in a rehearsal as in earnest.
func TestARehearsalSaysOfEachStringWhatBecomesOfIt(t *testing.T) {
	t.Parallel()
	w := only(t)
	one, two := keptSlow(w, alike(1), "a"), keptSlow(w, alike(2), "b")
	bring := func(dry bool, in ...api.ImportToken) []string {
		out, err := w.ImportTokens(w.Ctx, w.Root, "acme", api.ImportTokens{Format: slow(), Tokens: in, DryRun: dry})
		officetest.Must(t, err)
		return results(out)
	}
	if diff := cmp.Diff([]string{"imported", "imported", "exists"}, bring(true, one, two, one)); diff != "" {
		t.Errorf("rehearsed (-want +got):\n%s", diff)
	}
	for _, in := range []api.ImportToken{one, two} { // one by one: together they are in no order
		if got := bring(false, in); got[0] != "imported" {
			t.Errorf("in earnest: %v", got)
		}
	}
	if got := bring(false, one, two); !cmp.Equal(got, []string{"exists", "exists"}) {
		t.Errorf("again: %v", got)
	}
	for n := 1; n <= 2; n++ {
		w.Allow(alike(n), "tickets:read")
	}
	w.Deny(api.CodeUnknown, alike(3))
}

// TestAHashIsReadInEachOfItsForms, and one string of two forms is one, also in a rehearsal.
func TestAHashIsReadInEachOfItsForms(t *testing.T) {
	t.Parallel()
	w := only(t)
	lower := kept(1)
	upper := kept(1, func(in *api.ImportToken) { in.Hash = strings.ToUpper(in.Hash) })
	for _, dry := range []bool{true, false} {
		for _, c := range []struct {
			in   []api.ImportToken
			want []string
		}{{[]api.ImportToken{lower, upper}, []string{"imported", "exists"}}} {
			out, err := w.ImportTokens(w.Ctx, w.Root, "acme", api.ImportTokens{Format: quick(), Tokens: c.in, DryRun: dry})
			officetest.Must(t, err)
			got := results(out)
			if !dry { // whichever comes first
				got = []string{min(got[1], got[0]), max(got[1], got[0])}
				c.want = []string{"exists", "imported"}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("dry %t (-want +got):\n%s", dry, diff)
			}
		}
	}
	w.Allow(theirs(1), "tickets:read")
}

// TestWhenItWasMadeIsBelievedWithinReason: to the moment, and no year that no system of
// tokens has seen.
func TestWhenItWasMadeIsBelievedWithinReason(t *testing.T) {
	t.Parallel()
	w := only(t)
	now := w.Clock.Now()
	for i, c := range []struct {
		at   api.Opt[time.Time]
		want time.Time // zero is refused
	}{
		{api.Opt[time.Time]{}, now},
		{api.Some(now), now},
		{api.Some(now.Add(time.Microsecond)), time.Time{}},
		{api.Some(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)},
		{api.Some(time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC)), time.Time{}},
		{api.Some(now.Add(-time.Hour).In(time.FixedZone("", 3600))), now.Add(-time.Hour)},
	} {
		r := w.bring(kept(i+1, func(in *api.ImportToken) { in.CreatedAt = c.at }))[0]
		if c.want.IsZero() {
			if r.Status != api.ImportRefused || r.Field != "created_at" {
				t.Errorf("%v: %+v", c.at.Value, r)
			}
			continue
		}
		v, err := w.GetToken(w.Ctx, w.Root, "acme", r.TokenID)
		if err != nil || !v.CreatedAt.Equal(c.want) || v.CreatedAt.Location() != time.UTC {
			t.Errorf("%v: made at %v, %v, %+v", c.at.Value, v.CreatedAt, err, r)
		}
	}
}

// TestACallBringsAHundredAtMost, and of what refuses the call nothing is kept, not the
// format either.
func TestACallBringsAHundredAtMost(t *testing.T) {
	t.Parallel()
	w := only(t)
	many := func(n int) (in []api.ImportToken) {
		for i := range n {
			in = append(in, kept(i, func(in *api.ImportToken) { in.Hash = "x" })) // each is refused by itself
		}
		return in
	}
	none := quick()
	none.Hash = "rot13"
	for what, c := range map[string]struct {
		ref   string
		in    api.ImportTokens
		code  api.Code
		field string
	}{
		"no token":            {"acme", api.ImportTokens{Format: quick()}, api.CodeInvalidField, "tokens"},
		"a hundred and one":   {"acme", api.ImportTokens{Format: quick(), Tokens: many(101)}, api.CodeInvalidField, "tokens"},
		"no such hash":        {"acme", api.ImportTokens{Format: none, Tokens: many(1)}, api.CodeInvalidField, "format.hash"},
		"no such workspace":   {"nowhere", api.ImportTokens{Format: quick(), Tokens: many(1)}, api.CodeNotFound, ""},
		"a rehearsal of some": {"acme", api.ImportTokens{Format: quick(), Tokens: many(100), DryRun: true}, "", ""},
	} {
		_, err := w.ImportTokens(w.Ctx, w.Root, c.ref, c.in)
		if e := api.AsError(err); (err != nil) != (c.code != "") || err != nil && (e.Code != c.code || e.Field != c.field) {
			t.Errorf("%s: %v of %q", what, err, api.AsError(err).Field)
		}
		if list, err := w.ImportFormats(w.Ctx, w.Root); err != nil || len(list) != 0 {
			t.Errorf("%s: the formats are %+v, %v", what, list, err)
		}
	}
}

// TestAnImportIsAudited: the format once, by what it is and without its secrets; each token as
// it was made, by whom; and the end of the format.
func TestAnImportIsAudited(t *testing.T) {
	t.Parallel()
	w := only(t)
	f := quick()
	f.Suffix = "a secret of the other system"
	c := w.Root
	c.RequestID = "req-9"
	for range 2 {
		officetest.Must(t, officetest.Second(w.ImportTokens(w.Ctx, c, "acme", api.ImportTokens{Format: f, Tokens: []api.ImportToken{kept(1)}})))
	}
	officetest.Must(t, officetest.Second(w.DeleteImportFormat(w.Ctx, c, f.Name)))
	rows, _, err := w.InstanceAudit(w.Ctx, w.Root, api.AuditFilter{Action: "import_format.*"}, authority.Page{})
	officetest.Must(t, err)
	if len(rows) != 2 || rows[0].Action != "import_format.deleted" || rows[0].Before == nil || rows[0].After != nil || rows[1].Action != "import_format.created" || rows[1].Target != "old-api" ||
		rows[1].RequestID != "req-9" || strings.Contains(string(rows[1].After)+string(rows[0].Before), f.Suffix) {
		t.Errorf("of the format: %+v", rows)
	}
	rows, _, err = w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Action: "token.imported"}, authority.Page{})
	officetest.Must(t, err)
	hash := kept(1).Hash
	if len(rows) != 1 || rows[0].Actor != "ada@example.com" || rows[0].Before != nil || !strings.Contains(string(rows[0].After), "number 1") || strings.Contains(string(rows[0].After), hash) {
		t.Errorf("of the token: %+v", rows)
	}
	w.Whole()
}
