package office_test

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/federation"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/scim"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/strange"
	"github.com/tokenry/tokenry/token"
)

// waiting is a verb as somebody calls it, and whether the answer waits until every node knows.
type waiting struct {
	verb, what string
	awaits     bool
	do         func() (int64, error)
}

// done is the revision of a verb that answers one.
func done[T any](d authority.Done[T], err error) (int64, error) { return d.Revision, err }

func issued(i authority.Issued, err error) (int64, error) { return i.Revision, err }

// unanswered are those whose answer nobody relies on, or who are no verbs of a caller.
func unanswered() map[string]string {
	return map[string]string{
		"Bootstrap": "TestTheFirstOwnerWaitsForNobody", "SetupCode": "memory has none of it", "CopiedKeyring": "memory has none of it", "SignIn": "sessions are read from the database each time",
		"NoteRestore": "no server runs", "SettleClock": "nodes learn it with their next change",
		"ClaimLetters": "a job", "ClaimPosts": "a job", "SettleLetter": "a job", "SettlePost": "a job", "ForgetNotifications": "a job", "notice": "a job",
		"purgeSome": "a job", "forgetRetries": "a job", "EndLapsed": "a job: it was over by the clock", "piece": "a job", "settle": "a job", "ConfirmUnused": "memory has none of it",
		"Advance": "a piece of what was answered", "step": "a piece of what was answered", "decideRole": "a piece of what was answered",
		"endGiven": "called by EditTrustRule and DeleteTrustRule", "forgetUsed": "a job",
		"joinMore": "a part of a bulk call", "claim": "the name of a bulk call", "Refused": "the audit of refusals", "sendNow": "called by ResendDelivery and PingWebhook: memory has none of it",
		"change": "called by EraseUser", "FirstUse": "TestAFirstUseThatEndsASecretWaits",
	}
}

// TestEveryVerbSaysWhetherItWaits: whoever takes power away, or changes what a node may hold
// in memory, is answered once every node knows; who only gives, or makes what nobody can know
// yet, waits for nobody. Who adds a verb says so here.
func TestEveryVerbSaysWhetherItWaits(t *testing.T) {
	t.Parallel()
	w, f := officetest.AmongNodes(t)
	said := unanswered()
	cases := slices.Concat(ofOwners(w), ofRights(w), ofTokens(w), ofWebhooks(w), ofTrust(w), ofDirectories(w))
	f.Since()
	for _, c := range cases {
		revision, err := c.do()
		if err != nil {
			t.Fatalf("%s, %s: %v", c.verb, c.what, err)
		}
		got := f.Since()
		switch {
		case !c.awaits && len(got) > 0:
			t.Errorf("%s, %s: %v is awaited, and nothing has to be", c.verb, c.what, got)
		case c.awaits && (len(got) == 0 || revision != 0 && slices.Max(got) != revision):
			t.Errorf("%s, %s: %v is awaited, want %d", c.verb, c.what, got, revision)
		}
		said[c.verb] = c.what
	}
	for verb := range maps.Keys(effects()) {
		if _, is := said[verb]; !is {
			t.Errorf("%s says nowhere whether it waits", verb)
		}
	}
	if f.Late {
		t.Error("something was awaited before this node's own memory knew it")
	}
}

