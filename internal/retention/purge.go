package retention

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// What a workspace no longer keeps is deleted in small mutations: each is found
// on a snapshot, and looked at again under the lock, so that no revocation waits
// for long and several nodes that purge at the same time do no harm.

const (
	// purgeRows is how many tokens, members and so on one mutation deletes.
	purgeRows = 50
	// purgeLinks is how many rows of the audit.
	purgeLinks = 250
)

// actionPurged is the event of a purge, and the only one that no purge is worth
// while for.
const actionPurged = "retention.purged"

// Purged counts what a purge deleted.
type Purged struct {
	Tokens          int `json:"tokens,omitempty"`
	Members         int `json:"members,omitempty"`
	ServiceAccounts int `json:"service_accounts,omitempty"`
	Resources       int `json:"resources,omitempty"`
	Workspaces      int `json:"workspaces,omitempty"`
	AuditEvents     int `json:"audit_events,omitempty"`
	// Through is the number of the last audit event that was deleted, Until when
	// it happened; both of one chain only.
	Through int64     `json:"through,omitempty"`
	Until   time.Time `json:"until,omitzero"`
}

// add sums the counts up.
func (p *Purged) add(q Purged) {
	p.Tokens += q.Tokens
	p.Members += q.Members
	p.ServiceAccounts += q.ServiceAccounts
	p.Resources += q.Resources
	p.Workspaces += q.Workspaces
	p.AuditEvents += q.AuditEvents
}

func janitor() authority.Caller { return authority.Caller{Machine: "retention", Job: true} }

// Purge deletes what ended longer ago than its workspace's retention: tokens that
// were revoked, with all that hangs on them, removed members and service
// accounts, deleted workspaces but for their slugs, and events of the audit. It
// goes on until nothing is left to delete, calling pause between two mutations
// and ending with its error. What fails in one workspace is told and does not
// keep the others from being purged. It is for a job, not for a caller.
func (a *Retention) Purge(ctx context.Context, pause func(context.Context) error) (Purged, error) {
	var all Purged
	if _, unsettled := a.in.Unsettled(); unsettled {
		return all, nil // what is old is not known now
	}
	if err := forgetRetries(ctx, a.in, pause); err != nil {
		return all, err
	}
	ids, err := purgeable(ctx, a.in)
	if err != nil {
		return all, err
	}
	var failed error
	for _, id := range ids {
		err := purgeWorkspace(ctx, a.in, id, pause, &all)
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		failed = errors.Join(failed, err)
	}
	return all, failed
}

