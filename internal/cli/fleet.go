package cli

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/journal"
	"github.com/tokenry/tokenry/internal/terminal"
)

const (
	// keyKept is how long, with an hour to spare, the server finds a request again
	// by its key.
	keyKept = 23 * time.Hour
	// grace is what the call at hand gets after Ctrl-C.
	grace = 30 * time.Second
)

// fleet is a rotation of every token that a filter finds.
type fleet struct {
	*app
	fleetFlags
	c       *client.Client
	in      api.RotateToken
	journal *journal.Journal
	tell    *progress
	outcome fleetOutcome
}

// rotateFleet rotates what a filter finds. A second run of the same rotation waits for
// nobody: it is refused while the journal is locked.
func (a *app) rotateFleet(cmd *cobra.Command, o fleetFlags, filter api.TokenFilter, in api.RotateToken) (err error) {
	if err := o.check(cmd.Flags(), filter); err != nil {
		return err
	}
	c, err := a.client(client.WithAttempts(10), client.WithPatience(15*time.Minute))
	if err != nil {
		return err
	}
	f := &fleet{app: a, fleetFlags: o, c: c, in: in}
	head, path, err := f.about(cmd.Context(), filter)
	if err != nil {
		return err
	}
	if !o.dryRun {
		release, err := a.lockJournal(path)
		if err != nil {
			return err
		}
		defer func() { _ = release() }() // the kernel drops it too
	}
	if err := f.open(cmd.Context(), path, head, filter); err != nil || o.dryRun {
		return err
	}
	f.outcome.Journal = path
	f.run(cmd.Context())
	return f.finish(cmd.Context())
}

// about says what the journal is about, and where it is.
func (f *fleet) about(ctx context.Context, filter api.TokenFilter) (journal.Head, string, error) {
	who, err := f.c.Whoami(ctx)
	if err != nil {
		return journal.Head{}, "", err
	}
	head := journal.Head{Server: f.c.BaseURL(), Workspace: f.Setting(f.flags.workspace, "TOKENRY_WORKSPACE", who.Workspace),
		Filter: rawJSON(filter), Rotate: rawJSON(f.in), Begun: f.Now().UTC()}
	if who.Token != nil {
		head.Caller = who.Token.Locator
	}
	name := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s", head.Server, head.Workspace, head.Filter))
	path, err := f.journalPath(f.fleetFlags.journal, hex.EncodeToString(name[:8]))
	return head, path, err
}

// journalPath is where the journal of a filter on a server is, if it is not named.
func (a *app) journalPath(named string, name string) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	dir := a.Setting("", "XDG_STATE_HOME", a.Setting("", "LOCALAPPDATA", ""))
	if home, ok := a.Env("HOME"); dir == "" && ok && home != "" {
		dir = filepath.Join(home, ".local", "state")
	}
	if !filepath.IsAbs(dir) {
		return "", command.Usagef("there is no folder to keep the journal in; name a file with --journal")
	}
	return filepath.Join(dir, "tokenry", "rotate-"+name+".journal"), nil
}

// rawJSON is a value of the wire as the journal keeps it.
func rawJSON(in any) json.RawMessage {
	b, err := json.Marshal(in)
	if err != nil {
		return json.RawMessage("null") // the types of the wire can all be written
	}
	return b
}

// lockJournal keeps a second run off a journal.
func (a *app) lockJournal(path string) (func() error, error) {
	if err := makeFolder(path); err != nil {
		return nil, err
	}
	lock, err := filelock.Take(path+".lock", fmt.Sprintf("process %d", os.Getpid()), a.Now())
	if held, ok := errors.AsType[*filelock.HeldError](err); ok {
		return nil, fmt.Errorf("another rotation works with the journal %s (%s)", path, terminal.OrNone(held.Holder))
	}
	if err != nil {
		return nil, err
	}
	return lock.Release, nil
}

