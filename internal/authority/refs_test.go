package authority_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// hostile are references that name nobody and nothing.
func hostile() []string {
	return []string{
		"", " ", "@", "_", "ext:", "ext: ", "usr_", "sac_", "self ", "me", "' OR 1=1 --", "%", "*", "../acme", "acme/../globex", "\x00", "\xff\xfe", "null", "0", "-1",
		"ada@example.com ", "ada@example.com\x00", "АDA@example.com", strings.Repeat("a", 1<<16), strings.Repeat("_", 300), "ext:" + strings.Repeat("x", 1<<16),
	}
}

// TestAReferenceIsOfOneKind: by its form alone, so that nobody's name reads as another's
// id. E-mails are the same in any case.
func TestAReferenceIsOfOneKind(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string]ledger.MemberKey{
		"usr_1":             {PublicID: "usr_1"},
		"Bob@Example.COM":   {Email: "bob@example.com"},
		"usr_1@example.com": {Email: "usr_1@example.com"},
		"ext:Cust@1":        {ExternalID: "Cust@1"},
		"ext:ext:1":         {ExternalID: "ext:1"},
		"EXT:1":             {PublicID: "EXT:1"},
		"somebody":          {PublicID: "somebody"},
		"ext:" + "usr_1":    {ExternalID: "usr_1"},
	} {
		got, err := authority.MemberKey(ref)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", ref, err, diff)
		}
	}
	ws := ledger.Workspace{Slug: "acme"}
	for ref, want := range map[string]ledger.ServiceAccountKey{
		"ci":                 {Name: "ci"},
		"ci@acme.service":    {Name: "ci"},
		"ci@globex.service":  {Name: "ci@globex.service"}, // another workspace's is nobody's here
		"ci@acme.service.x":  {Name: "ci@acme.service.x"},
		"@acme.service":      {},
		"sac_1":              {PublicID: "sac_1"},
		"sac_1@acme.service": {Name: "sac_1"},
		"SAC_1":              {Name: "SAC_1"},
	} {
		if diff := cmp.Diff(want, authority.ServiceAccountKey(ref, ws)); diff != "" {
			t.Errorf("%s:\n%s", ref, diff)
		}
	}
	for ref, want := range map[string]bool{"usr_1": true, "usr_": true, "usr_1@example.com": false, "USR_1": false, "sac_1": false, "": false} {
		if authority.IsUserID(ref) != want {
			t.Errorf("%q is the id of a user: %v", ref, !want)
		}
	}
	if _, err := authority.ExternalID("ext:"); !errors.Is(err, api.CodeInvalidField) {
		t.Errorf("no id at all names somebody: %v", err)
	}
}

// TestANameReadsAsNothingElse: not as an id, a word of the API or a page of a form.
func TestANameReadsAsNothingElse(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"ci": true, "deploy-bot_1.x": true, "0": true, strings.Repeat("a", 63): true, "user": true, "sac": true,
		"": false, strings.Repeat("a", 64): false, "-ci": false, "_ci": false, "CI": false, "c i": false, "ci@acme": false, "ci/x": false, "é": false, "ci\n": false,
		"new": false, "usr_1": false, "sac_1": false, "self": false, "me": false, "admin": false, "any": false,
	} {
		err := authority.CheckServiceAccountName(name)
		if (err == nil) != ok || err != nil && api.AsError(err).Field != "name" {
			t.Errorf("%q: %v", name, err)
		}
	}
	broken := errors.New("broken")
	if err := authority.NoSuch("member", ledger.ErrNoRow); !errors.Is(err, api.CodeInvalidField) || api.AsError(err).Field != "owner" {
		t.Errorf("an owner who is not there is %v", err)
	}
	if authority.NoSuch("member", nil) != nil || authority.NoSuch("member", broken) != broken || authority.IgnoreNoRow(broken) != broken || authority.IgnoreNoRow(ledger.ErrNoRow) != nil { //nolint:errorlint // the very same
		t.Error("what failed otherwise is not told, or what did not is")
	}
}

