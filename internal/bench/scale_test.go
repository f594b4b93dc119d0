package bench_test

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/fill"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

var (
	sizes = flag.String("sizes", "", "how many tokens to measure lists, verbs and jobs at, such as 10000,1000000; empty leaves it out")
	long  = flag.Bool("long", true, "also measure what reads everything: the check of the audit, its export, a backup")
)

// BenchmarkScaleSQLite and BenchmarkScalePostgreSQL print how long each list, verb and job
// takes in the largest workspace of databases of several sizes: make bench-scale.
func BenchmarkScaleSQLite(b *testing.B) { scale(b, storetest.SQLite) }

// BenchmarkScalePostgreSQL is the same over PostgreSQL.
func BenchmarkScalePostgreSQL(b *testing.B) { scale(b, storetest.DurablePostgres) }

func scale(b *testing.B, url func(testing.TB) string) {
	b.Helper()
	if *sizes == "" || b.N > 1 {
		b.Skip("no sizes are given")
	}
	var names []string
	took := map[string][]time.Duration{}
	asked := strings.Split(*sizes, ",")
	for _, size := range asked {
		n, err := strconv.Atoi(size)
		check(b, err)
		w := newGrown(b, url(b), n)
		names = nil
		for _, m := range w.measured() {
			names = append(names, m.name)
			took[m.name] = append(took[m.name], w.time(b, m))
		}
		_ = w.store.Close()
	}
	fmt.Printf("\n%s: %s tokens, three tenths of them in one workspace\n%-34s", b.Name(), *sizes, "")
	for _, size := range asked {
		fmt.Printf(" %12s", size)
	}
	fmt.Printf(" %8s\n", "growth")
	for _, name := range names {
		fmt.Printf("%-34s", name)
		for _, d := range took[name] {
			fmt.Printf(" %12v", d.Round(10*time.Microsecond))
		}
		all := took[name]
		fmt.Printf(" %7.1fx\n", float64(all[len(all)-1])/float64(max(all[0], 1)))
	}
}

// grown is a database of a size.
type grown struct {
	store   *store.Store
	office  *office.Office
	engine  *verify.Engine
	keys    *token.Keyring
	by      authority.Caller
	slug    string
	secrets []string
	folder  string
	cold    int
	tokens  []api.Token
}

func newGrown(b *testing.B, url string, tokens int) *grown {
	b.Helper()
	ctx := context.Background()
	w := &grown{slug: fill.Slug(1, 0), folder: b.TempDir()}
	var err error
	w.keys, err = token.GenerateKeyring(rand.Reader, time.Now())
	check(b, err)
	w.fill(b, url, tokens)
	w.store, err = store.Open(ctx, store.Options{URL: url, Holder: b.Name()})
	check(b, err)
	b.Cleanup(func() { _ = w.store.Close() })
	w.office = office.New(authority.Options{Store: w.store, Keys: w.keys, Now: time.Now, Rand: rand.Reader})
	w.engine = verify.New(w.office, w.keys, verify.Config{})
	w.office.Observe(w.engine)
	check(b, w.office.Prepare(ctx, token.DefaultPrefix))
	started, err := w.office.Bootstrap(ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	check(b, err)
	w.by = storetest.Presenting(b, w.store, started.Token.Locator)
	return w
}

// fill opens the database for that alone: what is measured waits for the disk.
func (w *grown) fill(b *testing.B, url string, tokens int) {
	b.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: url, Holder: b.Name(), Bulk: true})
	check(b, err)
	begin := time.Now()
	check(b, fill.Fill(context.Background(), s, w.keys, fill.Options{Tokens: tokens, Seed: 1, Now: begin, Secret: func(s token.Secret) error {
		w.secrets = append(w.secrets, s.Reveal())
		return nil
	}}))
	check(b, s.Close())
	fmt.Printf("\nfilling %d tokens: %v\n", tokens, time.Since(begin).Round(time.Millisecond))
}

// measured is one thing that is timed; dear things are done once.
type measured struct {
	name string
	dear bool
	do   func() error
}

// time is the median of several turns.
func (w *grown) time(b *testing.B, m measured) time.Duration {
	b.Helper()
	turns := 5
	if m.dear {
		turns = 1
	}
	var took []time.Duration
	for range turns {
		begin := time.Now()
		if err := m.do(); err != nil {
			fmt.Printf("%s: %v\n", m.name, err)
		}
		took = append(took, time.Since(begin))
	}
	return median(took)
}

func (w *grown) measured() []measured {
	all := slices.Concat(w.lists(), w.audits(), w.verbs())
	if *long {
		all = append(all, w.jobs()...)
	}
	return all
}

// page is one page of a list.
func (w *grown) page(name string, f api.TokenFilter) measured {
	return measured{name: "list " + name, do: func() error {
		_, _, err := w.office.ListTokens(context.Background(), w.by, w.slug, f, authority.Page{Limit: 50})
		return err
	}}
}

