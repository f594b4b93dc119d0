package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/client/clienttest"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
)

// replicaOf is a replica of a server, with a token that may verify and no more, which holds a lease.
func replicaOf(t testing.TB, s *clienttest.Server) *client.Replica {
	t.Helper()
	return replicaAt(t, s.URL, s.Issue(t, []string{"tokens:verify"}))
}

func replicaAt(t testing.TB, url, tok string, opts ...client.Option) *client.Replica {
	t.Helper()
	r, err := client.NewReplica(url, tok, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		_ = r.Close(ctx) // a test that cares has asked
	})
	clocktest.Until(t, func() bool { return r.Stats().Fresh })
	return r
}

// known asks until a token is answered from memory.
func known(t testing.TB, r *client.Replica, tok string, need ...client.Need) client.Result {
	t.Helper()
	for hits := r.Stats().Hits; ; {
		v, err := r.Verify(t.Context(), tok, need...)
		if err != nil || !v.Allowed {
			t.Fatal(v.Code, err)
		}
		if r.Stats().Hits > hits {
			return v
		}
	}
}

func (c codes) is(t testing.TB, r *client.Replica, tok string, need ...client.Need) {
	t.Helper()
	if v, err := r.Verify(t.Context(), tok, need...); err != nil || v.Code != api.Code(c) {
		t.Errorf("%s, %v; want %s", v.Code, err, c)
	}
}

type codes api.Code

// TestAReplicaRefusesWhatWasRevoked: whoever verifies from its memory while tokens are revoked
// never accepts one whose revocation was answered.
func TestAReplicaRefusesWhatWasRevoked(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	r := replicaOf(t, s)
	const tokens, askers = 20, 3
	for i := range tokens {
		made := must[api.Issued](t)(s.Client.CreateToken(t.Context(), "", label(fmt.Sprint("hammered ", i))))
		known(t, r, made.Secret)
		var revoked atomic.Bool
		var wait sync.WaitGroup
		for range askers {
			wait.Go(func() {
				for last := false; !last; {
					last = revoked.Load() // from here on it is over
					v, err := r.Verify(t.Context(), made.Secret)
					if last && (err != nil || v.Allowed || v.Code != api.CodeRevoked) {
						t.Errorf("after it was revoked: %s, %v", v.Code, err)
					}
				}
			})
		}
		must[api.Token](t)(s.Client.RevokeToken(t.Context(), "", made.Token.ID, api.RevokeToken{}))
		revoked.Store(true)
		wait.Wait()
	}
	if st := r.Stats(); st.Hits < tokens || st.Kept != 0 {
		t.Errorf("%+v", st)
	}
}

// TestAReplicaKnowsEveryChangeThatIsAnswered: of the token, its owner, and what its names mean.
func TestAReplicaKnowsEveryChangeThatIsAnswered(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	c, ctx, r := s.Client, t.Context(), replicaOf(t, s)
	read, on := client.Scope("tickets:read"), client.Resource("payments")
	must[api.ServiceAccount](t)(c.CreateServiceAccount(ctx, "", account("bot")))
	in := api.CreateToken{Kind: "service", Owner: "bot"}
	in.Label = api.Some("bot's")
	bots := must[api.Issued](t)(c.CreateToken(ctx, "", in))
	plain := s.Issue(t, []string{"tickets:read"}, "payments")
	own := must[api.Token](t)(s.As(t, plain).GetToken(ctx, "", client.Self))
	for _, step := range []struct {
		name, tok string
		do        func() error
		want      codes
		undo      func() error
	}{
		{"an owner is disabled", bots.Secret, func() error { _, err := c.DisableServiceAccount(ctx, "", "bot"); return err }, codes(api.CodeOwnerInactive),
			func() error { _, err := c.EnableServiceAccount(ctx, "", "bot"); return err }},
		{"a token is disabled", plain, func() error { _, err := c.DisableToken(ctx, "", own.ID, api.DisableToken{}); return err }, codes(api.CodeDisabled),
			func() error { _, err := c.EnableToken(ctx, "", own.ID); return err }},
		{"a token is narrowed", plain, func() error {
			var edit api.EditToken
			edit.Scopes, edit.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"billing"})
			_, err := c.EditToken(ctx, "", own.ID, edit)
			return err
		}, codes(api.CodeResourceDenied), nil},
		{"an owner loses a right", bots.Secret, func() error {
			var edit api.EditServiceAccount
			edit.Scopes, edit.Resources = api.Some([]string{"assets:read"}), api.Some([]string{"*"})
			_, err := c.EditServiceAccount(ctx, "", "bot", edit)
			return err
		}, codes(api.CodeInsufficientScope), nil},
	} {
		known(t, r, step.tok, read, on)
		if err := step.do(); err != nil {
			t.Fatal(step.name, err)
		}
		step.want.is(t, r, step.tok, read, on)
		if step.undo != nil {
			if err := step.undo(); err != nil {
				t.Fatal(step.name, err)
			}
		}
	}
	last := s.Issue(t, []string{"tickets:read"}, "payments")
	known(t, r, last, read, on)
	must[api.Workspace](t)(c.SuspendWorkspace(ctx, s.Workspace))
	if v, err := r.Verify(ctx, last, read, on); err == nil && v.Allowed {
		t.Error("its workspace is suspended")
	}
}

