package retention

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// FinishRemovals rewrites what removals left, one piece of each after the other,
// calling pause between two and ending with its error. What fails is told, and does
// not keep the others. It is for a job, not for a caller; several nodes that do it at
// the same time do no harm.
func (a *Retention) FinishRemovals(ctx context.Context, pause func(context.Context) error) error {
	var all []ledger.Removal
	if err := a.in.Stored(ctx, func(r *authority.Snapshot) (err error) { all, err = r.Removals(); return err }); err != nil {
		return authority.Public(err)
	}
	var open []*authority.Rewriting
	for _, x := range all {
		open = append(open, &authority.Rewriting{Authority: a.in, Removal: x})
	}
	var failed error
	for len(open) > 0 {
		var still []*authority.Rewriting
		for _, p := range open {
			finished, err := p.Advance(ctx)
			if failed = errors.Join(failed, err); err == nil && !finished {
				still = append(still, p)
			}
			if err := pause(ctx); err != nil {
				return err
			}
		}
		open = still
	}
	return failed
}
