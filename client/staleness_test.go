package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// desk answers questions without a network, so that a test may own the clock.
type desk struct {
	mu     sync.Mutex
	asked  int
	answer func(api.VerifyRequest) api.VerifyResult
	status int
}

func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var q api.VerifyRequest
	if err := json.Unmarshal(b, &q); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	out, err := json.Marshal(d.answer(q))
	status := http.StatusOK
	if d.status != 0 {
		status = d.status
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(out)))}, err
}

// count is how often the desk was asked, since the last time.
func (d *desk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.asked
	d.asked = 0
	return n
}

func patient(t *testing.T, d *desk, most time.Duration) *client.Client {
	t.Helper()
	return dial(t, "http://desk.test", client.WithHTTPClient(&http.Client{Transport: d}), client.WithMaxStaleness(most), client.WithAttempts(1))
}

// code is the decision about a token, as text.
func code(t *testing.T, c *client.Client, need ...client.Need) string {
	t.Helper()
	r, err := c.Verify(t.Context(), theirs, need...)
	if err != nil {
		t.Fatal(err)
	}
	return string(r.Code)
}

func allowed(api.VerifyRequest) api.VerifyResult {
	return api.VerifyResult{Allowed: true, Code: api.CodeOK}
}

// The bound: what was answered is answered again for so long and not longer,
// counted from before it was asked for.
func TestAnAnswerIsNeverStalerThanAllowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{answer: func(api.VerifyRequest) api.VerifyResult {
			time.Sleep(2 * time.Second) // the way there and back
			return api.VerifyResult{Allowed: true, Code: api.CodeOK}
		}}
		c := patient(t, d, 5*time.Second)
		if code(t, c) != string(api.CodeOK) || d.count() != 1 {
			t.Fatal("it was not asked at first")
		}
		d.answer = func(api.VerifyRequest) api.VerifyResult { return api.VerifyResult{Code: api.CodeRevoked} }
		time.Sleep(3*time.Second - time.Nanosecond)
		if code(t, c) != string(api.CodeOK) || d.count() != 0 {
			t.Error("just before the end it was asked again")
		}
		time.Sleep(time.Nanosecond)
		if code(t, c) != string(api.CodeRevoked) || d.count() != 1 {
			t.Error("a revoked token passed after the time that was allowed")
		}
		time.Sleep(5*time.Second - time.Nanosecond)
		if code(t, c) != string(api.CodeRevoked) || d.count() != 0 {
			t.Error("a refusal was not kept")
		}
	})
}

func TestAnAnswerIsNotKeptPastTheExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(time.Second)
		d := &desk{answer: func(api.VerifyRequest) api.VerifyResult {
			if !time.Now().Before(end) {
				return api.VerifyResult{Code: api.CodeExpired}
			}
			return api.VerifyResult{Allowed: true, Code: api.CodeOK, ExpiresAt: &end}
		}}
		c := patient(t, d, time.Hour)
		code(t, c)
		time.Sleep(time.Second - time.Nanosecond)
		if code(t, c) != string(api.CodeOK) || d.count() != 1 {
			t.Error("it was asked again before the expiry")
		}
		time.Sleep(time.Nanosecond)
		if code(t, c) != string(api.CodeExpired) {
			t.Error("an expired token passed")
		}
	})
}

// Whatever is asked differently is another question.
func TestWhatIsAnotherQuestion(t *testing.T) {
	t.Parallel()
	d := &desk{answer: allowed}
	c := patient(t, d, time.Hour)
	from := func(ip string) client.Need { return client.From(api.Client{IP: ip, Path: "/a"}) }
	for _, need := range [][]client.Need{
		nil, {client.Scope("a:b")}, {client.Scope("a:b", "c:d")}, {client.Scope("a:bc:d")}, {client.Resource("x")}, {client.Workspace("x")}, {client.AnyResource()},
		{from("")}, {from("192.0.2.1")}, {from("192.0.2.2")}, {client.Scope("a:b"), client.Resource("x")}, {client.Scope("a:b"), client.Workspace("x")},
	} {
		if code(t, c, need...); d.count() != 1 {
			t.Errorf("%d needs were answered with another question's answer", len(need))
		}
		if code(t, c, need...); d.count() != 0 {
			t.Errorf("%d needs were asked twice", len(need))
		}
	}
	if _, err := c.Verify(t.Context(), ours); err != nil || d.count() != 1 {
		t.Error("another token was not asked about")
	}
	if code(t, c.ActAs("ada@example.com")); d.count() != 1 {
		t.Error("acting for somebody was not asked about")
	}
}