func ofOwners(w *officetest.World) []waiting {
	ctx, root := w.Ctx, w.Root
	w.Workspace("globex")
	w.Workspace("umbrella")
	w.Member("bob@example.com", "Viewer")
	w.Account("ci", "tickets:read")
	role := api.CreateMember{Rights: api.Rights{Role: api.Some("Viewer"), Resources: api.Some([]string{"*"})}}
	return []waiting{
		{"CreateWorkspace", "new", false, func() (int64, error) { return done(w.CreateWorkspace(ctx, root, api.CreateWorkspace{Slug: "initech"})) }},
		{"PutWorkspace", "where none was", false, func() (int64, error) { return done(w.PutWorkspace(ctx, root, "hooli", api.PutWorkspace{})) }},
		{"PutWorkspace", "where one was", true, func() (int64, error) { return done(w.PutWorkspace(ctx, root, "hooli", api.PutWorkspace{})) }},
		{"EditWorkspace", "its name", true, func() (int64, error) {
			return done(w.EditWorkspace(ctx, root, "initech", api.EditWorkspace{Name: api.Some("Initech")}))
		}},
		{"SuspendWorkspace", "all stops", true, func() (int64, error) { return done(w.SuspendWorkspace(ctx, root, "globex")) }},
		{"ResumeWorkspace", "all goes on", false, func() (int64, error) { return done(w.ResumeWorkspace(ctx, root, "globex")) }},
		{"DeleteWorkspace", "for good", true, func() (int64, error) { return done(w.DeleteWorkspace(ctx, root, "umbrella")) }},
		{"CreateMember", "new", false, func() (int64, error) {
			return done(w.CreateMember(ctx, root, "acme", api.CreateMember{Email: "eve@example.com"}))
		}},
		{"PutMember", "where none was", false, func() (int64, error) {
			return done(w.PutMember(ctx, root, "acme", "mallory@example.com", api.CreateMember{}))
		}},
		{"PutMember", "another role", true, func() (int64, error) { return done(w.PutMember(ctx, root, "acme", "mallory@example.com", role)) }},
		{"EditMember", "another role", true, func() (int64, error) {
			return done(w.EditMember(ctx, root, "acme", "mallory@example.com", api.EditMember{Rights: officetest.RoleOn("Viewer", "*")}))
		}},
		{"DeactivateMember", "", true, func() (int64, error) { return done(w.DeactivateMember(ctx, root, "acme", "bob@example.com", false)) }},
		{"ActivateMember", "", false, func() (int64, error) { return done(w.ActivateMember(ctx, root, "acme", "bob@example.com")) }},
		{"removeMember", "called by RemoveMember and CancelInvitation", true, func() (int64, error) { return done(w.RemoveMember(ctx, root, "acme", "mallory@example.com", false)) }},
		{"CreateServiceAccount", "new", false, func() (int64, error) {
			return done(w.CreateServiceAccount(ctx, root, "acme", api.CreateServiceAccount{Name: "deploy"}))
		}},
		{"EditServiceAccount", "its rights", true, func() (int64, error) {
			return done(w.EditServiceAccount(ctx, root, "acme", "deploy", api.EditServiceAccount{Rights: officetest.RoleOn("Viewer", "*")}))
		}},
		{"DisableServiceAccount", "", true, func() (int64, error) { return done(w.DisableServiceAccount(ctx, root, "acme", "ci", false)) }},
		{"EnableServiceAccount", "", false, func() (int64, error) { return done(w.EnableServiceAccount(ctx, root, "acme", "ci")) }},
		{"RemoveServiceAccount", "", true, func() (int64, error) { return done(w.RemoveServiceAccount(ctx, root, "acme", "deploy", false)) }},
		{"DeactivateUser", "", true, func() (int64, error) { return done(w.DeactivateUser(ctx, root, "eve@example.com")) }},
		{"ActivateUser", "", false, func() (int64, error) { return done(w.ActivateUser(ctx, root, "eve@example.com")) }},
		{"AddAdmin", "", false, func() (int64, error) { return done(w.AddAdmin(ctx, root, api.AddAdmin{User: "eve@example.com"})) }},
		{"RemoveAdmin", "", true, func() (int64, error) { return done(w.RemoveAdmin(ctx, root, "eve@example.com")) }},
		{"DeactivateUser", "for good", true, func() (int64, error) { return done(w.DeactivateUser(ctx, root, "eve@example.com")) }},
		{"EraseUser", "", true, func() (int64, error) {
			_, err := w.EraseUser(ctx, root, "eve@example.com", false)
			return 0, err // some of it goes on behind
		}},
		{"Prepare", "another prefix", false, func() (int64, error) { return 0, w.Prepare(ctx, token.Prefix("newer")) }},
	}
}

