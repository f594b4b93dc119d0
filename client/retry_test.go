package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

func TestTriesAgain(t *testing.T) {
	t.Parallel()
	unavailable := api.Problem{Status: 503, Code: api.CodeUnavailable}
	busy := api.Problem{Status: 503, Code: api.CodeBusy}
	unknown := api.Problem{Status: 503, Code: api.CodeOutcomeUnknown}
	limited := api.Problem{Status: 429, Code: api.CodeRateLimited}
	whoami := func(ctx context.Context, c *client.Client) error { _, err := c.Whoami(ctx); return err }
	verify := func(ctx context.Context, c *client.Client) error { _, err := c.Verify(ctx, theirs); return err }
	create := func(ctx context.Context, c *client.Client) error {
		_, err := c.CreateToken(ctx, "acme", api.CreateToken{})
		return err
	}
	named := func(ctx context.Context, c *client.Client) error {
		_, err := c.CreateToken(ctx, "acme", api.CreateToken{}, client.IdempotencyKey("k1"))
		return err
	}
	rotate := func(ctx context.Context, c *client.Client) error {
		_, err := c.RotateToken(ctx, "acme", "x", api.RotateToken{})
		return err
	}
	revoke := func(ctx context.Context, c *client.Client) error {
		_, err := c.RevokeToken(ctx, "acme", "x", api.RevokeToken{})
		return err
	}
	for _, tt := range []struct {
		name       string
		call       func(context.Context, *client.Client) error
		problem    api.Problem
		retryAfter string
		sent       int
		slept      []time.Duration // the shortest each can be
	}{
		{"a read", whoami, unavailable, "", 3, []time.Duration{50e6, 100e6}},
		{"a read over the limit", whoami, limited, "2", 3, []time.Duration{2e9, 2e9}},
		{"a verification", verify, unavailable, "1", 3, []time.Duration{1e9, 1e9}},
		{"a revocation", revoke, unavailable, "", 3, []time.Duration{50e6, 100e6}},
		{"asked to wait too long", whoami, unavailable, "3600", 1, nil},
		{"a creation may have happened", create, unavailable, "", 1, nil},
		{"a creation that has a name", named, unavailable, "", 3, []time.Duration{50e6, 100e6}},
		{"a rotation may have happened", rotate, unavailable, "", 1, nil},
		{"what got no turn was not done", create, busy, "1", 3, []time.Duration{1e9, 1e9}},
		{"whether it was created is not known", create, unknown, "1", 1, nil},
		{"nor whether it was revoked", revoke, unknown, "1", 1, nil},
		{"but the name makes it safe", named, unknown, "1", 3, []time.Duration{1e9, 1e9}},
		{"a refusal stays one", whoami, api.Problem{Status: 403, Code: api.CodeForbidden}, "", 1, nil},
		{"a failure stays one", whoami, api.Problem{Status: 500, Code: api.CodeInternal}, "", 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sent := 0
			s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
				sent++
				if tt.retryAfter != "" {
					w.Header().Set("Retry-After", tt.retryAfter)
				}
				refuse(w, tt.problem)
			})
			var slept []time.Duration
			err := tt.call(t.Context(), dial(t, s.URL, naps(&slept)))
			if !errors.Is(err, tt.problem.Code) || sent != tt.sent || len(slept) != len(tt.slept) {
				t.Fatalf("%v after %d requests and %v", err, sent, slept)
			}
			for i, least := range tt.slept {
				if slept[i] < least || slept[i] > 2*least {
					t.Errorf("slept %v, want %v to twice as much", slept[i], least)
				}
			}
		})
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	sent := 0
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		if sent++; sent == 1 {
			w.Header().Set("Retry-After", "3600")
			refuse(w, api.Problem{Status: 429, Code: api.CodeRateLimited})
			return
		}
		answer(w, api.Whoami{})
	})
	var slept []time.Duration
	_, err := dial(t, s.URL, naps(&slept), client.WithPatience(time.Hour)).Whoami(t.Context())
	if err != nil || !slices.Equal(slept, []time.Duration{time.Hour}) {
		t.Errorf("%v after %v", err, slept)
	}
	if _, err := client.New(s.URL, theirs, client.WithPatience(-1)); err == nil {
		t.Error("a patience below nothing was taken")
	}
}