// TestWhomAReferenceFinds: of this workspace alone, and of hostile ones nobody.
func TestWhomAReferenceFinds(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.Workspace("globex")
	bob := w.Member("bob@example.com", "Viewer")
	w.MemberOf("globex", "eve@example.com", "Viewer", "*")
	mine := w.Create(w.Root, officetest.Scoped("workspace", "", "*"))
	i, err := w.CreateToken(w.Ctx, w.Root, "globex", officetest.Scoped("workspace", "", "*"))
	officetest.Must(t, err)
	a := only(w, authority.Options{})
	in(w, w.With(mine), func(r *authority.Snapshot, ac *authority.Actor, sp *authority.Space) {
		_, locator, _ := strings.Cut(mine.Token.ID, "_")
		for ref, want := range map[string]bool{
			"self": true, mine.Token.ID: true, mine.Token.Locator: true, "somebody-else_" + locator: true, // the locator is what names it
			i.Token.ID: false, i.Token.Locator: false, mine.Secret.Reveal(): false, "_": false, locator + "_": false, "x" + locator: false, strings.ToUpper(locator): false,
		} {
			found, err := a.Token(r, ac, sp, ref)
			if want != (err == nil) || want && found.Locator.String() != locator || err != nil && !errors.Is(authority.Public(err), api.CodeNotFound) {
				t.Errorf("%q finds %s: %v", ref, found.Locator, err)
			}
		}
		for _, ref := range hostile() {
			_, noToken := a.Token(r, ac, sp, ref)
			_, noMember := a.Member(r, ac, sp, ref)
			_, noUser := authority.User(r, ref)
			for kind, err := range map[string]error{"token": noToken, "member": noMember, "user": noUser} {
				if code := api.AsError(authority.Public(err)).Code; err == nil || code != api.CodeNotFound && code != api.CodeInvalidField {
					t.Errorf("%.20q is a %s: %v", ref, kind, err)
				}
			}
		}
		for _, ref := range []string{"eve@example.com", "gone@example.com"} {
			if _, err := a.Member(r, ac, sp, ref); !errors.Is(err, ledger.ErrNoRow) {
				t.Errorf("%s is a member of acme: %v", ref, err)
			}
		}
	})
	in(w, bob, func(r *authority.Snapshot, ac *authority.Actor, sp *authority.Space) {
		byID, err := authority.User(r, "BOB@example.com")
		officetest.Must(t, err)
		for _, ref := range []string{"me", "Bob@Example.com", byID.PublicID} {
			m, err := a.Member(r, ac, sp, ref)
			if err != nil || m.User != bob.User {
				t.Errorf("%s finds %+v: %v", ref, m, err)
			}
		}
		if u, err := authority.User(r, byID.PublicID); err != nil || u.ID != bob.User {
			t.Errorf("by id: %+v, %v", u, err)
		}
		if _, err := a.Token(r, ac, sp, "self"); !errors.Is(err, api.CodeNotFound) {
			t.Errorf("a person is a token: %v", err)
		}
		slugs, err := authority.WorkspacesOf(r, byID)
		if err != nil || len(slugs) != 1 || slugs[0] != "acme" {
			t.Errorf("bob is in %v: %v", slugs, err)
		}
	})
	// In a workspace that is not its own a token is nobody's self.
	officetest.Must(t, a.Read(w.Ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.Enter(r, w.Root, "globex")
		if err != nil {
			return err
		}
		if _, err := a.Token(r, ac, sp, "self"); !errors.Is(err, api.CodeNotFound) {
			t.Errorf("self of another workspace is %v", err)
		}
		return nil
	}))
}

