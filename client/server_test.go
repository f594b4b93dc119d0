package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/client/clienttest"
)

// must returns what a call answered, or ends the test.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func label(name string) api.CreateToken {
	var in api.CreateToken
	in.Label = api.Some(name)
	return in
}

// A token's life, from the first call to the last, with the server that ships.
func TestTokenLife(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	c, ctx := s.Client, t.Context()
	issued, token := must[api.Issued](t), must[api.Token](t)

	in := label("CI")
	in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"payments"})
	in.ExpiresIn, in.Metadata = api.Some(90*api.Day), api.Some(api.Metadata{"team": "ledger"})
	made := issued(c.CreateToken(ctx, "", in))
	id := made.Token.ID
	verdict := func(secret string) api.Code {
		t.Helper()
		return must[client.Result](t)(c.Verify(ctx, secret, client.Scope("tickets:read"), client.Resource("payments"))).Code
	}
	expect := func(secret string, want api.Code) {
		t.Helper()
		if got := verdict(secret); got != want {
			t.Errorf("the token is %s, want %s", got, want)
		}
	}
	expect(made.Secret, api.CodeOK)

	if got := token(c.GetToken(ctx, "", id)); got.Label != "CI" || got.Metadata["team"] != "ledger" {
		t.Errorf("shown as %+v", got)
	}
	var edit api.EditToken
	edit.Label = api.Some("CI of ledger")
	if got := token(c.RehearseEditToken(ctx, "", id, edit)); got.Label != "CI of ledger" || token(c.GetToken(ctx, "", id)).Label == got.Label {
		t.Errorf("rehearsed: %+v", got)
	}
	if got := token(c.EditToken(ctx, "", id, edit)); got.Label != "CI of ledger" {
		t.Errorf("edited to %+v", got)
	}
	token(c.DisableToken(ctx, "", id, api.DisableToken{}))
	expect(made.Secret, api.CodeDisabled)
	token(c.EnableToken(ctx, "", id))
	expect(made.Secret, api.CodeOK)

	rotated := issued(c.RotateToken(ctx, "", id, api.RotateToken{}))
	expect(made.Secret, api.CodeOK)
	expect(rotated.Secret, api.CodeOK)
	reset := issued(c.ResetToken(ctx, "", id))
	expect(rotated.Secret, api.CodeRetired)
	expect(reset.Secret, api.CodeOK)

	must[api.ServiceAccount](t)(c.CreateServiceAccount(ctx, "", account("bot")))
	moved := issued(c.TransferToken(ctx, "", id, api.TransferToken{Owner: "bot"}))
	expect(reset.Secret, api.CodeRetired)
	if moved.Token.Owner.Name != "bot" {
		t.Errorf("it belongs to %+v", moved.Token.Owner)
	}
	token(c.RevokeToken(ctx, "", id[len(id)-12:], api.RevokeToken{Reason: api.ReasonSuperseded}))
	expect(moved.Secret, api.CodeRevoked)
	token(c.DeleteToken(ctx, "", moved.Token.ID))
	if _, err := c.EnableToken(ctx, "", moved.Token.ID); !errors.Is(err, api.CodeTokenRevoked) {
		t.Errorf("a revoked token came back: %v", err)
	}
	if _, err := c.RevealToken(ctx, "", moved.Token.ID); err == nil {
		t.Error("a secret was shown again")
	}
}

func account(name string) api.CreateServiceAccount {
	in := api.CreateServiceAccount{Name: name}
	in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
	return in
}

