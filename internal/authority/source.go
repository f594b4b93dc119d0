package authority

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

var _ verify.Source = (*Authority)(nil)

// VerifyToken reads what a verification needs of a token; see [verify.Source].
func (a *Authority) VerifyToken(ctx context.Context, l token.Locator) (f verify.Token, revision int64, err error) {
	err = a.stored(ctx, func(r *Snapshot) error {
		revision = r.Revision()
		t, err := r.Token(l)
		if err != nil {
			return err
		}
		secrets, err := r.Secrets(t.ID)
		f = tokenFacts(t, secrets)
		return err
	})
	return f, revision, missing(err)
}

// VerifyOwner reads an owner; see [verify.Source].
func (a *Authority) VerifyOwner(ctx context.Context, k verify.OwnerKey) (o verify.Owner, revision int64, err error) {
	err = a.stored(ctx, func(r *Snapshot) error {
		revision = r.Revision()
		o, err = readOwner(r.Reader, k)
		return err
	})
	return o, revision, missing(err)
}

// VerifyWorkspace reads a workspace and what its names mean; see [verify.Source].
func (a *Authority) VerifyWorkspace(ctx context.Context, id int64) (w verify.Workspace, revision int64, err error) {
	err = a.stored(ctx, func(r *Snapshot) error {
		revision = r.Revision()
		ws, err := r.Workspace(ledger.WorkspaceKey{ID: id})
		if err != nil {
			return err
		}
		sp, err := a.space(r, ws)
		if err != nil {
			return err
		}
		w = sp.facts
		w.NamesAny, err = namesAny(r, id)
		return err
	})
	return w, revision, missing(err)
}

// namesAny says whether a workspace has a resource that is called as the word for
// any, since before that was refused.
func namesAny(r *Snapshot, ws ledger.ID) (bool, error) {
	_, err := r.Resource(ws, verify.AnyResource)
	return err == nil, ignoreNoRow(err)
}

// NamesAny lists the workspaces with such a resource.
func (a *Authority) NamesAny(ctx context.Context) (slugs []string, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		rows, err := r.WorkspacesWith(verify.AnyResource)
		slugs = views(rows, func(ws ledger.Workspace) string { return ws.Slug })
		return err
	})
	return slugs, err
}

func missing(err error) error {
	if errors.Is(err, ledger.ErrNoRow) {
		return verify.ErrNotFound
	}
	return public(err)
}
