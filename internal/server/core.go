package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/clock"
	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/signin"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/tally"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Options are what a server is given besides its settings. The zero value is
// what a program wants that is not a test.
type Options struct {
	// Logger is told what happens; nil is silence.
	Logger *slog.Logger
	// Machine has the clocks that time is told by; nil is the one this runs on.
	Machine clock.Machine
	// Now is a clock that is taken at its word in place of the machine's, for tests
	// and demonstrations; nil watches the machine's.
	Now func() time.Time
	// Rand is a cryptographic source of randomness; nil is crypto/rand.
	Rand io.Reader
	// Version goes into the metrics.
	Version string
	// Holder is how this process is named to whoever finds the database held; ""
	// names host and process.
	Holder string
	// serving opens what a server writes besides the database.
	serving bool
	// beside opens the database without its lock, where a server may be running.
	beside bool
	// restoring opens a database that a restore may have begun.
	restoring bool
	// bulk opens the database for very many rows; see [store.Options.Bulk].
	bulk bool
	// observe is told how long the database took; nil is nobody.
	observe func(op string, d time.Duration, err error)
	// rulesDigest is that of the rules that hold; nil has none.
	rulesDigest func() string
	// waited is told how long changes waited for their turn; nil is nobody.
	waited func(effect string, d time.Duration)
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Machine == nil {
		o.Machine = clock.Host()
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Holder == "" {
		host, _ := os.Hostname()
		o.Holder = fmt.Sprintf("%s, process %d", host, os.Getpid())
	}
	return o
}

// Core is the rules over an opened database, without a door: what a server is
// built on, and all that a command needs that works on a stopped one's.
type Core struct {
	Options
	Authority *office.Office
	Engine    *verify.Engine
	Passwords *signin.Passwords

	config config.Config
	keys   *token.Keyring
	store  *store.Store
	clock  *clock.Clock
	watch  *watch // nil for a command on a stopped server
	// remote is the database's clock; nil where the machine's is followed, or Now.
	remote *clock.Remote
	// agreed is what is known of the others' keys and rules.
	agreed agreed
	// asking asks the other nodes what they decided; nil where there can be none.
	asking *cluster.Asking
	// lackedAt is when the log was told last that the keyring lacks a key, µs; lacked
	// counts how often it did.
	lackedAt, lacked atomic.Int64
	// node is this process among those of the database; nil where it is alone.
	node *cluster.Node
	// sharing divides limits among them; nil where nobody else counts.
	sharing *sharing
	// replicas are the programs that verify by its word; nil for a command.
	replicas *cluster.Replicas
	// tally counts limits in Redis; nil where nobody does.
	tally *tally.Tally
}

// Open opens the keyring and the database, which it then holds, and prepares
// them on the first start. A server on PostgreSQL begins again when the database goes
// away meanwhile: a start that is cut off in the middle is no other than one that is early.
func Open(ctx context.Context, cfg config.Config, o Options) (*Core, error) {
	for tries := 0; ; tries++ {
		c, err := open(ctx, cfg, o)
		if err == nil || !o.serving || cfg.SQLitePath() != "" || !passes(err) {
			return c, err
		}
		if tries%tellEvery == 0 {
			o.withDefaults().Logger.Warn("the database went away during the start, which begins again", "error", err)
		}
		if wait(ctx, lookAgain) != nil {
			return nil, err
		}
	}
}

// passes says whether what a start needs may be there in a moment, by the database alone.
func passes(err error) bool {
	_, fenced := errors.AsType[*ledger.FenceError](err)
	_, lacks := errors.AsType[*ledger.KeyError](err)
	return !fenced && !lacks && !errors.Is(err, store.ErrNotAdmitted) && (errors.Is(err, ledger.ErrStoreUnavailable) || api.NotNow(err))
}

func open(ctx context.Context, cfg config.Config, o Options) (*Core, error) {
	c := &Core{Options: o.withDefaults(), config: cfg}
	if err := c.keyring(); err != nil {
		return nil, err
	}
	if err := c.openStore(ctx); err != nil {
		return nil, err
	}
	if err := errors.Join(c.openClock(ctx), c.openNode()); err != nil {
		return nil, errors.Join(err, c.store.Close())
	}
	if err := c.awaitHead(ctx); err != nil {
		return nil, errors.Join(err, c.store.Close())
	}
	if err := c.build(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// openStore opens the database. A server waits for one that is not there yet: it may
// have been started before it, or while it is restarted.
func (c *Core) openStore(ctx context.Context) (err error) {
	for tries := 0; ; tries++ {
		c.store, err = store.Open(ctx, store.Options{
			URL: c.config.Database.Reveal(), Holder: c.Holder, Logger: c.Logger, Observe: c.observe, NoLock: c.beside, Fenced: c.restoring, Bulk: c.bulk, Rand: c.Rand,
		})
		fence, fenced := errors.AsType[*ledger.FenceError](err)
		if err == nil || fenced && (fence.State != ledger.FenceRestoring || c.config.SQLitePath() != "") || !c.serving || !errors.Is(err, ledger.ErrStoreUnavailable) || errors.Is(err, store.ErrNotAdmitted) {
			return err
		}
		if tries%tellEvery == 0 {
			c.Logger.Warn("waiting for the database", "error", err)
		}
		if ctx.Err() != nil || wait(ctx, lookAgain) != nil {
			return err
		}
	}
}

// lookAgain is between two looks at a database that is waited for; the log tells of one
// in tellEvery.
const lookAgain, tellEvery = 200 * time.Millisecond, 25

func (c *Core) build(ctx context.Context) error {
	if err := c.store.CheckKeyring(ctx, c.keys); err != nil {
		return err
	}
	if err := c.followKeys(ctx); err != nil {
		return err
	}
	if err := c.hearTime(ctx); err != nil {
		return err
	}
	c.Passwords = signin.NewPasswords(c.Rand)
	if c.serving {
		if err := c.openWatch(ctx); err != nil {
			return err
		}
	}
	o := c.observed(authority.Options{
		Store: c.store, Keys: c.keys, Clock: c.clock, Rand: c.Rand, HashPassword: c.Passwords.Hash, Waited: c.waited,
		Lacks: c.lacks, Recorded: c.store.KeyRecorded, Issuers: c.issuers(),
	})
	if err := c.openReplicas(); err != nil {
		return err
	}
	var lease verify.Lease
	switch {
	case c.node != nil:
		o.Fence = c.node
	case c.replicas != nil:
		o.Fence = c.replicas
	}
	if c.node != nil && c.serving {
		o.Runs = c.node.Runs
	}
	if c.node != nil && c.serving {
		lease = c.node
	}
	c.Authority = office.New(o)
	prefixes, err := c.prefixes(ctx)
	if err != nil {
		return err
	}
	together, err := c.together()
	if err != nil {
		return err
	}
	c.Engine = verify.New(c.Authority, c.keys, verify.Config{
		CacheSize: int64(c.config.CacheSize),
		Prefixes:  prefixes, FirstUse: c.Authority.FirstUse, Now: c.Now, Ahead: c.clock.Ahead, Lease: lease, Lacks: c.lacks, Direct: c.direct, Together: together,
	})
	c.observeChanges()
	c.divide()
	if c.watch != nil {
		if err := c.watch.recorder.KeepMeters(ctx, c.Engine); err != nil {
			return err
		}
	}
	if err := c.warnOfAny(ctx); err != nil {
		return err
	}
	revision, err := c.Authority.Revision(ctx)
	if err == nil {
		c.Engine.Apply(verify.Changes{Revision: revision})
		err = c.Engine.Prepare(ctx)
		if ledger.LacksKey(err) { // it is not ready until it has the key
			err = nil
		}
	}
	return err
}

// warnOfAny tells of resources that are called as a word of the API, since before
// that was refused.
func (c *Core) warnOfAny(ctx context.Context) error {
	slugs, err := c.Authority.NamesAny(ctx)
	if len(slugs) > 0 && c.serving {
		c.Logger.Warn("a resource is called any, which verifications read as a word; until it is deleted, only tokens that reach it pass there with that word",
			"workspaces", slugs)
	}
	return err
}

// prefixes answers what tokens of this instance begin with, the current one
// first, once the setting is what the database says.
func (c *Core) prefixes(ctx context.Context) ([]token.Prefix, error) {
	have, err := c.Authority.Prefixes(ctx)
	if err != nil {
		return nil, err
	}
	want := token.Prefix(c.config.Prefix)
	if want == "" && len(have) > 0 {
		return have, nil
	}
	if want == "" {
		want = token.DefaultPrefix
	}
	if err := c.Authority.Prepare(ctx, want); err != nil {
		return nil, err
	}
	return c.Authority.Prefixes(ctx)
}

// Close writes what is not written yet, closes the database and gives it back.
func (c *Core) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return errors.Join(c.endWatch(ctx), c.keepTime(ctx), c.store.Close(), c.tally.Close())
}

// closeTimeout is for the last of what was done with tokens to be written.
const closeTimeout = 20 * time.Second
