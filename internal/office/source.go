package office

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

var _ verify.Source = (*Office)(nil)

// VerifyToken reads what a verification needs of a token; see [verify.Source].
func (a *Office) VerifyToken(ctx context.Context, l token.Locator) (f verify.Token, revision int64, err error) {
	err = a.in.Stored(ctx, func(r *authority.Snapshot) error {
		revision = r.Revision()
		t, err := r.Token(l)
		if err != nil {
			return err
		}
		secrets, err := r.Secrets(t.ID)
		f = authority.TokenFacts(t, secrets)
		return err
	})
	return f, revision, missing(err)
}

// VerifyOwner reads an owner; see [verify.Source].
func (a *Office) VerifyOwner(ctx context.Context, k verify.OwnerKey) (o verify.Owner, revision int64, err error) {
	err = a.in.Stored(ctx, func(r *authority.Snapshot) error {
		revision = r.Revision()
		o, err = authority.ReadOwner(r.Reader, k)
		return err
	})
	return o, revision, missing(err)
}

// VerifyWorkspace reads a workspace and what its names mean; see [verify.Source].
func (a *Office) VerifyWorkspace(ctx context.Context, id int64) (w verify.Workspace, revision int64, err error) {
	err = a.in.Stored(ctx, func(r *authority.Snapshot) error {
		revision = r.Revision()
		ws, err := r.Workspace(ledger.WorkspaceKey{ID: id})
		if err != nil {
			return err
		}
		sp, err := a.in.Space(r, ws)
		if err != nil {
			return err
		}
		w = sp.Facts
		w.NamesAny, err = authority.NamesAny(r, id)
		return err
	})
	return w, revision, missing(err)
}

// NamesAny lists the workspaces with such a resource.
func (a *Office) NamesAny(ctx context.Context) (slugs []string, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		rows, err := r.WorkspacesWith(verify.AnyResource)
		slugs = authority.Views(rows, func(ws ledger.Workspace) string { return ws.Slug })
		return err
	})
	return slugs, err
}

func missing(err error) error {
	if errors.Is(err, ledger.ErrNoRow) {
		return verify.ErrNotFound
	}
	return authority.Public(err)
}
