package insight

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Explain says which checks of a verification a token passes, which one it
// fails, and what would fix that. It asks the same functions that verification
// asks, counts as no use and consumes no rate limit. It needs tokens:read and
// tokens:verify. A token string is explained beyond its public part only when
// its secret is right; a token ID of another tenant, and another tenant's
// request, are not found.
func (a *Insight) Explain(ctx context.Context, c authority.Caller, ref string, in api.ExplainRequest) (api.Explanation, error) {
	var e elsewhere
	v, err := a.explain(ctx, c, ref, in, &e)
	if err == nil || e.workspace == 0 {
		return v, err
	}
	// Nobody waits for other nodes with a snapshot open, nor for a request that is not theirs to ask about.
	if e.made, e.all = a.in.Given().Decisions.Elsewhere(ctx, e.workspace, in.RequestID); e.made == nil {
		return v, e.gone()
	}
	return a.explain(ctx, c, ref, in, &e)
}

// elsewhere is a decision that this node does not remember.
type elsewhere struct {
	// workspace is that which it is to be of; 0 until it was missed here.
	workspace ledger.ID
	made      *ledger.LoggedDecision
	all       bool
}

// gone says that nobody remembers it.
func (e *elsewhere) gone() error {
	if !e.all {
		return api.Errorf(api.CodeNotFound, "this node does not remember the request, and not every other one has answered in time whether it does; ask again, or explain the token instead")
	}
	return api.Errorf(api.CodeNotFound, "no node remembers this request in this workspace: each remembers its last decisions until it ends, "+
		"and the last %d refusals of a workspace are kept; it may be older, or another workspace's. Explain the token instead", ledger.DenialBound)
}

func (a *Insight) explain(ctx context.Context, c authority.Caller, ref string, in api.ExplainRequest, e *elsewhere) (v api.Explanation, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref, "tokens:read", "tokens:verify")
		if err != nil {
			return err
		}
		x := &explaining{Sight: a.in.Watching(ctx, r, ac, sp)}
		if x.namesAny, err = authority.NamesAny(r, sp.Workspace.ID); err != nil {
			return err
		}
		if err := x.ask(in); err != nil {
			return err
		}
		if in.RequestID != "" {
			err = x.request(ctx, a.in, in.RequestID, e)
		} else {
			err = x.given(a.in, in.Token)
		}
		v = x.result()
		return err
	})
	return v, err
}

// verdicts are the codes in the order in which they are decided.
func verdicts() []api.Code {
	return []api.Code{
		api.CodeMalformed, api.CodeUnknown, api.CodeRetired, api.CodeRevoked, api.CodeWorkspaceSuspended, api.CodeDisabled,
		api.CodeApprovalPending, api.CodeNotYetValid, api.CodeExpired, api.CodeOwnerInactive, api.CodeIPDenied, api.CodeInsufficientScope,
		api.CodeResourceDenied, api.CodeCostExceedsLimit, api.CodeRateLimited,
	}
}

// explaining is an explanation while it is made.
type explaining struct {
	*authority.Sight
	// namesAny is as in [verify.Workspace].
	namesAny bool
	scopes   []string
	resource string
	addr     netip.Addr
	// whole says that whoever asked does not look at resources.
	whole bool
	// placed says that the address was asked about, if only to be not known.
	placed   bool
	decision *ledger.LoggedDecision

	// terms are those of the derived token that is explained.
	terms  *token.Terms
	checks []api.Check
	failed api.Code
	masked string
	shown  *api.Token
}

// ask reads what the request in question needs.
func (x *explaining) ask(in api.ExplainRequest) error {
	if (in.Token == "") == (in.RequestID == "") {
		return api.FieldError("token", "give either a token or a request_id")
	}
	for _, s := range in.Scopes {
		if !grant.ValidScope(s) {
			return api.FieldError("scopes", "must be scopes like tickets:read, without patterns")
		}
	}
	if in.Resource != "" && in.Resource != verify.AnyResource && !grant.ValidResource(in.Resource) {
		return api.FieldError("resource", "is not the name of a resource")
	}
	x.scopes, x.resource = in.Scopes, in.Resource
	if in.Client == nil {
		return nil
	}
	x.placed = true
	if in.Client.IP == "" {
		return nil
	}
	addr, err := netip.ParseAddr(in.Client.IP)
	if err != nil {
		return api.FieldError("client.ip", "is not an IP address")
	}
	x.addr = addr
	return nil
}

