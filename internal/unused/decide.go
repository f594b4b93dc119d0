package unused

import (
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/token"
)

// decider decides about tokens of one workspace under the lock.
type decider struct {
	*authority.Work
	space *authority.Space
	actor *authority.Actor
	after time.Duration
	known time.Time
	state ledger.UnusedState
	was   ledger.UnusedFacts
	// disables says that what is due is disabled, free how many without a yes.
	disables bool
	free     int
	letters  *letters
	did      Did
}

func beginDecider(w *authority.Work, id ledger.ID, known time.Time, counted *count) (*decider, error) {
	ws, after, err := policyOf(w.Reader, id)
	if err != nil {
		return nil, err
	}
	sp, err := w.Authority.Space(w.Snapshot, ws)
	if err != nil {
		return nil, err
	}
	d := &decider{Work: w, space: sp, actor: authority.Machine(w.Caller), after: after, known: known, letters: newLetters(w), disables: counted != nil}
	if !ws.SuspendedAt.IsZero() || !ws.DeletedAt.IsZero() {
		d.after = 0
	}
	if d.state, d.was, err = stateOf(w.Reader, id, w.Now); err != nil {
		return nil, err
	}
	if counted != nil && !counted.from.IsZero() {
		all, before := recent(d.state.Facts.Done, w.Now, counted.from)
		d.free = Share(counted.n+before) - all
	}
	return d, nil
}

// stateOf is how far a workspace has come, and what is stored of it. What a clock that was ahead has
// noted is left out: a yes to what had its day by that counts for nothing, and what it disabled is of now.
func stateOf(r ledger.Reader, id ledger.ID, now time.Time) (s ledger.UnusedState, stored ledger.UnusedFacts, err error) {
	if s, err = r.UnusedState(id); authority.IgnoreNoRow(err) != nil {
		return s, stored, err
	}
	s.Workspace, stored = id, s.Facts
	f, ahead := &s.Facts, now.Add(day)
	if f.Yes != nil && f.Yes.At.After(ahead) {
		f.Yes, s.Agreed = nil, time.Time{}
	}
	if f.Waits != nil && f.Waits.UpTo.After(ahead) {
		f.Waits = nil
	}
	f.Done = slices.Clone(f.Done)
	for i := range f.Done {
		if f.Done[i].At.After(ahead) {
			f.Done[i].At = now
		}
	}
	return s, stored, nil
}

// recent is how many tokens were disabled within a day, and how many of them before a moment.
func recent(done []ledger.UnusedDone, now, from time.Time) (all, before int) {
	for _, x := range done {
		if !x.At.After(now.Add(-Window)) {
			continue
		}
		if all += x.N; x.At.Before(from) {
			before += x.N
		}
	}
	return all, before
}

// one decides about one token.
func (d *decider) one(l token.Locator, used time.Time) error {
	t, err := d.Token(l)
	if err != nil {
		return authority.IgnoreNoRow(err)
	}
	o, err := authority.ReadOwner(d.Reader, authority.OwnerKey(t))
	if err != nil {
		return err
	}
	is := Judge(factsOf(t, o.Active, used, d.Now), d.after, d.known, d.Now)
	switch {
	case is.Do == Warn:
		return d.warn(t, is)
	case is.Do == TakeBack:
		return d.takeBack(t)
	case is.Do == Disable && d.disables && d.may(is.Due):
		return d.disable(t, is)
	}
	return nil
}

// may takes one of those that may be disabled: of a yes, or of the share of a day.
func (d *decider) may(due time.Time) bool {
	if y := d.state.Facts.Yes; counts(y, d.Now) && !due.After(y.UpTo) {
		left := *y
		left.Left--
		if d.state.Facts.Yes = &left; left.Left == 0 {
			d.state.Agreed = time.Time{}
		}
		return true
	}
	if d.free <= 0 {
		return false
	}
	d.free--
	d.state.Facts.Done = noteDone(d.state.Facts.Done, d.Now)
	return true
}

// noteDone counts one more, and forgets what was longer ago than counts.
func noteDone(done []ledger.UnusedDone, now time.Time) (out []ledger.UnusedDone) {
	hour := now.Truncate(time.Hour)
	for _, x := range done {
		if x.At.After(now.Add(-Window - time.Hour)) {
			out = append(out, x)
		}
	}
	if n := len(out); n > 0 && out[n-1].At.Truncate(time.Hour).Equal(hour) {
		out[n-1] = ledger.UnusedDone{At: now, N: out[n-1].N + 1} // the later moment counts for longer
		return out
	}
	return append(out, ledger.UnusedDone{At: now, N: 1})
}

