package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// silent takes questions and answers none.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestTheMiddlewareAnswersWithinThreeSecondsWhateverTheServerDoes(t *testing.T) {
	t.Parallel()
	busy := &desk{status: http.StatusServiceUnavailable, answer: func(api.VerifyRequest) api.VerifyResult { return api.VerifyResult{} }}
	for name, server := range map[string]http.RoundTripper{"silence": silent{}, "503 each time": busy} {
		for _, need := range [][]client.Need{nil, {client.Within(time.Second)}} {
			synctest.Test(t, func(t *testing.T) {
				c := dial(t, "http://desk.test", client.WithHTTPClient(&http.Client{Transport: server}), client.WithAttempts(1000))
				begun := time.Now()
				rec, reached := serve(t, c, []string{"Bearer " + theirs}, "/", need...)
				most := client.DefaultWithin
				if need != nil {
					most = time.Second
				}
				if took := time.Since(begun); reached || rec.Code != http.StatusServiceUnavailable || took > most {
					t.Errorf("%s: %d after %v, want 503 within %v", name, rec.Code, took, most)
				}
			})
		}
	}
}

// stream is served until its context ends or a minute is over; it answers how long
// that took, and why it ended.
func stream(t *testing.T, c *client.Client, need ...client.Need) (lasted time.Duration, cause error) {
	t.Helper()
	h := c.Require(need...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		select {
		case <-r.Context().Done():
			cause = context.Cause(r.Context())
		case <-time.After(time.Minute):
		}
		lasted = time.Since(begun)
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events", nil)
	r.Header.Set("Authorization", "Bearer "+theirs)
	h.ServeHTTP(httptest.NewRecorder(), r)
	return lasted, cause
}

func TestAnOpenStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	matched := &api.VerifiedToken{ID: "ada@example.com_7hQ2aB9cXk1Z"}
	good := api.VerifyResult{Allowed: true, Code: api.CodeOK}
	for _, tt := range []struct {
		name   string
		then   api.VerifyResult // what is answered from 20 seconds on
		away   bool             // the server answers nothing from then on
		need   []client.Need
		lasted time.Duration
		cause  error
	}{
		{"it was revoked", api.VerifyResult{Code: api.CodeRevoked, Token: matched}, false, nil, 30 * time.Second, api.CodeRevoked},
		{"its rights were taken", api.VerifyResult{Code: api.CodeInsufficientScope, Token: matched}, false, nil, 30 * time.Second, api.CodeInsufficientScope},
		{"it is asked about often", api.VerifyResult{Code: api.CodeRevoked, Token: matched}, false, []client.Need{client.Recheck(time.Second)}, 20 * time.Second, api.CodeRevoked},
		{"it stays good", good, false, nil, time.Minute, nil},
		{"others have used up its limit", api.VerifyResult{Code: api.CodeRateLimited, Token: matched, RetryAfter: 60}, false, nil, time.Minute, nil},
		{"nobody answers any more", good, true, nil, 45 * time.Second, api.CodeUnavailable},
		{"nobody is asked", api.VerifyResult{Code: api.CodeRevoked, Token: matched}, false, []client.Need{client.Recheck(-1)}, time.Minute, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			begun, uses := time.Now(), 0
			d := &desk{}
			d.answer = func(q api.VerifyRequest) api.VerifyResult {
				if !q.Peek || q.Cost == nil || *q.Cost != 0 {
					uses++
				}
				if time.Since(begun) < 20*time.Second {
					return good
				}
				if tt.away {
					d.status = http.StatusServiceUnavailable
				}
				return tt.then
			}
			c := dial(t, "http://desk.test", client.WithHTTPClient(&http.Client{Transport: d}), client.WithAttempts(1))
			lasted, cause := stream(t, c, tt.need...)
			if lasted != tt.lasted || !errors.Is(cause, tt.cause) {
				t.Errorf("%s: it lasted %v and ended by %v, want %v by %v", tt.name, lasted, cause, tt.lasted, tt.cause)
			}
			if uses != 1 {
				t.Errorf("%s: %d uses were counted, want 1", tt.name, uses)
			}
		})
	}
}
