package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

const (
	// fifty rows are a page.
	fifty = 50
	// mostStatements is what a list page may ask of the databases, who is signed in
	// included.
	mostStatements = 10
)

// tracer keeps the statements that are run.
type tracer struct {
	mu  sync.Mutex // guards ran
	ran []string
}

func (t *tracer) told(statement string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ran = append(t.ran, strings.Join(strings.Fields(statement), " "))
}

// of are the statements that f runs.
func (t *tracer) of(f func()) []string {
	t.mu.Lock()
	t.ran = nil
	t.mu.Unlock()
	f()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ran
}

// fill makes fifty of everything that is listed, each token of another owner and some
// stopped by several people.
func (w *world) fill() {
	w.Helper()
	w.member("adam@example.com", "Administrator")
	adam := w.caller("adam@example.com")
	var all sync.WaitGroup
	work := make(chan int)
	for range 8 {
		all.Go(func() {
			for i := range work {
				w.fillOne(i, []authority.Caller{w.root, adam}[i%2])
			}
		})
	}
	for i := range fifty {
		work <- i
	}
	close(work)
	all.Wait()
}

func (w *world) fillOne(i int, by authority.Caller) {
	name := fmt.Sprintf("n%02d", i)
	at := authority.Where{Workspace: "acme"}
	check := func(err error) {
		if err != nil {
			w.Errorf("%s: %v", name, err)
		}
	}
	member := api.CreateMember{Email: name + "@example.com"}
	member.Role, member.Resources = api.Some("Viewer"), api.Some([]string{"*"})
	m, err := w.CreateMember(w.ctx, w.root, "acme", member)
	check(err)
	account := api.CreateServiceAccount{Name: name}
	account.Role, account.Resources = api.Some("Viewer"), api.Some([]string{"*"})
	_, err = w.CreateServiceAccount(w.ctx, w.root, "acme", account)
	check(err)
	for _, in := range []api.CreateToken{
		{Kind: []string{"personal", "service"}[i%2], Owner: []string{m.Value.ID, name}[i%2]},
		{Kind: "personal", Owner: "ada@example.com"},
		{Kind: "workspace", TokenFields: api.TokenFields{Rights: api.Rights{Scopes: api.Some([]string{"tickets:read"}), Resources: api.Some([]string{"*"})}}},
	} {
		in.Label = api.Some(name)
		made, err := w.CreateToken(w.ctx, w.root, "acme", in)
		check(err)
		_, err = w.DisableToken(w.ctx, by, "acme", made.Token.ID, api.DisableToken{})
		check(err)
	}
	_, err = w.DeactivateMember(w.ctx, by, "acme", m.Value.ID, false)
	check(err)
	_, err = w.DisableServiceAccount(w.ctx, by, "acme", name, false)
	check(err)
	_, err = w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: name})
	check(err)
	_, err = w.PutRole(w.ctx, w.root, at, name, api.PutRole{Scopes: []string{"tickets:read"}})
	check(err)
	_, err = w.PutScope(w.ctx, w.root, at, name+":read", api.PutScope{})
	check(err)
	_, err = w.CreateWorkspace(w.ctx, w.root, api.CreateWorkspace{Slug: "w-" + name})
	check(err)
	_, err = w.SuspendWorkspace(w.ctx, w.root, "w-"+name)
	check(err)
	if i >= 20 { // nobody has more of them
		return
	}
	h, err := w.CreateWebhook(w.ctx, w.root, at, api.CreateWebhook{URL: "https://example.com/" + name, Events: []string{"*"}})
	check(err)
	_, err = w.EditWebhook(w.ctx, by, at, h.Webhook.ID, api.EditWebhook{Enabled: api.Some(false)})
	check(err)
}

// TestAListPageIsTenStatements: whatever is in it, and whoever opens it.
func TestAListPageIsTenStatements(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		trace := &tracer{}
		w := newWorldOn(t, url, trace.told)
		w.fill()
		const ws = "/workspace/acme"
		for _, path := range []string{
			list, list + "?status=disabled", list + "?q=n1", list + "?only=expiring", ws + "/integration-tokens",
			ws + "/service-accounts", ws + "/members", ws + "/resources", ws + "/roles", ws + "/audit", ws + "/settings/webhooks",
			"/settings/tokens", "/workspaces", "/instance", "/instance/people", "/instance/audit", "/instance/roles", "/instance/webhooks",
		} {
			for _, who := range []string{"ada@example.com", "adam@example.com"} {
				if who == "adam@example.com" && (strings.HasPrefix(path, "/instance") || path == "/workspaces") {
					continue // who is in one workspace alone is led there
				}
				var page answer
				ran := trace.of(func() { page = w.as(who, path) })
				w.status(page, http.StatusOK)
				most := mostStatements
				if strings.Contains(path, "?q=") || path == "/settings/tokens" {
					most++ // where what is looked at at once ends, and what is strange about one's own
				}
				if len(ran) > most {
					w.Errorf("%s as %s: %d statements\n%s", path, who, len(ran), strings.Join(ran, "\n"))
				}
			}
		}
	})
}
