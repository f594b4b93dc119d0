package authority_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// gates is a world with somebody of each sort, and what the gates answer them.
type gates struct {
	*officetest.World
	in *authority.Authority
}

// answers are what a caller is told at each gate: "" is let in.
type answers struct {
	// acme asks for nothing there, reads for tokens:read, writes for policy:write.
	acme, reads, writes api.Code
	// globex asks for nothing in another workspace, nowhere in one that is not.
	globex, nowhere api.Code
	// instance is what only its administrators pass, forInstance what they do to acme.
	instance, forInstance api.Code
}

func (g *gates) ask(c authority.Caller) (a answers) {
	g.Helper()
	officetest.Must(g.T, g.in.Stored(g.Ctx, func(r *authority.Snapshot) error {
		enter := func(ref string, scopes ...string) api.Code {
			return codeOf(officetest.Third(g.in.Enter(r, c, ref, scopes...)))
		}
		a = answers{
			acme: enter("acme"), reads: enter("acme", "tokens:read"), writes: enter("acme", "tokens:read", "policy:write"), globex: enter("globex"), nowhere: enter("nowhere"),
			instance:    codeOf(officetest.Second(g.in.EnterInstance(r, c))),
			forInstance: codeOf(officetest.Third(g.in.EnterForInstance(r, c, "acme"))),
		}
		return nil
	}))
	return a
}

// codeOf is what a caller is told of an error.
func codeOf(err error) api.Code {
	if err == nil {
		return ""
	}
	return api.AsError(authority.Public(err)).Code
}

// everywhere is one answer at every gate, but that nobody finds what there is not.
func everywhere(code api.Code) answers {
	return answers{code, code, code, code, api.CodeNotFound, code, code}
}

func newGates(t *testing.T) *gates {
	t.Helper()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.Workspace("globex")
	w.WriteRole(officetest.Acme(), "Guest", "tickets:read")
	w.Account("ci", "tokens:read")
	return &gates{World: w, in: only(w, authority.Options{})}
}

// TestWhoPassesWhichGate is the table of callers and gates. A workspace that is none of a
// caller's business is not found, like one that does not exist.
func TestWhoPassesWhichGate(t *testing.T) {
	t.Parallel()
	g := newGates(t)
	const none, lacks = api.CodeNotFound, api.CodeInsufficientScope
	g.MemberOf("globex", "gus@example.com", "Owner", "*")
	guest, viewer, owner := g.Member("guest@example.com", "Guest"), g.Member("vic@example.com", "Viewer"), g.Member("ed@example.com", "Owner")
	ci := g.With(g.Create(g.Root, officetest.Ask("service", "ci")))
	verifier := g.With(g.Create(g.Root, officetest.Scoped("personal", "", "instance:verify", "tokens:read")))
	portal := func(email, of string) authority.Caller {
		return storetest.InPortal(g.T, g.Store, g.Person(email).User, of)
	}
	for who, c := range map[string]struct {
		caller authority.Caller
		want   answers
	}{
		"nobody":                         {authority.Caller{}, everywhere(api.CodeMissingToken)},
		"Tokenry itself":                 {authority.Caller{Machine: "job"}, answers{nowhere: none}},
		"the first token":                {g.Root, answers{nowhere: none}},
		"its owner, signed in":           {g.Person("ada@example.com"), answers{nowhere: none}},
		"an Owner":                       {owner, answers{"", "", "", none, none, lacks, lacks}},
		"a Viewer":                       {viewer, answers{"", "", lacks, none, none, lacks, lacks}},
		"who reads no tokens":            {guest, answers{"", lacks, lacks, none, none, lacks, lacks}},
		"an Owner of another":            {g.Person("gus@example.com"), answers{none, none, none, "", none, lacks, none}},
		"a token of a service account":   {ci, answers{"", "", lacks, none, none, lacks, lacks}},
		"one that verifies everywhere":   {verifier, answers{"", "", lacks, none, none, lacks, lacks}},
		"an Owner in a portal":           {portal("ed@example.com", "acme"), answers{"", none, none, none, none, lacks, lacks}},
		"an Owner in another's portal":   {portal("ed@example.com", "globex"), answers{none, none, none, none, none, lacks, none}},
		"an administrator in a portal":   {portal("ada@example.com", "acme"), answers{"", none, none, none, none, lacks, lacks}},
		"who acts as a Viewer":           {officetest.As(g.Root, "vic@example.com"), answers{"", "", lacks, none, none, lacks, lacks}},
		"who acts as who is not there":   {officetest.As(g.Root, "zoe@example.com"), answers{none, none, none, none, none, lacks, none}},
		"an Owner who acts as a Viewer":  {officetest.As(owner, "vic@example.com"), answers{lacks, lacks, lacks, none, none, lacks, lacks}},
		"a Viewer who acts as an Owner":  {officetest.As(viewer, "ed@example.com"), answers{lacks, lacks, lacks, none, none, lacks, lacks}},
		"a session of somebody else":     {authority.Caller{User: owner.User, Session: viewer.Session}, everywhere(api.CodeInvalidToken)},
		"a session that there is not":    {authority.Caller{User: owner.User, Session: "ses-none"}, everywhere(api.CodeInvalidToken)},
		"a portal's session without it":  {authority.Caller{User: owner.User, Session: portal("ed@example.com", "acme").Session}, everywhere(api.CodeInvalidToken)},
		"a session taken for a portal's": {authority.Caller{User: owner.User, Session: owner.Session, Portal: "acme"}, everywhere(api.CodeInvalidToken)},
		"a token without its secret":     {authority.Caller{Token: ci.Token}, everywhere(api.CodeRetired)},
		"a token by a secret it has not": {authority.Caller{Token: ci.Token, Secret: 9}, everywhere(api.CodeRetired)},
	} {
		got := g.ask(c.caller)
		if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", who, got, c.want)
		}
	}
}

