package grant

import "slices"

// RoleDef is a role as it is first set up: its name, one sentence for people, and the scope patterns it holds.
type RoleDef struct {
	Name        string
	Description string
	Scopes      []string
}

// BuiltInRoles returns the roles every instance begins with, in the order they are shown. The result is the caller's own.
func BuiltInRoles() []RoleDef {
	reads := []string{
		"tokens:read", "members:read", "service-accounts:read", "roles:read", "resources:read", "policy:read", "webhooks:read",
	}
	viewer := slices.Concat([]string{"product:read"}, reads)
	// product:* contains the Viewer's product:read.
	teamMember := slices.Concat([]string{"product:*"}, reads, []string{"resources:create"})
	manager := slices.Concat(teamMember, []string{"tokens:create", "tokens:edit", "tokens:self", "usage:read"})
	return []RoleDef{
		{"Viewer", "Sees the product's data and the workspace's settings, and changes nothing.", viewer},
		{"Team Member", "Uses everything the product offers and adds resources.", teamMember},
		{"Workspace Manager", "Team Member who also creates and edits the workspace's tokens and sees their usage.", manager},
		{"Administrator", "Everything but deleting the workspace and acting in other people's names.", administrator()},
		{"Owner", "Everything in the workspace.", []string{"*"}},
		{"CI Token", "For build pipelines: uses the product, adds resources, rotates itself.",
			[]string{"product:*", "resources:read", "resources:create", "tokens:self"}},
	}
}

func administrator() []string {
	scopes := []string{"product:*"}
	for _, s := range BuiltIn() {
		if s != "workspace:delete" && s != "tokens:impersonate" {
			scopes = append(scopes, s)
		}
	}
	return scopes
}
