package store_test

import (
	"bufio"
	"errors"
	"testing"

	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/token"
)

// TestKilledServerLosesNothing kills a server that is creating tokens: each one
// that was acknowledged is there, each one that is there is whole, and the
// database is free for the next server.
func TestKilledServerLosesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		acknowledged := killedAfter(t, url, 400)
		s := openSoon(t, store.Options{URL: url})
		stored := make(map[token.Locator]bool)
		err := s.Read(t.Context(), func(r ledger.Reader) error {
			tokens, err := r.Tokens(1, ledger.TokenQuery{})
			for _, tok := range tokens {
				stored[tok.Locator] = true
				if secrets, err := r.Secrets(tok.ID); err != nil || len(secrets) != 1 {
					t.Errorf("token %v has %d secrets (%v)", tok.Locator, len(secrets), err)
				}
			}
			chain, chainErr := r.AuditChain(1, 0, 0)
			for i, row := range chain {
				if row.Sequence != int64(i+1) {
					t.Fatalf("the chain has a gap before %d", row.Sequence)
				}
			}
			// Each mutation has made one token, one row and one revision; the first
			// made the workspace.
			if n := int64(len(tokens)); int64(len(chain)) != n || r.Revision() != n+1 || n%2 != 0 {
				t.Errorf("%d tokens, %d audit rows, revision %d", n, len(chain), r.Revision())
			}
			return errors.Join(err, chainErr)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range acknowledged {
			if !stored[token.Locator([]byte(l))] {
				t.Errorf("token %s was acknowledged and is not there", l)
			}
		}
		if s.Engine() == "sqlite" {
			var verdict string
			if err := raw(t, url).QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
				t.Errorf("integrity check: %s %v", verdict, err)
			}
		}
	})
}

// killedAfter runs a server until it has acknowledged n tokens, kills it, and
// answers all that it has acknowledged.
func killedAfter(t *testing.T, url string, n int) (acknowledged []string) {
	t.Helper()
	cmd := again(t, "create", url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		acknowledged = append(acknowledged, lines.Text())
		if len(acknowledged) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(acknowledged) < n {
		t.Fatalf("the child ended by itself after %d: %v %v", len(acknowledged), acknowledged, err)
	}
	return acknowledged
}

// openSoon opens a database whose holder was killed. PostgreSQL learns of that a
// moment later.
func openSoon(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	var s *store.Store
	clocktest.Until(t, func() bool {
		var err error
		var held *filelock.HeldError
		if s, err = store.Open(t.Context(), o); err != nil && !errors.As(err, &held) {
			t.Fatal(err)
		}
		return err == nil
	})
	t.Cleanup(func() { _ = s.Close() })
	return s
}
