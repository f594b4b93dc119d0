package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/sqlite"
	"github.com/tokenry/tokenry/internal/store"
)

// Since says what a restore does about what happened after the backup was taken,
// which the backup cannot know: without it, a token that was revoked since would
// be back.
type Since string

// The choices of [Restore].
const (
	// SinceReplay does again what an export of the audit tells.
	SinceReplay Since = "replay"
	// SinceDisable stops every token until it is enabled.
	SinceDisable Since = "disable-all"
	// SinceRevoke ends every token for good.
	SinceRevoke Since = "revoke-all"
	// SinceKeep lets what was revoked since come back.
	SinceKeep Since = "keep-all"
)

// RestoreOptions say what is restored, and how.
type RestoreOptions struct {
	// In is the backup. Without one, the database is there already, brought back
	// by other tools, and only what Since says is done.
	In    string
	Since Since
	// Replay are exports of the audit, as NDJSON, for SinceReplay.
	Replay []io.Reader
	Server Options
}

// Restored is what a restore did.
type Restored struct {
	Manifest
	Since Since `json:"since"`
	// Stopped counts the tokens that were disabled or revoked because of Since.
	Stopped int `json:"stopped"`
	// Replayed is what a replay did; nil without one.
	Replayed *Replayed `json:"replayed,omitempty"`
	office.NotSent
	// Recovery is a token that opens the door after every token was stopped.
	Recovery *authority.Issued `json:"-"`
}

// ReadManifest says what a backup is of.
func ReadManifest(path string) (Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return Manifest{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	a, err := unseal(f)
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", path, err)
	}
	return a.Manifest, nil
}

// Restore brings a backup back to where the settings say that the database is,
// and where there is none. All of it happens in a folder beside: what fails
// leaves nothing. The content is compared with the manifest, the file and the
// audit are read as a whole, and the keyring must be the one that belongs to it.
func Restore(ctx context.Context, cfg config.Config, o RestoreOptions) (out Restored, err error) {
	if o.In == "" {
		return out, out.settle(ctx, cfg, o)
	}
	target := cfg.SQLitePath()
	if target == "" {
		return out, ErrOwnTools
	}
	if err := vacant(target); err != nil {
		return out, err
	}
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return out, fmt.Errorf("make the folder of the database: %w", err)
	}
	folder, err := os.MkdirTemp(dir, ".restore-*")
	if err != nil {
		return out, fmt.Errorf("make a folder beside the database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if out.Manifest, err = unpackTo(folder, o.In); err != nil {
		return out, err
	}
	staged := cfg
	staged.HeadNote = cmp.Or(notePath(cfg), noNote) // what was seen where the database is going to be
	staged.Database = config.NewURL("sqlite:" + filepath.Join(folder, databaseName))
	if staged.Keys, err = keyringFor(cfg, folder, out.WithKeys()); err != nil {
		return out, err
	}
	if err := out.settle(ctx, staged, o); err != nil {
		return out, err
	}
	return out, moveIn(folder, target, cfg.Keys)
}

// vacant refuses a place where a database is.
func vacant(target string) error {
	for _, path := range []string{target, target + "-wal", store.UsagePath(target)} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s exists, and a restore never writes over a database; stop the server and move the old files away, or restore elsewhere", path)
		}
	}
	return nil
}