func ofRights(w *officetest.World) []waiting {
	ctx, root, acme := w.Ctx, w.Root, officetest.Acme()
	return []waiting{
		{"PutScope", "it may hide the instance's", true, func() (int64, error) { return done(w.PutScope(ctx, root, acme, "boats:read", api.PutScope{})) }},
		{"DeleteScope", "", true, func() (int64, error) { return done(w.DeleteScope(ctx, root, acme, "boats:read")) }},
		{"PutRole", "it may hide the instance's", true, func() (int64, error) {
			return done(w.PutRole(ctx, root, acme, "reader", api.PutRole{Scopes: []string{"tickets:read"}}))
		}},
		{"DeleteRole", "", true, func() (int64, error) { return done(w.DeleteRole(ctx, root, acme, "reader", "")) }},
		{"OnboardResource", "new", false, func() (int64, error) {
			return done(w.OnboardResource(ctx, root, "acme", api.CreateResource{Name: "payments"}))
		}},
		{"DeleteResource", "", true, func() (int64, error) { return done(w.DeleteResource(ctx, root, "acme", "payments")) }},
		{"EditPolicy", "", true, func() (int64, error) {
			return done(w.EditPolicy(ctx, root, "acme", api.PatchPolicy{MaxTokens: api.Some(api.MaxTokens{Total: 30}), Recoverable: api.Some(true)}))
		}},
		{"EditInstancePolicy", "", true, func() (int64, error) {
			return done(w.EditInstancePolicy(ctx, root, api.PatchPolicy{MaxLifetime: api.Some(300 * api.Day)}))
		}},
	}
}

// ofTokens are made when the rest was done: the policy lets secrets be seen again then.
func ofTokens(w *officetest.World) []waiting {
	ctx, root := w.Ctx, w.Root
	var one, kept, held, leaked, parent authority.Issued
	id := func() string { return one.Token.ID }
	create := func(into *authority.Issued, in api.CreateToken) func() (int64, error) {
		return func() (int64, error) {
			var err error
			*into, err = w.CreateToken(ctx, root, "acme", in)
			return into.Revision, err
		}
	}
	label := officetest.Patch(func(f *api.TokenFields) { f.Label = api.Some("new") })
	w.Policy(func(p *api.PatchPolicy) {
		p.RequireApproval = api.Some([]api.ApprovalRule{{Kinds: []string{"workspace"}, Scopes: []string{"invoices:write"}}})
	})
	bob := w.Member("second@example.com", "Owner")
	ask := func() string {
		in := officetest.Scoped("workspace", "", "invoices:write")
		in.ExpiresIn = api.Some(30 * api.Day)
		return w.Create(root, in).Token.ID
	}
	good, bad := ask(), ask()
	return []waiting{
		{"ApproveToken", "", false, func() (int64, error) { return done(w.ApproveToken(ctx, bob, "acme", good, api.DecideToken{})) }},
		{"RefuseToken", "", true, func() (int64, error) { return done(w.RefuseToken(ctx, bob, "acme", bad, api.DecideToken{})) }},
		{"CreateToken", "of a workspace", false, create(&one, officetest.Scoped("workspace", "", "tickets:read"))},
		{"CreateToken", "of one's own", false, create(&kept, officetest.Ask("personal", ""))},
		{"CreateToken", "of a service account", false, create(&held, officetest.Scoped("service", "ci", "tickets:read"))},
		{"CreateToken", "one that makes another", false, create(&parent, officetest.Scoped("workspace", "", "tickets:read", "tokens:create"))},
		{"CreateToken", "made with a token", false, func() (int64, error) {
			made, err := w.CreateToken(ctx, w.With(parent), "acme", officetest.Scoped("workspace", "", "tickets:read"))
			return made.Revision, err
		}},
		{"RecoveryToken", "the way back in", false, func() (int64, error) { return issued(w.RecoveryToken(ctx, root)) }},
		{"CreateToken", "one that leaks", false, create(&leaked, officetest.Scoped("service", "ci", "tickets:read"))},
		{"EditToken", "", true, func() (int64, error) { return done(w.EditToken(ctx, root, "acme", id(), label)) }},
		{"RotateToken", "", true, func() (int64, error) { return issued(w.RotateToken(ctx, root, "acme", id(), api.RotateToken{})) }},
		{"RetireSecrets", "", true, func() (int64, error) { return done(w.RetireSecrets(ctx, root, "acme", id())) }},
		{"DisableToken", "", true, func() (int64, error) { return done(w.DisableToken(ctx, root, "acme", id(), api.DisableToken{})) }},
		{"EnableToken", "", false, func() (int64, error) { return done(w.EnableToken(ctx, root, "acme", id())) }},
		{"ResetToken", "", true, func() (int64, error) { return issued(w.ResetToken(ctx, root, "acme", id())) }},
		{"TransferToken", "", true, func() (int64, error) {
			out, err := w.TransferToken(ctx, root, "acme", id(), api.TransferToken{Owner: "ci"})
			one = out
			return out.Revision, err
		}},
		{"RevealToken", "", false, func() (int64, error) { return issued(w.RevealToken(ctx, root, "acme", kept.Token.ID)) }},
		{"ResetAccessToken", "the first one", false, func() (int64, error) { return issued(w.ResetAccessToken(ctx, root, "acme", "ada@example.com")) }},
		{"ResetAccessToken", "another one", true, func() (int64, error) { return issued(w.ResetAccessToken(ctx, root, "acme", "ada@example.com")) }},
		{"ReportReuse", "a policy may revoke", true, func() (int64, error) {
			return 0, w.ReportReuse(ctx, outbox.Reused{Token: officetest.Locator(w, kept), Secret: 1, Count: 1})
		}},
		{"ReportStrange", "it tells", false, func() (int64, error) {
			return 0, w.ReportStrange(ctx, []strange.Sign{{Token: officetest.Locator(w, kept), At: w.Clock.Now(), Crowded: true}})
		}},
		{"AnswerStrangeUse", "", false, func() (int64, error) {
			return done(w.AnswerStrangeUse(ctx, root, "acme", kept.Token.ID, api.AnswerStrangeUse{Answer: api.StrangeMe}))
		}},
		{"revokeOne", "RevokeToken", true, func() (int64, error) { return done(w.RevokeToken(ctx, root, "acme", id(), api.RevokeToken{})) }},
		{"endFamily", "RevokeToken with what it made", true, func() (int64, error) {
			return done(w.RevokeToken(ctx, root, "acme", parent.Token.ID, api.RevokeToken{Descendants: api.Some(true)}))
		}},
		{"deleteOne", "DeleteToken", true, func() (int64, error) { return done(w.DeleteToken(ctx, root, "acme", kept.Token.ID, api.RevokeToken{})) }},
		{"revokeBySecret", "by itself: RevokeHeld", true, func() (int64, error) { return w.RevokeHeld(ctx, w.With(held), held.Secret.Reveal()) }},
		{"ReportLeaks", "of one that works", true, func() (int64, error) {
			return 0, officetest.Second(w.ReportLeaks(ctx, authority.Caller{}, api.ReportLeaks{Tokens: []api.LeakedToken{{Token: leaked.Secret.Reveal()}}}))
		}},
	}
}