// TestWhatMemoryAnswersIsWhatTheServerAnswers.
func TestWhatMemoryAnswersIsWhatTheServerAnswers(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	r := replicaOf(t, s)
	var in api.CreateToken
	in.Label, in.Grants = api.Some("several"), api.Some([]api.Statement{
		{Scopes: []string{"tickets:*"}, Resources: []string{"payments", "billing"}}, {Scopes: []string{"tickets:read", "assets:read"}, Resources: []string{"ledger"}}})
	several := must[api.Issued](t)(s.Client.CreateToken(t.Context(), "", in)).Secret
	known(t, r, several)
	for _, need := range [][]client.Need{
		{}, {client.Resource("payments")}, {client.Resource("nowhere")}, {client.Scope("tickets:read"), client.AnyResource()},
		{client.Scope("tickets:write"), client.Resource("billing")}, {client.Scope("tickets:write"), client.Resource("ledger")},
		{client.Scope("tickets:write"), client.AnyResource()}, {client.Scope("tickets:read")}, {client.Scope("assets:read"), client.Resource("ledger")},
		{client.Workspace(s.Workspace)}, {client.Workspace("globex")}, {client.Scope("instance:admin")},
		{client.Scope("tickets:*")}, {client.Resource("pay*")},
	} {
		want, wrong := s.Client.Verify(t.Context(), several, append(need, client.Peek())...)
		got, err := r.Verify(t.Context(), several, need...)
		if (err == nil) != (wrong == nil) || errors.Is(err, api.CodeInvalidField) != errors.Is(wrong, api.CodeInvalidField) {
			t.Errorf("%v, and the server says %v", err, wrong)
		}
		got.RequestID, want.RequestID, got.Revision, want.Revision = "", "", 0, 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("- the server + memory:\n%s", diff)
		}
	}
}

// TestWhatHasToBeAskedIsAsked each time: a limit, an allow-list, a cost, a peek.
func TestWhatHasToBeAskedIsAsked(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	r := replicaOf(t, s)
	limited := label("limited")
	limited.RateLimit = api.Some(api.RateLimit{Requests: 2, Window: api.Duration(time.Hour)})
	tok := must[api.Issued](t)(s.Client.CreateToken(t.Context(), "", limited)).Secret
	for _, want := range []codes{codes(api.CodeOK), codes(api.CodeOK), codes(api.CodeRateLimited)} {
		want.is(t, r, tok)
	}
	plain := s.Issue(t, []string{"tickets:read"})
	known(t, r, plain)
	hits := r.Stats().Hits
	codes(api.CodeOK).is(t, r, plain, client.Peek())
	codes(api.CodeOK).is(t, r, plain, client.Cost(1))
	codes(api.CodeUnknown).is(t, r, theirs)
	if n := r.Stats().Hits; n != hits {
		t.Errorf("%d were answered from memory", n-hits)
	}
}

// TestAReplicaAllocatesNothing for a token that it knows.
func TestAReplicaAllocatesNothing(t *testing.T) {
	s := clienttest.New(t)
	r := replicaOf(t, s)
	tok := s.Issue(t, []string{"tickets:read"}, "payments")
	need := []client.Need{client.Scope("tickets:read"), client.Resource("payments")}
	known(t, r, tok, need...)
	if n := testing.AllocsPerRun(1000, func() { _, _ = r.Verify(t.Context(), tok, need...) }); n >= 1 {
		t.Errorf("%v allocations", n)
	}
}

