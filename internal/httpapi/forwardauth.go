package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/reference"
	"github.com/tokenry/tokenry/internal/verify"
)

func forwardAuthRoute() Route {
	rt := route("", "/v1/forward-auth", self("The token that is checked is the one presented."), "Let a proxy ask whether a request may pass",
		endpoint{run: (*call).forwardAuth}).
		taking(
			reference.Param{Name: "workspace", Description: "The slug or ext:ID of the only workspace whose tokens pass; * for any. It may be left out while the instance has one."},
			reference.Param{Name: "scope", Repeat: true, Description: "A scope that the request needs; there may be several."},
			reference.Param{Name: "resource", Description: "The resource that the request touches, or any."},
			reference.Param{Name: "deny", OneOf: []string{"403"}, Description: "For proxies that pass 401 and 403 alone: 403 for all other refusals, with the true status in Tokenry-Status."},
		).
		saying("What the request needs stands in this query, which the proxy owns; no header sets or lowers it. " +
			"200 without a body and with all of the headers Tokenry-Token-Id, -Principal, -Principal-Type, -External-Id, -Workspace, -Scopes " +
			"and -Expires-At, empty where there is nothing to say. Texts beyond visible ASCII are percent-encoded in them. Scopes beyond 4096 bytes are left out of Tokenry-Scopes, " +
			"and Tokenry-Scopes-Truncated is true then. A workspace that does not exist is named in the log; the holder of a good token gets 400 for it " +
			"from a trusted proxy and while the instance has one workspace, and otherwise 401 as for any workspace that is not the token's.")
	rt.Timeout, rt.Frequent, rt.ownCredentials, rt.proxied, rt.Identifies = 0, true, true, true, true
	return rt
}

const (
	anyWorkspace = "*"
	headerStatus = "Tokenry-Status"
)

// forwardAuth answers a proxy. The body of the request is not read.
func (c *call) forwardAuth() (answer, error) {
	if err := c.forward(); err != nil {
		return answer{}, c.deny(api.AsError(err))
	}
	return answer{raw: []byte{}}, nil
}

// forward reads from the query what the request needs.
func (c *call) forward() error {
	if err := c.checkParams(); err != nil {
		return err
	}
	q := &c.question
	for _, p := range c.params {
		switch p.name {
		case "scope":
			q.Scopes = append(q.Scopes, p.value)
		case "resource":
			q.Resource = p.value
		}
	}
	if err := needsOfQuery(q.Scopes, q.Resource); err != nil {
		return err
	}
	addr, proxied := c.origin()
	c.vouched = proxied
	return c.pass(c.text("workspace"), addr,
		Use{Method: c.s.proxies.Said(c.r, "X-Forwarded-Method"), Path: c.s.proxies.Said(c.r, "X-Forwarded-Uri")})
}

// pass decides about the presented token within a workspace, and writes the
// headers of its answer.
func (c *call) pass(workspace string, addr netip.Addr, u Use) error {
	q, d := &c.question, &c.decision
	var err error
	if q.Token, err = bearer(c.r.Header); err != nil {
		return err
	}
	q.Addr, q.Cost = addr, 1
	u.Door, u.Agent = DoorForwardAuth, c.r.UserAgent()
	c.use = u
	if err := c.decideIn(q, workspace, d); err != nil {
		return err
	}
	rateFields(c.w.Header(), d)
	if !d.Allowed() {
		return refused(d, q.Scopes)
	}
	c.passed(d)
	return nil
}

// needsOfQuery is checkNeeds for parameters.
func needsOfQuery(scopes []string, resource string) error {
	err := checkNeeds("", scopes, resource)
	if e, ok := errors.AsType[*api.Error](err); ok {
		e.Code = api.CodeInvalidParameter
	}
	return err
}

// decideIn decides within the workspace that the query names. Without one it is
// the only one there is; that is looked at again after the decision, which says
// at what revision it was taken.
func (c *call) decideIn(q *question, workspace string, d *verify.Decision) error {
	switch workspace {
	case anyWorkspace:
		return c.decide(q, d, c.use)
	case "":
		return c.decideAlone(q, d)
	}
	if err := c.only(q, workspace); err != nil {
		return err
	}
	if err := c.decide(q, d, c.use); err != nil || !q.nowhere {
		return err
	}
	return c.astray(q, workspace)
}

