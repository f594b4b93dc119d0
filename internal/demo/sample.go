package demo

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// sampler fills a demo. The first error ends its context, so that nothing more is
// done.
type sampler struct {
	ctx   context.Context
	end   context.CancelFunc
	c     *client.Client
	clock *Calendar
	// secrets are the tokens' by their labels, once there are any.
	secrets map[string]string
	err     error
}

// note keeps the first error.
func (s *sampler) note(err error) {
	if s.err == nil && err != nil {
		s.err = err
		s.end()
	}
}

// only drops what a call answered besides its error.
func only[T any](_ T, err error) error { return err }

// catalogue writes what the product can be asked to do, for every workspace.
func (s *sampler) catalogue() {
	for _, noun := range []string{"tickets", "assets", "users"} {
		s.note(s.scope(noun+":read", api.PutScope{Description: "See " + noun}))
		s.note(s.scope(noun+":write", api.PutScope{Description: "Change " + noun, Implies: []string{noun + ":read"}}))
	}
	_, err := s.c.PutRole(s.ctx, "acme", "Support", api.PutRole{Description: "Answers tickets", Scopes: []string{"tickets:*", "users:read"},
		RateLimit: &api.RateLimit{Requests: 600, Window: api.Duration(60e9)}})
	s.note(err)
}

func (s *sampler) scope(name string, in api.PutScope) error {
	_, err := s.c.PutScope(s.ctx, client.Instance, name, in)
	return err
}

func (s *sampler) workspaces() {
	in := api.CreateWorkspace{Slug: "globex"}
	in.Name, in.ExternalID = api.Some("Globex Corporation"), api.Some("customer-4711")
	s.note(only(s.c.CreateWorkspace(s.ctx, in)))
	var edit api.EditWorkspace
	edit.Name = api.Some("Acme Inc.")
	s.note(only(s.c.EditWorkspace(s.ctx, "acme", edit)))
	for _, r := range []struct{ workspace, name, description string }{
		{"acme", "payments", "Card and bank payments"}, {"acme", "ledger", "Books and balances"},
		{"acme", "website", "acme.example"}, {"globex", "warehouse", "Stock and shipping"},
	} {
		s.note(only(s.c.CreateResource(s.ctx, r.workspace, api.CreateResource{Name: r.name, Description: r.description})))
	}
}

// person is a sample member.
type person struct {
	workspace, email, name, role string
	resources                    []string
}

func samplePeople() []person {
	all := []string{"*"}
	return []person{
		{"acme", "adam@acme.example", "Adam", "Administrator", all},
		{"acme", "maria@acme.example", "Maria", "Workspace Manager", all},
		{"acme", "tom@acme.example", "Tom", "Team Member", []string{"payments", "ledger"}},
		{"acme", "vera@acme.example", "Vera", "Viewer", all},
		{"acme", "sam@acme.example", "Sam", "Support", []string{"website"}},
		{"globex", "hank@globex.example", "Hank", "Owner", all},
		{"globex", "ada@globex.example", "Ada", "Administrator", all},
		{"globex", "mike@globex.example", "Mike", "Workspace Manager", all},
		{"globex", "tina@globex.example", "Tina", "Team Member", all},
		{"globex", "victor@globex.example", "Victor", "Viewer", all},
	}
}

func (s *sampler) person(p person) {
	in := api.CreateMember{Email: p.email, Password: Password}
	in.Name, in.Role, in.Resources = api.Some(p.name), api.Some(p.role), api.Some(p.resources)
	s.note(only(s.c.CreateMember(s.ctx, p.workspace, in)))
}

// bot is a sample service account.
type bot struct {
	workspace, name, description string
	rights                       api.Statement
}

func sampleBots() []bot {
	return []bot{
		{"acme", "ci", "Builds and deploys", api.Statement{Role: "CI Token", Resources: []string{"*"}}},
		{"acme", "monitoring", "Looks after payments", api.Statement{Scopes: []string{"product:read"}, Resources: []string{"payments"}}},
		{"globex", "billing", "Writes invoices", api.Statement{Scopes: []string{"tickets:read", "users:read"}, Resources: []string{"*"}}},
	}
}

func (s *sampler) bot(b bot) {
	in := api.CreateServiceAccount{Name: b.name}
	in.Description, in.Grants = api.Some(b.description), api.Some([]api.Statement{b.rights})
	s.note(only(s.c.CreateServiceAccount(s.ctx, b.workspace, in)))
}