func TestListsOfAServer(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	c, ctx := s.Client, t.Context()
	for range 4 {
		must[api.Issued](t)(c.CreateToken(ctx, "", label("one of many")))
	}
	page := must[api.List[api.Token]](t)(c.ListTokens(ctx, "", api.TokenFilter{}, api.Page{Limit: 2}))
	if len(page.Items) != 2 || page.NextCursor == nil {
		t.Fatalf("a page of %d", len(page.Items))
	}
	n := 0
	for tok, err := range c.Tokens(ctx, "", api.TokenFilter{Query: api.Some("MANY"), Kind: api.Some("personal"), Owner: api.Some(s.Email), CreatedBy: api.Some(s.Email), Status: api.Some("active")}) {
		if err != nil || tok.Label != "one of many" {
			t.Fatal(tok.Label, err)
		}
		n++
	}
	if n != 4 {
		t.Errorf("walked past %d tokens", n)
	}
	csv := must[io.ReadCloser](t)(c.TokensCSV(ctx, "", api.TokenFilter{}))
	defer csv.Close()
	if b, err := io.ReadAll(csv); err != nil || strings.Count(string(b), "one of many") != 4 {
		t.Errorf("as CSV: %s, %v", b, err)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	c, ctx := s.Client, t.Context()
	member, one := must[api.Member](t), must[api.ServiceAccount](t)
	in := api.CreateMember{Email: "grace@example.com"}
	in.Role, in.Resources = api.Some("Team Member"), api.Some([]string{"*"})
	member(c.CreateMember(ctx, "", in))
	var edit api.EditMember
	edit.Name = api.Some("Grace")
	if m := member(c.EditMember(ctx, "", "grace@example.com", edit)); m.Name != "Grace" {
		t.Errorf("%+v", m)
	}
	standing := must[api.Issued](t)(c.ResetAccessToken(ctx, "", "grace@example.com"))
	grace := s.As(t, standing.Secret)
	if m := member(grace.GetMember(ctx, "", client.Me)); m.Name != "Grace" {
		t.Errorf("me is %+v", m)
	}
	if hit := must[api.Affected](t)(c.MemberTokens(ctx, "", "grace@example.com")); !hit.DryRun || len(hit.Tokens) != 1 {
		t.Errorf("would stop %+v", hit)
	}
	if _, err := grace.Whoami(ctx); err != nil {
		t.Errorf("a question stopped her token: %v", err)
	}
	member(c.DeactivateMember(ctx, "", "grace@example.com"))
	if _, err := grace.Whoami(ctx); !errors.Is(err, api.CodeOwnerInactive) {
		t.Errorf("deactivated: %v", err)
	}
	member(c.ActivateMember(ctx, "", "grace@example.com"))
	put := api.CreateMember{}
	put.Role, put.Resources = api.Some("Viewer"), api.Some([]string{"*"})
	member(c.PutMember(ctx, "", "ext:42", put))
	if members := collect(t, c.Members(ctx, "", api.ListFilter{})); len(members) != 3 {
		t.Errorf("%d members", len(members))
	}
	if found := collect(t, c.Members(ctx, "", api.ListFilter{Query: "GRACE@"})); len(found) != 1 {
		t.Errorf("%d members have that e-mail", len(found))
	}
	member(c.RemoveMember(ctx, "", "ext:42"))

	one(c.CreateServiceAccount(ctx, "", account("bot")))
	var editBot api.EditServiceAccount
	editBot.Description = api.Some("deploys")
	one(c.EditServiceAccount(ctx, "", "bot", editBot))
	one(c.DisableServiceAccount(ctx, "", "bot"))
	if bot := one(c.GetServiceAccount(ctx, "", "bot@acme.service")); bot.Active || bot.Description != "deploys" {
		t.Errorf("%+v", bot)
	}
	one(c.EnableServiceAccount(ctx, "", "bot"))
	must[api.Affected](t)(c.ServiceAccountTokens(ctx, "", "bot"))
	if bots := collect(t, c.ServiceAccounts(ctx, "", api.ListFilter{})); len(bots) != 1 {
		t.Errorf("%d service accounts", len(bots))
	}
	if found := collect(t, c.ServiceAccounts(ctx, "", api.ListFilter{Query: "nowhere"})); len(found) != 0 {
		t.Errorf("found %v", found)
	}
	one(c.RemoveServiceAccount(ctx, "", "bot"))
}

// collect walks to the end of a list.
func collect[T any](t *testing.T, items func(func(T, error) bool)) []T {
	t.Helper()
	var out []T
	for item, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, item)
	}
	return out
}