func (x *explaining) pass(code api.Code, detail string) {
	x.checks = append(x.checks, api.Check{Check: code, Result: api.CheckPassed, Detail: detail})
}

func (x *explaining) skip(code api.Code, detail string) {
	x.checks = append(x.checks, api.Check{Check: code, Result: api.CheckSkipped, Detail: detail})
}

func (x *explaining) fail(code api.Code, detail, remedy string) {
	x.failed = code
	if remedy == "" {
		remedy = code.Info().Advice
	}
	x.checks = append(x.checks, api.Check{Check: code, Result: api.CheckFailed, Detail: detail, Remedy: remedy})
}

// result adds the checks that were not reached.
func (x *explaining) result() api.Explanation {
	for _, code := range verdicts()[len(x.checks):] {
		x.checks = append(x.checks, api.Check{Check: code, Result: api.CheckNotReached})
	}
	v := api.Explanation{Code: api.CodeOK, Allowed: x.failed == "", Checks: x.checks, Masked: x.masked, Token: x.shown}
	if x.failed != "" {
		v.Code = x.failed
	}
	if d := x.decision; d != nil {
		v.Decision = &api.ExplainedDecision{
			At: d.At, RequestID: d.RequestID, Route: d.Route, Code: d.Code, Scopes: authority.Listed(d.Scopes), Resource: d.Resource,
		}
		if x.Actor.Grant.AllowsAny("usage:read") {
			v.Decision.IP = authority.AddrView(d.Addr)
		}
	}
	return v
}

// given explains a token string, a token ID or a locator.
func (x *explaining) given(a *authority.Authority, text string) error {
	p, err := token.ParseAny(text)
	if err == nil {
		return x.presented(text, p)
	}
	if _, err := token.ParseLocator(authority.LocatorPart(text)); err != nil && text != "self" {
		in, err := x.Snapshot.Instance()
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(in.Formats, func(f foreign.Spec) bool { return f.Takes(text) }); i >= 0 {
			return api.FieldError("token", "has the shape of strings of another system (the import format "+in.Formats[i].Name+
				"), which are not explained; name its token by the ID that verifications answer")
		}
		x.fail(api.CodeMalformed, "It does not look like a token, or its checksum is wrong: check that it was copied whole.", "")
		return nil
	}
	t, err := a.Token(x.Snapshot, x.Actor, x.Space, text)
	if err != nil {
		return err
	}
	const named = "The token was named; no secret was given."
	x.skip(api.CodeMalformed, named)
	x.skip(api.CodeUnknown, named)
	x.skip(api.CodeRetired, named)
	return x.known(t)
}

// presented explains a token string. A wrong secret, an unknown locator and
// another tenant's token are one and the same.
func (x *explaining) presented(text string, p token.Parsed) error {
	x.masked = p.Mask()
	x.pass(api.CodeMalformed, "Shape and checksum are right.")
	t, err := x.Snapshot.Token(p.Locator)
	if authority.IgnoreNoRow(err) != nil {
		return err
	}
	in, instanceErr := x.Snapshot.Instance()
	if instanceErr != nil {
		return instanceErr
	}
	var secrets []ledger.Secret
	if err == nil && t.Workspace == x.Space.Workspace.ID && slices.Contains(in.Prefixes, p.Prefix) {
		if secrets, err = x.Snapshot.Secrets(t.ID); err != nil {
			return err
		}
	}
	which, err := x.Which(t, text, secrets)
	if err != nil {
		return err
	}
	switch which {
	case api.SecretUnknown:
		x.fail(api.CodeUnknown, "No token of this workspace has this secret.", "")
		return nil
	case api.SecretRetired:
		x.pass(api.CodeUnknown, "It was a secret of a token of this workspace.")
		x.fail(api.CodeRetired, "The token was rotated and this secret's overlap is over.", "Use the new secret; if it was lost, rotate the token again.")
		return x.show(t)
	}
	x.pass(api.CodeUnknown, x.rightly(text))
	x.pass(api.CodeRetired, "")
	return x.known(t)
}