func TestRecovers(t *testing.T) {
	t.Parallel()
	sent := 0
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if sent++; sent < 3 {
			refuse(w, api.Problem{Status: 503, Code: api.CodeUnavailable})
			return
		}
		if !strings.Contains(string(b), theirs) {
			t.Error("the repetition has another body")
		}
		answer(w, api.VerifyResult{Allowed: true, Code: api.CodeOK})
	})
	var slept []time.Duration
	r, err := dial(t, s.URL, naps(&slept)).Verify(t.Context(), theirs)
	if err != nil || !r.Allowed || sent != 3 {
		t.Errorf("%v, %v after %d requests", r.Allowed, err, sent)
	}
}

func TestRetryAfterAsADate(t *testing.T) {
	t.Parallel()
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", "Sat, 21 Nov 2026 10:00:00 GMT")
		w.Header().Set("Retry-After", "Sat, 21 Nov 2026 10:01:30 GMT")
		refuse(w, api.Problem{Status: 503, Code: api.CodeUnavailable})
	})
	_, err := dial(t, s.URL).Whoami(t.Context())
	var e *api.Error
	if !errors.As(err, &e) || e.RetryAfter != 90*time.Second {
		t.Errorf("error %+v", e)
	}
}

func TestAServerThatIsAway(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	var slept []time.Duration
	// Nothing was sent, so even a creation is tried again.
	_, err := dial(t, s.URL, naps(&slept)).CreateToken(t.Context(), "acme", api.CreateToken{})
	if !errors.Is(err, api.CodeUnavailable) || len(slept) != 2 {
		t.Errorf("%v after %v", err, slept)
	}
}

func TestNoSleepBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "20")
		refuse(w, api.Problem{Status: 503, Code: api.CodeUnavailable})
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var slept []time.Duration
	if _, err := dial(t, s.URL, naps(&slept)).Whoami(ctx); !errors.Is(err, api.CodeUnavailable) || len(slept) > 0 {
		t.Errorf("%v after %v", err, slept)
	}
}

// Between two requests somebody may stop the thing again, and the second would undo
// that. What only stops may be sent twice.
func TestWhatBringsSomethingBackIsSentOnce(t *testing.T) {
	t.Parallel()
	sent := 0
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		sent++
		refuse(w, api.Problem{Status: 503, Code: api.CodeUnavailable})
	})
	var slept []time.Duration
	c := dial(t, s.URL, naps(&slept))
	ctx := t.Context()
	for what, call := range map[string]struct {
		do   func() error
		want int
	}{
		"enable a token":           {func() error { _, err := c.EnableToken(ctx, "acme", "x"); return err }, 1},
		"enable a service account": {func() error { _, err := c.EnableServiceAccount(ctx, "acme", "x"); return err }, 1},
		"activate a member":        {func() error { _, err := c.ActivateMember(ctx, "acme", "x"); return err }, 1},
		"activate a user":          {func() error { _, err := c.ActivateUser(ctx, "x"); return err }, 1},
		"answer for a token": {func() error {
			_, err := c.AnswerStrangeUse(ctx, "acme", "x", api.AnswerStrangeUse{Answer: api.StrangeMe})
			return err
		}, 1},
		"resume a workspace":           {func() error { _, err := c.ResumeWorkspace(ctx, "acme"); return err }, 1},
		"disable a token":              {func() error { _, err := c.DisableToken(ctx, "acme", "x", api.DisableToken{}); return err }, 3},
		"deactivate a member":          {func() error { _, err := c.DeactivateMember(ctx, "acme", "x"); return err }, 3},
		"revoke a token":               {func() error { _, err := c.RevokeToken(ctx, "acme", "x", api.RevokeToken{}); return err }, 3},
		"suspend a workspace":          {func() error { _, err := c.SuspendWorkspace(ctx, "acme"); return err }, 3},
		"retire a token's old secrets": {func() error { _, err := c.RetireSecrets(ctx, "acme", "x"); return err }, 3},
	} {
		sent = 0
		if err := call.do(); !errors.Is(err, api.CodeUnavailable) || sent != call.want {
			t.Errorf("to %s: %v after %d requests, want %d", what, err, sent, call.want)
		}
	}
}
