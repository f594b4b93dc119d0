package server

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/ledger"
)

// headNote says in a file, beside the keyring and so apart from the database, how far a
// node has seen each of its instances. An older database is noticed by it at the start.
type headNote struct {
	Format int `json:"format"`
	// Lines are the instances, each by what no other has.
	Lines map[string]noted `json:"lines"`
}

// noted is the newest point that was seen.
type noted struct {
	Revision int64  `json:"revision"`
	Digest   string `json:"digest"`
	// At is when it was noted, which tells old instances from new.
	At time.Time `json:"at"`
}

const (
	// notesKept is how many instances a note tells of: a keyring is one's, or that of
	// its copies for trials.
	notesKept = 16
	// maxNote bounds the file that is read.
	maxNote = 64 << 10
	// noteEvery is how much may be forgotten.
	noteEvery = time.Second
	// noNote is the setting for none.
	noNote = "none"
)

func pointNoted(p ledger.Point, at time.Time) noted {
	return noted{p.Revision, hex.EncodeToString(p.Digest[:]), at.UTC().Truncate(time.Second)}
}

// with is the note with a newer point of a line; false is that nothing is newer.
func (n headNote) with(line string, p noted) (headNote, bool) {
	if had, ok := n.Lines[line]; ok && had.Revision >= p.Revision {
		return n, false
	}
	lines := maps.Clone(n.Lines)
	if lines == nil {
		lines = map[string]noted{}
	}
	lines[line] = p
	for len(lines) > notesKept {
		delete(lines, slices.MinFunc(slices.Collect(maps.Keys(lines)), func(a, b string) int { return lines[a].At.Compare(lines[b].At) }))
	}
	return headNote{1, lines}, true
}

// olderError is a database that is older than what this node has seen of it.
type olderError struct {
	path      string
	had, have noted
}

// Error says what may be wrong and what to do.
func (e *olderError) Error() string {
	how := fmt.Sprintf("is at change %d, and this node has seen change %d of it", e.have.Revision, e.had.Revision)
	if e.have.Revision == e.had.Revision {
		how = fmt.Sprintf("is at change %d, as this node has seen it, but that was another change", e.have.Revision)
	}
	return "the database " + how + " (" + e.had.At.Format(time.RFC3339) + "): it was restored from a backup, or is a server that had not everything, " +
		"and what was revoked since would work again. Run tokenry restore on it, without --in, with --replay EXPORT, --disable-all, --revoke-all or --keep-all. " +
		"Whoever knows that nothing was revoked since may remove " + e.path
}

// judge refuses a point that is older than the one that was noted of its line.
func (n headNote) judge(path, line string, have noted) error {
	had, ok := n.Lines[line]
	if !ok || have.Revision > had.Revision || have.Revision == had.Revision && have.Digest == had.Digest {
		return nil
	}
	return &olderError{path, had, have}
}

// notePath is where the note is; empty is nowhere.
func notePath(cfg config.Config) string {
	switch cfg.HeadNote {
	case "":
		return cfg.Keys + ".head"
	case noNote:
		return ""
	}
	return cfg.HeadNote
}

// readNote reads the file; one that is not there is empty.
func readNote(path string) (n headNote, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err != nil {
		return n, fmt.Errorf("read the note of the newest change: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxNote))
	if err == nil {
		err = json.Unmarshal(b, &n)
	}
	if err != nil || n.Format != 1 {
		return n, fmt.Errorf("the note of the newest change, %s, cannot be read (%w): if the database was not restored from a backup, remove it", path, err)
	}
	return n, nil
}

// writeNote writes it for its owner alone, whole or not at all.
func writeNote(path string, n headNote) error {
	b, err := json.Marshal(n)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // of mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// headOfLine reads where the database is, and which instance it holds: when that was set
// up says so, in a backup and after a move too. Without one there is nothing to lose.
func headOfLine(ctx context.Context, s ledger.Store) (line string, at ledger.Point, err error) {
	err = s.Read(ctx, func(r ledger.Reader) error {
		at = r.Point()
		i, err := r.Instance()
		if errors.Is(err, ledger.ErrNoRow) || err == nil && i.BootstrappedAt.IsZero() {
			return nil
		}
		line = strconv.FormatInt(i.BootstrappedAt.UnixMicro(), 10)
		return err
	})
	return line, at, err
}

// checkHead refuses a database that is older than the note.
func checkHead(ctx context.Context, cfg config.Config, s ledger.Store) error {
	path := notePath(cfg)
	if path == "" {
		return nil
	}
	n, err := readNote(path)
	if err != nil {
		return err
	}
	line, at, err := headOfLine(ctx, s)
	if err != nil || line == "" {
		return err
	}
	return n.judge(path, line, pointNoted(at, time.Time{}))
}

// awaitHead waits, where a restore can be run beside, for a database that is not older
// than the note; on SQLite it would need the file for itself.
func (c *Core) awaitHead(ctx context.Context) error {
	for tries := 0; c.serving; tries++ {
		err := checkHead(ctx, c.config, c.store)
		if err == nil {
			err = c.store.Fenced(ctx) // a restore goes on, and is at a later change already
		}
		_, older := errors.AsType[*olderError](err)
		_, fenced := errors.AsType[*ledger.FenceError](err)
		if !older && !fenced || c.store.Nodes() == nil {
			return err
		}
		if tries%tellEvery == 0 {
			c.Logger.Error("waiting for a restore: nothing is served before", "error", err)
		}
		if wait(ctx, lookAgain) != nil {
			return err
		}
	}
	return nil
}

// seen is the newest revision of this instance that the note tells of; 0 without.
func (c *Core) seen(ctx context.Context) int64 {
	n, err := readNote(notePath(c.config))
	line, _, lineErr := headOfLine(ctx, c.store)
	if err != nil || lineErr != nil {
		return 0 // a server that cannot read it does not start
	}
	return n.Lines[line].Revision
}

// noteHead keeps the note until ctx ends, and once more then.
func (s *Server) noteHead(ctx context.Context) {
	path := notePath(s.config)
	if path == "" {
		return
	}
	var written int64
	told := false
	for ended := false; !ended; {
		ended = wait(ctx, noteEvery) != nil
		if s.node != nil && !ended && s.node.State().Applied <= written {
			continue
		}
		err := s.noteOnce(context.WithoutCancel(ctx), path, &written)
		switch {
		case err == nil:
			told = false
		case !told && !errors.Is(err, ledger.ErrStoreUnavailable):
			told = true
			s.Logger.Warn("the newest change cannot be noted beside the keyring, so that a database that was restored from an older backup would not be noticed at the start; "+
				"name a file in a folder that can be written and stays with --head-note, or none", "error", err)
		}
	}
}

// noteOnce notes what is new, for whoever else notes in the same file too, and once it is
// confirmed, since it can be seen before it is safe from a failover.
func (s *Server) noteOnce(ctx context.Context, path string, written *int64) error {
	ctx, cancel := context.WithTimeout(ctx, noteEvery)
	defer cancel()
	line, at, err := headOfLine(ctx, s.store)
	if err != nil || line == "" || at.Revision <= *written {
		return err
	}
	if err := s.store.Confirm(ctx); err != nil {
		return err
	}
	n, err := readNote(path)
	if err != nil {
		return err
	}
	if n, newer := n.with(line, pointNoted(at, s.Now())); newer {
		if err := writeNote(path, n); err != nil {
			return err
		}
	}
	*written = at.Revision
	return nil
}
