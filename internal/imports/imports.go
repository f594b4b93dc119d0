package imports

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

const (
	// maxTokens is how many tokens one call brings.
	maxTokens = 100
	// together is how many of them wait for a commit at a time.
	together = 16
)

// ImportTokens makes a token in the workspace that ref names of each string of another
// system: what the other system kept of the string is compared from then on. Each is
// judged by itself, in no order, so that one refusal leaves the others. It needs
// instance:admin.
func (a *Imports) ImportTokens(ctx context.Context, c authority.Caller, ref string, in api.ImportTokens) (out api.ImportResults, err error) {
	f, err := a.format(ctx, c, ref, in)
	if err != nil {
		return out, err
	}
	c.Rehearse = in.DryRun
	out = api.ImportResults{Format: in.Format.Name, DryRun: in.DryRun, Results: make([]api.ImportResult, len(in.Tokens))}
	var group sync.WaitGroup
	turns := make(chan struct{}, together)
	errs := make([]error, len(in.Tokens))
	for i := range in.Tokens {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			out.Results[i], errs[i] = a.one(ctx, c, ref, f, in.Tokens[i])
		})
	}
	group.Wait()
	if in.DryRun {
		repeated(f, in.Tokens, out.Results)
	}
	return out, input.First(errs...)
}

// repeated tells of strings that stand in one rehearsal twice, of which the second
// would find the first. Strings of one hint have one name as long as none is there, and are
// told apart by what was kept of them.
func repeated(f *foreign.Format, in []api.ImportToken, results []api.ImportResult) {
	seen := map[string]bool{}
	for i := range results {
		r := &results[i]
		if r.Status != api.ImportMade {
			continue
		}
		is := r.TokenID
		if kept, err := f.Read(in[i]); err == nil && f.ByHint() {
			is = string(kept.Sum)
		}
		if seen[is] {
			r.Status = api.ImportThere
		}
		seen[is] = true
	}
}

// format is the format of an import, which is kept from its first call on.
func (a *Imports) format(ctx context.Context, c authority.Caller, ref string, in api.ImportTokens) (f *foreign.Format, err error) {
	var isNew bool
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, _, err := a.in.EnterForInstance(r, c, ref); err != nil {
			return err
		}
		if n := len(in.Tokens); n == 0 || n > maxTokens {
			return api.FieldError("tokens", "must have 1 to 100 entries")
		}
		if err := foreign.Check(in.Format); err != nil {
			return err
		}
		inst, err := r.Instance()
		if err == nil {
			f, isNew, err = settle(a.in, inst, in.Format, a.in.Moment())
		}
		return err
	})
	if err != nil || !isNew || in.DryRun {
		return f, err
	}
	_, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, _, err := a.in.EnterForInstance(w.Snapshot, c, ref)
		if err != nil {
			return err
		}
		inst, err := w.Instance()
		if err != nil {
			return err
		}
		if f, isNew, err = settle(a.in, inst, in.Format, w.Now); err != nil || !isNew {
			return input.First(err, authority.ErrUnchanged) // somebody else's call made it
		}
		inst.Formats = append(slices.Clone(inst.Formats), f.Spec)
		if err := w.PutInstance(inst); err != nil {
			return err
		}
		w.TouchAllWorkspaces()
		return w.Note(ac, ledger.Workspace{}, authority.Event{Action: "import_format.created", Target: f.Name, After: view(f.Spec)})
	})
	return f, err
}

// one makes the token of one string. What is refused because of what it says is a result,
// and an error whatever ends the whole call.
func (a *Imports) one(ctx context.Context, c authority.Caller, ref string, f *foreign.Format, in api.ImportToken) (api.ImportResult, error) {
	kept, err := f.Read(in)
	if err != nil {
		return refused(err)
	}
	var out api.ImportResult
	_, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		out, err = a.place(w, c, ref, f, kept, in)
		return err
	})
	if err != nil {
		return refused(err)
	}
	return out, nil
}

// refused is the result of what is refused by itself. Whoever is not accepted any more, and
// whatever is nobody's fault, ends the call: it is sent again.
func refused(err error) (api.ImportResult, error) {
	e := api.AsError(err)
	ends := []api.Code{api.CodeClockUnsettled, api.CodeUnavailable, api.CodeBusy, api.CodeOutcomeUnknown, api.CodeInternal}
	if errors.Is(err, authority.ErrNotAccepted) || slices.Contains(ends, e.Code) {
		return api.ImportResult{}, err
	}
	return api.ImportResult{Status: api.ImportRefused, Code: e.Code, Detail: e.Message, Field: e.Field}, nil
}