// sample is a sample token: when it was made, and what became of it when.
type sample struct {
	workspace, label, kind, owner string
	rights                        *api.Statement
	made                          int // days ago
	lives                         api.Duration
	fate                          string
	fateAt                        int // days ago
	also                          func(*api.CreateToken)
}

func sampleTokens() []sample {
	on := func(scopes []string, resources ...string) *api.Statement {
		return &api.Statement{Scopes: scopes, Resources: resources}
	}
	tickets := []string{"tickets:read", "tickets:write"}
	return []sample{
		{workspace: "acme", label: "Tom's old laptop", kind: "personal", owner: "tom@acme.example", made: 58, lives: 30 * api.Day},
		{workspace: "acme", label: "Nightly export", kind: "workspace", rights: on([]string{"assets:read"}, "*"), made: 55, lives: 365 * api.Day, fate: "revoke", fateAt: 12},
		{workspace: "acme", label: "Maria's laptop", kind: "personal", owner: "maria@acme.example", made: 50, lives: 365 * api.Day},
		{workspace: "acme", label: "Status page", kind: "workspace", rights: on([]string{"tickets:read"}, "website"), made: 45, lives: 50 * api.Day},
		{workspace: "acme", label: "CI deploys", kind: "service", owner: "ci", rights: on(tickets, "payments", "ledger"), made: 40, lives: 365 * api.Day, fate: "rotate", fateAt: 3},
		{workspace: "acme", label: "Probe from the office", kind: "service", owner: "monitoring", made: 30, lives: 90 * api.Day,
			also: func(in *api.CreateToken) { in.AllowedIPs = api.Some([]string{"203.0.113.0/24"}) }},
		{workspace: "acme", label: "Prototype", kind: "personal", owner: "olivia@acme.example", rights: on([]string{"product:*"}, "*"), made: 25, lives: 180 * api.Day, fate: "disable", fateAt: 5},
		{workspace: "acme", label: "Help desk integration", kind: "workspace", rights: &api.Statement{Role: "Support", Resources: []string{"*"}}, made: 20, lives: 365 * api.Day,
			also: func(in *api.CreateToken) { in.Metadata = api.Some(api.Metadata{"team": "support"}) }},
		{workspace: "globex", label: "Invoices", kind: "service", owner: "billing", made: 35, lives: 365 * api.Day},
		{workspace: "globex", label: "Old invoices", kind: "service", owner: "billing", made: 34, lives: 7 * api.Day},
		{workspace: "globex", label: "Tina's phone", kind: "personal", owner: "tina@globex.example", made: 18, lives: 90 * api.Day, fate: "disable", fateAt: 2},
		{workspace: "globex", label: "Stock feed", kind: "workspace", rights: on([]string{"assets:read", "assets:write"}, "warehouse"), made: 10, lives: 365 * api.Day},
		{workspace: "globex", label: "Stock feed (test)", kind: "workspace", rights: on([]string{"assets:read"}, "warehouse"), made: 9, lives: 90 * api.Day, fate: "revoke", fateAt: 1},
	}
}

// token makes a sample token and answers its secret and its locator.
func (s *sampler) token(t sample) (secret, id string) {
	in := api.CreateToken{Kind: t.kind, Owner: t.owner}
	in.Label, in.ExpiresIn = api.Some(t.label), api.Some(t.lives)
	if t.rights != nil {
		in.Grants = api.Some([]api.Statement{*t.rights})
	}
	if t.also != nil {
		t.also(&in)
	}
	issued, err := s.c.CreateToken(s.ctx, t.workspace, in)
	s.note(err)
	return issued.Secret, issued.Token.Locator
}

// fate ends a sample token, or gives it a new secret.
func (s *sampler) fate(t sample, id string) {
	switch t.fate {
	case "revoke":
		s.note(only(s.c.RevokeToken(s.ctx, t.workspace, id, api.RevokeToken{Reason: api.ReasonUnused, Comment: "nobody used it any more"})))
	case "disable":
		s.note(only(s.c.DisableToken(s.ctx, t.workspace, id, api.DisableToken{})))
	case "rotate":
		issued, err := s.c.RotateToken(s.ctx, t.workspace, id, api.RotateToken{})
		s.note(err)
		s.secrets[t.label] = issued.Secret
	}
}
