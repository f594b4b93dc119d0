package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// ResourceFrom takes the resource from the request, for the middleware alone.
// What is not a resource's name is refused, and so is the word any: it would ask
// for something else.
func ResourceFrom(f func(*http.Request) string) Need { return func(n *needs) { n.resource = f } }

// ClientIP tells the client's address, for the middleware alone. Without it that
// is the connection's, which behind a proxy is the proxy's.
func ClientIP(f func(*http.Request) string) Need { return func(n *needs) { n.clientIP = f } }

// Realm is what a refusal names as the realm; without it that is "tokenry".
func Realm(name string) Need { return func(n *needs) { n.realm = name } }

// OnFailure is told when the middleware got no decision and answered 503: the
// server is away, or does not accept this client's own token.
func OnFailure(f func(*http.Request, error)) Need { return func(n *needs) { n.failed = f } }

// Within bounds how long a request waits for the decision about its token, for the
// middleware alone: all attempts and the pauses between them. Without it that is
// [DefaultWithin]; then the request is answered 503.
func Within(d time.Duration) Need { return func(n *needs) { n.within = d } }

// DefaultWithin is how long the middleware waits for a decision: a service that stands
// in front of its users says sooner that it cannot tell than a program that has time.
const DefaultWithin = 3 * time.Second

// Require returns middleware that lets a request pass when its bearer token may
// do what the needs say. The handler finds the decision with [FromContext].
// Everybody else is answered as RFC 6750 says, with problem+json: 401 without a
// token or for one that is not valid, 403 without the rights, 429 over the rate
// limit, and 503 when there is no decision within [DefaultWithin].
//
// A request that lasts, like a stream of events or a WebSocket, is asked about again
// every 15 seconds ([Recheck]). When its token is not good any more, the request's
// context ends; [context.Cause] says why, as an *[api.Error].
func (c VerifyCalls) Require(need ...Need) func(http.Handler) http.Handler {
	return requiring(c.line, c.verify, recheck{c.verify, askAgain}, need)
}

// requiring is middleware that asks a function.
func requiring(
	l *line, verify func(context.Context, api.VerifyRequest) (Result, error), again recheck, need []Need,
) func(http.Handler) http.Handler {
	n := gather(need)
	if n.within <= 0 {
		n.within = DefaultWithin
	}
	if n.every != 0 {
		again.every = n.every
	}
	if n.clientIP == nil {
		n.clientIP = remoteIP
	}
	if n.realm == "" {
		n.realm = "tokenry"
	}
	n.realm = quotable(n.realm)
	return func(next http.Handler) http.Handler {
		return &guard{line: l, verify: verify, again: again, needs: n, next: next}
	}
}

type resultKey struct{}

// FromContext returns the decision that let the request pass; ok is false where
// [Client.Require] was not asked.
func FromContext(ctx context.Context) (r Result, ok bool) {
	r, ok = ctx.Value(resultKey{}).(Result)
	return r, ok
}

// guard is the middleware before one handler.
type guard struct {
	line   *line
	verify func(context.Context, api.VerifyRequest) (Result, error)
	again  recheck
	needs  needs
	next   http.Handler
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tok, refused := bearer(r.Header)
	if refused != nil {
		g.refuse(w, refused, refused.Code != api.CodeMissingToken)
		return
	}
	q, err := g.question(r, tok)
	if err != nil {
		g.refuse(w, err, true)
		return
	}
	result, asked := g.ask(r.Context(), q, g.verify)
	if asked != nil {
		g.fail(w, r, asked)
		return
	}
	tellRate(w.Header(), result)
	if !result.Allowed {
		g.refuse(w, outward(result), true)
		return
	}
	ctx, stop := g.watch(context.WithValue(r.Context(), resultKey{}, result), q)
	defer stop()
	g.next.ServeHTTP(w, r.WithContext(ctx))
}

// ask gets a decision in the time that the middleware has for it.
func (g *guard) ask(ctx context.Context, q api.VerifyRequest, verify func(context.Context, api.VerifyRequest) (Result, error)) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, g.needs.within)
	defer cancel()
	return verify(ctx, q)
}

