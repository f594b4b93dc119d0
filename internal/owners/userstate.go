package owners

import (
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// SignInState is how a person signs in, as an administrator of the instance
// sees it. It holds no secret, and no address that the person signed in from.
type SignInState struct {
	// LastAt is the last sign-in that succeeded; zero where the audit has none
	// any more.
	LastAt time.Time
	// Password says that one was chosen.
	Password bool
	// Factors are the kinds of second factors in use, Providers the issuers of
	// single sign-on that know the person.
	Factors, Providers []string
	// Sessions are how many are open.
	Sessions int
}

// SignInStateOf answers how a person signs in. It needs instance:admin.
func (a *Owners) SignInStateOf(ctx context.Context, c authority.Caller, ref string) (out SignInState, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, err := a.in.EnterInstance(r, c); err != nil {
			return err
		}
		u, err := authority.User(r, ref)
		if err != nil {
			return err
		}
		out.Password = u.PasswordHash != ""
		return input.First(out.readSessions(r, u, a.in.Now()), out.readWays(r, u), out.readLast(r, u))
	})
	return out, err
}

func (s *SignInState) readSessions(r *authority.Snapshot, u ledger.User, now time.Time) error {
	rows, err := r.SessionsOf(u.ID)
	for _, row := range rows {
		if now.Before(row.ExpiresAt) {
			s.Sessions++
		}
	}
	return err
}

// readWays lists each kind once. Recovery codes stand in for a factor and are none.
func (s *SignInState) readWays(r *authority.Snapshot, u ledger.User) error {
	factors, err := r.FactorsOf(u.ID)
	if err != nil {
		return err
	}
	for _, f := range factors {
		if f.Kind != "recovery" && !f.ConfirmedAt.IsZero() && !slices.Contains(s.Factors, f.Kind) {
			s.Factors = append(s.Factors, f.Kind)
		}
	}
	identities, err := r.IdentitiesOf(u.ID)
	for _, i := range identities {
		if !slices.Contains(s.Providers, i.Issuer) {
			s.Providers = append(s.Providers, i.Issuer)
		}
	}
	return err
}

func (s *SignInState) readLast(r *authority.Snapshot, u ledger.User) error {
	rows, err := r.Audit(0, ledger.AuditQuery{Actor: authority.UserPrincipal(u).Address, Action: "signin.succeeded", Limit: 1})
	if len(rows) > 0 {
		s.LastAt = rows[0].At
	}
	return err
}

// DeactivationOf lists the tokens that DeactivateUser would stop, of every
// workspace, at most maxStopped of them, and changes nothing; it is refused as
// that would be. It needs instance:admin.
func (a *Owners) DeactivationOf(ctx context.Context, c authority.Caller, ref string) (v api.User, hit api.Affected, err error) {
	hit = api.Affected{DryRun: true, Tokens: []api.Token{}}
	rehearsing := c
	rehearsing.Rehearse = true
	would, err := a.DeactivateUser(ctx, rehearsing, ref)
	if err != nil {
		return v, hit, err
	}
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		u, err := authority.User(r, would.Value.ID)
		if err != nil {
			return err
		}
		v = authority.UserView(r, u, would.Value.Workspaces) // as it is, and not as it would be
		for _, slug := range v.Workspaces {
			if err := stoppedWith(ctx, a.in, r, c, slug, v.ID, &hit); err != nil {
				return err
			}
		}
		return nil
	})
	return v, hit, err
}

// stoppedWith adds the live tokens of a person in one workspace.
func stoppedWith(ctx context.Context, a *authority.Authority, r *authority.Snapshot, c authority.Caller, slug, who string, hit *api.Affected) error {
	ac, sp, err := a.EnterForInstance(r, c, slug)
	if err != nil {
		return err
	}
	m, err := r.Member(sp.Workspace.ID, ledger.MemberKey{PublicID: who})
	if err != nil {
		return err
	}
	return addStopped(a.Watching(ctx, r, ac, sp), ledger.TokenQuery{OwnerMember: m.ID}, hit)
}