func unpackTo(folder, path string) (Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return Manifest{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	a, err := unseal(f)
	if err == nil {
		err = a.unpack(folder)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", path, err)
	}
	return a.Manifest, nil
}

// keyringFor is the keyring that is there, else the one in the backup.
func keyringFor(cfg config.Config, folder string, packed bool) (string, error) {
	if _, err := os.Stat(cfg.Keys); err == nil {
		return cfg.Keys, nil
	}
	if !packed {
		return "", fmt.Errorf("there is no keyring at %s, and none in the backup: without it no token in the backup can be verified; bring it from where it is kept, or name it with --keys", cfg.Keys)
	}
	return filepath.Join(folder, keyringName), nil
}

// settle checks the unpacked database and brings it to what Since says. Until it has come
// to its end no server starts on it, and run again it does the same.
func (out *Restored) settle(ctx context.Context, cfg config.Config, o RestoreOptions) (err error) {
	if path := cfg.SQLitePath(); path != "" {
		if err := sqlite.Check(ctx, path); err != nil {
			return err
		}
	}
	o.Server.restoring = true
	c, err := Open(ctx, cfg, o.Server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := unserved(ctx, c.store); err != nil {
		return err
	}
	chains, err := audit.Verify(ctx, c.store, c.keys, out.Heads...)
	if err != nil {
		return fmt.Errorf("the audit of what is restored: %w", err)
	}
	if o.In == "" {
		for _, chain := range chains {
			out.Heads = append(out.Heads, chain.Head)
		}
	}
	out.Since = o.Since
	since, err := c.since(ctx, out.Heads, o)
	if err != nil {
		return err
	}
	if err := c.store.Restoring(ctx, &ledger.Fence{State: ledger.FenceRestoring, At: c.Now().UTC().Truncate(time.Second)}, 0); err != nil {
		return err
	}
	if err := out.bring(ctx, c, since); err != nil {
		return err
	}
	return c.store.Restoring(ctx, nil, 1+max(since.newest, c.seen(ctx)))
}

// unserved refuses a database that a node lives on.
func unserved(ctx context.Context, s *store.Store) error {
	board := s.Nodes()
	if board == nil {
		return nil
	}
	living, err := cluster.Living(ctx, board, cluster.Ticks, timer)
	if len(living) == 0 {
		return err
	}
	return &filelock.HeldError{Holder: living[0].Holder}
}

// since is what is known of the time after the backup.
func (c *Core) since(ctx context.Context, heads []string, o RestoreOptions) (*Replayed, error) {
	out := &Replayed{Done: map[string]int{}, NotDone: map[string]int{}}
	switch o.Since {
	case SinceReplay:
		return out, out.read(ctx, c.store, heads, o.Replay)
	case SinceDisable, SinceRevoke, SinceKeep:
		return out, nil
	}
	return nil, fmt.Errorf("a restore does one of replay, disable-all, revoke-all and keep-all, not %q", o.Since)
}

// bring does what Since says.
func (out *Restored) bring(ctx context.Context, c *Core, since *Replayed) (err error) {
	out.NotSent, err = c.Authority.NoteRestore(ctx, office.Restored{TakenAt: out.TakenAt, Revision: out.Revision, Heads: out.Heads, Since: string(out.Since)})
	if err != nil {
		return err
	}
	switch out.Since {
	case SinceReplay:
		out.Replayed = since
		for _, e := range settled(since.events) {
			c.again(ctx, since, e)
		}
	case SinceDisable, SinceRevoke:
		if out.Stopped, err = c.stopTokens(ctx, out.Since == SinceRevoke); err != nil {
			return err
		}
		issued, err := c.Authority.RecoveryToken(ctx, office.RestoreCaller())
		out.Recovery = &issued
		return err
	case SinceKeep:
	}
	return nil
}

// stopTokens disables or revokes every token that could be used. Many at a time,
// because those that wait together share a commit.
func (c *Core) stopTokens(ctx context.Context, forGood bool) (int, error) {
	statuses := []string{api.StatusActive}
	if forGood {
		statuses = append(statuses, api.StatusDisabled)
	}
	type target struct{ ws, id string }
	var targets []target
	err := c.eachToken(ctx, func(ws string, t api.Token) error {
		if slices.Contains(statuses, t.Status) {
			targets = append(targets, target{ws, t.ID})
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	var group errgroup.Group
	group.SetLimit(64)
	for _, t := range targets {
		group.Go(func() error { return c.stopToken(ctx, t.ws, t.id, forGood) })
	}
	return len(targets), group.Wait()
}

func (c *Core) stopToken(ctx context.Context, ws, id string, forGood bool) (err error) {
	by := office.RestoreCaller()
	if forGood {
		_, err = c.Authority.RevokeToken(ctx, by, ws, id, api.RevokeToken{Reason: api.ReasonOther, Comment: "restored from a backup"})
	} else {
		_, err = c.Authority.DisableToken(ctx, by, ws, id, api.DisableToken{})
	}
	return err
}

// eachToken walks through every token of every workspace.
func (c *Core) eachToken(ctx context.Context, f func(ws string, t api.Token) error) error {
	by := office.RestoreCaller()
	workspaces := authority.Each(func(p authority.Page) ([]api.Workspace, int64, error) { return c.Authority.ListWorkspaces(ctx, by, p) })
	for ws, err := range workspaces {
		if err != nil {
			return err
		}
		tokens := authority.Each(func(p authority.Page) ([]api.Token, int64, error) {
			return c.Authority.ListTokens(ctx, by, ws.Slug, api.TokenFilter{Deleted: true}, p)
		})
		for t, err := range tokens {
			if err != nil {
				return err
			}
			if err := f(ws.Slug, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// moveIn gives the settled files their names, the database last: where it is,
// everything is.
func moveIn(folder, target, keys string) error {
	for _, move := range [][2]string{{keyringName, keys}, {usageName, store.UsagePath(target)}, {databaseName, target}} {
		from := filepath.Join(folder, move[0])
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if _, err := os.Lstat(move[1]); err == nil {
			if move[0] == keyringName {
				continue // the one that is there was used
			}
			return fmt.Errorf("%s came to be while the backup was unpacked; nothing was written over it", move[1])
		}
		if err := os.Rename(from, move[1]); err != nil {
			return fmt.Errorf("put the restored file in its place: %w", err)
		}
	}
	return syncFolder(filepath.Dir(target))
}