func (a *Imports) place(w *authority.Work, c authority.Caller, ref string, f *foreign.Format, kept foreign.Kept, in api.ImportToken) (out api.ImportResult, err error) {
	ac, sp, err := a.in.EnterForInstance(w.Snapshot, c, ref)
	if err != nil {
		return out, err
	}
	inst, err := w.Instance()
	if err != nil {
		return out, err
	}
	if i := find(inst.Formats, f.Name); !w.Caller.Rehearse && (i < 0 || inst.Formats[i].Recipe != f.Recipe) {
		return out, api.Errorf(api.CodeNotFound, "the import format was deleted meanwhile")
	}
	presented := f.Presented(kept.Sum)
	at, there, err := a.seek(w, f, kept, presented)
	if err != nil {
		return out, err
	}
	if there != nil {
		return existing(w, ac, sp, *there)
	}
	t, err := a.make.Draft(w, ac, sp, in.CreateToken)
	if err != nil {
		return out, err
	}
	if t.Waits {
		return out, authority.ApprovalRequired("an imported token would stop working until somebody approves it: let the rules leave it out while the import runs")
	}
	t.Locator, t.Recoverable = at, false
	if t.CreatedAt, err = madeAt(in.CreatedAt, w.Now); err != nil {
		return out, err
	}
	if t, err = a.make.Place(w, ac, sp, t); err != nil {
		return out, err
	}
	digest, key := a.in.Keys().Digest(presented)
	if err := w.PutSecret(ledger.Secret{
		Token: t.ID, Number: 1, Digest: digest, Key: key, CreatedAt: w.Now,
		Origin: &foreign.Origin{Format: f.Name, Recipe: f.Recipe, Start: f.Start(in.Start), Salt: kept.Beside},
	}); err != nil {
		return out, err
	}
	w.TouchToken(t)
	v, err := w.Brief(ac, sp, t)
	if err != nil {
		return out, err
	}
	out = api.ImportResult{Status: api.ImportMade, TokenID: v.ID}
	return out, w.Note(ac, sp.Workspace, authority.Event{Action: "token.imported", Target: v.ID, Token: t.Locator, After: v})
}

// seek is the token that has such a string already, or the locator for a new one.
func (a *Imports) seek(w *authority.Work, f *foreign.Format, kept foreign.Kept, presented string) (free token.Locator, there *ledger.Token, err error) {
	places := []token.Locator{f.ByHash(kept.Sum)}
	if f.ByHint() {
		places = places[:0]
		for i := range foreign.SameHint {
			places = append(places, f.ByHintAt(kept.Hint, i))
		}
	}
	for _, l := range places {
		t, err := w.Token(l)
		if errors.Is(err, ledger.ErrNoRow) {
			if free.IsZero() {
				free = l
			}
			continue
		}
		if err != nil {
			return free, nil, err
		}
		is, err := a.has(w, f, t, kept, presented)
		if err != nil || is {
			return free, &t, err
		}
	}
	if free.IsZero() {
		return free, nil, api.FieldError("hint", "is that of too many tokens already; it does not tell them apart")
	}
	return free, nil, nil
}

// has says whether a token is that of a string. One whose slow hash was replaced cannot be
// told from another with its hint but by its salt, which is drawn for each; a hash alone
// names its token.
func (a *Imports) has(w *authority.Work, f *foreign.Format, t ledger.Token, kept foreign.Kept, presented string) (bool, error) {
	if !f.ByHint() {
		return true, nil
	}
	secrets, err := w.Secrets(t.ID)
	if err != nil {
		return false, err
	}
	for _, s := range secrets {
		if o := s.Origin; o != nil && o.Recipe == f.Recipe && o.Direct && o.Salt == kept.Beside {
			return true, nil
		}
	}
	i, err := authority.Matching(a.in, t, presented, secrets, w.Now)
	return i >= 0, err
}

// existing answers about a string that is a token here already.
func existing(w *authority.Work, ac *authority.Actor, sp *authority.Space, t ledger.Token) (api.ImportResult, error) {
	if t.Workspace != sp.Workspace.ID {
		return api.ImportResult{}, api.Conflictf(api.CodeAlreadyExists, "that string is a token of another workspace")
	}
	o, err := w.Authority.Sight(w.Snapshot, ac, sp).Owner(authority.OwnerKey(t))
	if err != nil {
		return api.ImportResult{}, err
	}
	return api.ImportResult{Status: api.ImportThere, TokenID: authority.TokenID(o, t.Locator)}, authority.ErrUnchanged
}

// madeAt is when the other system made a token, which is no later than now.
func madeAt(in api.Opt[time.Time], now time.Time) (time.Time, error) {
	if !in.Has() {
		return now, nil
	}
	if in.Value.After(now) || in.Value.Year() < 2000 {
		return now, api.FieldError("created_at", "must not be in the future, nor before 2000")
	}
	return in.Value.UTC(), nil
}