func ofWebhooks(w *officetest.World) []waiting {
	ctx, root, acme := w.Ctx, w.Root, officetest.Acme()
	var made outbox.IssuedWebhook
	edit := func(in api.EditWebhook) func() (int64, error) {
		return func() (int64, error) { return done(w.EditWebhook(ctx, root, acme, made.Webhook.ID, in)) }
	}
	return []waiting{
		{"CreateWebhook", "new", false, func() (_ int64, err error) {
			made, err = w.CreateWebhook(ctx, root, acme, officetest.Hook("token.*"))
			return made.Revision, err
		}},
		{"EditWebhook", "where to", true, edit(api.EditWebhook{URL: api.Some("https://hooks.example.com/y")})},
		{"EditWebhook", "disabled", true, edit(api.EditWebhook{Enabled: api.Some(false)})},
		{"EditWebhook", "enabled, and elsewhere", true, edit(api.EditWebhook{Enabled: api.Some(true), URL: api.Some("https://hooks.example.com/z")})},
		{"EditWebhook", "enabled", false, edit(api.EditWebhook{Enabled: api.Some(true)})},
		{"RotateWebhookSecret", "", true, func() (int64, error) {
			out, err := w.RotateWebhookSecret(ctx, root, acme, made.Webhook.ID)
			return out.Revision, err
		}},
		{"DeleteWebhook", "", true, func() (int64, error) { return done(w.DeleteWebhook(ctx, root, acme, made.Webhook.ID)) }},
	}
}