// TestWhichWorkspaceIsMeant: the one of a slug or of the customer's id, or the caller's
// own; a deleted one is none, and a suspended one opens nothing.
func TestWhichWorkspaceIsMeant(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	for _, slug := range []string{"globex", "gone", "shut"} {
		officetest.Must(t, officetest.Second(w.CreateWorkspace(w.Ctx, w.Root, api.CreateWorkspace{Slug: slug, ExternalID: api.Some("cust-" + slug)})))
		w.MemberOf(slug, "bob@example.com", "Owner", "*")
	}
	inside, err := w.CreateToken(w.Ctx, w.Root, "shut", officetest.Scoped("workspace", "", "*"))
	officetest.Must(t, err)
	shut := w.With(inside)
	officetest.Must(t, officetest.Second(w.DeleteWorkspace(w.Ctx, w.Root, "gone")))
	officetest.Must(t, officetest.Second(w.SuspendWorkspace(w.Ctx, w.Root, "shut")))
	bob, member := w.Person("bob@example.com"), w.Member("eve@example.com", "Owner")
	own := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "*")))
	a := only(w, authority.Options{})
	for name, c := range map[string]struct {
		by   authority.Caller
		ref  string
		want string
		code api.Code
	}{
		"by its slug":                  {w.Root, "globex", "globex", ""},
		"by the customer's id":         {w.Root, "ext:cust-globex", "globex", ""},
		"its own":                      {own, "", "acme", ""},
		"of a person, none":            {bob, "", "", api.CodeNotFound},
		"in another case":              {w.Root, "Globex", "", api.CodeNotFound},
		"by its slug as an id":         {w.Root, "ext:globex", "", api.CodeNotFound},
		"by an empty id":               {w.Root, "ext:", "", api.CodeInvalidField}, // and not the first without one
		"deleted":                      {w.Root, "gone", "", api.CodeNotFound},
		"deleted, by the other id":     {w.Root, "ext:cust-gone", "", api.CodeNotFound},
		"deleted, to its Owner":        {bob, "gone", "", api.CodeNotFound},
		"unknown":                      {w.Root, "none", "", api.CodeNotFound},
		"another's":                    {own, "globex", "", api.CodeNotFound},
		"another's, to a person":       {member, "globex", "", api.CodeNotFound},
		"suspended, to its Owner":      {bob, "shut", "", api.CodeWorkspaceSuspended},
		"suspended, to a token of it":  {shut, "shut", "", api.CodeWorkspaceSuspended},
		"suspended, to who can end it": {w.Root, "shut", "shut", ""},
		"nobody asks":                  {authority.Caller{}, "acme", "", api.CodeMissingToken},
	} {
		err := a.Read(w.Ctx, func(r *authority.Snapshot) error {
			_, sp, err := a.Enter(r, c.by, c.ref)
			if err == nil && sp.Workspace.Slug != c.want {
				t.Errorf("%s: it is %s", name, sp.Workspace.Slug)
			}
			return err
		})
		if (err == nil) != (c.code == "") || err != nil && !errors.Is(err, c.code) {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
	for _, ref := range hostile() {
		err := a.Read(w.Ctx, func(r *authority.Snapshot) error { return officetest.Third(a.Enter(r, w.Root, ref)) })
		if code := api.AsError(err).Code; ref != "" && (err == nil || code != api.CodeNotFound && code != api.CodeInvalidField) {
			t.Errorf("%.20q is a workspace: %v", ref, err)
		}
	}
}

// TestWhoDidSomethingIsNamedAsLongAsTheyAreThere, and by their id when they are not; an
// owner of a kind that nobody knows is nobody.
func TestWhoDidSomethingIsNamedAsLongAsTheyAreThere(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	bob := w.Member("bob@example.com", "Viewer")
	w.Account("ci", "tickets:read")
	account, err := w.GetServiceAccount(w.Ctx, w.Root, "acme", "ci")
	officetest.Must(t, err)
	in(w, w.Root, func(r *authority.Snapshot, _ *authority.Actor, sp *authority.Space) {
		u, err := r.User(ledger.UserKey{ID: bob.User})
		officetest.Must(t, err)
		for id, want := range map[string]string{
			u.PublicID: "bob@example.com", account.ID: "ci@acme.service", "usr_gone": "usr_gone", "sac_gone": "sac_gone", "acme@workspace": "acme@workspace",
		} {
			if got := authority.NameOf(r, sp.Workspace, id); got == nil || *got != want {
				t.Errorf("%s is called %v, want %s", id, got, want)
			}
			if got := authority.NameOf(nil, sp.Workspace, id); got == nil || *got != id {
				t.Errorf("where nobody is shown, %s is %v", id, got)
			}
		}
		if got := authority.NameOf(r, sp.Workspace, ""); got != nil {
			t.Errorf("nobody is called %q", *got)
		}
		for _, k := range []verify.OwnerKey{{}, {Type: 9, ID: 1}, {Type: verify.OwnerMember, ID: 1 << 40}, {Type: verify.OwnerServiceAccount, ID: 1 << 40}, {Type: verify.OwnerWorkspace, ID: 1 << 40}} {
			if o, err := authority.ReadOwner(r.Reader, k); !errors.Is(err, ledger.ErrNoRow) {
				t.Errorf("%+v is %+v, %v", k, o, err)
			}
		}
		o, err := authority.ReadOwner(r.Reader, verify.OwnerKey{Type: verify.OwnerWorkspace, ID: sp.Workspace.ID})
		officetest.Must(t, err)
		if p := authority.PrincipalOf(o); p.Type != "workspace" || p.ID != "acme" || p.Address != "acme@workspace" || !o.Active {
			t.Errorf("the workspace as an owner is %+v", p)
		}
		if got := authority.TokenID(o, token.Locator([]byte("abcDEF012345"))); got != "acme@workspace_abcDEF012345" {
			t.Errorf("a token of it is %s", got)
		}
	})
}

// TestASessionOpensWhatItIsOf: it is of one person and one place, and ends; nobody else's
// opens anything by its id.
func TestASessionOpensWhatItIsOf(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.Workspace("globex")
	bob, eve := w.Member("bob@example.com", "Viewer"), w.Member("eve@example.com", "Viewer")
	w.MemberOf("globex", "bob@example.com", "Viewer", "*")
	admin := w.Person("ada@example.com")
	portal := storetest.InPortal(t, w.Store, bob.User, "acme")
	adminPortal := storetest.InPortal(t, w.Store, admin.User, "acme")
	off := w.Member("off@example.com", "Viewer")
	officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, "off@example.com")))
	here := w.Member("here@example.com", "Viewer")
	officetest.Must(t, officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", "here@example.com", false)))
	as := func(c authority.Caller, change func(*authority.Caller)) authority.Caller { change(&c); return c }
	a := only(w, authority.Options{})
	later := authority.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: func() time.Time { return time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC) }})
	for name, c := range map[string]struct {
		at       *authority.Authority
		by       authority.Caller
		ws       string
		code     api.Code
		instance bool
	}{
		"a person":                       {a, bob, "acme", "", false},
		"in another workspace":           {a, bob, "globex", "", false},
		"by nobody's session":            {a, as(bob, func(c *authority.Caller) { c.Session = "none" }), "acme", api.CodeInvalidToken, false},
		"by no session":                  {a, as(bob, func(c *authority.Caller) { c.Session = "" }), "acme", api.CodeInvalidToken, false},
		"by somebody else's":             {a, as(bob, func(c *authority.Caller) { c.Session = eve.Session }), "acme", api.CodeInvalidToken, false},
		"as somebody else":               {a, as(bob, func(c *authority.Caller) { c.User = admin.User }), "acme", api.CodeInvalidToken, false},
		"at its end":                     {later, bob, "acme", api.CodeInvalidToken, false},
		"in the portal":                  {a, portal, "acme", "", false},
		"out of the portal":              {a, portal, "globex", api.CodeNotFound, false},
		"a portal's as a whole one":      {a, as(portal, func(c *authority.Caller) { c.Portal = "" }), "globex", api.CodeInvalidToken, false},
		"a whole one as a portal's":      {a, as(bob, func(c *authority.Caller) { c.Portal = "acme" }), "acme", api.CodeInvalidToken, false},
		"a portal's as another's":        {a, as(portal, func(c *authority.Caller) { c.Portal = "globex" }), "globex", api.CodeInvalidToken, false},
		"an administrator":               {a, admin, "globex", "", true},
		"an administrator in a portal":   {a, adminPortal, "acme", "", false},
		"a person who is deactivated":    {a, off, "acme", api.CodeOwnerInactive, false},
		"a member who is":                {a, here, "acme", api.CodeOwnerInactive, false},
		"an administrator as a member":   {a, officetest.As(admin, "bob@example.com"), "acme", "", false},
		"a person as another":            {a, officetest.As(bob, "eve@example.com"), "acme", api.CodeInsufficientScope, false},
		"in a portal as another":         {a, officetest.As(adminPortal, "eve@example.com"), "acme", api.CodeInsufficientScope, false},
		"an administrator as who is off": {a, officetest.As(admin, "here@example.com"), "acme", api.CodeInactive, false},
		"an administrator as nobody":     {a, officetest.As(admin, "none@example.com"), "acme", api.CodeNotFound, false},
		"an administrator as an Owner":   {a, officetest.As(w.Root, "ada@example.com"), "acme", "", false},
	} {
		err := c.at.Read(w.Ctx, func(r *authority.Snapshot) error {
			ac, _, err := c.at.Enter(r, c.by, c.ws)
			if err == nil && (ac.Instance != c.instance || !ac.Instance && ac.Grant.HasInstance("instance:admin")) {
				t.Errorf("%s: administers the instance %v", name, ac.Instance)
			}
			return err
		})
		if (err == nil) != (c.code == "") || err != nil && !errors.Is(err, c.code) {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		if c.code == api.CodeInvalidToken && !errors.Is(err, authority.ErrNotAccepted) {
			t.Errorf("%s: whoever answers piece by piece goes on after %v", name, err)
		}
		outside := c.at.Read(w.Ctx, func(r *authority.Snapshot) error { return officetest.Second(c.at.EnterInstance(r, c.by)) })
		if (outside == nil) != c.instance || outside != nil && c.code == "" && !errors.Is(outside, api.CodeInsufficientScope) {
			t.Errorf("%s, at the gate of the instance: %v", name, outside)
		}
	}
}