// astray refuses what a proxy asks about a workspace that there is none of. That
// is a mistake of the proxy's owner: a client that were told 401 would throw away
// a good token. Only the log learns which workspace. Only the holder of a token is
// answered differently from one of another workspace, and only where that does not
// tell which workspaces exist.
func (c *call) astray(q *question, workspace string) error {
	c.s.metrics.astray.Inc()
	c.s.log.LogAttrs(c.ctx, slog.LevelWarn, "a proxy names a workspace that does not exist",
		slog.String("request_id", c.id), slog.String("route", c.pattern()), slog.String("workspace", workspace))
	if !c.vouched {
		alone, err := c.s.workspaces.only(c.ctx, c.decision.Revision)
		if err != nil || alone.workspace == 0 {
			return err
		}
	}
	anywhere := q.Request
	anywhere.Peek = true
	var d verify.Decision
	if err := c.s.engine.Verify(c.ctx, &anywhere, &d); err != nil || !d.Matched {
		return err
	}
	return api.Errorf(api.CodeInvalidRequest, "the proxy asks what cannot be answered; whoever runs it finds the reason in the log under this request")
}

func (c *call) decideAlone(q *question, d *verify.Decision) error {
	alone, err := c.s.workspaces.only(c.ctx, 0)
	for err == nil {
		was := alone.workspace
		q.Workspace, q.nowhere = was, was == 0
		if err = c.decide(q, d, c.use); err != nil {
			break
		}
		if alone, err = c.s.workspaces.only(c.ctx, d.Revision); err == nil && alone.workspace == was {
			return aloneOnly(was)
		}
	}
	return err
}

// aloneOnly refuses when there is no workspace that goes without saying.
func aloneOnly(workspace int64) error {
	if workspace != 0 {
		return nil
	}
	return api.Errorf(api.CodeWorkspaceRequired,
		"this instance has several workspaces: add workspace=SLUG, or workspace=* for any, to the address that the proxy calls")
}

// passed tells the application who asks. Every one of the headers is there, so
// that none that the client sent gets past the proxy in its place.
func (c *call) passed(d *verify.Decision) {
	expires := ""
	if !d.ExpiresAt.IsZero() {
		expires = d.ExpiresAt.Format(time.RFC3339)
	}
	scopes, whole := headerScopes(d.Rights.ScopeText)
	c.identify([...]string{
		headerText(tokenID(d)), headerText(d.Owner.Address), d.Owner.Key.Type.String(), headerText(d.Owner.ExternalID),
		d.Workspace.Slug, scopes, expires,
	})
	if !whole {
		c.w.Header()[headerTruncated] = []string{"true"}
	}
}

const (
	headerTruncated = "Tokenry-Scopes-Truncated"
	// maxScopesHeader keeps the answer within what proxies and application servers
	// read of headers: 8 KiB in all with many of them.
	maxScopesHeader = 4096
)

// headerScopes cuts a list of scopes behind the last that fits whole: the
// application never sees half of a scope, nor more than the token has.
func headerScopes(list string) (scopes string, whole bool) {
	if len(list) <= maxScopesHeader {
		return list, true
	}
	return list[:max(strings.LastIndexByte(list[:maxScopesHeader+1], ' '), 0)], false
}

const identityFields = 7

// identify writes the headers that tell who asks.
func (c *call) identify(values [identityFields]string) {
	names := [...]string{
		"Tokenry-Token-Id", "Tokenry-Principal", "Tokenry-Principal-Type", "Tokenry-External-Id",
		"Tokenry-Workspace", "Tokenry-Scopes", "Tokenry-Expires-At",
	}
	if c.lines != nil {
		for i, name := range names {
			*c.lines = door.AppendField(*c.lines, name, values[i])
		}
		return
	}
	h := c.w.Header()
	shared := make([]string, len(values))
	copy(shared, values[:])
	for i, name := range names {
		h[name] = shared[i : i+1 : i+1]
	}
}

// rateFields are those of draft-ietf-httpapi-ratelimit-headers-10. Each limit that holds is one
// policy in them. r may be used within t, after which there is more: on every answer, so that
// Retry-After, which is when this request would pass, is never before it.
func rateFields(h http.Header, d *verify.Decision) {
	if !d.Rate.Limited {
		return
	}
	var policy, state []byte
	for _, l := range []struct {
		name string
		verify.Rate
	}{{`"token"`, d.TokenRate}, {`"workspace"`, d.WorkspaceRate}} {
		if !l.Limited {
			continue
		}
		if policy != nil {
			policy, state = append(policy, ", "...), append(state, ", "...)
		}
		policy = fmt.Appendf(policy, "%s;q=%d;w=%d", l.name, l.Limit, max(wholeSeconds(l.Window), 1))
		state = fmt.Appendf(state, "%s;r=%d;t=%d", l.name, l.Remaining, wholeSeconds(l.More))
	}
	h["Ratelimit-Policy"], h["Ratelimit"] = []string{string(policy)}, []string{string(state)}
}

// deny lets a refusal of forward-auth be answered in a status that the proxy
// passes on.
func (c *call) deny(e *api.Error) error {
	if !c.route.proxied || !c.deny403 && c.text("deny") != "403" {
		return e
	}
	status := e.Code.Info().Status
	c.w.Header()[headerStatus] = []string{strconv.Itoa(status)}
	if status != http.StatusUnauthorized {
		c.denyAs = http.StatusForbidden
	}
	return e
}