// TestWhatWasStoppedPassesNoGate: each way to stop somebody or something, from the next
// change on, whoever it was; and an administrator of the instance passes a workspace that is
// suspended, since nobody else brings it back.
func TestWhatWasStoppedPassesNoGate(t *testing.T) {
	t.Parallel()
	g := newGates(t)
	g.MemberOf("globex", "bob@example.com", "Viewer", "*")
	bob, ed := g.Member("bob@example.com", "Viewer"), g.Member("ed@example.com", "Owner")
	in := officetest.Scoped("personal", "bob@example.com", "tokens:read")
	in.ExpiresIn = api.Some(api.Day)
	short := g.Create(g.Root, in)
	in.ExpiresIn, in.AllowedIPs = api.Opt[api.Duration]{}, api.Some([]string{"10.0.0.0/8"})
	bound := g.Create(g.Root, in)
	in.AllowedIPs = api.Opt[[]string]{}
	live := g.Create(g.Root, in)
	at := func(c authority.Caller, from string) authority.Caller {
		c.Addr = netip.MustParseAddr(from)
		return c
	}
	enters := func(c authority.Caller) api.Code { return g.ask(c).reads }
	check := func(when string, want map[string]api.Code) {
		t.Helper()
		for who, c := range map[string]authority.Caller{
			"the member": bob, "their token": g.With(live), "the Owner": ed, "the administrator": g.Root, "here": at(g.With(bound), "10.1.2.3"), "elsewhere": at(g.With(bound), "192.0.2.1"),
		} {
			if got := enters(c); got != want[who] {
				t.Errorf("%s: %s is told %q, want %q", when, who, got, want[who])
			}
		}
	}
	open := map[string]api.Code{"elsewhere": api.CodeIPDenied}
	check("nothing", open)
	for _, stop := range []struct {
		what     string
		do, undo func() error
		want     map[string]api.Code
	}{
		{"the token is disabled", func() error {
			return officetest.Second(g.DisableToken(g.Ctx, g.Root, "acme", live.Token.ID, api.DisableToken{}))
		}, func() error { return officetest.Second(g.EnableToken(g.Ctx, g.Root, "acme", live.Token.ID)) },
			map[string]api.Code{"their token": api.CodeDisabled, "elsewhere": api.CodeIPDenied}},
		{"the member is deactivated", func() error {
			return officetest.Second(g.DeactivateMember(g.Ctx, g.Root, "acme", "bob@example.com", false))
		}, func() error { return officetest.Second(g.ActivateMember(g.Ctx, g.Root, "acme", "bob@example.com")) },
			map[string]api.Code{"the member": api.CodeOwnerInactive, "their token": api.CodeOwnerInactive, "here": api.CodeOwnerInactive, "elsewhere": api.CodeOwnerInactive}},
		{"the user is deactivated", func() error { return officetest.Second(g.DeactivateUser(g.Ctx, g.Root, "bob@example.com")) },
			func() error { return officetest.Second(g.ActivateUser(g.Ctx, g.Root, "bob@example.com")) },
			map[string]api.Code{"the member": api.CodeOwnerInactive, "their token": api.CodeOwnerInactive, "here": api.CodeOwnerInactive, "elsewhere": api.CodeOwnerInactive}},
		{"the workspace is suspended", func() error {
			return officetest.Second(g.SuspendWorkspace(g.Ctx, authority.Caller{Machine: "test"}, "acme"))
		},
			func() error {
				return officetest.Second(g.ResumeWorkspace(g.Ctx, authority.Caller{Machine: "test"}, "acme"))
			},
			map[string]api.Code{
				"the member": api.CodeWorkspaceSuspended, "their token": api.CodeWorkspaceSuspended, "here": api.CodeWorkspaceSuspended, "elsewhere": api.CodeWorkspaceSuspended,
				"the Owner": api.CodeWorkspaceSuspended, "the administrator": api.CodeWorkspaceSuspended, // by a token of that workspace
			}},
	} {
		officetest.Must(t, stop.do())
		check(stop.what, stop.want)
		if stop.what == "the workspace is suspended" {
			if got := enters(g.Person("ada@example.com")); got != "" {
				t.Errorf("suspended, and its administrator, signed in, is told %q", got)
			}
		}
		officetest.Must(t, stop.undo())
		check(stop.what+", and no longer", open)
	}
	g.Clock.Pass(officetest.Day)
	if got := enters(g.With(short)); got != api.CodeExpired {
		t.Errorf("a token at its end is told %q", got)
	}
	for what, do := range map[string]func() error{
		"revoked": func() error {
			return officetest.Second(g.RevokeToken(g.Ctx, g.Root, "acme", live.Token.ID, api.RevokeToken{}))
		},
		"removed": func() error {
			return officetest.Second(g.RemoveMember(g.Ctx, g.Root, "acme", "bob@example.com", false))
		},
		"deleted": func() error { return officetest.Second(g.DeleteWorkspace(g.Ctx, g.Root, "globex")) },
	} {
		officetest.Must(t, do())
		if what == "deleted" {
			if got := g.ask(g.Root).globex; got != api.CodeNotFound {
				t.Errorf("a deleted workspace: %q", got)
			}
		}
	}
	if a, b := enters(g.With(live)), enters(bob); a != api.CodeRevoked || b != api.CodeNotFound {
		t.Errorf("revoked and removed: %q and %q", a, b)
	}
}

