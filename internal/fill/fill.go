package fill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Options say how much is written.
type Options struct {
	// Tokens is how many; Seed is what they follow from, and names the workspaces.
	Tokens int
	Seed   uint64
	// Now is the moment that the two years of the sample past end at.
	Now time.Time
	// Told is told after each batch how many there are; nil is nobody.
	Told func(tokens int)
	// Secret is given each token's string, in the order in which they are made; nil is nobody.
	Secret func(token.Secret) error
}

const (
	// workspaces is how many there are; the first has largeShare of all tokens.
	workspaces, largeShare = 11, 0.3
	// owners is how many people, and how many service accounts, a workspace has.
	owners = 40
	// neighbours is how many tokens of one workspace are made one after the other, together how
	// many a commit has, about: a batch has to be done within its time, on PostgreSQL too.
	neighbours, together = 50, 4000
	// past is how far back the first token was made.
	past = 2 * 365 * 24 * time.Hour
)

// Slug names the nth workspace that a seed makes; 0 is the large one.
func Slug(seed uint64, n int) string { return fmt.Sprintf("fill-%d-%d", seed, n) }

// Large is how many of so many tokens stand in the large workspace.
func Large(tokens int) int { return int(float64(tokens) * largeShare) }

// Fill writes the tokens. A seed that was used before is refused: its tokens exist.
func Fill(ctx context.Context, s ledger.Store, keys *token.Keyring, o Options) error {
	f := &filler{Options: o, keys: keys, rand: rand.New(rand.NewPCG(o.Seed, 0x746f6b656e7279)), store: s} //nolint:gosec // it is to be drawn again
	f.Now = f.Now.UTC().Truncate(time.Microsecond)
	if err := f.prepare(ctx); err != nil {
		return err
	}
	for f.made < o.Tokens {
		if err := f.batch(ctx, f.some); err != nil {
			return err
		}
		if o.Told != nil {
			o.Told(f.made)
		}
	}
	return nil
}

// filler is one run.
type filler struct {
	Options
	keys  *token.Keyring
	rand  *rand.Rand
	store ledger.Store
	homes []home
	made  int
}

// home is a workspace and who is in it.
type home struct {
	ledger.Workspace
	members  []ledger.Member
	accounts []ledger.ServiceAccount
}

// batch commits a mutation that has to succeed.
func (f *filler) batch(ctx context.Context, mutate func(ledger.Tx) error) error {
	verdicts, err := f.store.Batch(ctx, []func(ledger.Tx) error{mutate})
	return errors.Join(append(verdicts, err)...)
}

// prepare makes the workspaces and the owners.
func (f *filler) prepare(ctx context.Context) error {
	for n := range workspaces {
		var h home
		err := f.batch(ctx, func(tx ledger.Tx) (err error) {
			h, err = f.home(tx, n)
			return err
		})
		if errors.Is(err, ledger.ErrDuplicate) {
			return fmt.Errorf("fill: the seed %d was used on this database already: %w", f.Seed, err)
		}
		if err != nil {
			return err
		}
		f.homes = append(f.homes, h)
	}
	return nil
}

// home makes one workspace, its people and its service accounts.
func (f *filler) home(tx ledger.Tx, n int) (h home, err error) {
	began := f.Now.Add(-past)
	h.Workspace = ledger.Workspace{ID: tx.NewID(), Slug: Slug(f.Seed, n), Name: fmt.Sprint("Filled ", n), CreatedAt: began, Revision: tx.Revision()}
	errs := []error{tx.PutWorkspace(h.Workspace), f.note(tx, h.Workspace, event{at: began, action: "workspace.created", target: h.Slug})}
	for i := range owners {
		u := ledger.User{ID: tx.NewID(), PublicID: fmt.Sprintf("usr_fill%d-%d-%d", f.Seed, n, i), Email: fmt.Sprintf("person%d@%s.example", i, h.Slug),
			Name: fmt.Sprint("Person ", i), CreatedAt: began, Revision: tx.Revision()}
		m := ledger.Member{ID: tx.NewID(), Workspace: h.ID, User: u.ID, Grants: editor(), CreatedAt: began, Revision: tx.Revision(),
			UserPublicID: u.PublicID, UserEmail: u.Email, UserName: u.Name}
		a := ledger.ServiceAccount{ID: tx.NewID(), Workspace: h.ID, PublicID: fmt.Sprintf("sa_fill%d-%d-%d", f.Seed, n, i), Name: fmt.Sprint("service", i),
			Description: "Made by tokenry fill", Grants: editor(), CreatedAt: began, Revision: tx.Revision()}
		errs = append(errs, tx.PutUser(u), tx.PutMember(m), tx.PutServiceAccount(a))
		h.members, h.accounts = append(h.members, m), append(h.accounts, a)
	}
	tx.Touch(ledger.Touched{Workspaces: []ledger.ID{h.ID}})
	return h, errors.Join(errs...)
}

// some makes as many tokens as a mutation has: each journals what it changes, so few mutations
// have many.
func (f *filler) some(tx ledger.Tx) error {
	for end := min(f.made+together, f.Tokens); f.made < end; {
		if err := f.few(tx, min(neighbours, end-f.made)); err != nil {
			return err
		}
	}
	return nil
}

// few makes so many tokens, all of one workspace.
func (f *filler) few(tx ledger.Tx, n int) error {
	w := 0
	if f.rand.Float64() >= largeShare {
		w = 1 + f.rand.IntN(workspaces-1)
	}
	chain, err := f.chain(tx, f.homes[w].Workspace)
	if err != nil {
		return err
	}
	for range n {
		if err := f.one(tx, f.homes[w], chain); err != nil {
			return err
		}
		f.made++
	}
	return nil
}
