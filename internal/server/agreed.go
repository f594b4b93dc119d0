package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// What is given to each node for itself has to be the same on all: the keyring and the
// files of rules. Nodes tell each other what they have. A key is current once every
// live node has it; a node that lacks one which live tokens are under is not ready.

// agreed is what one node knows of that.
type agreed struct {
	// shared are the keys that every live node has; nil until the list was read, and
	// where the database has one program alone.
	shared atomic.Pointer[[]token.KeyID]
	// needed are the keys that this node lacks and live tokens are under; nil until that
	// was looked up.
	needed atomic.Pointer[[]token.KeyID]
	// rules is how many other nodes have other rules.
	rules atomic.Int64
	// again holds one wish to look up needed anew.
	again chan struct{}
	// wish is the keyring's own current key. Waits are the nodes for which it waits, beyond
	// the keys that others have and this one lacks, as they were told last: both are of
	// whoever learns.
	wish   token.KeyID
	waits  []string
	beyond []token.KeyID
}

const (
	// keysEvery is how often it is looked up which keys are needed; keysApart how long at
	// least is between two looks, which take one part in figuresShare of the time; and
	// keysTime bounds one.
	keysEvery = time.Minute
	keysApart = time.Second
	keysTime  = 30 * time.Second
)

// keysShared is what the keyring follows.
func (a *agreed) keysShared() []token.KeyID {
	if shared := a.shared.Load(); shared != nil {
		return *shared
	}
	return nil
}

// lookAgain asks for a look at which keys are needed, soon.
func (a *agreed) lookAgain() {
	select {
	case a.again <- struct{}{}:
	default: // nobody looks, or it is asked for
	}
}

// followKeys lets the keyring follow what all live nodes have. A program that is no
// node, such as a command, reads the list this once.
func (c *Core) followKeys(ctx context.Context) error {
	board := c.store.Nodes()
	if board == nil {
		return nil
	}
	c.agreed.again = make(chan struct{}, 1)
	leases, err := board.Leases(ctx)
	if err != nil {
		return fmt.Errorf("read which nodes there are: %w", err)
	}
	c.agreed.wish = c.keys.Current()
	c.keys = c.keys.Following(c.agreed.keysShared)
	c.learn(leases)
	return nil
}

// tells is what this node tells the others.
func (c *Core) tells() ledger.Told {
	told := ledger.Told{Keys: c.keys.IDs()}
	if c.rulesDigest != nil {
		told.Rules = c.rulesDigest()
	}
	if c.remote != nil {
		goes := c.Now()
		told.Goes = &goes
	}
	if c.asking != nil {
		c.asking.Told(&told)
	}
	return told
}

// learn takes in what the others tell. One goroutine calls it at a time.
func (c *Core) learn(leases []ledger.Lease) {
	if c.asking != nil {
		c.asking.Learn(leases)
	}
	told := c.tells()
	was := c.keys.Current()
	shared := sharedKeys(told.Keys, leases)
	c.agreed.shared.Store(&shared)
	if now := c.keys.Current(); now != was && c.serving {
		c.Logger.Info("tokens are made under another key from now on, as every node has it", "key", now)
	}
	c.tellOfKeys(told.Keys, leases)
	if c.rulesDigest == nil {
		return
	}
	others := otherRules(told.Rules, leases)
	if n := int64(len(others)); c.agreed.rules.Swap(n) == 0 && n > 0 {
		c.Logger.Warn("other nodes have other files of rules, so the same request may be answered differently there; give all the same", "nodes", others)
	}
}

// tellOfKeys tells the log, once, for which nodes a key waits, and looks for what is
// under keys that only others have.
func (c *Core) tellOfKeys(own []token.KeyID, leases []ledger.Lease) {
	a := &c.agreed
	waits := lackingKey(a.wish, leases)
	if len(waits) > 0 && !slices.Equal(waits, a.waits) && c.serving {
		c.Logger.Warn("the keyring's current key is not used yet, since other nodes do not have it; give them this keyring and restart them",
			"key", a.wish, "used", c.keys.Current(), "nodes", waits)
	}
	a.waits = waits
	var beyond []token.KeyID
	for _, l := range leases {
		if l.Told == nil {
			continue
		}
		for _, id := range l.Told.Keys {
			if !slices.Contains(own, id) && !slices.Contains(beyond, id) {
				beyond = append(beyond, id)
			}
		}
	}
	if !slices.Equal(beyond, a.beyond) {
		a.beyond = beyond
		a.lookAgain()
	}
}

// lookAtKeys looks up which keys this node lacks that live tokens are under. One that
// was taken out of use, with nothing live under it, is not needed.
func (c *Core) lookAtKeys(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, keysTime)
	defer cancel()
	checks, err := c.store.KeyChecks(ctx)
	if err != nil {
		return err
	}
	var lacking []token.KeyID
	for id := range checks {
		if _, held := c.keys.Check(id); !held {
			lacking = append(lacking, id)
		}
	}
	slices.Sort(lacking)
	needed, err := c.store.KeysNeeded(ctx, lacking, c.Now())
	if err != nil {
		return err
	}
	was := c.agreed.needed.Swap(&needed)
	if len(needed) > 0 && (was == nil || !slices.Equal(*was, needed)) {
		c.Logger.Error("the keyring of this node lacks keys that live tokens are under, so it is not ready; give it the keyring that the other nodes have, and restart it",
			"keys", needed)
	}
	return nil
}

// watchKeys looks again and again until ctx ends.
func (c *Core) watchKeys(ctx context.Context) {
	apart, every := keysApart, keysEvery
	for wait(ctx, apart) == nil {
		fires, stop := timer(every)
		select {
		case <-ctx.Done():
		case <-fires:
		case <-c.agreed.again:
		}
		stop()
		start := time.Now()
		every = keysEvery
		if c.lookAtKeys(ctx) != nil {
			every = 0 // the database is away, and readiness says so
		}
		apart = max(keysApart, figuresShare*time.Since(start))
	}
}

// lacksNeeded is why this node is not ready for what its keyring lacks; nil when it
// lacks nothing that is needed.
func (c *Core) lacksNeeded() error {
	if c.node == nil {
		return nil
	}
	needed := c.agreed.needed.Load()
	switch {
	case needed == nil:
		return errors.New("it is not known yet whether the keyring has every key that is needed")
	case len(*needed) > 0:
		return fmt.Errorf("the keyring lacks the keys %v, which live tokens are under", *needed)
	}
	return nil
}