// request explains a decision that was made: what it answered, and what the same
// request would be answered now.
func (x *explaining) request(ctx context.Context, a *authority.Authority, id string, e *elsewhere) error {
	d, secretKnown, err := x.decided(ctx, a, id, e)
	if err != nil {
		return err
	}
	x.decision = d
	if x.scopes == nil {
		x.scopes = d.Scopes
	}
	if x.resource == "" {
		x.resource = d.Resource
	}
	x.whole = (d.Route == "introspect" || d.Route == "" && d.Code != api.CodeResourceDenied) && x.resource == ""
	if !x.placed {
		x.addr, x.placed = d.Addr, true
	}
	if d.Code == api.CodeMalformed {
		x.fail(api.CodeMalformed, "What was presented does not look like a token, or its checksum was wrong: it may have been cut off on its way.", "")
		return nil
	}
	x.pass(api.CodeMalformed, "Shape and checksum were right.")
	t, err := x.Snapshot.Token(d.Token)
	if authority.IgnoreNoRow(err) != nil {
		return err
	}
	unsaid := d.Code == api.CodeUnavailable && !d.Matched && err == nil && t.Workspace == x.Space.Workspace.ID
	if unsaid {
		const then = "Then, there was no answer: the server could not tell."
		x.skip(api.CodeUnknown, then)
		x.skip(api.CodeRetired, then)
		return x.known(t)
	}
	if !d.Matched || errors.Is(err, ledger.ErrNoRow) {
		x.fail(api.CodeUnknown, "No token of this workspace had the secret that was presented.", "")
		return nil
	}
	x.pass(api.CodeUnknown, was(d))
	if !secretKnown {
		x.skip(api.CodeRetired, "Which secret of the token it was is not remembered.")
		return x.known(t)
	}
	secrets, err := x.Snapshot.Secrets(t.ID)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(secrets, func(s ledger.Secret) bool { return s.Number == d.Secret })
	if !authority.Works(secrets, n, x.Now) {
		x.fail(api.CodeRetired, "The token was rotated and the overlap of the secret that was presented is over.", "")
		return x.show(t)
	}
	x.pass(api.CodeRetired, "")
	return x.known(t)
}

// decided finds what was decided of a request of this workspace: by this process or
// another that answered, or, where it was refused, by any node and before a restart too.
// Of what was refused then it is not known which secret was presented, nor at which door.
func (x *explaining) decided(ctx context.Context, a *authority.Authority, id string, e *elsewhere) (d *ledger.LoggedDecision, secretKnown bool, err error) {
	ours := func(d ledger.LoggedDecision) bool { return d.Workspace == x.Space.Workspace.ID }
	made := a.Given().Decisions.Decisions(id)
	if i := slices.IndexFunc(made, ours); i >= 0 {
		return &made[i], true, nil
	}
	if e.made != nil && ours(*e.made) {
		return e.made, true, nil
	}
	rows, err := a.Given().Usage.Denials(ctx, ledger.DenialQuery{Workspace: x.Space.Workspace.ID, RequestID: id, Limit: 1})
	if err != nil {
		return nil, false, err
	}
	if len(rows) == 0 {
		e.workspace = x.Space.Workspace.ID
		return nil, false, e.gone()
	}
	r := rows[0]
	unmatched := []api.Code{api.CodeMalformed, api.CodeUnknown, api.CodeUnavailable}
	return &ledger.LoggedDecision{
		RequestID: r.RequestID, At: r.At, Workspace: r.Workspace, Token: r.Token, Matched: !slices.Contains(unmatched, r.Code),
		Code: r.Code, Scopes: r.Scopes, Resource: r.Resource, Addr: r.Addr,
	}, r.Code == api.CodeRetired, nil
}

func (x *explaining) show(t ledger.Token) error {
	v, err := x.Token(t)
	if err == nil {
		x.shown = &v
		x.masked = v.Masked
	}
	return err
}

// known runs the checks behind the secret.
func (x *explaining) known(t ledger.Token) error {
	if err := x.show(t); err != nil {
		return err
	}
	o, err := x.Owner(authority.OwnerKey(t))
	if err != nil {
		return err
	}
	f := authority.TokenFacts(t, nil)
	t.ExpiresAt = x.end(&f)
	if x.lifecycle(t, &f, &o); x.failed == "" {
		x.place(t)
	}
	if x.failed == "" {
		x.rights(&f, &o)
	}
	if x.failed == "" {
		x.rate(t, &o)
	}
	return nil
}

