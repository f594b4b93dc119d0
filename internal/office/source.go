package office

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/imports"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

var _ verify.Source = (*Office)(nil)

// facts reads what a verification needs on one snapshot, and answers its revision once
// it is sure that the snapshot is of the history that this node follows.
func (a *Office) facts(ctx context.Context, read func(*authority.Snapshot) error) (revision int64, err error) {
	var at ledger.Point
	err = a.in.Stored(ctx, func(r *authority.Snapshot) error {
		at = r.Point()
		return read(r)
	})
	return a.sure(ctx, at, err)
}

// sure is facts once they were read at a point, and how that went.
func (a *Office) sure(ctx context.Context, at ledger.Point, err error) (revision int64, _ error) {
	if err == nil || errors.Is(err, ledger.ErrNoRow) {
		err = input.First(a.in.Sure(ctx, at), err)
	}
	return at.Revision, missing(err)
}

// VerifyToken reads what a verification needs of a token; see [verify.Source].
func (a *Office) VerifyToken(ctx context.Context, l token.Locator) (f verify.Token, revision int64, err error) {
	p, err := authority.Presented(ctx, a.in, l)
	if revision, err = a.sure(ctx, p.At, err); err == nil {
		f = authority.TokenFacts(p.Token, p.Secrets)
	}
	return f, revision, err
}

// VerifyDerived says of which secret a derived token is; see [verify.Source].
func (a *Office) VerifyDerived(ctx context.Context, l token.Locator, presented string) (digest token.Digest, err error) {
	_, err = a.facts(ctx, func(r *authority.Snapshot) error {
		t, err := r.Token(l)
		if err != nil {
			return err
		}
		secrets, err := r.Secrets(t.ID)
		if err != nil {
			return err
		}
		i, err := authority.Matching(a.in, t, presented, secrets, r.Now)
		if err == nil && i < 0 {
			err = ledger.ErrNoRow
		}
		if err == nil {
			digest = secrets[i].Digest
		}
		return err
	})
	return digest, err
}

// VerifyFormats reads the formats of other systems; see [verify.Source].
func (a *Office) VerifyFormats(ctx context.Context) (fs []*foreign.Format, revision int64, err error) {
	revision, err = a.facts(ctx, func(r *authority.Snapshot) error {
		in, err := r.Instance()
		if err == nil {
			fs, err = imports.Open(a.in, in.Formats)
		}
		return err
	})
	return fs, revision, err
}

// VerifyOwner reads an owner; see [verify.Source].
func (a *Office) VerifyOwner(ctx context.Context, k verify.OwnerKey) (o verify.Owner, revision int64, err error) {
	revision, err = a.facts(ctx, func(r *authority.Snapshot) error {
		o, err = authority.ReadOwner(r.Reader, k)
		return err
	})
	return o, revision, err
}

// VerifyWorkspace reads a workspace and what its names mean; see [verify.Source].
func (a *Office) VerifyWorkspace(ctx context.Context, id int64) (w verify.Workspace, revision int64, err error) {
	revision, err = a.facts(ctx, func(r *authority.Snapshot) error {
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
	return w, revision, err
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