// bearer takes the token from the one place where it may stand.
func bearer(h http.Header) (string, *api.Error) {
	values := h.Values("Authorization")
	switch {
	case len(values) == 0:
		return "", api.Errorf(api.CodeMissingToken, "send the header Authorization: Bearer with a token")
	case len(values) > 1:
		return "", api.Errorf(api.CodeInvalidRequest, "there is more than one Authorization header")
	}
	scheme, tok, _ := strings.Cut(values[0], " ")
	switch tok = strings.TrimLeft(tok, " "); {
	case !strings.EqualFold(scheme, "Bearer"):
		return "", api.Errorf(api.CodeMissingToken, "send the header Authorization: Bearer with a token")
	case checkToken(tok) != nil:
		return "", api.Errorf(api.CodeInvalidToken, "%s", api.CodeInvalidToken.Info().Title)
	}
	return tok, nil
}

// question is what is asked about the token for this request.
func (g *guard) question(r *http.Request, tok string) (api.VerifyRequest, *api.Error) {
	q := g.needs.VerifyRequest
	q.Token = tok
	if q.Client == nil {
		from := describe(r, g.needs.clientIP)
		q.Client = &from
	}
	if g.needs.resource == nil {
		return q, nil
	}
	q.Resource = g.needs.resource(r)
	if q.Resource == anyResource || q.Resource != "" && !resourceName(q.Resource) {
		return q, api.Errorf(api.CodeResourceDenied, "%s", api.CodeResourceDenied.Info().Title)
	}
	return q, nil
}

// resourceName says whether s is [A-Za-z0-9][A-Za-z0-9._:-]{0,127}.
func resourceName(s string) bool {
	more := func(r rune) bool { return (notWord(r) || r == '_') && !strings.ContainsRune("._:-", r) }
	return len(s) <= 128 && !notWord(rune(s[0])) && s[0] != '_' && !strings.ContainsFunc(s, more)
}

// outward is what the presenter is told: whose secret was right, the reason;
// everybody else that the token is not accepted, in one text for all.
func outward(r Result) *api.Error {
	e := r.refusal()
	if r.Token == nil {
		e = api.Errorf(api.CodeInvalidToken, "%s", api.CodeInvalidToken.Info().Title)
		e.RequestID = r.RequestID
	}
	return e
}

// fail answers a request about which there is no decision.
func (g *guard) fail(w http.ResponseWriter, r *http.Request, err error) {
	if g.needs.failed != nil {
		g.needs.failed(r, err)
	}
	e := api.Errorf(api.CodeUnavailable, "the token cannot be verified now")
	e.RetryAfter = firstWait
	if known, ok := errors.AsType[*api.Error](err); ok {
		e.RetryAfter = max(known.RetryAfter, e.RetryAfter)
		e.RequestID = known.RequestID
	}
	g.refuse(w, e, false)
}

// refuse answers with an error. Who presented a token is told the error in the
// challenge too; who presented none is only told that one is needed.
func (g *guard) refuse(w http.ResponseWriter, e *api.Error, presented bool) {
	p := e.Problem(g.line.base+"/errors", e.RequestID)
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	switch p.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		if p.Code != api.CodeCostExceedsLimit { // no other token is asked for
			h.Set("WWW-Authenticate", g.challenge(p, presented))
		}
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // nobody is left to be told
}

// challenge is the WWW-Authenticate of RFC 6750, section 3.
func (g *guard) challenge(p api.Problem, presented bool) string {
	c := fmt.Sprintf("Bearer realm=%q", g.needs.realm)
	if !presented {
		return c
	}
	kind := map[int]string{
		http.StatusBadRequest: "invalid_request", http.StatusUnauthorized: "invalid_token", http.StatusForbidden: "insufficient_scope",
	}[p.Status]
	c += fmt.Sprintf(", error=%q", kind)
	if p.Detail != "" {
		c += fmt.Sprintf(", error_description=%q", quotable(p.Detail))
	}
	if p.Code == api.CodeInsufficientScope && len(g.needs.Scopes) > 0 {
		c += fmt.Sprintf(", scope=%q", quotable(strings.Join(g.needs.Scopes, " ")))
	}
	return c
}

// quotable keeps of a text what RFC 6750 allows between quotes.
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, s)
}

// tellRate says what is left of the token's rate limit. For how long is not said: what a
// verification tells is when the whole limit is free again.
func tellRate(h http.Header, r Result) {
	if r.RateLimit != nil {
		h.Set("RateLimit", fmt.Sprintf(`"token";r=%d`, r.RateLimit.Remaining))
	}
}