// TestUsesOfAReplicaAreCounted, within seconds, or when it is closed.
func TestUsesOfAReplicaAreCounted(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	r := replicaOf(t, s)
	made := must[api.Issued](t)(s.Client.CreateToken(t.Context(), "", label("used")))
	known(t, r, made.Secret)
	before := r.Stats()
	for range 100 {
		codes(api.CodeOK).is(t, r, made.Secret, client.From(api.Client{IP: "203.0.113.9", Method: "GET", Path: "/tickets"}))
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := r.Stats()
	want := int64(after.Hits + after.Asked)
	clocktest.Until(t, func() bool {
		n := must[api.TokenUsage](t)(s.Client.TokenUsage(t.Context(), "", made.Token.ID, client.Span{})).Allowed
		if n > want {
			t.Fatalf("%d are counted of %d", n, want)
		}
		return n == want
	})
	if after.Hits-before.Hits < 90 {
		t.Errorf("%d of 100 were answered from memory", after.Hits-before.Hits)
	}
	if v, err := r.Verify(t.Context(), made.Secret); err != nil || !v.Allowed || r.Stats().Hits != after.Hits {
		t.Errorf("once it is closed it asks: %s, %v", v.Code, err)
	}
}

// TestAReplicaWithoutAServerProvesNothing: it asks, and is not answered.
func TestAReplicaWithoutAServerProvesNothing(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	var cut atomic.Bool
	proxy := httputil.NewSingleHostReverseProxy(must[*url.URL](t)(url.Parse(s.URL)))
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if cut.Load() {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, q)
	}))
	t.Cleanup(front.Close)
	r := replicaAt(t, front.URL, s.Issue(t, []string{"tokens:verify"}), client.WithAttempts(1))
	made := must[api.Issued](t)(s.Client.CreateToken(t.Context(), "", label("cut off")))
	known(t, r, made.Secret)
	cut.Store(true)
	must[api.Token](t)(s.Client.RevokeToken(t.Context(), "", made.Token.ID, api.RevokeToken{})) // waits out the lease
	if v, err := r.Verify(t.Context(), made.Secret); !errors.Is(err, api.CodeUnavailable) {
		t.Errorf("%s, %v", v.Code, err)
	}
	other := s.Issue(t, []string{"tickets:read"})
	cut.Store(false)
	clocktest.Until(t, func() bool { return r.Stats().Fresh })
	codes(api.CodeRevoked).is(t, r, made.Secret)
	known(t, r, other)
}

// TestAStreamEndsThroughTheReplica: while memory answers, the server is not asked again. On
// a machine that stands still a lease runs out, and then it is, so there are some tries.
func TestAStreamEndsThroughTheReplica(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	r := replicaOf(t, s)
	var asked uint64
	for range 5 {
		if asked = streamEnds(t, s, r); asked == 0 {
			return
		}
	}
	t.Errorf("%d questions were sent", asked)
}

// streamEnds revokes the token of an open stream, and says how often the server was asked
// about it until the stream ended.
func streamEnds(t *testing.T, s *clienttest.Server, r *client.Replica) uint64 {
	t.Helper()
	made := must[api.Issued](t)(s.Client.CreateToken(t.Context(), "", label("stream")))
	known(t, r, made.Secret)
	asked := r.Stats().Asked
	var cause error
	h := r.Require(client.Recheck(time.Millisecond))(http.HandlerFunc(func(_ http.ResponseWriter, in *http.Request) {
		must[api.Token](t)(s.Client.RevokeToken(t.Context(), "", made.Token.ID, api.RevokeToken{}))
		<-in.Context().Done()
		cause = context.Cause(in.Context())
	}))
	in := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events", nil)
	in.Header.Set("Authorization", "Bearer "+made.Secret)
	h.ServeHTTP(httptest.NewRecorder(), in)
	if !errors.Is(cause, api.CodeRevoked) {
		t.Errorf("it ended by %v", cause)
	}
	return r.Stats().Asked - asked
}