// open reads the journal of an earlier run, or makes a plan.
func (f *fleet) open(ctx context.Context, path string, head journal.Head, filter api.TokenFilter) error {
	j, err := journal.Read(path)
	if err == nil {
		begun := j.Head().Begun
		fmt.Fprintf(f.Err, "going on with the rotation of %s (journal %s)\n", f.When(&begun), terminal.Clean(path))
		err = j.Fits(head)
	}
	if other, ok := errors.AsType[*journal.OtherError](err); ok {
		return command.Usagef("the journal %s: %w; go on with that, or give another --journal", path, other)
	}
	if err == nil {
		f.journal = j
		return f.list(j.Records())
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	plan, err := f.plan(ctx, filter, head.Caller)
	if err != nil || f.dryRun {
		return input.First(err, f.list(plan))
	}
	f.journal, err = journal.New(path, head, plan)
	return err
}

// list is all that a dry run does.
func (f *fleet) list(plan []*journal.Record) error {
	if !f.dryRun {
		return nil
	}
	return command.Table(f.App, command.Each(plan, nil), 0, "LABEL,ID,OWNER,STATE", func(r *journal.Record) []string {
		return []string{r.Label, r.ID, r.Owner, r.State}
	})
}

// plan asks which tokens there are to rotate, newest first.
func (f *fleet) plan(ctx context.Context, filter api.TokenFilter, own string) ([]*journal.Record, error) {
	run, err := ident.New(rand.Reader, "")
	if err != nil {
		return nil, err
	}
	var plan []*journal.Record
	for t, err := range f.c.Tokens(ctx, "", filter) {
		if err != nil {
			return nil, err
		}
		if why := f.leaveOut(t, own); why != "" {
			fmt.Fprintf(f.Err, "left out %s (%s): %s\n", terminal.Clean(t.ID), terminal.Clean(t.Label), why)
			f.outcome.LeftOut++
			continue
		}
		plan = append(plan, &journal.Record{Locator: t.Locator, ID: t.ID, Label: t.Label, Owner: t.Owner.Address, State: journal.Planned,
			Key: "rotate-" + run + "-" + t.Locator, RotatedAt: t.RotatedAt})
	}
	return plan, nil
}

// leaveOut says why a token that the filter finds is not rotated.
func (f *fleet) leaveOut(t api.Token, own string) string {
	switch {
	case t.Locator == own:
		return "it is the one that this command uses"
	case t.Status == api.StatusRevoked:
		return "it is revoked"
	case t.Status == api.StatusExpired && !f.in.Renew && !f.in.ExpiresIn.Has():
		return "it has expired, and neither --renew nor --expires-in was given"
	case t.OutsidePolicy && !f.in.Renew && !f.in.ExpiresIn.Has():
		return "it is outside the policy, and neither --renew nor --expires-in was given"
	case t.OverlapEndsAt != nil && t.OverlapEndsAt.After(f.Now()) && !f.inOverlap:
		return "the overlap of its last rotation runs until " + f.When(t.OverlapEndsAt)
	}
	return ""
}

// run rotates what is left, until all is done, something fails, or the context
// ends; the tokens at hand are then finished.
func (f *fleet) run(ctx context.Context) {
	f.tell = newProgress(f.app, len(f.journal.Records()))
	defer f.tell.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	work := make(chan *journal.Record)
	var workers sync.WaitGroup
	for range f.parallel {
		workers.Go(func() {
			for r := range work {
				if ctx.Err() != nil {
					continue
				}
				if err := f.one(ctx, r); err != nil && (!f.keepGoing || hopeless(err)) {
					stop()
				}
			}
		})
	}
	for _, r := range f.journal.Records() {
		if r.Over() {
			f.tell.already()
		} else {
			work <- r
		}
	}
	close(work)
	workers.Wait()
}

// hopeless says whether the next token would fare no better.
func hopeless(err error) bool {
	return api.NotNow(err) || errors.Is(err, api.CodeInvalidToken) || errors.Is(err, api.CodeRateLimited)
}

// one rotates a token and delivers its secret, and tells the outcome.
func (f *fleet) one(ctx context.Context, r *journal.Record) error {
	err := f.handOver(ctx, r)
	f.tell.told(f, r, err)
	return err
}

// handOver rotates a token and runs CMD with its secret. Each step is in the journal
// before it is taken, so that a run that ends between two of them can tell what was
// done.
func (f *fleet) handOver(ctx context.Context, r *journal.Record) error {
	if err := f.name(ctx, r); err != nil || r.Over() {
		return err
	}
	failedBefore := r.State == journal.Failed
	if r.State == journal.Planned {
		r.State, r.At = journal.Rotating, f.Now().UTC()
		if err := f.journal.Put(r); err != nil {
			return err
		}
	}
	call, done := patient(ctx)
	defer done()
	v, err := f.c.RotateToken(call, "", r.Locator, f.in, client.IdempotencyKey(r.Key))
	switch {
	case errors.Is(err, api.CodeIdempotencyKeyUsed):
		return f.inUse(ctx, r, failedBefore)
	case errors.Is(err, api.CodeNotFound), errors.Is(err, api.CodeTokenRevoked):
		r.State, r.Note = journal.Gone, "revoked or deleted before its turn"
		return f.journal.Put(r)
	case err != nil:
		return err
	}
	r.State, r.RotatedAt = journal.Rotated, v.Token.RotatedAt
	if err := f.journal.Put(r); err != nil {
		return err
	}
	failed := f.deliver(ctx, v)
	if r.State = journal.Delivered; failed != nil {
		r.State = journal.Failed
	}
	return input.First(f.journal.Put(r), failed)
}

// patient is a context that outlives Ctrl-C by a grace.
func patient(ctx context.Context) (context.Context, func()) {
	call, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return call, func() { stop(); cancel() }
}

// name sees that the server still finds the token's request by its key. Where it
// does not, and the request was never carried out, it begins anew.
func (f *fleet) name(ctx context.Context, r *journal.Record) error {
	if r.State == journal.Planned || f.Now().Sub(r.At) < keyKept {
		return nil
	}
	t, err := f.c.GetToken(ctx, "", r.Locator)
	switch {
	case err != nil:
		return err
	case r.State == journal.Rotating && sameTime(t.RotatedAt, r.RotatedAt):
		r.State = journal.Planned
		return nil
	case later(t.RotatedAt, r.RotatedAt) && r.State != journal.Rotating:
		return f.replaced(r)
	}
	return fmt.Errorf("it was rotated more than %s ago and its secret was not delivered; the server cannot replace it any more. "+
		"Give it a new one yourself (tokenry token rotate %s), and then run this again", keyKept, r.ID)
}

// inUse settles a token whose new secret was used, or replaced by somebody else,
// before this run.
func (f *fleet) inUse(ctx context.Context, r *journal.Record, failedBefore bool) error {
	t, err := f.c.GetToken(ctx, "", r.Locator)
	switch {
	case err != nil:
		return err
	case r.State == journal.Rotating, later(t.RotatedAt, r.RotatedAt): // CMD never had the one that was used
		return f.replaced(r)
	case failedBefore:
		return fmt.Errorf("CMD failed with its new secret, which was used nevertheless, so it cannot be replaced unnoticed; see where it went. "+
			"If it is not where it belongs, give the token another (tokenry token rotate %s), and run this again", r.ID)
	}
	r.State, r.Note = journal.Delivered, "its new secret is in use already"
	return f.journal.Put(r)
}

// replaced settles a token that somebody else rotated since.
func (f *fleet) replaced(r *journal.Record) error {
	r.State, r.Note = journal.Delivered, "somebody else rotated it since"
	return f.journal.Put(r)
}

// sameTime compares moments that may never have been; nil is never.
func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// later says whether a moment is after another; any is after never.
func later(a, b *time.Time) bool { return a != nil && (b == nil || a.After(*b)) }

// fleetOutcome is what a run answers.
type fleetOutcome struct {
	Journal string        `json:"journal"`
	Done    int           `json:"done"`
	Failed  int           `json:"failed"`
	Left    int           `json:"left"`
	LeftOut int           `json:"left_out"`
	Tokens  []fleetResult `json:"tokens"`
}

// fleetResult is one token of a run.
type fleetResult struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Note  string `json:"note,omitempty"`
}

