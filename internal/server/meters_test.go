package server_test

import (
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestAUsedUpLimitIsUsedUpAfterTheServerStopped: a limit of a year is one of a year,
// however often the server is started in it.
func TestAUsedUpLimitIsUsedUpAfterTheServerStopped(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		keys := filepath.Join(t.TempDir(), "keys.json")
		if _, err := server.CreateKeyring(keys, rand.Reader, time.Now()); err != nil {
			t.Fatal(err)
		}
		noon := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
		cfg, o := settings(t, "--database", url, "--keys", keys), server.Options{Now: func() time.Time { return noon }}
		s := startWith(t, cfg, o)
		c, secret := own(t, s)
		ask := func(i api.Issued, left int) api.VerifyResult {
			t.Helper()
			r, err := c.Verify(t.Context(), i.Secret)
			if err != nil {
				t.Fatal(err)
			}
			want := api.CodeOK
			if left < 0 {
				want = api.CodeRateLimited
			}
			if r.Code != want || r.RateLimit.Remaining != max(left, 0) {
				t.Errorf("%s with %d left, want %s with %d", r.Code, r.RateLimit.Remaining, want, left)
			}
			return r.VerifyResult
		}
		year := limited(t, c, 2, 365*api.Day)
		ask(year, 1)
		ask(year, 0)
		was := ask(year, -1)

		// Started again, it answers the same, to the second.
		again := func() {
			t.Helper()
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			s = startWith(t, cfg, o)
			var err error
			if c, err = client.New(s.BaseURL(), secret); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.CloseIdleConnections)
		}
		again()
		is := ask(year, -1)
		if diff := cmp.Diff(was.RateLimit, is.RateLimit); diff != "" || is.RateLimit.Reset != 365*24*3600 || was.RetryAfter != is.RetryAfter {
			t.Errorf("was - is +:\n%s", diff)
		}

		// A new secret and a wider limit take nothing back that was used.
		if _, err := c.EditToken(t.Context(), "", year.Token.ID, api.EditToken{TokenFields: limitOf(5, 30*api.Day)}); err != nil {
			t.Fatal(err)
		}
		rotated, err := c.ResetToken(t.Context(), "", year.Token.ID)
		if err != nil {
			t.Fatal(err)
		}
		ask(rotated, 2)
		again()
		ask(rotated, 1)
	})
}

// limited issues a token with a limit.
func limited(t *testing.T, c *client.Client, requests int, window api.Duration) api.Issued {
	t.Helper()
	i, err := c.CreateToken(t.Context(), "", api.CreateToken{TokenFields: limitOf(requests, window)})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func limitOf(requests int, window api.Duration) api.TokenFields {
	return api.TokenFields{Label: api.Some("limited"), RateLimit: api.Some(api.RateLimit{Requests: requests, Window: window})}
}
