package authority_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// logbook is a store of usage that knows what it was told, and notes what it is asked.
type logbook struct {
	ledger.UsageReader
	uses   []ledger.LastUse
	asked  [][]token.Locator
	from   netip.Prefix
	broken error
}

func (l *logbook) LastUses(_ context.Context, ts []token.Locator) (out []ledger.LastUse, err error) {
	l.asked = append(l.asked, slices.Clone(ts))
	for _, u := range l.uses {
		if slices.Contains(ts, u.Token) {
			out = append(out, u)
		}
	}
	return out, l.broken
}

func (l *logbook) UsedFrom(_ context.Context, ts []token.Locator, from netip.Prefix) ([]token.Locator, error) {
	l.asked, l.from = append(l.asked, ts), from
	return ts[:1], l.broken
}

// rowOf reads a token as it is stored.
func rowOf(w *officetest.World, i authority.Issued) (row ledger.Token) {
	w.Helper()
	officetest.Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) (err error) { row, err = r.Token(officetest.Locator(w, i)); return err }))
	return row
}

// TestWhenATokenWasUsedIsShownToAllAndFromWhereToFew: to itself, to its owner, and to who
// may read usage; and metadata, which says whose it is, goes the same way.
func TestWhenATokenWasUsedIsShownToAllAndFromWhereToFew(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	bob := w.Member("bob@example.com", "Viewer")
	ask := officetest.Scoped("personal", "", "tickets:read")
	ask.Metadata = api.Some(api.Metadata{"laptop": "x1"})
	i := w.Create(bob, ask)
	_, err := w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})
	officetest.Must(t, err)
	row := rowOf(w, i)
	used := w.Clock.Now().Add(-time.Minute)
	book := &logbook{uses: []ledger.LastUse{
		{Token: row.Locator, At: used, Addr: netip.MustParseAddr("192.0.2.1")}, {Token: row.Locator, Secret: 2, At: used}, {Token: row.Locator, Secret: 77, At: used},
	}}
	a := only(w, authority.Options{Usage: book})
	blind := api.PutRole{Scopes: []string{"tokens:read"}}
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Blind", blind)))
	for who, c := range map[string]struct {
		by    authority.Caller
		where bool
	}{
		"its owner": {bob, true}, "itself": {storetest.Presenting(t, w.Store, i.Token.Locator), true}, "an administrator": {w.Root, true},
		"who reads tokens alone": {w.Member("eve@example.com", "Blind"), false},
	} {
		in(w, c.by, func(r *authority.Snapshot, ac *authority.Actor, sp *authority.Space) {
			v, err := a.Watching(w.Ctx, r, ac, sp).Token(row)
			officetest.Must(t, err)
			if v.LastUsedAt == nil || !v.LastUsedAt.Equal(used) || v.Secrets[0].LastUsedAt == nil || v.Secrets[1].LastUsedAt != nil {
				t.Errorf("%s: used at %v, its secrets %+v", who, v.LastUsedAt, v.Secrets)
			}
			if (v.LastUsedIP != nil) != c.where || (len(v.Metadata) > 0) != c.where {
				t.Errorf("%s: from %v, with %v", who, v.LastUsedIP, v.Metadata)
			}
			v, err = a.Sight(r, ac, sp).Token(row) // who only looks does not ask
			if err != nil || v.LastUsedAt != nil {
				t.Errorf("%s, without asking: %v, %v", who, v.LastUsedAt, err)
			}
		})
	}
	book.broken = errors.New("broken")
	in(w, w.Root, func(r *authority.Snapshot, ac *authority.Actor, sp *authority.Space) {
		if _, err := a.Watching(w.Ctx, r, ac, sp).Token(row); !errors.Is(err, book.broken) {
			t.Errorf("what nobody knows is shown as never: %v", err)
		}
	})
}

// TestAListAsksOnceForAll: what is known already is not asked for again, and a token that
// was never used is known too. It shows each as it is shown alone.
func TestAListAsksOnceForAll(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.Account("ci", "tickets:read")
	var rows []ledger.Token
	for _, ask := range []api.CreateToken{officetest.Scoped("workspace", "", "tickets:read"), officetest.Ask("service", "ci"), officetest.Ask("personal", "ada@example.com")} {
		i := w.Create(w.Root, ask)
		rows = append(rows, rowOf(w, i))
	}
	for range 9 { // more secrets than are read of one
		officetest.Must(t, officetest.Second(w.RotateToken(w.Ctx, w.Root, "acme", rows[0].Locator.String(), api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})))
	}
	book := &logbook{uses: []ledger.LastUse{{Token: rows[0].Locator, At: w.Clock.Now()}}}
	a := only(w, authority.Options{Usage: book})
	in(w, w.Root, func(r *authority.Snapshot, ac *authority.Actor, sp *authority.Space) {
		s, alone := a.Watching(w.Ctx, r, ac, sp), a.Watching(w.Ctx, r, ac, sp)
		officetest.Must(t, s.Know(rows[:2]))
		officetest.Must(t, s.Know(rows))
		officetest.Must(t, s.Know(rows))
		want := [][]token.Locator{authority.Locators(rows[:2]), authority.Locators(rows[2:])}
		if diff := cmp.Diff(want, book.asked); diff != "" {
			t.Errorf("asked for (-want +got):\n%s", diff)
		}
		officetest.Must(t, s.Gather(rows))
		for _, row := range rows {
			one, err := alone.Token(row)
			officetest.Must(t, err)
			of, err := s.Token(row)
			officetest.Must(t, err)
			if diff := cmp.Diff(one, of); diff != "" {
				t.Errorf("%s alone, and in a list:\n%s", row.Locator, diff)
			}
		}
	})
}