func TestWhatIsAskedEachTime(t *testing.T) {
	t.Parallel()
	limited := func(v api.VerifyResult) func(api.VerifyRequest) api.VerifyResult {
		return func(api.VerifyRequest) api.VerifyResult { return v }
	}
	for name, tt := range map[string]struct {
		answer func(api.VerifyRequest) api.VerifyResult
		need   client.Need
	}{
		"a cost":              {allowed, client.Cost(1)},
		"a peek":              {allowed, client.Peek()},
		"a token with a rate": {limited(api.VerifyResult{Allowed: true, Code: api.CodeOK, RateLimit: &api.RateState{Limit: 5, Remaining: 4}}), client.Scope()},
		"over the rate":       {limited(api.VerifyResult{Code: api.CodeRateLimited, RetryAfter: 1}), client.Scope()},
	} {
		d := &desk{answer: tt.answer}
		c := patient(t, d, time.Hour)
		code(t, c, tt.need)
		code(t, c, tt.need)
		if n := d.count(); n != 2 {
			t.Errorf("%s: asked %d times", name, n)
		}
	}
	d := &desk{answer: allowed, status: http.StatusServiceUnavailable}
	c := patient(t, d, time.Hour)
	for range 2 {
		if _, err := c.Verify(t.Context(), theirs); !errors.Is(err, api.CodeUnavailable) {
			t.Errorf("%v", err)
		}
	}
	if n := d.count(); n != 2 {
		t.Errorf("a failure was kept: asked %d times", n)
	}
}

// What one caller does to an answer no other sees, with many at once.
func TestKeptAnswersAreNotShared(t *testing.T) {
	t.Parallel()
	d := &desk{answer: func(api.VerifyRequest) api.VerifyResult {
		return api.VerifyResult{Allowed: true, Code: api.CodeOK, Scopes: []string{"a:b"}, Token: &api.VerifiedToken{Metadata: api.Metadata{"k": "v"}}}
	}}
	c := patient(t, d, time.Hour)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			r, err := c.Verify(t.Context(), theirs)
			if err != nil || r.Scopes[0] != "a:b" || r.Token.Metadata["k"] != "v" {
				t.Errorf("%+v, %v", r, err)
				return
			}
			r.Scopes[0], r.Token.Metadata["k"] = "*", "mine"
		})
	}
	all.Wait()
}

// Weakness: whoever sends tokens fills the memory. Attack: 25,000 different ones.
// What is proved: the oldest answers go, the newest stay.
func TestTheMemoryOfAnswersIsBounded(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a bound that is reached by size alone")
	}
	d := &desk{answer: allowed}
	c := patient(t, d, time.Hour)
	ask := func(i int) int {
		code(t, c, client.Resource(fmt.Sprint("r", i)))
		return d.count()
	}
	for i := range 25_000 {
		ask(i)
	}
	if ask(24_999) != 0 || ask(0) != 1 {
		t.Error("the wrong answers are kept")
	}
}

func TestStalenessHasToBeAllowed(t *testing.T) {
	t.Parallel()
	d := &desk{answer: allowed}
	c := dial(t, "http://desk.test", client.WithHTTPClient(&http.Client{Transport: d}))
	code(t, c)
	if code(t, c); d.count() != 2 {
		t.Error("an answer was kept that nobody allowed to be")
	}
	if _, err := client.New("http://h", ours, client.WithMaxStaleness(0)); err == nil {
		t.Error("a staleness of 0 was taken")
	}
}
