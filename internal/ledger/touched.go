package ledger

import (
	"slices"

	"github.com/tokenry/tokenry/token"
)

// MostTouched bounds how many names a [Touched] keeps. What a batch touches is stored
// in its transaction and sent to every node, so it is small whatever was done.
const MostTouched = 1024

// Touched names what a committed batch changed, so that whoever remembers it forgets.
// Its JSON is what is stored; see [Change]. The zero value is nothing.
type Touched struct {
	// Tokens are by their workspace, whose place they make when they are too many.
	Tokens map[ID][]token.Locator `json:"tokens,omitempty"`
	// Members, ServiceAccounts and Portals (workspaces as owners of tokens) are owners.
	Members         []ID `json:"members,omitempty"`
	ServiceAccounts []ID `json:"service_accounts,omitempty"`
	Portals         []ID `json:"portals,omitempty"`
	// Workspaces changed themselves, or what their names (roles, scopes, policy) mean.
	Workspaces []ID `json:"workspaces,omitempty"`
	// Whole are workspaces of which any token may have changed.
	Whole []ID `json:"whole,omitempty"`
	// Homes are the workspaces of Members and ServiceAccounts; with none they may be of any.
	Homes []ID `json:"homes,omitempty"`
	// Endpoints are webhooks.
	Endpoints []ID `json:"endpoints,omitempty"`
	// AllWorkspaces is Workspaces with every one in it.
	AllWorkspaces bool `json:"all_workspaces,omitempty"`
	// All is everything.
	All bool `json:"all,omitempty"`
}

// AddToken names a token.
func (t *Touched) AddToken(workspace ID, l token.Locator) {
	if t.Tokens == nil {
		t.Tokens = map[ID][]token.Locator{}
	}
	t.Tokens[workspace] = append(t.Tokens[workspace], l)
}

// Add names what another names too.
func (t *Touched) Add(o Touched) {
	for workspace, tokens := range o.Tokens {
		for _, l := range tokens {
			t.AddToken(workspace, l)
		}
	}
	t.Members = append(t.Members, o.Members...)
	t.ServiceAccounts = append(t.ServiceAccounts, o.ServiceAccounts...)
	t.Portals = append(t.Portals, o.Portals...)
	t.Workspaces = append(t.Workspaces, o.Workspaces...)
	t.Whole = append(t.Whole, o.Whole...)
	t.Homes = append(t.Homes, o.Homes...)
	t.Endpoints = append(t.Endpoints, o.Endpoints...)
	t.AllWorkspaces, t.All = t.AllWorkspaces || o.AllWorkspaces, t.All || o.All
}

// IsZero says that nothing is named.
func (t *Touched) IsZero() bool { return t.names() == 0 && !t.AllWorkspaces && !t.All }

// Bounded names the same and perhaps more, with at most [MostTouched] names: tokens
// that are too many become their workspaces, and what is too much still becomes all.
func (t *Touched) Bounded() Touched {
	if t.All {
		return Touched{All: true}
	}
	b := *t
	b.Whole = slices.Clip(b.Whole) // what is added stands in no list but b's
	if b.names() > MostTouched {
		for workspace := range b.Tokens {
			b.Whole = append(b.Whole, workspace)
		}
		b.Tokens = nil
	}
	for _, ids := range []*[]ID{&b.Members, &b.ServiceAccounts, &b.Portals, &b.Workspaces, &b.Whole, &b.Homes, &b.Endpoints} {
		*ids = slices.Clone(*ids)
		slices.Sort(*ids)
		*ids = slices.Compact(*ids)
	}
	if b.names() > MostTouched {
		return Touched{All: true}
	}
	return b
}

func (t *Touched) names() int {
	n := len(t.Members) + len(t.ServiceAccounts) + len(t.Portals) + len(t.Workspaces) + len(t.Whole) + len(t.Homes) + len(t.Endpoints)
	for _, tokens := range t.Tokens {
		n += len(tokens)
	}
	return n
}