func TestInstance(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	c, ctx := s.Client, t.Context()
	workspace, user := must[api.Workspace](t), must[api.User](t)
	workspace(c.CreateWorkspace(ctx, api.CreateWorkspace{Slug: "globex"}))
	workspace(c.PutWorkspace(ctx, "ext:7", api.PutWorkspace{Slug: "initech"}))
	var edit api.EditWorkspace
	edit.Name = api.Some("Globex Corporation")
	workspace(c.EditWorkspace(ctx, "globex", edit))
	if hit := must[api.Affected](t)(c.WorkspaceTokens(ctx, "globex")); !hit.DryRun || len(hit.Tokens) != 0 {
		t.Errorf("%+v", hit)
	}
	workspace(c.SuspendWorkspace(ctx, "globex"))
	if w := workspace(c.GetWorkspace(ctx, "globex")); w.SuspendedAt == nil || w.Name != "Globex Corporation" {
		t.Errorf("%+v", w)
	}
	workspace(c.ResumeWorkspace(ctx, "globex"))
	if ws := collect(t, c.Workspaces(ctx, api.ListFilter{})); len(ws) != 3 {
		t.Errorf("%d workspaces", len(ws))
	}
	in := api.CreateMember{Email: "hank@example.com"}
	in.Role, in.Resources = api.Some("Viewer"), api.Some([]string{"*"})
	must[api.Member](t)(c.CreateMember(ctx, "globex", in))
	if me := must[api.Member](t)(c.ActAs("hank@example.com").GetMember(ctx, "globex", client.Me)); me.Address != "hank@example.com" {
		t.Errorf("acting as %+v", me)
	}
	user(c.AddAdmin(ctx, "hank@example.com"))
	if admins := must[[]api.User](t)(c.ListAdmins(ctx)); len(admins) != 2 {
		t.Errorf("%d administrators", len(admins))
	}
	user(c.RemoveAdmin(ctx, "hank@example.com"))
	user(c.DeactivateUser(ctx, "hank@example.com"))
	if u := user(c.GetUser(ctx, "hank@example.com")); u.Active {
		t.Errorf("%+v", u)
	}
	if would := must[api.Erasure](t)(c.EraseUser(ctx, "hank@example.com", true)); !would.DryRun || would.AuditEvents == 0 || would.Memberships != 1 {
		t.Errorf("erasing would be %+v", would)
	}
	if _, err := c.EraseUser(ctx, "owner@example.com", false); !errors.Is(err, api.CodeStillActive) {
		t.Errorf("erasing who is active: %v", err)
	}
	user(c.ActivateUser(ctx, "hank@example.com"))
	if users := collect(t, c.Users(ctx, api.ListFilter{})); len(users) != 2 {
		t.Errorf("%d users", len(users))
	}
	if found := collect(t, c.Users(ctx, api.ListFilter{Query: "hank"})); len(found) != 1 {
		t.Errorf("%d users have that name", len(found))
	}
	workspace(c.DeleteWorkspace(ctx, "initech"))
	if _, err := c.GetWorkspace(ctx, "initech"); !errors.Is(err, api.CodeNotFound) {
		t.Errorf("a deleted workspace: %v", err)
	}
}

