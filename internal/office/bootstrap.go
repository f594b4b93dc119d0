package office

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/owners"
	"github.com/tokenry/tokenry/internal/tokens"
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
	authority.Issued
	Workspace string
	User      api.User
}

// Prepare writes the instance's own row on an empty database: the token prefix.
// Later prefixes are put in front and the old ones stay accepted.
func (a *Office) Prepare(ctx context.Context, prefix token.Prefix) error {
	_, err := a.in.Apply(ctx, authority.Neither, authority.Caller{Machine: "serve"}, func(w *authority.Work) error {
		in, err := w.Instance()
		if err != nil {
			return err
		}
		if len(in.Prefixes) > 0 && in.Prefixes[0] == prefix {
			return authority.ErrUnchanged
		}
		kept := []token.Prefix{prefix}
		for _, p := range in.Prefixes {
			if p != prefix {
				kept = append(kept, p)
			}
		}
		in.Prefixes = kept
		w.OnlyGives()
		w.TouchAllWorkspaces()
		return input.First(w.PutInstance(in),
			w.Note(authority.Machine(w.Caller), ledger.Workspace{}, authority.Event{Action: "instance.prefix", Target: "instance", After: kept}))
	})
	return err
}

// Bootstrap makes the first workspace, its Owner, who is the instance's first
// administrator, and, unless told not to, a first token that lists * and
// instance:admin. It works once: afterwards it answers already_done.
func (a *Office) Bootstrap(ctx context.Context, b Bootstrap) (out Started, err error) {
	c := authority.Caller{Machine: "bootstrap"}
	out.Revision, err = a.in.MutateToken(ctx, authority.Gives, c, &out.Token, func(w *authority.Work) error {
		in, err := w.Instance()
		if err != nil {
			return err
		}
		if !in.BootstrappedAt.IsZero() {
			return api.Errorf(api.CodeAlreadyDone, "this instance has its first Owner already")
		}
		in.BootstrappedAt, in.SetupSeed, in.SetupExpiresAt = w.Now, nil, time.Time{}
		if err := w.PutInstance(in); err != nil {
			return err
		}
		return firstOwner(w, authority.Machine(c), b, &out)
	})
	return out, err
}

func firstOwner(w *authority.Work, ac *authority.Actor, b Bootstrap, out *Started) error {
	ws, err := owners.NewWorkspace(w, ac, api.CreateWorkspace{Slug: b.Workspace})
	if err != nil {
		return err
	}
	sp, err := w.Authority.Space(w.Snapshot, ws)
	if err != nil {
		return err
	}
	var m api.CreateMember
	m.Email = b.Email
	m.Role, m.Resources = api.Some("Owner"), api.Some([]string{"*"})
	member, err := owners.NewMember(w, ac, sp, m)
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
	out.Workspace, out.User = ws.Slug, authority.UserView(w.Snapshot, u, []string{ws.Slug})
	if b.NoToken {
		return nil
	}
	return firstToken(w, ac, sp, member, out)
}

func firstToken(w *authority.Work, ac *authority.Actor, sp *authority.Space, member api.Member, out *Started) error {
	in := api.CreateToken{Kind: "personal", Owner: member.ID}
	in.Label = api.Some("First token")
	in.Grants = api.Some([]api.Statement{{Scopes: []string{"*", "instance:admin"}, Resources: []string{"*"}}})
	t, err := tokens.Draft(w, ac, sp, in)
	if err != nil {
		return err
	}
	out.Token, out.Secret, err = tokens.Issue(w, ac, sp, t)
	return err
}

const (
	// setupTime is how long a setup code is valid; one that is valid for less than setupLeft
	// more is replaced by the next start.
	setupTime, setupLeft = time.Hour, 30 * time.Minute
	setupSeedSize        = 32
)

// SetupCode answers the one-time code of the link that serve prints on an empty database,
// and until when it is valid: the zero time when there is an Owner already. The database
// keeps a seed of it, from which whoever has the keyring works it out: so all nodes print the
// same link, and who reads the database cannot.
func (a *Office) SetupCode(ctx context.Context) (code string, until time.Time, err error) {
	_, err = a.in.Apply(ctx, authority.Neither, authority.Caller{Machine: "serve"}, func(w *authority.Work) error {
		in, err := w.Instance()
		if err != nil {
			return err
		}
		if !in.BootstrappedAt.IsZero() {
			return authority.ErrUnchanged
		}
		if err := w.Give(); err != nil {
			return err
		}
		fresh := len(in.SetupSeed) != setupSeedSize || in.SetupExpiresAt.Before(w.Now.Add(setupLeft))
		if fresh {
			in.SetupSeed, in.SetupExpiresAt = make([]byte, setupSeedSize), w.Now.Add(setupTime)
			if _, err := io.ReadFull(a.in.Rand(), in.SetupSeed); err != nil {
				return err
			}
		}
		code, until = a.setupCode(a.in.Keys().Oldest(), in.SetupSeed), in.SetupExpiresAt
		if !fresh {
			return authority.ErrUnchanged
		}
		return w.PutInstance(in)
	})
	return code, until, err
}

// setupCode is the code of a seed under a key of the keyring; none under one that is not in it.
func (a *Office) setupCode(id token.KeyID, seed []byte) string {
	key, ok := a.in.Keys().Derive("setup code", id)
	if !ok {
		return ""
	}
	h := hmac.New(sha256.New, key)
	_, _ = h.Write(seed)
	const enough = 20
	return "setup-" + hex.EncodeToString(h.Sum(nil)[:enough])
}

// IsSetUp says whether there was a first Owner.
func (a *Office) IsSetUp(ctx context.Context) (done bool, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		in, err := r.Instance()
		done = !in.BootstrappedAt.IsZero()
		return err
	})
	return done, err
}

// CheckSetupCode answers whether a setup code opens the first run now.
func (a *Office) CheckSetupCode(ctx context.Context, code string) (ok bool, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		in, err := r.Instance()
		if err != nil {
			return err
		}
		opens := code != "" && in.BootstrappedAt.IsZero() && len(in.SetupSeed) == setupSeedSize && a.in.Now().Before(in.SetupExpiresAt)
		for _, id := range a.in.Keys().IDs() { // another node may have made it under another
			ok = ok || opens && subtle.ConstantTimeCompare([]byte(code), []byte(a.setupCode(id, in.SetupSeed))) == 1
		}
		return nil
	})
	return ok, err
}
