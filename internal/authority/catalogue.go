package authority

import (
	"maps"
	"slices"
	"strconv"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
)

// catalogue is what the names of a workspace mean at one moment. It is only read:
// one is shared by all who ask of the same rows.
type catalogue struct {
	// Roles and scopes are what holds here, by name: the workspace's own over
	// the instance's over the built-in ones.
	Roles  map[string]ledger.Role
	Scopes map[string]ledger.Scope
	// own are the names that the workspace has of its own.
	own    ownNames
	book   grant.Book
	limits map[string]api.RateLimit
	// Digest is that of the book.
	Digest Digest
}

// catalogue answers what names mean. Rows that did not change since they were read
// are not read again.
func (a *Authority) catalogue(r *Snapshot, ws ledger.Workspace, all []ledger.Removal) (*catalogue, error) {
	stamp, err := r.CatalogueStamp(ws.ID)
	if err != nil {
		return nil, err
	}
	rk := r.reckon
	key := catalogueKey(ws.ID, stamp, all)
	if c, ok := known[*catalogue](rk, key); ok {
		return c, nil
	}
	roles, err := layered(r.Roles, ws.ID)
	if err != nil {
		return nil, err
	}
	scopes, err := layered(r.Scopes, ws.ID)
	if err != nil {
		return nil, err
	}
	cat := newCatalogue(ws.ID, all, roles, scopes)
	if rk.locked { // what is not committed yet may never be
		rk.unread = append(rk.unread, ws)
	} else {
		rk.kept.put(key, cat, cat.weight())
	}
	return cat, nil
}

// catalogueKey is a digest of what the rows of a catalogue follow from.
func catalogueKey(ws ledger.ID, stamp string, all []ledger.Removal) Digest {
	var c Content
	c.Say("catalogue", strconv.FormatInt(ws, 10), stamp)
	for _, x := range all {
		if x.OfName() {
			c.Say(strconv.FormatInt(x.ID, 10), x.CreatedAt.UTC().String(), strconv.FormatBool(x.Undecided))
		}
	}
	return c.Digest()
}

// refresh reads what had to be read under the lock once more, so that the next one
// finds it. Nobody is told when that fails.
func (a *Authority) refresh(r *Snapshot, unread []ledger.Workspace) error {
	for _, ws := range unread {
		all, err := r.Removals()
		if err != nil {
			return err
		}
		if _, err := a.catalogue(r, ws, all); err != nil {
			return err
		}
	}
	return nil
}

// newCatalogue takes what was removed out of the rows, and compiles them.
func newCatalogue(ws ledger.ID, all []ledger.Removal, roles [][]ledger.Role, scopes [][]ledger.Scope) *catalogue {
	own := namesIn(roles[1], scopes[1])
	gone := takeOut(all, ws, own, roles, scopes)
	c := &catalogue{Roles: rolesByName(roles), Scopes: scopesByName(scopes), own: own, limits: map[string]api.RateLimit{}}
	c.book = book(c.Roles, c.Scopes)
	c.book.Gone = gone
	for name, role := range c.Roles {
		if role.RateLimit != nil {
			c.limits[name] = api.RateLimit(*role.RateLimit)
		}
	}
	for name, now := range gone.Roles { // what memory holds may name it yet
		if l, ok := c.limits[now]; ok {
			c.limits[name] = l
		}
	}
	c.Digest = bookDigest(&c.book)
	return c
}

// concerned are the removals of names that concern the workspace.
func (c *catalogue) concerned(ws ledger.ID, all []ledger.Removal) []ledger.Removal {
	return slices.DeleteFunc(slices.Clone(all), func(x ledger.Removal) bool { return !concerns(x, ws, c.own) })
}

// bookDigest is of all that a book says.
func bookDigest(b *grant.Book) Digest {
	var c Content
	for _, lists := range []map[string][]string{b.Roles, b.Implies} {
		c.Say(strconv.Itoa(len(lists)))
		for _, name := range slices.Sorted(maps.Keys(lists)) {
			c.Say(name)
			c.List(lists[name])
		}
	}
	c.List(slices.Sorted(maps.Keys(b.Gone.Scopes)))
	c.List(slices.Sorted(maps.Keys(b.Gone.Resources)))
	for _, name := range slices.Sorted(maps.Keys(b.Gone.Roles)) {
		c.Say(name, b.Gone.Roles[name])
	}
	return c.Digest()
}

// weight guesses the bytes of a catalogue.
func (c *catalogue) weight() (n int) {
	for _, r := range c.Roles {
		n += 500 + len(r.Description) + weighNames(r.Scopes) + weighNames(c.book.Roles[r.Name])
	}
	for _, s := range c.Scopes {
		n += 500 + len(s.Description) + weighNames(s.Implies) + weighNames(s.Roles)
	}
	return n
}

// layered lists the instance's rows, then the workspace's own. Where a name is
// in both, the later one wins unless the instance's is locked.
func layered[T any](list func(ledger.ID) ([]T, error), ws ledger.ID) ([][]T, error) {
	inst, err := list(0)
	if err != nil {
		return nil, err
	}
	own, err := list(ws)
	return [][]T{inst, own}, err
}

func rolesByName(layers [][]ledger.Role) map[string]ledger.Role {
	m := map[string]ledger.Role{}
	for _, d := range grant.BuiltInRoles() {
		m[d.Name] = ledger.Role{Name: d.Name, DisplayName: d.Name, Description: d.Description, Scopes: d.Scopes}
	}
	for _, layer := range layers {
		for _, role := range layer {
			if was, ok := m[role.Name]; !ok || !was.Locked {
				m[role.Name] = extend(role)
			}
		}
	}
	return m
}

// extend keeps what a built-in role always holds: it can be extended, not emptied.
func extend(role ledger.Role) ledger.Role {
	for _, d := range grant.BuiltInRoles() {
		if d.Name == role.Name {
			role.Scopes = Union(d.Scopes, role.Scopes)
		}
	}
	if role.DisplayName == "" {
		role.DisplayName = role.Name
	}
	return role
}

func scopesByName(layers [][]ledger.Scope) map[string]ledger.Scope {
	m := map[string]ledger.Scope{}
	for _, layer := range layers {
		for _, s := range layer {
			if was, ok := m[s.Name]; !ok || !was.Locked {
				m[s.Name] = s
			}
		}
	}
	return m
}

// book compiles roles and catalogue into what names mean. A scope's own list of
// roles adds to what the roles' patterns give.
func book(roles map[string]ledger.Role, scopes map[string]ledger.Scope) grant.Book {
	b := grant.Book{Roles: map[string][]string{}, Implies: map[string][]string{}}
	for name, role := range roles {
		b.Roles[name] = role.Scopes
	}
	for name, s := range scopes {
		b.Implies[name] = s.Implies
		for _, role := range s.Roles {
			if have, ok := b.Roles[role]; ok {
				b.Roles[role] = Union(have, []string{name})
			}
		}
	}
	return b
}

// Union returns a new list of the members of both, in order, each once.
func Union(a, b []string) []string {
	out := make([]string, 0, len(a)+len(b))
	seen := make(map[string]bool, len(a)+len(b))
	for _, s := range append(append(out, a...), b...) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