func (x *explaining) lifecycle(t ledger.Token, f *verify.Token, o *verify.Owner) {
	code := verify.Lifecycle(f, o, &x.Space.Facts, x.Now)
	for _, check := range verdicts()[3:10] {
		if check == code {
			x.fail(code, lifeDetail(t, o, code), x.derivedRemedy(f, code, lifeRemedy(t, o, code)))
			return
		}
		x.pass(check, "")
	}
}

func lifeDetail(t ledger.Token, o *verify.Owner, code api.Code) string {
	day := func(at time.Time) string { return at.UTC().Format(time.RFC3339) }
	switch code {
	case api.CodeRevoked:
		if t.RevokedAt.IsZero() && t.Waits {
			return "Nobody approved it in time, so that it counts as revoked since " + day(t.RevokeAt) + "."
		}
		if t.RevokedAt.IsZero() {
			return "It was disabled, and counts as revoked since " + day(t.RevokeAt) + "."
		}
		return "It was revoked at " + day(t.RevokedAt) + " (" + t.RevokeReason + ")."
	case api.CodeWorkspaceSuspended:
		return "The workspace is suspended."
	case api.CodeDisabled:
		if u := t.Unused; u != nil && !u.DisabledAt.IsZero() {
			return "It was disabled at " + day(t.DisabledAt) + ", because nobody had used it since " + day(u.Since) + " (the policy disable_unused_after)."
		}
		return "It was disabled at " + day(t.DisabledAt) + "."
	case api.CodeApprovalPending:
		return "It waits since " + day(t.Approval.AskedAt) + " until somebody else than its maker approves it, and is refused by itself at " + day(t.RevokeAt) + "."
	case api.CodeNotYetValid:
		return "It is valid from " + day(t.NotBefore) + "."
	case api.CodeExpired:
		return "It expired at " + day(t.ExpiresAt) + "."
	case api.CodeOwnerInactive:
		return "Its owner " + o.Address + " is deactivated, disabled or removed."
	default: // no other code is about the life of a token
		return ""
	}
}

func lifeRemedy(t ledger.Token, o *verify.Owner, code api.Code) string {
	id := authority.TokenID(*o, t.Locator)
	switch code {
	case api.CodeRevoked:
		return "Nothing brings a revoked token back. Create a new one."
	case api.CodeWorkspaceSuspended:
		return "The operator resumes the workspace."
	case api.CodeDisabled:
		return "Enable it: tokenry token enable " + id
	case api.CodeApprovalPending:
		return "Ask an administrator of the workspace to approve it: tokenry approval approve " + id
	case api.CodeNotYetValid:
		return "Wait, or edit not_before."
	case api.CodeExpired:
		return "Rotate it with renew: tokenry token rotate --renew " + id
	case api.CodeOwnerInactive:
		return "Activate the owner, or transfer the token to another one."
	default:
		return ""
	}
}

func (x *explaining) place(t ledger.Token) {
	switch {
	case x.terms != nil && x.placed && !verify.AddressAllowed(x.terms.Addresses, x.addr):
		x.fail(api.CodeIPDenied, "It was derived for addresses among which the client's is not: "+authority.List(authority.PrefixesView(x.terms.Addresses))+".", deriveAnew)
	case t.AllowedIPs == nil:
		x.pass(api.CodeIPDenied, "It has no allow-list of addresses.")
	case !x.placed:
		x.skip(api.CodeIPDenied, "It has an allow-list of addresses; no client address was given to hold against it.")
	case verify.AddressAllowed(t.AllowedIPs, x.addr):
		x.pass(api.CodeIPDenied, "")
	case !x.addr.IsValid():
		x.fail(api.CodeIPDenied, "It has an allow-list of addresses, and the client's is not known.",
			"Send the client's address with the verification, or name the proxy in trusted_proxies.")
	default:
		x.fail(api.CodeIPDenied, "The client's address is none of: "+authority.List(authority.PrefixesView(t.AllowedIPs))+".",
			"Add the address to allowed_ips, if it is one that the token belongs to.")
	}
}

