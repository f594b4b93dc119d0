package grant_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/grant"
)

func TestBuiltInRolesInOrder(t *testing.T) {
	t.Parallel()
	var names []string
	for _, r := range grant.BuiltInRoles() {
		names = append(names, r.Name)
		if !strings.HasSuffix(r.Description, ".") {
			t.Errorf("%s: the description is not a sentence: %q", r.Name, r.Description)
		}
		if err := (grant.Statement{Scopes: r.Scopes}).Validate(); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
	want := []string{"Viewer", "Team Member", "Workspace Manager", "Administrator", "Owner", "CI Token"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRoleContents(t *testing.T) {
	t.Parallel()
	viewer := "tokens:read members:read service-accounts:read roles:read resources:read policy:read webhooks:read"
	manager := viewer + " resources:create tokens:create tokens:edit tokens:self usage:read"
	tests := []struct{ role, builtIn, product string }{
		{"Viewer", viewer, "tickets:read"},
		{"Team Member", viewer + " resources:create", "tickets:read tickets:write"},
		{"Workspace Manager", manager, "tickets:read tickets:write"},
		{"Administrator", manager + ` tokens:disable tokens:delete tokens:reveal tokens:verify members:write service-accounts:write roles:write
			resources:delete audit:read policy:write webhooks:write`, "tickets:read tickets:write"},
		{"Owner", strings.Join(grant.BuiltIn(), " "), "tickets:read tickets:write"},
		{"CI Token", "resources:read resources:create tokens:self", "tickets:read tickets:write"},
	}
	universe := slices.Concat(grant.BuiltIn(), grant.InstanceScopes(), []string{"tickets:read", "tickets:write"})
	for _, tt := range tests {
		t.Run(tt.role, func(t *testing.T) {
			t.Parallel()
			g := builtInBook().Compile([]grant.Statement{{Role: tt.role, Resources: []string{"*"}}})
			held := strings.Fields(tt.builtIn + " " + tt.product)
			for _, scope := range universe {
				if got, want := g.AllowsAll(scope), slices.Contains(held, scope); got != want {
					t.Errorf("%s: got %v, want %v", scope, got, want)
				}
			}
		})
	}
}

func TestEachRankOfRolesCoversTheOneBelow(t *testing.T) {
	t.Parallel()
	ranks := []string{"Viewer", "Team Member", "Workspace Manager", "Administrator", "Owner"}
	for i := 1; i < len(ranks); i++ {
		lower, upper := role(ranks[i-1], "*"), role(ranks[i], "*")
		if !upper.Covers(lower) || lower.Covers(upper) {
			t.Errorf("%s and %s: covers %v, is covered %v", ranks[i], ranks[i-1], upper.Covers(lower), lower.Covers(upper))
		}
	}
}

func builtInBook() *grant.Book {
	b := &grant.Book{Roles: map[string][]string{}}
	for _, r := range grant.BuiltInRoles() {
		b.Roles[r.Name] = r.Scopes
	}
	return b
}

func role(name string, resources ...string) grant.Grant {
	return builtInBook().Compile([]grant.Statement{{Role: name, Resources: resources}})
}

func compile(sts ...grant.Statement) grant.Grant { return (&grant.Book{}).Compile(sts) }

// on is the grant of space-separated scopes on the resources.
func on(scopes string, resources ...string) grant.Grant {
	return compile(grant.Statement{Scopes: strings.Fields(scopes), Resources: resources})
}