// TestAFirstUseThatEndsASecretWaits: the caller is answered once the old secret is over on
// every node. One that ends nothing waits for nobody.
func TestAFirstUseThatEndsASecretWaits(t *testing.T) {
	t.Parallel()
	for name, retires := range map[string]bool{"retires on first use": true, "overlaps": false} {
		w, f := officetest.AmongNodes(t)
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		newer, err := w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Day), RetireOnFirstUse: retires})
		officetest.Must(t, err)
		f.Since()
		w.Allow(newer.Secret)
		if got := f.Since(); len(got) > 0 != retires {
			t.Errorf("%s: %v is awaited", name, got)
		}
	}
}

// TestTheFirstOwnerWaitsForNobody: nobody can know anything of what begins.
func TestTheFirstOwnerWaitsForNobody(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Options{URL: storetest.SQLite(t), Holder: t.Name()})
	officetest.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	keys, err := token.GenerateKeyring(rand.Reader, time.Unix(1, 0))
	officetest.Must(t, err)
	f := &officetest.Watchman{}
	a := office.New(authority.Options{Store: s, Keys: keys, Now: time.Now, Rand: rand.Reader, Fence: f})
	officetest.Must(t, a.Prepare(t.Context(), token.DefaultPrefix))
	officetest.Must(t, officetest.Second(a.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})))
	if got := f.Since(); len(got) > 0 {
		t.Errorf("%v is awaited", got)
	}
}

// ofDirectories are those of one connection: each answer is by its verb.
func ofDirectories(w *officetest.World) []waiting {
	send := func(method string, path func() string, body string, into *string) func() (int64, error) {
		return func() (int64, error) {
			a, err := w.AnswerDirectory(w.Ctx, w.Root, scim.Request{Method: method, Path: path(), Body: []byte(body), Workspace: "acme"})
			if into != nil && err == nil {
				var made struct{ ID string }
				err = json.Unmarshal(a.Body, &made)
				*into = made.ID
			}
			return a.Revision, err
		}
	}
	var user, group string
	users, groups := func() string { return "/Users/" + user }, func() string { return "/Groups/" + group }
	return []waiting{
		{"createUser", "new", false, send("POST", users, `{"userName":"dora@example.com"}`, &user)},
		{"changeUser", "another name", true, send("PUT", users, `{"displayName":"Dora"}`, nil)},
		{"changeUser", "deactivated", true, send("PUT", users, `{"active":false}`, nil)},
		{"createGroup", "a new role", true, send("POST", groups, `{"displayName":"Staff"}`, &group)},
		{"changeGroup", "another name", true, send("PUT", groups, `{"displayName":"Crew"}`, nil)},
		{"removeGroup", "a role that nobody has", true, send("DELETE", groups, "", nil)},
	}
}

func ofTrust(w *officetest.World) []waiting {
	ctx, root := w.Ctx, w.Root
	const issuer, audience = "https://token.example.com", "https://tokens.example.com"
	var made api.TrustRule
	return []waiting{
		{"CreateTrustRule", "new", false, func() (int64, error) {
			if _, err := w.CreateServiceAccount(ctx, root, "acme", api.CreateServiceAccount{Name: "trusting"}); err != nil {
				return 0, err
			}
			in := api.CreateTrustRule{ServiceAccount: "trusting"}
			in.Label, in.Issuer, in.Audience = api.Some("x"), api.Some(issuer), api.Some(audience)
			in.Claims = api.Some(map[string][]string{"sub": {"x"}})
			d, err := w.CreateTrustRule(ctx, root, "acme", in)
			made = d.Value
			return d.Revision, err
		}},
		{"ExchangeToken", "", false, func() (int64, error) {
			return issued(w.ExchangeToken(ctx, authority.Caller{}, federation.Presented{Account: "trusting@acme.service", IDToken: officetest.IDToken(issuer, audience, "x", w.Clock.Now())}))
		}},
		{"EditTrustRule", "what it asks", true, func() (int64, error) {
			var in api.EditTrustRule
			in.Claims = api.Some(map[string][]string{"sub": {"y"}})
			return done(w.EditTrustRule(ctx, root, "acme", made.ID, in))
		}},
		{"DeleteTrustRule", "", true, func() (int64, error) { return done(w.DeleteTrustRule(ctx, root, "acme", made.ID)) }},
	}
}
