package authority

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Bootstrap is what makes the first Owner.
type Bootstrap struct {
	Email, Workspace string
	// PasswordHash is the hash of a password that was already checked, or empty.
	PasswordHash string
	// NoToken leaves out the first token, for whoever has nobody to show it to.
	NoToken bool
}

// Started is what the first start made.
type Started struct {
	Issued
	Workspace string
	User      api.User
}

// Prepare writes the instance's own row on an empty database: the token prefix.
// Later prefixes are put in front and the old ones stay accepted.
func (a *Authority) Prepare(ctx context.Context, prefix token.Prefix) error {
	_, err := a.apply(ctx, neither, Caller{Machine: "serve"}, func(w *work) error {
		in, err := w.Instance()
		if err != nil {
			return err
		}
		if len(in.Prefixes) > 0 && in.Prefixes[0] == prefix {
			return errDryRun
		}
		kept := []token.Prefix{prefix}
		for _, p := range in.Prefixes {
			if p != prefix {
				kept = append(kept, p)
			}
		}
		in.Prefixes = kept
		w.touchAllWorkspaces()
		return input.First(w.PutInstance(in),
			w.audit(machine(w.caller), ledger.Workspace{}, event{action: "instance.prefix", target: "instance", after: kept}))
	})
	return err
}

// Bootstrap makes the first workspace, its Owner, who is the instance's first
// administrator, and, unless told not to, a first token that lists * and
// instance:admin. It works once: afterwards it answers already_done.
func (a *Authority) Bootstrap(ctx context.Context, b Bootstrap) (out Started, err error) {
	c := Caller{Machine: "bootstrap"}
	out.Revision, err = a.mutateToken(ctx, gives, c, &out.Token, func(w *work) error {
		in, err := w.Instance()
		if err != nil {
			return err
		}
		if !in.BootstrappedAt.IsZero() {
			return api.Errorf(api.CodeAlreadyDone, "this instance has its first Owner already")
		}
		in.BootstrappedAt, in.SetupDigest, in.SetupExpiresAt = w.now, nil, time.Time{}
		if err := w.PutInstance(in); err != nil {
			return err
		}
		return w.firstOwner(machine(c), b, &out)
	})
	return out, err
}

func (w *work) firstOwner(ac *actor, b Bootstrap, out *Started) error {
	ws, err := w.newWorkspace(ac, api.CreateWorkspace{Slug: b.Workspace})
	if err != nil {
		return err
	}
	sp, err := w.a.space(w.Snapshot, ws)
	if err != nil {
		return err
	}
	var m api.CreateMember
	m.Email = b.Email
	m.Role, m.Resources = api.Some("Owner"), api.Some([]string{"*"})
	member, err := w.newMember(ac, sp, m)
	if err != nil {
		return err
	}
	u, err := w.User(ledger.UserKey{PublicID: member.ID})
	if err != nil {
		return err
	}
	u.InstanceAdmin, u.PasswordHash = true, b.PasswordHash
	if err := w.PutUser(u); err != nil {
		return err
	}
	out.Workspace, out.User = ws.Slug, userView(w.Snapshot, u, []string{ws.Slug})
	if b.NoToken {
		return nil
	}
	return w.firstToken(ac, sp, member, out)
}

func (w *work) firstToken(ac *actor, sp *space, member api.Member, out *Started) error {
	in := api.CreateToken{Kind: "personal", Owner: member.ID}
	in.Label = api.Some("First token")
	in.Grants = api.Some([]api.Statement{{Scopes: []string{"*", "instance:admin"}, Resources: []string{"*"}}})
	t, err := w.draft(ac, sp, in)
	if err != nil {
		return err
	}
	out.Token, out.Secret, err = w.issue(ac, sp, t)
	return err
}

// NewSetupCode makes the one-time code of the link that serve prints on an
// empty database: valid for one hour, kept as a digest, dead at the first Owner.
// ok is false when there is an Owner already.
func (a *Authority) NewSetupCode(ctx context.Context) (code string, ok bool, err error) {
	_, err = a.apply(ctx, neither, Caller{Machine: "serve"}, func(w *work) error {
		in, err := w.Instance()
		if err != nil {
			return err
		}
		if !in.BootstrappedAt.IsZero() {
			return errDryRun
		}
		if err := w.give(); err != nil {
			return err
		}
		if code, err = publicID(a.rand, "setup-"); err != nil {
			return err
		}
		more, err := publicID(a.rand, "")
		if err != nil {
			return err
		}
		code, ok = code+more, true
		digest := sha256.Sum256([]byte(code))
		in.SetupDigest, in.SetupExpiresAt = digest[:], w.now.Add(time.Hour)
		return w.PutInstance(in)
	})
	return code, ok, err
}

// IsSetUp says whether there was a first Owner.
func (a *Authority) IsSetUp(ctx context.Context) (done bool, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		in, err := r.Instance()
		done = !in.BootstrappedAt.IsZero()
		return err
	})
	return done, err
}

// CheckSetupCode answers whether a setup code opens the first run now.
func (a *Authority) CheckSetupCode(ctx context.Context, code string) (ok bool, err error) {
	digest := sha256.Sum256([]byte(code))
	err = a.read(ctx, func(r *Snapshot) error {
		in, err := r.Instance()
		if err != nil {
			return err
		}
		ok = in.BootstrappedAt.IsZero() && a.now().Before(in.SetupExpiresAt) &&
			subtle.ConstantTimeCompare(digest[:], in.SetupDigest) == 1
		return nil
	})
	return ok, err
}
