package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

func TestUsageSuite(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		storetest.RunUsage(t, func(t *testing.T) ledger.UsageStore { t.Helper(); return openUsage(t, storetest.SQLite(t)) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		odd := oddly(t)
		storetest.RunUsage(t, func(t *testing.T) ledger.UsageStore { t.Helper(); return openUsage(t, odd(storetest.Postgres(t))) })
	})
}

func openUsage(t testing.TB, url string) *store.Usage {
	t.Helper()
	u, err := store.OpenUsage(t.Context(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	})
	return u
}

func TestUsageIsAFileOfItsOwn(t *testing.T) {
	t.Parallel()
	for database, want := range map[string]string{
		"/data/tokenry.db": "/data/usage.db",
		"/data/acme.db":    "/data/acme-usage.db",
		"/data/acme":       "/data/acme-usage.db",
	} {
		if got := store.UsagePath(database); got != want {
			t.Errorf("beside %s: %s, want %s", database, got, want)
		}
	}
	url := storetest.SQLite(t)
	openUsage(t, url)
	info, err := os.Stat(filepath.Join(filepath.Dir(strings.TrimPrefix(url, "sqlite:")), "usage.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
}

func TestUsageIsReadBesideARunningServer(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		if _, err := store.OpenUsage(t.Context(), store.Options{URL: url, ReadOnly: true}); err == nil {
			t.Error("a reader opened what is not there")
		}
		openUsage(t, url)
		u, err := store.OpenUsage(t.Context(), store.Options{URL: url, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer u.Close()
		if err := u.RollUpUsage(t.Context(), t0(), t0()); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("a reader answered %v to a change", err)
		}
	})
}

func TestUsageAnswersUnavailableToWhoHasGone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		u := openUsage(t, url)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := u.AddUsage(ctx, ledger.UsageBatch{ID: "x", At: t0()})
		if !errors.Is(err, ledger.ErrStoreUnavailable) {
			t.Errorf("answered %v", err)
		}
	})
}

// TestAUsageDatabaseOfBeforeIsBroughtUp: what an older program wrote stays.
func TestAUsageDatabaseOfBeforeIsBroughtUp(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	u := openUsage(t, url)
	use := ledger.LastUse{Workspace: 7, Token: locatorOf(1), Secret: 1, At: t0()}
	if err := u.AddUsage(t.Context(), ledger.UsageBatch{ID: "x", At: t0(), Last: []ledger.LastUse{use}}); err != nil {
		t.Fatal(err)
	}
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	old := raw(t, store.UsagePath(strings.TrimPrefix(url, "sqlite:")))
	for _, query := range []string{"DROP TABLE usage_meters", "DROP TABLE usage_builds", "DROP TABLE usage_networks", "DROP TABLE usage_recorded", "DELETE FROM goose_usage_version WHERE version_id > 1"} {
		if _, err := old.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	u = openUsage(t, url)
	m := ledger.Meter{Token: locatorOf(1), Drained: t0(), Requests: 1, Step: time.Hour}
	if err := u.AddUsage(t.Context(), ledger.UsageBatch{ID: "y", At: t0(), Meters: []ledger.Meter{m}}); err != nil {
		t.Error(err)
	}
	if uses, err := u.LastUses(t.Context(), []token.Locator{locatorOf(1)}); err != nil || len(uses) != 2 {
		t.Errorf("%+v, %v", uses, err)
	}
}

func t0() time.Time { return time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC) }

// BenchmarkAddUsage writes what one use each of many tokens comes to, in pieces,
// into a store that knows some already: of a million tokens, or of ten thousand, which are
// all there soon.
func BenchmarkAddUsage(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.DurablePostgres} {
		for _, c := range []struct{ tokens, of int }{{100, 1_000_000}, {1000, 1_000_000}, {5000, 1_000_000}, {2000, 10_000}} {
			tokens := c.tokens
			b.Run(fmt.Sprintf("%s/%d-of-%d", engine, tokens, c.of), func(b *testing.B) {
				u, n := openUsage(b, url(b)), 0
				b.ReportAllocs()
				for b.Loop() {
					piece := ledger.UsageBatch{ID: fmt.Sprint("node/", n), At: now()}
					for range tokens {
						n++
						l := locatorOf(n * 7919 % c.of)
						piece.Last = append(piece.Last, ledger.LastUse{Workspace: 1, Token: l, Secret: 1, At: now(), Agent: "curl/8"})
						piece.Hours = append(piece.Hours, ledger.HourCount{Workspace: 1, Token: l, Hour: now(), Code: api.CodeOK, Count: 1})
						piece.Scopes = append(piece.Scopes, ledger.ScopeUse{Workspace: 1, Token: l, Scope: "tickets:read", First: now(), Last: now(), Count: 1})
						piece.Activity = append(piece.Activity, ledger.Activity{Workspace: 1, Token: l, Day: now(), Agent: "curl/8", Method: "GET", Path: "/t", Outcome: api.CodeOK, First: now(), Last: now(), Count: 1})
					}
					if err := u.AddUsage(b.Context(), piece); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)*float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}