// TestAPortalGivesNoPowerOverTheInstance: who made the link is no administrator by it, so
// whoever follows it gets no secret of a token that has that power, nor wakes one. Taking
// it away is theirs, as of every token of their own.
func TestAPortalGivesNoPowerOverTheInstance(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	ada := w.Person("ada@example.com")
	portal := storetest.InPortal(t, w.Store, ada.User, "acme")
	plain, mighty := w.Create(ada, officetest.Inheriting("")), w.Create(ada, officetest.Scoped("personal", "", "tickets:read", "instance:admin"))
	officetest.Must(t, officetest.Second(w.RotateToken(w.Ctx, portal, "acme", plain.Token.ID, api.RotateToken{})))
	for name, err := range map[string]error{
		"rotated": officetest.Second(w.RotateToken(w.Ctx, portal, "acme", mighty.Token.ID, api.RotateToken{})),
		"reset":   officetest.Second(w.ResetToken(w.Ctx, portal, "acme", mighty.Token.ID)),
	} {
		if !errors.Is(err, api.CodeGrantExceedsOwn) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Refused(officetest.Second(w.CreateToken(w.Ctx, portal, "acme", officetest.Scoped("personal", "", "instance:verify"))), api.CodeInsufficientScope)
	officetest.Must(t, officetest.Second(w.DisableToken(w.Ctx, portal, "acme", mighty.Token.ID, api.DisableToken{})))
	w.Refused(officetest.Second(w.EnableToken(w.Ctx, portal, "acme", mighty.Token.ID)), api.CodeGrantExceedsOwn)
	w.Deny(api.CodeDisabled, mighty.Secret)
	officetest.Must(t, officetest.Second(w.RotateToken(w.Ctx, ada, "acme", mighty.Token.ID, api.RotateToken{}))) // signed in as herself
}
