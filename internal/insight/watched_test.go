package insight_test

import (
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/usage"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Advice is what is advised about a token.
func (w *watched) Advice(id string) map[string]api.Advice {
	w.Helper()
	list, err := w.TokenAdvice(w.Ctx, w.Root, "acme", id)
	officetest.Must(w.T, err)
	by := map[string]api.Advice{}
	for _, a := range list {
		by[a.Code] = a
	}
	return by
}

// apply follows an advice, whatever it is.
func (w *watched) apply(a api.Advice) {
	w.Helper()
	var err error
	switch {
	case a.Change.Edit != nil:
		_, err = w.EditToken(w.Ctx, w.Root, "acme", a.Token, *a.Change.Edit)
	case a.Change.Revoke != nil:
		_, err = w.RevokeToken(w.Ctx, w.Root, "acme", a.Token, *a.Change.Revoke)
	case a.Change.Rotate != nil:
		_, err = w.RotateToken(w.Ctx, w.Root, "acme", a.Token, *a.Change.Rotate)
	default:
		w.Errorf("%s names no change", a.Code)
	}
	officetest.Must(w.T, err)
}

// WantAdvice says what is advised about a token, and what the advice names.
func (w *watched) WantAdvice(id string, want ...string) map[string]api.Advice {
	w.Helper()
	by := w.Advice(id)
	var got []string
	for code := range by {
		got = append(got, code)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.Errorf("advised %v, want %v", got, want)
	}
	return by
}

// After says that an advice that was followed is not given again.
func (w *watched) After(a api.Advice) {
	w.Helper()
	w.apply(a)
	if _, again := w.Advice(a.Token)[a.Code]; again {
		w.Errorf("%s is advised again after it was followed", a.Code)
	}
}

// Days lets some pass.
func (w *watched) Days(n int) { w.Clock.Pass(time.Duration(n) * 24 * time.Hour) }

// watched is a world in which every verification is recorded.
type watched struct {
	*officetest.World
	Rec *usage.Recorder
	// Kept is what Rec writes to.
	Kept *store.Usage
	// Request is the id of the next verification, asked the workspace that it
	// names; 0 for none.
	Request string
	Asked   int64
}

// Use verifies a secret as a resource server would, and records it.
func (w *watched) Use(s token.Secret, from string, scopes ...string) api.Code {
	w.Helper()
	var d verify.Decision
	req := verify.Request{Token: s.Reveal(), Scopes: scopes, Addr: netip.MustParseAddr(from), Resource: "any", Workspace: w.Asked, Cost: 1}
	officetest.Must(w.T, w.Engine.Verify(w.Ctx, &req, &d))
	u := usage.Of(&d, &req)
	u.Route, u.RequestID, u.Agent, u.Method, u.Path = usage.RouteVerify, w.Request, "curl/8", "GET", "/tickets"
	w.Rec.Record(u)
	officetest.Must(w.T, w.Rec.Flush(w.Ctx))
	return d.Code
}

// decide verifies a secret on a resource, and records nothing.
func (w *watched) decide(s token.Secret, from, resource string, scopes ...string) api.Code {
	w.Helper()
	var d verify.Decision
	req := verify.Request{Token: s.Reveal(), Scopes: scopes, Addr: netip.MustParseAddr(from), Resource: resource, Workspace: w.Asked, Cost: 1, Peek: true}
	officetest.Must(w.T, w.Engine.Verify(w.Ctx, &req, &d))
	return d.Code
}

// dear is the record of a request of some cost.
func (w *watched) dear(s token.Secret, cost int) usage.Use {
	w.Helper()
	var d verify.Decision
	req := verify.Request{Token: s.Reveal(), Resource: "any", Workspace: w.Asked, Cost: cost}
	officetest.Must(w.T, w.Engine.Verify(w.Ctx, &req, &d))
	u := usage.Of(&d, &req)
	u.Route, u.RequestID = usage.RouteVerify, w.Request
	return u
}

// introspected is the record of a request that named no resource, at the door of OAuth.
func (w *watched) introspected(s token.Secret) usage.Use {
	w.Helper()
	u := w.dear(s, 1)
	u.Route, u.Resource = usage.RouteIntrospect, ""
	return u
}

// Uses is use of a secret that must be let through.
func (w *watched) Uses(s token.Secret, from string, scopes ...string) {
	w.Helper()
	if code := w.Use(s, from, scopes...); code != api.CodeOK {
		w.Errorf("refused with %s", code)
	}
}

// Get shows a token of acme.
func (w *watched) Get(c authority.Caller, id string) api.Token {
	w.Helper()
	v, err := w.GetToken(w.Ctx, c, "acme", id)
	officetest.Must(w.T, err)
	return v
}

// Explained is an explanation that must be given, and be of its form.
func (w *watched) Explained(in api.ExplainRequest) api.Explanation {
	w.Helper()
	v, err := w.Office.Explain(w.Ctx, w.Root, "acme", in)
	officetest.Must(w.T, err)
	w.wellFormed(v)
	return v
}

// wellFormed: passed or skipped, then perhaps one failed, then not reached.
func (w *watched) wellFormed(v api.Explanation) {
	w.Helper()
	if len(v.Checks) != 15 {
		w.Errorf("%d checks", len(v.Checks))
	}
	failed := false
	for _, c := range v.Checks {
		switch {
		case failed != (c.Result == api.CheckNotReached):
			w.Errorf("%s is %s after a failed check: %v", c.Check, c.Result, failed)
		case c.Result == api.CheckFailed:
			failed = true
			if c.Check != v.Code || c.Remedy == "" {
				w.Errorf("%s failed with remedy %q, and the answer is %s", c.Check, c.Remedy, v.Code)
			}
		}
	}
	if failed == v.Allowed {
		w.Errorf("allowed is %v with %s", v.Allowed, v.Code)
	}
}
