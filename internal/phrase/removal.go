package phrase

import "slices"

// Uses are what names something that is about to go, as it was counted.
type Uses struct {
	// Written says that it is written here, Inherits that what it stands over shows again.
	Written, Inherits                            bool
	Members, ServiceAccounts, Tokens, Workspaces int
	Roles, Scopes                                []string
	// More says that there may be more tokens.
	More bool
}

// Removal is a role, scope or resource that is about to go.
type Removal struct {
	// What is "role", "scope" or "resource".
	What, Name string
	// Instance says that it is the instance's own.
	Instance bool
	Uses     Uses
}

// Title asks about it.
func (d Removal) Title() string {
	if d.Uses.Inherits {
		return "Give up this version of " + d.Name + "?"
	}
	return "Delete the " + d.What + " " + d.Name + "?"
}

// Do is what its button says.
func (d Removal) Do() string {
	if d.Uses.Inherits {
		return "Give it up"
	}
	return "Delete"
}

// Text says what becomes of what names it.
func (d Removal) Text() string {
	switch {
	case d.Uses.Inherits && d.What == "role":
		return "What it inherits holds again, at once and for everybody who has this role."
	case d.Uses.Inherits:
		return "What the instance says about it holds again, at once."
	case d.What == "role":
		return "Whoever has it gets another role, or it stays."
	case d.What == "resource":
		return "Its name is taken out of every grant and token. What was restricted to it alone may then do nothing."
	}
	return "It is taken out of every role, grant and token. What needs it is refused from then on."
}

// Used says whether anything that can do something names it.
func (d Removal) Used() bool { return d.Uses.Members+d.Uses.ServiceAccounts+d.Uses.Tokens > 0 }

// Affected is what names it, a sentence each.
func (d Removal) Affected() []string {
	var out []string
	u := d.Uses
	for _, n := range []struct {
		n    int
		what string
	}{{u.Members, "member"}, {u.ServiceAccounts, "service account"}, {u.Tokens, "live token"}} {
		if n.n > 0 {
			out = append(out, Plural(n.n, n.what)+d.places())
		}
	}
	if u.More {
		out = append(out, "There are very many tokens, so not all were looked through")
	}
	for _, l := range []struct {
		names []string
		what  string
	}{{u.Roles, "role"}, {u.Scopes, "scope"}} {
		if len(l.names) > 0 {
			out = append(out, "The "+map[bool]string{true: l.what, false: l.what + "s"}[len(l.names) == 1]+" "+Listed(slices.Clone(l.names), 8))
		}
	}
	return out
}

// places says where, for the instance alone: a workspace's page is of one.
func (d Removal) places() string {
	if !d.Instance {
		return ""
	}
	return ", in " + Plural(d.Uses.Workspaces, "workspace") + " that use it"
}
