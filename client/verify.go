package client

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// VerifyCalls ask about tokens that somebody else presents: whether one may pass, and
// why not. [Client.Require] asks for a whole handler.
type VerifyCalls struct{ *line }

// Whoami tells the client who its token is and what it may do now.
//
// Any valid token may ask. The client repeats it.
func (c VerifyCalls) Whoami(ctx context.Context) (api.Whoami, error) {
	return get[api.Whoami](ctx, c.line, "whoami")
}

// Need is what the request at hand needs of a token, and how it is to be asked
// for: see [Scope], [Resource] and the others.
type Need func(*needs)

// needs is a question about a token, and what the middleware does besides.
type needs struct {
	api.VerifyRequest
	resource func(*http.Request) string
	clientIP func(*http.Request) string
	realm    string
	failed   func(*http.Request, error)
	within   time.Duration
	every    time.Duration
}

// Scope needs every one of these scopes. A pattern is not a scope.
func Scope(scopes ...string) Need {
	scopes = scopes[:len(scopes):len(scopes)]
	return func(n *needs) {
		if n.Scopes == nil {
			n.Scopes = scopes
			return
		}
		n.Scopes = append(n.Scopes[:len(n.Scopes):len(n.Scopes)], scopes...)
	}
}

// Resource needs the scopes on this resource. With scopes and without a
// resource, a token that is restricted to resources is refused. No resource is
// called any: that name is sent on as no other's, and refused.
func Resource(name string) Need {
	if name == anyResource {
		name = noResource
	}
	return func(n *needs) { n.Resource = name }
}

// AnyResource accepts a token that has the scopes on some resource at least, and
// leaves it to the caller to filter by [Result]'s Resources.
func AnyResource() Need { return func(n *needs) { n.Resource = anyResource } }

const (
	anyResource = "any"
	// noResource is no name: the server refuses the question.
	noResource = "*any"
)

// Workspace accepts tokens of this workspace alone, a slug or ext:ID. A client
// whose token holds instance:verify should name it wherever one is known.
func Workspace(ref string) Need { return func(n *needs) { n.VerifyRequest.Workspace = ref } }

// Cost charges the token's rate limit with so many requests in place of one; 0
// only looks at it.
func Cost(n int) Need { return func(needs *needs) { needs.Cost = &n } }

// Peek decides without being counted as a use of the token.
func Peek() Need { return func(n *needs) { n.VerifyRequest.Peek = true } }

// From says where the request at hand comes from. A token with an allow-list of
// addresses is refused when the address is not known.
func From(request api.Client) Need { return func(n *needs) { n.Client = &request } }

// FromRequest is [From] with what a request says of itself: the connection's
// address, the method, the path without its query, and the agent.
func FromRequest(r *http.Request) Need { return From(describe(r, remoteIP)) }

func describe(r *http.Request, ip func(*http.Request) string) api.Client {
	return api.Client{IP: ip(r), Method: r.Method, Path: r.URL.Path, UserAgent: r.UserAgent()}
}

func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// Result is the decision about a token.
type Result struct{ api.VerifyResult }

// Err is nil when the request may pass, else an *[api.Error] with the code of
// the decision.
func (r Result) Err() error {
	if r.Allowed {
		return nil
	}
	return r.refusal()
}

func (r Result) refusal() *api.Error {
	message := r.Detail
	if message == "" {
		message = r.Code.Info().Title
	}
	e := api.Errorf(r.Code, "%s", token.Redact(message))
	e.Missing, e.RequestID = r.Missing, r.RequestID
	e.RetryAfter = time.Duration(r.RetryAfter) * time.Second
	return e
}

// Verify asks whether a token may do now what the needs say. A refusal is a Result,
// not an error: an error means that there is no decision, and the request at hand must
// not pass.
//
// Needs tokens:verify, for tokens of the own workspace, or instance:verify, for all.
// The client repeats it.
func (c VerifyCalls) Verify(ctx context.Context, tok string, need ...Need) (Result, error) {
	n := gather(need)
	n.Token = tok
	return c.verify(ctx, n.VerifyRequest)
}

func gather(need []Need) needs {
	var n needs
	for _, f := range need {
		f(&n)
	}
	return n
}

func (c *line) verify(ctx context.Context, q api.VerifyRequest) (Result, error) {
	about, keeps := c.kept.about(q, c.actAs)
	if !keeps {
		return c.decide(ctx, q)
	}
	asked := time.Now()
	if v, ok := c.kept.find(about, asked); ok {
		return Result{v}, nil
	}
	r, err := c.decide(ctx, q)
	if err == nil {
		c.kept.keep(about, asked, r.VerifyResult)
	}
	return r, err
}

// decide asks the server.
func (c *line) decide(ctx context.Context, q api.VerifyRequest) (Result, error) {
	v, err := ask[api.VerifyResult](ctx, c, repeatable(q), "verify")
	if err != nil {
		return Result{}, err
	}
	return Result{v}, checkDecision(v)
}

// checkDecision refuses an answer that is no decision or contradicts itself:
// whatever stands at the other end, it is not asked who may pass.
func checkDecision(v api.VerifyResult) error {
	if v.Code == "" || v.Allowed != (v.Code == api.CodeOK) {
		return api.Errorf(api.CodeInternal, "the server's answer is no decision")
	}
	return nil
}

// VerifyBatch asks up to 100 questions at once and answers them in their order, each
// decided by itself. One answer that is no decision makes the whole an error.
//
// Needs tokens:verify or instance:verify, as [VerifyCalls.Verify] does. The client
// repeats it.
func (c VerifyCalls) VerifyBatch(ctx context.Context, questions []api.VerifyRequest) ([]Result, error) {
	v, err := ask[api.VerifyBatchResult](ctx, c.line, repeatable(api.VerifyBatch{Requests: questions}), "verify", "batch")
	if err != nil {
		return nil, err
	}
	if len(v.Results) != len(questions) {
		return nil, api.Errorf(api.CodeInternal, "the server answered a different number of questions than it was asked")
	}
	out := make([]Result, len(v.Results))
	for i, r := range v.Results {
		if err := checkDecision(r); err != nil {
			return nil, err
		}
		out[i] = Result{r}
	}
	return out, nil
}
