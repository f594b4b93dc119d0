package insight

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// RateLimit returns the limit that holds for a token, or nil: its own, its roles'
// or the policy's. It needs what reading the token needs.
func (a *Insight) RateLimit(ctx context.Context, c authority.Caller, ref, id string) (l *api.RateLimit, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		t, err := a.in.Readable(r, ac, sp, id)
		if err != nil {
			return err
		}
		o, err := authority.ReadOwner(r.Reader, authority.OwnerKey(t))
		l = authority.LimitOf(sp, t, o)
		return err
	})
	return l, err
}
