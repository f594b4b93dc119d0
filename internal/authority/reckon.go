package authority

import (
	"context"
	"strconv"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// What statements come to is asked under the lock, of the rows that stand there, and
// worked out without it: a mutation that needs something dear which nobody has worked
// out for exactly this content is given up, changes nothing, works it out, and gets
// in line again. What it finds then is judged anew.

const (
	// dear is from how many scopes, resources and implications on something is not
	// worked out while everybody waits.
	dear = 100
	// reckonings is how often a mutation gets in line because what it needs is not
	// worked out; the last time it is, wherever that is. It happens only while
	// somebody changes the same roles and scopes again and again.
	reckonings = 5
)

// reckoner works out what statements come to, each content once. Its zero value
// remembers nothing. That of a mutation is used by one goroutine at a time.
type reckoner struct {
	kept *kept
	// told is told of each dear thing that was worked out, and whether everybody waited.
	told func(locked bool)
	// own is what was worked out for this mutation, whatever kept has dropped since.
	own map[Digest]any
	// locked says that everybody waits; patient that this is how it is to be.
	locked, patient bool
	// missing is what has to be worked out before the mutation can go on. Once there is
	// any, whatever the mutation came to means nothing.
	missing []func()
	// unread are the workspaces whose roles and scopes had to be read under the lock.
	unread []ledger.Workspace
}

// Reckon answers what is known by a key, or works it out. Under the lock something
// dear that is not known is noted as missing, and the answer is the zero value.
func Reckon[T any](r *reckoner, key Digest, cost int, weigh func(T) int, work func() T) T {
	if r == nil || cost < dear {
		return work()
	}
	if v, ok := known[T](r, key); ok {
		return v
	}
	note := func() T {
		v := work()
		r.told(r.locked)
		if r.own != nil {
			r.own[key] = v
		}
		r.kept.put(key, v, weigh(v))
		return v
	}
	if r.locked && !r.patient {
		r.missing = append(r.missing, func() { note() })
		var zero T
		return zero
	}
	return note()
}

// known is what was worked out by a key, which also says what it is.
func known[T any](r *reckoner, key Digest) (T, bool) {
	x, ok := r.own[key]
	if !ok {
		x = r.kept.get(key)
	}
	v, ok := x.(T)
	return v, ok
}

// prepare works out what a mutation was given up for. Few do so at a time, so that
// whoever has nothing dear is not kept from the processor.
func (a *Authority) prepare(ctx context.Context, r *reckoner) error {
	select {
	case a.preparing <- struct{}{}:
		defer func() { <-a.preparing }()
	case <-ctx.Done():
		return late(ctx)
	}
	for _, work := range r.missing {
		work()
	}
	return nil
}

// Rights are a grant that says what it follows from. The zero value is nothing.
type Rights struct {
	grant.Grant
	key    Digest
	cost   int
	reckon *reckoner
}

func weighGrant(g grant.Grant) int { return g.Size() * 64 }

func weighNothing[T any](T) int { return 0 }

func weighNames(names []string) (n int) {
	for _, s := range names {
		n += len(s) + 16
	}
	return n
}

// now is the grant as it is known now: what was missing when it was asked for may
// have been worked out since.
func (g Rights) now() grant.Grant {
	if g.reckon != nil && g.cost >= dear {
		if v, ok := known[grant.Grant](g.reckon, g.key); ok {
			return v
		}
	}
	return g.Grant
}

// of makes rights of two others.
func (g Rights) of(what string, h Rights, work func(a, b grant.Grant) grant.Grant) Rights {
	key := keyOf(what, g, h)
	out := Rights{key: key, cost: g.cost + h.cost, reckon: g.either(h)}
	out.Grant = Reckon(out.reckon, key, out.cost, weighGrant, func() grant.Grant { return work(g.now(), h.now()) })
	return out
}

func keyOf(what string, g, h Rights) Digest {
	var c Content
	c.Say(what, string(g.key[:]), string(h.key[:]))
	return c.Digest()
}

func (g Rights) either(h Rights) *reckoner {
	if g.reckon == nil {
		return h.reckon
	}
	return g.reckon
}

// and is what either allows.
func (g Rights) and(h Rights) Rights { return g.of("union", h, grant.Union) }

// Covers says whether everything that h allows, g allows too.
func (g Rights) Covers(h Rights) bool {
	return Reckon(g.either(h), keyOf("covers", g, h), g.cost+h.cost, weighNothing, func() bool { return g.now().Covers(h.now()) })
}

// Scopes and resources are those of the grant, for a person to read.
func (g Rights) Scopes() []string {
	return Reckon(g.reckon, keyOf("scopes", g, Rights{}), g.cost, weighNames, func() []string { return g.now().Scopes() })
}

// Resources are those on which all of the scopes are granted.
func (g Rights) Resources(scopes ...string) []string {
	var c Content
	c.Say("resources", string(g.key[:]))
	c.List(scopes)
	return Reckon(g.reckon, c.Digest(), g.cost, weighNames, func() []string { return g.now().Resources(scopes...) })
}

// View is the grant as statements.
func (g Rights) View() []api.Statement {
	return Reckon(g.reckon, keyOf("view", g, Rights{}), g.cost, weighView, func() []api.Statement { return StatementsView(g.now().Statements()) })
}

func weighView(sts []api.Statement) (n int) {
	for _, s := range sts {
		n += 100 + weighNames(s.Scopes) + weighNames(s.Resources)
	}
	return n
}

// fixed are rights that follow from nothing but these statements.
func fixed(sts ...grant.Statement) Rights {
	var b grant.Book
	c := Content{}
	c.Say("fixed")
	c.statements(sts)
	return Rights{Grant: b.Compile(sts), key: c.Digest()}
}

func (c *Content) statements(sts []grant.Statement) {
	c.Say(strconv.Itoa(len(sts)), strconv.FormatBool(sts == nil))
	for _, s := range sts {
		c.Say(s.Role)
		c.List(s.Scopes)
		c.List(s.Resources)
	}
}

// key names what follows from statements and the workspace's book.
func (sp *Space) key(what string, of ...[]grant.Statement) Digest {
	var c Content
	c.Say(what, string(sp.Digest[:]))
	for _, sts := range of {
		c.statements(sts)
	}
	return c.Digest()
}

// Cost says how much there is to look at.
func (sp *Space) Cost(of ...[]grant.Statement) (n int) {
	for _, sts := range of {
		for _, s := range sts {
			n += len(s.Scopes) + len(s.Resources) + len(sp.Facts.Book.Roles[s.Role])
		}
	}
	return n + len(sp.Facts.Book.Implies)
}

// Compile reads statements with the workspace's book.
func (sp *Space) Compile(sts []grant.Statement) Rights {
	return sp.reckoned("compile", func() grant.Grant { return sp.Facts.Book.Compile(sts) }, sts)
}

func (sp *Space) reckoned(what string, work func() grant.Grant, of ...[]grant.Statement) Rights {
	out := Rights{key: sp.key(what, of...), cost: sp.Cost(of...), reckon: sp.Reckon}
	out.Grant = Reckon(sp.Reckon, out.key, out.cost, weighGrant, work)
	return out
}

// measure is how dear statements are, see [grant.Book.Measure].
func (sp *Space) measure(sts []grant.Statement) int {
	return Reckon(sp.Reckon, sp.key("measure", sts), sp.Cost(sts), weighNothing, func() int { return sp.Facts.Book.Measure(sts) })
}

// OwnerGrant is what an owner may do here, see [verify.OwnerGrant].
func (sp *Space) OwnerGrant(o verify.Owner) Rights {
	kind := "owner " + o.Key.Type.String() + " " + strconv.FormatBool(o.InstanceAdmin)
	return sp.reckoned(kind, func() grant.Grant { return verify.OwnerGrant(&o, &sp.Facts) }, o.Statements)
}

// Effective is what a token may do here, see [verify.Effective]: its statements are
// compiled once, for this and for what they say by themselves.
func (sp *Space) Effective(f *verify.Token, o verify.Owner) Rights {
	own := f.Statements
	if own == nil {
		own = verify.Inherited()
	}
	return sp.Compile(own).of("intersect", sp.OwnerGrant(o), grant.Intersect)
}