// lists are one page each, and the whole list by filters that find nothing.
func (w *grown) lists() []measured {
	none := api.Some("nobody-knows-this")
	out := []measured{
		w.page("first page", api.TokenFilter{}),
		w.page("of an owner", api.TokenFilter{Owner: api.Some("person3@" + w.slug + ".example")}),
		w.page("of a kind", api.TokenFilter{Kind: api.Some("workspace")}),
		w.page("of a role, no hit", api.TokenFilter{Role: none}),
		w.page("created with, no hit", api.TokenFilter{CreatedWith: api.Some("AAAAAAAAAAAA")}),
		w.page("created by, no hit", api.TokenFilter{CreatedBy: none}),
		w.page("expiring within a minute", api.TokenFilter{ExpiringWithin: api.Some(api.Duration(time.Minute))}),
		w.page("text, no hit", api.TokenFilter{Query: none}),
		w.page("metadata, no hit", api.TokenFilter{Metadata: api.Some(map[string]string{"team": "none"})}),
		w.page("owner, status and text, no hit", api.TokenFilter{Owner: api.Some("person3@" + w.slug + ".example"), Status: api.Some(api.StatusActive), Query: none}),
	}
	for _, s := range []string{api.StatusActive, api.StatusDisabled, api.StatusExpired, api.StatusRevoked} {
		out = append(out, w.page("status "+s, api.TokenFilter{Status: api.Some(s)}))
	}
	return out
}

// audits are one page each.
func (w *grown) audits() (out []measured) {
	for name, f := range map[string]api.AuditFilter{
		"first page": {}, "action, no hit": {Action: "role.deleted"}, "actions *, no hit": {Action: "role.*"}, "action with hits": {Action: "token.disabled"},
		"from, no hit": {From: time.Now().Add(time.Hour)}, "from a year ago": {From: time.Now().AddDate(-1, 0, 0)}, "to two years ago": {To: time.Now().AddDate(-1, -11, 0)},
		"action and from, no hit": {Action: "role.deleted", From: time.Now().AddDate(-1, 0, 0)},
	} {
		out = append(out, measured{name: "audit " + name, do: func() error {
			_, _, err := w.office.Audit(context.Background(), w.by, w.slug, f, authority.Page{Limit: 50})
			return err
		}})
	}
	slices.SortFunc(out, func(a, b measured) int { return strings.Compare(a.name, b.name) })
	return out
}

// verbs are a verification of a token that memory does not know, and changes.
func (w *grown) verbs() []measured {
	ctx := context.Background()
	return []measured{
		{name: "cold verification", do: func() error {
			var d verify.Decision
			w.cold += 7
			return w.engine.Verify(ctx, &verify.Request{Token: w.secrets[w.cold%len(w.secrets)], Cost: 1}, &d)
		}},
		{name: "create", do: func() error {
			in := api.CreateToken{Kind: "workspace"}
			in.Label, in.Scopes, in.Resources = api.Some("x"), api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
			made, err := w.office.CreateToken(ctx, w.by, w.slug, in)
			w.tokens = append(w.tokens, made.Token)
			return err
		}},
		{name: "revoke", do: func() error {
			last := w.tokens[len(w.tokens)-1]
			w.tokens = w.tokens[:len(w.tokens)-1]
			_, err := w.office.RevokeToken(ctx, w.by, w.slug, last.ID, api.RevokeToken{})
			return err
		}},
	}
}

// jobs read everything; they grow with what there is.
func (w *grown) jobs() []measured {
	ctx := context.Background()
	return []measured{
		{name: "metadata, no hit, to the end", dear: true, do: func() error {
			return w.everything(api.TokenFilter{Metadata: api.Some(map[string]string{"team": "none"})})
		}},
		{name: "a role, no hit, to the end", dear: true, do: func() error { return w.everything(api.TokenFilter{Role: api.Some("nobody")}) }},
		{name: "check of the audit", dear: true, do: func() error {
			_, err := audit.Verify(ctx, w.store, w.keys)
			return err
		}},
		{name: "export of the audit", dear: true, do: func() error {
			for _, err := range authority.Pages(func(p authority.Page) ([]api.AuditEvent, int64, error) {
				return w.office.Audit(ctx, w.by, w.slug, api.AuditFilter{}, p)
			}) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "backup", dear: true, do: func() error {
			if w.store.Engine() != "sqlite" {
				return errors.New("has its own tools")
			}
			return w.store.BackupTo(ctx, filepath.Join(w.folder, "backup"))
		}},
	}
}

// everything lists all that a filter finds.
func (w *grown) everything(f api.TokenFilter) error {
	for _, err := range authority.Pages(func(p authority.Page) ([]api.Token, int64, error) {
		return w.office.ListTokens(context.Background(), w.by, w.slug, f, p)
	}) {
		if err != nil {
			return err
		}
	}
	return nil
}