// TestASessionEndsAtItsMoment: not a moment later.
func TestASessionEndsAtItsMoment(t *testing.T) {
	t.Parallel()
	g := newGates(t)
	ed := g.Member("ed@example.com", "Owner")
	end := g.Clock.Now().Add(time.Hour)
	_, err := g.Store.Batch(g.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		s, err := tx.Session(ed.Session)
		if err != nil {
			return err
		}
		s.ExpiresAt = end
		return tx.PutSession(s)
	}})
	officetest.Must(t, err)
	g.Clock.Pass(time.Hour - time.Microsecond)
	if got := g.ask(ed).acme; got != "" {
		t.Errorf("before its end: %q", got)
	}
	g.Clock.Pass(time.Microsecond)
	if got := g.ask(ed).acme; got != api.CodeInvalidToken {
		t.Errorf("at its end: %q", got)
	}
}

// TestWhoActsAsAMemberHasWhatThatHas and no more: none of the caller's power over the
// instance, nor that member's own; both names are kept.
func TestWhoActsAsAMemberHasWhatThatHas(t *testing.T) {
	t.Parallel()
	g := newGates(t)
	g.Member("vic@example.com", "Viewer")
	g.Member("off@example.com", "Viewer")
	officetest.Must(t, officetest.Second(g.DeactivateMember(g.Ctx, g.Root, "acme", "off@example.com", false)))
	officetest.Must(t, g.in.Stored(g.Ctx, func(r *authority.Snapshot) error {
		ac, _, err := g.in.Enter(r, officetest.As(g.Root, "vic@example.com"), "acme")
		officetest.Must(t, err)
		if ac.OnBehalf != "vic@example.com" || ac.Principal.Address != "ada@example.com" || ac.Instance || ac.Person() || ac.Member == 0 {
			t.Errorf("who acts: %+v", ac)
		}
		for who, code := range map[string]api.Code{"ada@example.com": api.CodeInsufficientScope, "off@example.com": api.CodeInactive, "me": api.CodeInsufficientScope} {
			_, _, err := g.in.Enter(r, officetest.As(g.Root, who), "acme", "instance:verify")
			if got := codeOf(err); got != code {
				t.Errorf("as %s: %q, want %q", who, got, code)
			}
		}
		return nil
	}))
}