func (x *explaining) rights(f *verify.Token, o *verify.Owner) {
	g := x.Space.Effective(f, *o)
	if x.narrow(&g.Grant) {
		return
	}
	code := verify.Permits(g.Grant, x.scopes, x.resource, x.namesAny)
	if code == api.CodeInsufficientScope {
		x.fail(code, "Its effective scopes are: "+authority.List(g.Scopes())+".", x.scopeRemedy(f, o, g))
		return
	}
	x.pass(api.CodeInsufficientScope, asked(x.scopes))
	if x.whole && verify.Restricted(g.Grant) {
		code = api.CodeResourceDenied
	}
	if code == api.CodeResourceDenied {
		x.fail(code, "It is granted on: "+authority.List(g.Resources(x.scopes...))+".", x.resourceRemedy(o))
		return
	}
	x.pass(api.CodeResourceDenied, "")
}

func asked(scopes []string) string {
	if len(scopes) == 0 {
		return "No scope was asked for."
	}
	return ""
}

// scopeRemedy says for each missing scope who lacks it: the token, its owner, or both.
func (x *explaining) scopeRemedy(f *verify.Token, o *verify.Owner, g authority.Rights) string {
	owner := x.Space.OwnerGrant(*o)
	own := x.Space.Compile(f.Statements)
	var token, both []string
	for _, s := range x.scopes {
		switch {
		case g.AllowsAny(s):
		case owner.AllowsAny(s):
			token = append(token, s)
		default:
			both = append(both, s)
		}
	}
	remedy := ""
	if len(token) > 0 {
		remedy = "Edit the token to have " + authority.List(token) + "; its owner has it."
	}
	if len(both) > 0 {
		if remedy != "" {
			remedy += " "
		}
		remedy += "Give its owner " + o.Address + " a role with " + authority.List(both) + "; a token never has more than its owner."
		if f.Statements != nil && !own.AllowsAny(both[0]) {
			remedy += " Then edit the token to have it too."
		}
	}
	return remedy
}

func (x *explaining) resourceRemedy(o *verify.Owner) string {
	switch {
	case x.resource == verify.AnyResource && x.namesAny:
		return `A resource of the workspace is called any, so only what reaches that one passes with it. Delete the resource, and on-board it under another name.`
	case x.whole:
		return `Send the resource with the introspection, or "any" and filter by the answer.`
	case x.resource == "":
		return `Name the resource with the verification, or ask with resource "any" and filter by the answer.`
	case verify.Permits(x.Space.OwnerGrant(*o).Grant, x.scopes, x.resource, x.namesAny) != api.CodeOK:
		return "Give its owner " + o.Address + " a grant that reaches this resource; a token never has more than its owner."
	}
	return "Edit the token's grant to reach this resource; its owner's does."
}

// rate says which limits hold. They are not asked, because nothing is consumed here.
func (x *explaining) rate(t ledger.Token, o *verify.Owner) {
	own, shared := authority.Limited(x.Space, t, *o), x.Space.Policy().WorkspaceRateLimit
	text := limitText(own, shared)
	then := api.CodeOK
	if x.decision != nil {
		then = x.decision.Code
	}
	switch {
	case then == api.CodeCostExceedsLimit:
		x.fail(then, "Then, the request cost more than a whole limit"+text+".", "Split the request, or raise the limit; no waiting helps.")
	case then == api.CodeRateLimited:
		x.pass(api.CodeCostExceedsLimit, "")
		x.fail(then, "Then, a limit was reached"+text+".", "Wait as long as Retry-After says, or raise the limit.")
	case own.Limit == nil && shared == nil:
		x.pass(api.CodeCostExceedsLimit, "It has no limit.")
		x.pass(api.CodeRateLimited, "It has no limit.")
	default:
		x.skip(api.CodeCostExceedsLimit, "What a request costs is not asked here"+text+".")
		x.skip(api.CodeRateLimited, "What is left of its limits is not asked here"+text+".")
	}
}

// limitText names the limits that hold: the token's, and the one it shares.
func limitText(own verify.Limited, shared *api.RateLimit) string {
	var all []string
	add := func(l *api.RateLimit, whose string) {
		if l != nil {
			all = append(all, fmt.Sprintf("%d in %s, from %s", l.Requests, l.Window, whose))
		}
	}
	add(own.Limit, map[verify.LimitSource]string{
		verify.LimitOfToken: "the token", verify.LimitOfRole: "the role " + own.Role, verify.LimitOfPolicy: "the policy",
	}[own.Source])
	add(shared, "the whole workspace")
	if all == nil {
		return ""
	}
	return " (" + strings.Join(all, "; ") + ")"
}