// warn gives a token its day: not before 14 days after its mail goes.
func (d *decider) warn(t ledger.Token, is Decision) error {
	to, at, err := d.letters.to(d.space.Workspace, t)
	if err != nil {
		return err
	}
	if soonest := at.Add(Notice); soonest.After(is.Due) {
		is.Due = soonest
	}
	t.UnusedDue, t.Unused, t.Revision = is.Due, &ledger.Unused{Since: is.Since, WarnedAt: d.Now, Owner: ownerOf(t)}, d.Revision()
	v, err := d.put(t, "token.unused")
	if err != nil {
		return err
	}
	d.did.Warned++
	d.letters.add(to, d.note(v, ledger.UnusedWarned, is.Since, is.Due))
	return outbox.Publish(d.Work, d.space.Workspace, "token.unused", func() api.WebhookData {
		data := outbox.EventData(d.Work, d.actor, d.space.Workspace, authority.Event{Target: v.ID, After: v})
		data.Unused = v.Unused
		return data
	})
}

// takeBack takes the day of a token away.
func (d *decider) takeBack(t ledger.Token) error {
	t.UnusedDue, t.Unused, t.Revision = time.Time{}, nil, d.Revision()
	_, err := d.put(t, "token.unused_withdrawn")
	d.did.TakenBack++
	return err
}

// put writes what is said of a token, and the audit. Its row stays else as it is stored: what a removal
// will make of it is written by that alone, which tells memory and webhooks.
func (d *decider) put(t ledger.Token, action string) (api.Token, error) {
	row, err := d.Rows.Token(t.Locator)
	if err != nil {
		return api.Token{}, err
	}
	row.UnusedDue, row.Unused, row.Revision = t.UnusedDue, t.Unused, t.Revision
	if err := d.PutToken(row); err != nil {
		return api.Token{}, err
	}
	v, err := d.Brief(d.actor, d.space, t)
	if err != nil {
		return v, err
	}
	return v, d.Record(d.actor, d.space.Workspace, authority.Event{Action: action, Target: v.ID, Token: t.Locator, After: v.Unused})
}

// disable disables a token as the verb does. Its owner brings it back alone: nobody took it
// away from them.
func (d *decider) disable(t ledger.Token, is Decision) error {
	ch, err := d.ChangeOf(d.actor, d.space, t)
	if err != nil {
		return err
	}
	kept := *t.Unused
	kept.DisabledAt, kept.After = d.Now, d.after
	ch.Token.DisabledAt, ch.Token.DisabledBy = d.Now, d.actor.Name()
	ch.Token.UnusedDue, ch.Token.Unused = time.Time{}, &kept
	v, err := d.FinishToken(ch, "token.disabled")
	if err != nil {
		return err
	}
	d.did.Disabled++
	to, _, err := d.letters.to(d.space.Workspace, t)
	d.letters.add(to, d.note(v, ledger.UnusedDisabled, is.Since, d.Now))
	return err
}

func (d *decider) note(v api.Token, what string, since, at time.Time) ledger.UnusedNote {
	return ledger.UnusedNote{What: what, Workspace: d.space.Workspace.Slug, WorkspaceName: d.space.Workspace.Name, TokenID: v.ID, Locator: v.Locator,
		Label: v.Label, Mask: v.Masked, Owner: v.Owner.Address, Since: since, At: at}
}

// keep writes how far the workspace has come, where that changed.
func (d *decider) keep() error {
	if same(d.was, d.state.Facts) {
		return nil
	}
	return keep(d.Work, d.state)
}

func same(a, b ledger.UnusedFacts) bool {
	return a.Yes == b.Yes && a.Waits == b.Waits && len(a.Done) == len(b.Done) && (len(a.Done) == 0 || a.Done[len(a.Done)-1] == b.Done[len(b.Done)-1])
}

// keep writes a state, or forgets one that says nothing.
func keep(w *authority.Work, s ledger.UnusedState) error {
	if all, _ := recent(s.Facts.Done, w.Now, w.Now); all == 0 {
		s.Facts.Done = nil
	}
	if s.Facts.Done == nil && s.Facts.Waits == nil && s.Facts.Yes == nil {
		return w.DeleteUnusedState(s.Workspace)
	}
	return w.PutUnusedState(s)
}