// TestTheAnswerToAChangeSaysWhenItWasUsed, as far as that is known; what cannot be known
// now is left out, and the change is done.
func TestTheAnswerToAChangeSaysWhenItWasUsed(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	row := rowOf(w, i)
	book := &logbook{uses: []ledger.LastUse{{Token: row.Locator, At: w.Clock.Now(), Addr: netip.MustParseAddr("192.0.2.1")}}}
	a := only(w, authority.Options{Usage: book, Glance: time.Hour})
	for _, broken := range []error{nil, errors.New("broken")} {
		book.broken = broken
		var v api.Token
		_, err := a.MutateToken(w.Ctx, authority.Gives, w.Root, &v, func(work *authority.Work) error {
			ac, sp, err := work.Authority.Enter(work.Snapshot, w.Root, "acme")
			if err != nil {
				return err
			}
			t, err := work.Token(row.Locator)
			if err != nil {
				return err
			}
			ch, err := work.ChangeOf(ac, sp, t)
			if err != nil {
				return err
			}
			v, err = work.FinishToken(ch, "token.updated")
			if v.Effective != nil {
				w.Error("what it may do is worked out under the lock")
			}
			return err
		})
		if err != nil || (v.LastUsedAt != nil) != (broken == nil) || len(v.Effective) != 1 || v.Revision <= row.Revision {
			t.Errorf("usage %v: %v, used at %v, it may %v, at revision %d", broken, err, v.LastUsedAt, v.Effective, v.Revision)
		}
	}
}

// TestTokensAreKeptByWhereTheyWereUsed: no network keeps all, without asking.
func TestTokensAreKeptByWhereTheyWereUsed(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	book := &logbook{}
	a := only(w, authority.Options{Usage: book})
	rows := []ledger.Token{{Locator: token.Locator{1}}, {Locator: token.Locator{2}}}
	if kept, err := a.KeepFrom(w.Ctx, netip.Prefix{})(rows); err != nil || kept != nil || len(book.asked) > 0 {
		t.Errorf("from nowhere in particular: %v, %v", kept, err)
	}
	network := netip.MustParsePrefix("192.0.2.0/24")
	if kept, err := a.KeepFrom(w.Ctx, network)(rows); err != nil || !kept[rows[0].Locator] || kept[rows[1].Locator] || book.from != network {
		t.Errorf("from %s: %v, %v", book.from, kept, err)
	}
	book.broken = errors.New("broken")
	if _, err := a.KeepFrom(w.Ctx, network)(rows); !errors.Is(err, book.broken) {
		t.Errorf("what nobody knows leaves out nobody: %v", err)
	}
}

// TestWhoeverKeepsNoUsageKnowsNothing, and says so without an error.
func TestWhoeverKeepsNoUsageKnowsNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	given := authority.New(authority.Options{Now: time.Now}).Given()
	ts := []token.Locator{{1}}
	u := given.Usage
	uses, e1 := u.LastUses(ctx, ts)
	counts, e2 := u.UsageCounts(ctx, ledger.UsageQuery{})
	activity, e3 := u.Activity(ctx, ledger.ActivityQuery{})
	scopes, e4 := u.ScopeUses(ctx, ts)
	denials, e5 := u.Denials(ctx, ledger.DenialQuery{})
	reuses, e6 := u.Reuses(ctx, ts, time.Time{})
	addresses, e7 := u.CountAddresses(ctx, ts, time.Time{})
	each, e8 := u.Addresses(ctx, ts[0], time.Time{}, 9)
	from, e9 := u.UsedFrom(ctx, ts, netip.MustParsePrefix("::/0"))
	if err := errors.Join(e1, e2, e3, e4, e5, e6, e7, e8, e9, given.Forget.ForgetUsage(ctx, ts), given.Forget.TrimUsage(ctx, 1, time.Time{})); err != nil {
		t.Error(err)
	}
	if n := len(uses) + len(counts) + len(activity) + len(scopes) + len(denials) + len(reuses) + len(addresses) + len(each) + len(from) + len(given.Decisions.Decisions("req-1")); n != 0 {
		t.Errorf("%d things are known of nobody", n)
	}
	// Whoever is not told what to do with a password, an issuer or an address of one takes none.
	if _, err := given.HashPassword("correct horse"); !errors.Is(err, api.CodeInvalidField) {
		t.Errorf("a password is taken: %v", err)
	}
	if err := errors.Join(given.Issuers.Check("https://x.example"), given.Issuers.CheckKeys(nil)); !errors.Is(err, api.CodeInvalidField) {
		t.Errorf("an issuer is trusted: %v", err)
	}
	if _, err := given.Issuers.Verify(ctx, 1, "", nil, "e30.e30.c2ln"); !errors.Is(err, authority.ErrNotSigned) {
		t.Errorf("nobody signed it, and it is %v", err)
	}
}