func TestRightsPolicyAndAudit(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	c, ctx := s.Client, t.Context()
	for _, ws := range []string{"", client.Instance} {
		must[api.Scope](t)(c.PutScope(ctx, ws, "tickets:read", api.PutScope{Description: "read tickets"}))
		must[api.Role](t)(c.PutRole(ctx, ws, "Support", api.PutRole{Scopes: []string{"tickets:read"}}))
		if left := must[[]api.Removal](t)(c.ListRemovals(ctx, ws)); len(left) != 0 {
			t.Errorf("%q: being rewritten are %+v", ws, left)
		}
		if r := must[api.Role](t)(c.GetRole(ctx, ws, "Support")); r.Name != "Support" {
			t.Errorf("the role is %+v", r)
		}
		if s := must[api.Scope](t)(c.GetScope(ctx, ws, "tickets:read")); s.Name != "tickets:read" {
			t.Errorf("the scope is %+v", s)
		}
		if roles := must[[]api.Role](t)(c.ListRoles(ctx, ws)); !slices.ContainsFunc(roles, func(r api.Role) bool { return r.Name == "Support" }) {
			t.Errorf("%q: the roles are %+v", ws, roles)
		}
		if scopes := must[[]api.Scope](t)(c.ListScopes(ctx, ws)); !slices.ContainsFunc(scopes, func(s api.Scope) bool { return s.Name == "tickets:read" }) {
			t.Errorf("%q: the scopes are %+v", ws, scopes)
		}
		must[api.Policy](t)(c.EditPolicy(ctx, ws, api.PatchPolicy{MaxLifetime: api.Some(30 * api.Day)}))
		if p := must[api.Policy](t)(c.GetPolicy(ctx, ws)); p.MaxLifetime != 30*api.Day {
			t.Errorf("%q: the policy is %+v", ws, p)
		}
		must[api.Role](t)(c.DeleteRole(ctx, ws, "Support", ""))
		must[api.Scope](t)(c.DeleteScope(ctx, ws, "tickets:read"))
		events := collect(t, c.Audit(ctx, ws, api.AuditFilter{Action: "policy.edited", From: time.Now().Add(-time.Hour)}))
		if len(events) != 1 || events[0].Actor != s.Email {
			t.Errorf("%q: the audit says %+v", ws, events)
		}
		for _, format := range []client.AuditFormat{client.NDJSON, client.CSV} {
			export := must[io.ReadCloser](t)(c.ExportAudit(ctx, ws, api.AuditFilter{}, format))
			b, err := io.ReadAll(export)
			if err != nil || export.Close() != nil || !strings.Contains(string(b), "policy.edited") {
				t.Errorf("%q as %s: %s, %v", ws, format, b, err)
			}
		}
	}
	must[api.Resource](t)(c.CreateResource(ctx, "", api.CreateResource{Name: "payments"}))
	must[api.Resource](t)(c.GetResource(ctx, "", "payments"))
	if rs := collect(t, c.Resources(ctx, "", api.ListFilter{})); len(rs) != 1 {
		t.Errorf("%d resources", len(rs))
	}
	must[api.Resource](t)(c.DeleteResource(ctx, "", "payments"))
}

// The middleware in front of a handler, with tokens of every kind of fault.
func TestRequireWithAServer(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	tickets := httptest.NewServer(s.Client.Require(client.Scope("tickets:read"),
		client.ResourceFrom(func(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/") }))(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			result, _ := client.FromContext(r.Context())
			_, _ = io.WriteString(w, result.Principal.Address)
		})))
	t.Cleanup(tickets.Close)
	ask := func(path, tok string) (int, string) {
		t.Helper()
		req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodGet, tickets.URL+path, nil))
		req.Header.Set("Authorization", "Bearer "+tok)
		resp, err := tickets.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b := must[[]byte](t)(io.ReadAll(resp.Body))
		return resp.StatusCode, string(b)
	}
	good := s.Issue(t, []string{"tickets:read"}, "payments")
	if status, body := ask("/payments", good); status != http.StatusOK || body != "acme@workspace" {
		t.Errorf("the right token: %d %s", status, body)
	}
	for name, tt := range map[string]struct {
		path, token string
		want        int
	}{
		"another resource":  {"/ledger", good, http.StatusForbidden},
		"every resource":    {"/any", good, http.StatusForbidden},
		"no scope":          {"/payments", s.Issue(t, []string{"assets:read"}, "payments"), http.StatusForbidden},
		"nobody's token":    {"/payments", theirs, http.StatusUnauthorized},
		"no token":          {"/payments", "", http.StatusUnauthorized},
		"a token in pieces": {"/payments", good[:20], http.StatusUnauthorized},
	} {
		if status, body := ask(tt.path, tt.token); status != tt.want || strings.Contains(body, "acme@workspace") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	self := s.As(t, good)
	if _, err := self.RevokeToken(t.Context(), "", client.Self, api.RevokeToken{}); err != nil {
		t.Fatal(err)
	}
	if status, body := ask("/payments", good); status != http.StatusUnauthorized || !strings.Contains(body, `"revoked"`) {
		t.Errorf("once it was revoked: %d %s", status, body)
	}
}

