package httpapi

import (
	"net/netip"
	"reflect"
	"strconv"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/quick"
	"github.com/tokenry/tokenry/internal/verify"
)

const maxBatch = 100

func verifyRoutes() []Route {
	access := needs("tokens:verify", "instance:verify").
		Noting("tokens:verify verifies tokens of the caller's own workspace; instance:verify those of all.")
	one := route("POST", "/v1/verify", access, "Ask whether a token may do something now",
		typed[api.VerifyRequest, api.VerifyResult]((*call).verify)).
		saying("Always 200 with a code; 503 when the question cannot be answered. Without scopes and resource only the token itself is checked.")
	many := route("POST", "/v1/verify/batch", access, "Ask up to 100 such questions at once",
		typed[api.VerifyBatch, api.VerifyBatchResult]((*call).verifyBatch)).
		saying("The answers stand in the order of the questions. Each question is decided by itself.")
	for _, rt := range []*Route{&one, &many} {
		rt.Timeout, rt.Frequent = 0, true
	}
	one.MaxBody = smallBody
	return group("Verify", one, many, forwardAuthRoute(), extAuthzRoute())
}

// typed names the types of a handler that reads and writes by itself.
func typed[In, Out any](run handler) endpoint {
	return endpoint{in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), run: run}
}

// asker is what a caller may ask about.
type asker struct {
	// everywhere says that tokens of every workspace are known to it; else those
	// of its own.
	everywhere bool
	home       *verify.Workspace
}

// asker judges the caller. This case is special: the authority has no verb for
// it, so the door reads the engine's decision about the caller.
func (c *call) asker() (asker, error) {
	if err := c.knockAgain(); err != nil {
		return asker{}, err
	}
	if len(c.r.Header[headerActAs]) > 0 {
		e := api.Errorf(api.CodeInvalidRequest, "a token is never verified on behalf of a member")
		e.Field = "tokenry_act_as"
		return asker{}, e
	}
	rights := c.known.Rights.Grant
	everywhere := rights.HasInstance("instance:verify")
	if !everywhere && !rights.AllowsAny("tokens:verify") {
		e := api.Errorf(api.CodeInsufficientScope, "this needs the scope tokens:verify, or instance:verify")
		e.Missing = []string{"tokens:verify"}
		return asker{}, e
	}
	return asker{everywhere: everywhere, home: c.known.Workspace}, nil
}

// verify answers one question.
func (c *call) verify() (answer, error) {
	who, err := c.asker()
	if err != nil {
		return answer{}, err
	}
	in := &c.verification
	if err := c.decodeVerify(in); err != nil {
		return answer{}, err
	}
	if c.question, err = c.questionOf(who, in, ""); err != nil {
		return answer{}, err
	}
	if err := c.decide(&c.question, &c.decision, useOf(in.Client)); err != nil {
		return answer{}, err
	}
	w := resultWriter{b: c.out.AvailableBuffer()}
	w.result(&c.decision, in.Scopes, c.id)
	c.out.Write(w.b)
	return answer{raw: c.out.Bytes(), media: door.JSON}, nil
}

// decodeVerify reads the request of the hot path.
func (c *call) decodeVerify(in *api.VerifyRequest) error {
	in.Scopes = c.scopes[:0]
	if quick.Verify(c.body.Bytes(), in, &c.client) {
		return nil
	}
	*in = api.VerifyRequest{}
	return c.decodePlain(in)
}

func (c *call) verifyBatch() (answer, error) {
	who, err := c.asker()
	if err != nil {
		return answer{}, err
	}
	var in api.VerifyBatch
	if err := c.decodePlain(&in); err != nil {
		return answer{}, err
	}
	if n := len(in.Requests); n == 0 || n > maxBatch {
		return answer{}, api.FieldError("requests", "must have 1 to "+strconv.Itoa(maxBatch)+" entries")
	}
	questions := make([]question, len(in.Requests))
	for i := range in.Requests { // all are looked at before any is decided, and charged
		if questions[i], err = c.questionOf(who, &in.Requests[i], "requests."); err != nil {
			return answer{}, err
		}
	}
	w := resultWriter{b: append(c.out.AvailableBuffer(), `{"results":[`...)}
	for i := range questions {
		if err := c.decide(&questions[i], &c.decision, useOf(in.Requests[i].Client)); err != nil {
			return answer{}, err
		}
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.result(&c.decision, in.Requests[i].Scopes, c.id+"."+strconv.Itoa(i))
	}
	c.out.Write(append(w.b, `]}`...))
	return answer{raw: c.out.Bytes(), media: door.JSON}, nil
}