// finish sums up, and drops a journal that has nothing left to tell.
func (f *fleet) finish(ctx context.Context) error {
	o := &f.outcome
	for _, r := range f.journal.Records() {
		why, failed := f.tell.failed[r.Locator]
		switch {
		case r.Over():
			o.Done++
		case failed:
			o.Failed++
			r.Note = why
		default:
			o.Left++
		}
		o.Tokens = append(o.Tokens, fleetResult{r.ID, r.State, r.Note})
	}
	err := f.journal.Close()
	if o.Failed+o.Left == 0 {
		err = errors.Join(err, os.Remove(o.Journal))
	}
	if f.JSON {
		err = errors.Join(err, f.PrintJSON(o))
	} else {
		fmt.Fprintf(f.Err, "%d done, %d failed, %d left, %d left out\n", o.Done, o.Failed, o.Left, o.LeftOut)
	}
	if err == nil && o.Failed+o.Left > 0 {
		err = &unfinishedError{*o, ctx.Err() != nil}
	}
	return err
}

// unfinishedError is the end of a rotation that has to go on.
type unfinishedError struct {
	fleetOutcome
	interrupted bool
}

// Error says how it goes on.
func (e *unfinishedError) Error() string {
	why := "not every token was rotated"
	if e.interrupted {
		why = "interrupted"
	}
	return fmt.Sprintf("%s; run the same command again to go on (journal %s)", why, e.Journal)
}