func TestNamedCallsDoNotHappenTwice(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	ctx := context.Background()
	first := must[api.Issued](t)(s.Client.CreateToken(ctx, "", label("once"), client.IdempotencyKey("k1")))
	again := must[api.Issued](t)(s.Client.CreateToken(ctx, "", label("once"), client.IdempotencyKey("k1")))
	if first.Token.Locator != again.Token.Locator || first.Secret == again.Secret {
		t.Errorf("tokens %s and %s", first.Token.ID, again.Token.ID)
	}
}

// What programs of OAuth ask, and giving up a token that one has.
func TestIntrospectAndRevokeSecret(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	in := label("found")
	in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"payments"})
	made := must[api.Issued](t)(s.Client.CreateToken(t.Context(), "", in))
	active := func(resource string) api.Introspection {
		t.Helper()
		return must[api.Introspection](t)(s.Client.Introspect(t.Context(), api.IntrospectRequest{Token: made.Secret, Resource: resource}))
	}
	if v := active("payments"); !v.Active || v.Scope != "tickets:read" || v.Jti != made.Token.Locator || active("billing").Active {
		t.Errorf("%+v", v)
	}
	for range 2 { // the second time it is none
		if err := s.Client.RevokeSecret(t.Context(), made.Secret); err != nil {
			t.Fatal(err)
		}
	}
	if v := active("payments"); v.Active {
		t.Errorf("still active: %+v", v)
	}
	if _, err := s.Client.Introspect(t.Context(), api.IntrospectRequest{}); !errors.Is(err, api.CodeInvalidRequest) {
		t.Errorf("without a token: %v", err)
	}
}

// A rotation that breaks off ends with an error that says so, after those that
// were read, and no line is read without an end.
func TestARotationThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	const line = `{"id":"ada@example.com_7hQ2aB9cXk1Z","code":"ok","secret":"x"}` + "\n"
	for name, tt := range map[string]struct {
		body string
		cut  bool
		want api.Code
	}{
		"whole":          {line + line, false, ""},
		"no end of line": {line + strings.TrimSpace(line), false, ""},
		"cut":            {line + line + line[:20], true, api.CodeUnavailable},
		"cut between":    {line + line, true, api.CodeUnavailable},
		"not ours":       {line + line + "<html>\n", false, api.CodeInternal},
		"a blank line":   {line + line + "\n", false, api.CodeInternal},
		"without end":    {line + line + strings.Repeat("x", 1<<20), false, api.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/x-ndjson")
				_, _ = io.WriteString(w, tt.body)
				if tt.cut {
					_ = http.NewResponseController(w).Flush()
					panic(http.ErrAbortHandler)
				}
			}))
			t.Cleanup(s.Close)
			c := must[*client.Client](t)(client.New(s.URL, "tkyp_x"))
			read, ended := 0, error(nil)
			for r, err := range c.RotateTokens(t.Context(), "acme", api.BulkTokens{}) {
				if ended = err; err == nil && r.Secret == "x" {
					read++
				}
			}
			if read != 2 || tt.want == "" && ended != nil || tt.want != "" && !errors.Is(ended, tt.want) {
				t.Errorf("%d were read, then %v; want %q", read, ended, tt.want)
			}
		})
	}
}