// forgetRetries forgets the names of requests that are too old to be repeated.
func forgetRetries(ctx context.Context, a *authority.Authority, pause func(context.Context) error) error {
	for {
		n := 0
		_, err := a.Mutate(ctx, janitor(), func(w *authority.Work) (err error) {
			n, err = w.DeleteIdempotency(w.Now.Add(-authority.RetryWindow), purgeLinks)
			if err == nil && n == 0 {
				err = authority.ErrUnchanged
			}
			return err
		})
		if err != nil || n < purgeLinks {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// purgeable names the instance and every workspace, also deleted ones.
func purgeable(ctx context.Context, a *authority.Authority) (ids []ledger.ID, err error) {
	err = a.Read(ctx, func(r *authority.Snapshot) error {
		ids = []ledger.ID{0}
		deleted := func(q ledger.Range) ([]ledger.Workspace, error) { return r.DeletedWorkspaces(q.After, q.Limit) }
		for _, list := range []func(ledger.Range) ([]ledger.Workspace, error){r.Workspaces, deleted} {
			for ws, err := range authority.Rows(list, func(ws ledger.Workspace) ledger.ID { return ws.ID }) {
				if err != nil {
					return err
				}
				ids = append(ids, ws.ID)
			}
		}
		return nil
	})
	return ids, err
}

func purgeWorkspace(ctx context.Context, a *authority.Authority, id ledger.ID, pause func(context.Context) error, all *Purged) error {
	for {
		some, err := purgeSome(ctx, a, id)
		if err != nil {
			return fmt.Errorf("purge workspace number %d: %w", id, err)
		}
		if some == (Purged{}) {
			return nil
		}
		all.add(some)
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// purgeSome deletes the next batch. Usage goes first: once the rows are gone,
// nothing would know whose it was.
func purgeSome(ctx context.Context, a *authority.Authority, id ledger.ID) (done Purged, err error) {
	var d due
	err = a.Stored(ctx, func(r *authority.Snapshot) error {
		if d, err = dueRows(a, r, id); err == nil && !d.any() {
			err = d.findAudit(r, a.Keys())
		}
		return err
	})
	if err != nil || !d.any() {
		return done, err
	}
	if err := forgetUsage(ctx, a, d); err != nil {
		return done, err
	}
	_, err = a.Mutate(ctx, janitor(), func(w *authority.Work) error {
		still, err := stillDue(a, w, d)
		if err != nil {
			return err
		}
		if done = still.counts(); done == (Purged{}) {
			return authority.ErrUnchanged
		}
		return purge(w, still, done)
	})
	return done, err
}

func forgetUsage(ctx context.Context, a *authority.Authority, d due) error {
	if d.whole {
		return a.Given().Forget.TrimUsage(ctx, d.ws.ID, d.now)
	}
	if len(d.tokens) == 0 {
		return nil
	}
	return a.Given().Forget.ForgetUsage(ctx, authority.Views(d.tokens, func(t ledger.Token) token.Locator { return t.Locator }))
}

// due is the next batch of what a workspace no longer keeps; at most one of the
// fields from tokens on is set.
type due struct {
	ws          ledger.Workspace
	now, before time.Time
	// over says that the workspace itself was deleted before.
	over bool

	tokens    []ledger.Token
	members   []ledger.Member
	accounts  []ledger.ServiceAccount
	resources []ledger.Resource
	// whole says that nothing is left of the workspace but itself.
	whole bool
	// anchor is the last link to be purged; links counts them, newest is the
	// latest of their times, and from the last one that was purged before.
	anchor ledger.AuditAnchor
	links  int
	newest time.Time
	from   int64
}

func (d *due) any() bool { return d.counts() != Purged{} }

func (d *due) counts() Purged {
	p := Purged{
		Tokens: len(d.tokens), Members: len(d.members), ServiceAccounts: len(d.accounts), Resources: len(d.resources),
		AuditEvents: d.links, Through: d.anchor.Sequence, Until: d.anchor.At,
	}
	if d.whole {
		p.Workspaces = 1
	}
	return p
}

// term answers what a workspace no longer keeps now.
func term(a *authority.Authority, r *authority.Snapshot, id ledger.ID) (d due, err error) {
	in, err := r.Instance()
	if err == nil && id != 0 {
		d.ws, err = r.Workspace(ledger.WorkspaceKey{ID: id})
	}
	d.now = a.Now().UTC().Truncate(time.Microsecond)
	d.before = d.now.Add(-policy.Effective(in.Policy, d.ws.Policy).Retention.Std())
	d.over = !d.ws.DeletedAt.IsZero() && d.ws.DeletedAt.Before(d.before)
	return d, err
}

// dueRows finds the next rows of a workspace besides its audit: who refers to
// others comes before them.
func dueRows(a *authority.Authority, r *authority.Snapshot, id ledger.ID) (due, error) {
	d, err := term(a, r, id)
	if err != nil || id == 0 || !d.ws.PurgedAt.IsZero() {
		return d, err
	}
	for _, find := range []func(*authority.Snapshot) error{d.findTokens, d.findMembers, d.findAccounts, d.findResources} {
		if err := find(r); err != nil || d.any() {
			return d, err
		}
	}
	d.whole = d.over
	return d, nil
}

func (d *due) findTokens(r *authority.Snapshot) (err error) {
	if d.over {
		d.tokens, err = r.Tokens(d.ws.ID, ledger.TokenQuery{Deleted: true, Limit: purgeRows})
		return err
	}
	d.tokens, err = r.EndedTokens(d.ws.ID, d.before, purgeRows)
	return err
}

func (d *due) findMembers(r *authority.Snapshot) (err error) {
	if d.members, err = r.RemovedMembers(d.ws.ID, d.removedBefore(), purgeRows); err == nil && d.over && len(d.members) == 0 {
		d.members, err = r.Members(d.ws.ID, ledger.Range{Limit: purgeRows})
	}
	return err
}

func (d *due) findAccounts(r *authority.Snapshot) (err error) {
	if d.accounts, err = r.RemovedServiceAccounts(d.ws.ID, d.removedBefore(), purgeRows); err == nil && d.over && len(d.accounts) == 0 {
		d.accounts, err = r.ServiceAccounts(d.ws.ID, ledger.Range{Limit: purgeRows})
	}
	return err
}

// removedBefore is any time for a workspace that is over.
func (d *due) removedBefore() time.Time {
	if d.over {
		return d.now.Add(time.Hour)
	}
	return d.before
}

func (d *due) findResources(r *authority.Snapshot) (err error) {
	if d.over {
		d.resources, err = r.Resources(d.ws.ID, ledger.Range{Limit: purgeRows})
	}
	return err
}

// findAudit finds the oldest links of a chain that are all older than it is kept.
// A chain that is not whole there is left as it is: it is evidence.
func (d *due) findAudit(r *authority.Snapshot, keys *token.Keyring) error {
	c := audit.Chain{Name: d.ws.Slug}
	if d.ws.ID == 0 {
		c.Name = audit.Instance
	}
	last, err := c.Begin(r, keys, d.ws.ID)
	if err != nil {
		return err
	}
	rows, err := r.AuditChain(d.ws.ID, last.Sequence, purgeLinks)
	if err != nil {
		return err
	}
	d.from = last.Sequence
	n := slices.IndexFunc(rows, func(row ledger.AuditRow) bool { return !row.At.Before(d.before) })
	if n < 0 {
		n = len(rows)
	}
	for n > 0 && n < purgeLinks && rows[n-1].Action == actionPurged {
		n-- // or every purge would be the next one's work
	}
	for _, row := range rows[:n] {
		if c.Broken == "" {
			c.Check(keys, last, row)
		}
		last, d.newest = row, later(d.newest, row.At)
	}
	if n == 0 {
		return nil
	}
	if c.Lacks != 0 { // it may be whole, and waits for a node that has the key
		return fmt.Errorf("%s: %s, so nothing of it is purged here: %w", c.Name, c.Broken, &ledger.KeyError{ID: c.Lacks})
	}
	if c.Broken != "" {
		return fmt.Errorf("%s: %s: %w, so nothing of it is purged", c.Name, c.Broken, audit.ErrBroken)
	}
	d.links, d.anchor = n, ledger.AuditAnchor{Workspace: d.ws.ID, Sequence: last.Sequence, Hash: last.Hash, At: last.At}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// stillDue looks again, under the lock: another node may have been faster, or the
// policy have changed. Of tokens only those are left whose usage was forgotten.
func stillDue(a *authority.Authority, w *authority.Work, d due) (due, error) {
	if d.links == 0 {
		again, err := dueRows(a, w.Snapshot, d.ws.ID)
		again.tokens = slices.DeleteFunc(again.tokens, func(t ledger.Token) bool {
			return !slices.ContainsFunc(d.tokens, func(was ledger.Token) bool { return was.ID == t.ID })
		})
		again.whole = again.whole && d.whole
		return again, err
	}
	now, err := term(a, w.Snapshot, d.ws.ID)
	if err != nil {
		return now, err
	}
	anchor, err := w.AuditAnchor(d.ws.ID)
	if err := authority.IgnoreNoRow(err); err != nil || anchor.Sequence != d.from || !d.newest.Before(now.before) {
		return now, err
	}
	return d, nil
}

// purge deletes a batch, and tells the chain of its workspace.
func purge(w *authority.Work, d due, counts Purged) error {
	if err := w.Note(authority.Machine(w.Caller), d.ws, authority.Event{Action: actionPurged, Target: "retention", After: counts}); err != nil {
		return err
	}
	for _, t := range d.tokens {
		w.TouchToken(t)
		if err := w.DeleteToken(t.ID); err != nil {
			return err
		}
	}
	for _, m := range d.members {
		w.TouchMember(m)
		if err := w.DeleteMember(m.ID); err != nil {
			return err
		}
	}
	for _, s := range d.accounts {
		w.TouchServiceAccount(s)
		if err := w.DeleteServiceAccount(s.ID); err != nil {
			return err
		}
	}
	for _, res := range d.resources {
		if err := w.DeleteResource(d.ws.ID, res.Name); err != nil {
			return err
		}
	}
	if d.whole {
		return emptyWorkspace(w, d.ws)
	}
	return cutChain(w, d.anchor)
}

func cutChain(w *authority.Work, anchor ledger.AuditAnchor) (err error) {
	if anchor.Sequence == 0 {
		return nil
	}
	anchor.Key = w.Authority.Keys().Current()
	if anchor.Seal, err = audit.SealAnchor(w.Authority.Keys(), anchor); err != nil {
		return err
	}
	return w.PurgeAudit(anchor)
}

// emptyWorkspace leaves a workspace's slug, which is never used again.
func emptyWorkspace(w *authority.Work, ws ledger.Workspace) error {
	if err := w.DeleteCatalogue(ws.ID); err != nil {
		return err
	}
	hooks, err := w.Webhooks(ws.ID, 0, 0)
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if err := w.DeleteWebhook(h.ID); err != nil {
			return err
		}
	}
	if err := w.DeleteUnusedState(ws.ID); err != nil {
		return err
	}
	ws.Name, ws.ExternalID, ws.Metadata, ws.Policy = ws.Slug, "", nil, policy.Overrides{}
	ws.PurgedAt, ws.Revision = w.Now, w.Revision()
	w.TouchWorkspace(ws.ID)
	return w.PutWorkspace(ws)
}