// question is a request for the engine.
type question struct {
	verify.Request
	// nowhere says that the workspace that is asked for is none, so that every
	// token is unknown in it.
	nowhere bool
	// unshaped says that nobody has looked yet whether this is a token at all.
	unshaped bool
}

// questionOf checks a request and turns it into one for the engine; at is where
// it stands in the body.
func (c *call) questionOf(who asker, in *api.VerifyRequest, at string) (question, error) {
	q := question{Request: verify.Request{
		Token: in.Token, Scopes: in.Scopes, Resource: in.Resource, Cost: 1, Peek: in.Peek,
	}}
	if in.Cost != nil {
		q.Cost = *in.Cost
	}
	if err := checkNeeds(at, in.Scopes, in.Resource); err != nil {
		return q, err
	}
	if q.Cost < 0 {
		return q, api.FieldError(at+"cost", "must not be negative; 0 peeks")
	}
	if in.Client != nil && in.Client.IP != "" {
		addr, err := netip.ParseAddr(in.Client.IP)
		if err != nil {
			return q, api.FieldError(at+"client.ip", "must be an IP address")
		}
		q.Addr = addr.Unmap()
	}
	return q, c.confine(&q, who, in.Workspace)
}

const maxNeeds = 100

// checkNeeds refuses what is no scope or resource that a request could need.
func checkNeeds(at string, scopes []string, resource string) error {
	if len(scopes) > maxNeeds {
		return api.FieldError(at+"scopes", "at most "+strconv.Itoa(maxNeeds)+" scopes")
	}
	for _, s := range scopes {
		if !grant.ValidScope(s) {
			return api.FieldError(at+"scopes", "entries must be scopes like tickets:read, and no patterns")
		}
	}
	if resource != "" && resource != verify.AnyResource && !grant.ValidResource(resource) {
		return api.FieldError(at+"resource", `must be the name of one resource, or "any", and no pattern`)
	}
	return nil
}

// confine keeps a question to the workspaces that the caller may ask about, and
// to the one it names.
func (c *call) confine(q *question, who asker, workspace string) error {
	if !who.everywhere {
		q.Workspace = who.home.ID
		q.nowhere = workspace != "" && !names(workspace, who.home)
		return nil
	}
	if workspace == "" {
		return nil
	}
	return c.only(q, workspace)
}

// only keeps a question to the workspace that ref names. What is no token is none
// anywhere: the database is not asked for a name because of it.
func (c *call) only(q *question, ref string) error {
	if id, ok := c.s.workspaces.remembered(c.ctx, ref); ok {
		q.Workspace, q.unshaped = id, true
		return nil
	}
	if !c.s.engine.Shaped(q.Token) {
		return nil
	}
	id, err := c.s.workspaces.number(c.ctx, ref)
	if isNotFound(err) {
		q.nowhere = true
		return nil
	}
	q.Workspace = id
	return err
}

// noWorkspace is a row number that no workspace has.
const noWorkspace = -1

// decide asks the engine, counts, and tells of the use.
func (c *call) decide(q *question, d *verify.Decision, u Use) error {
	if q.nowhere {
		q.Workspace = noWorkspace // the work of a miss, and its answer
	}
	begun := c.s.now()
	err := c.s.engine.Verify(c.ctx, &q.Request, d)
	c.s.metrics.verified(d.Code, c.s.now().Sub(begun))
	if q.nowhere || q.unshaped && !d.Matched && !c.s.engine.Shaped(q.Token) {
		q.Workspace = 0
	}
	u.Request, u.Decision = &q.Request, d
	c.tell(u)
	return err
}

// useOf is what a resource server says about the request it authorises.
func useOf(client *api.Client) Use {
	u := Use{Door: DoorVerify}
	if client != nil {
		u.Agent, u.Method, u.Path = client.UserAgent, client.Method, client.Path
	}
	return u
}
