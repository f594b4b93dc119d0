package owners

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// CreateWorkspace makes a tenant. It needs instance:admin.
func (a *Owners) CreateWorkspace(ctx context.Context, c authority.Caller, in api.CreateWorkspace) (done authority.Done[api.Workspace], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, err := a.in.EnterInstance(w.Snapshot, c)
		if err != nil {
			return err
		}
		if again, err := w.Shown(func(slug string) error {
			ws, err := w.Workspace(ledger.WorkspaceKey{Slug: slug})
			done.Value = authority.WorkspaceView(w.Snapshot, ws)
			return err
		}); again || err != nil {
			return err
		}
		ws, err := NewWorkspace(w, ac, in)
		done.Value = authority.WorkspaceView(w.Snapshot, ws)
		return input.First(err, w.RememberObject(ws.Slug))
	})
	return done, err
}

// NewWorkspace puts a workspace that has nobody in it yet.
func NewWorkspace(w *authority.Work, ac *authority.Actor, in api.CreateWorkspace) (ledger.Workspace, error) {
	ws := ledger.Workspace{Slug: in.Slug, Name: in.Slug, CreatedAt: w.Now, Revision: w.Revision()}
	if err := input.Slug(in.Slug); err != nil {
		return ws, err
	}
	if _, err := w.Workspace(ledger.WorkspaceKey{Slug: in.Slug}); !errors.Is(err, ledger.ErrNoRow) {
		return ws, authority.Taken("slug", "this slug is or was in use; slugs are never used again", err)
	}
	ws.ID = w.NewID()
	edit := api.EditWorkspace{Name: in.Name, ExternalID: in.ExternalID, Metadata: in.Metadata}
	if err := editWorkspace(w, &ws, edit); err != nil {
		return ws, err
	}
	if err := w.PutWorkspace(ws); err != nil {
		return ws, err
	}
	w.TouchWorkspace(ws.ID)
	return ws, w.Note(ac, ws, authority.Event{Action: "workspace.created", Target: ws.Slug, After: authority.WorkspaceView(w.Snapshot, ws)})
}

func editWorkspace(w *authority.Work, ws *ledger.Workspace, in api.EditWorkspace) error {
	if in.Name.Set {
		if err := input.Text("name", in.Name.Value, 1, input.MaxName); err != nil {
			return err
		}
		ws.Name = in.Name.Value
	}
	if in.Metadata.Set {
		if err := input.Metadata(in.Metadata.Value); err != nil {
			return err
		}
		ws.Metadata = ledger.Metadata(in.Metadata.Value)
	}
	if in.ExternalID.Has() {
		if err := input.ExternalID(in.ExternalID.Value); err != nil {
			return err
		}
	}
	if !in.ExternalID.Set || in.ExternalID.Value == ws.ExternalID {
		return nil
	}
	ws.ExternalID = in.ExternalID.Value
	if in.ExternalID.Null {
		return nil
	}
	if _, err := w.Workspace(ledger.WorkspaceKey{ExternalID: ws.ExternalID}); !errors.Is(err, ledger.ErrNoRow) {
		return authority.Taken("external_id", "another workspace has this external id", err)
	}
	return nil
}

// GetWorkspace answers one workspace to its members and tokens.
func (a *Owners) GetWorkspace(ctx context.Context, c authority.Caller, ref string) (v api.Workspace, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref)
		if err == nil {
			v = authority.WorkspaceView(r, sp.Workspace)
		}
		return err
	})
	return v, err
}

// ListWorkspaces lists the workspaces that the caller may enter: all for
// instance:admin, a person's own, a token's own.
func (a *Owners) ListWorkspaces(ctx context.Context, c authority.Caller, page authority.Page) (out []api.Workspace, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, err := a.in.JudgeInstance(r, c)
		if err != nil {
			return err
		}
		rows, err := visible(r, ac, page)
		if err != nil {
			return err
		}
		rows, next = authority.Cut(rows, page.Size(), func(ws ledger.Workspace) int64 { return ws.ID })
		out = authority.Views(rows, func(ws ledger.Workspace) api.Workspace { return authority.WorkspaceView(r, ws) })
		return nil
	})
	return out, next, err
}

func visible(r *authority.Snapshot, ac *authority.Actor, page authority.Page) ([]ledger.Workspace, error) {
	switch {
	case ac.Instance:
		q, err := page.Rows()
		if err != nil {
			return nil, err
		}
		return r.Workspaces(q)
	case ac.With != nil:
		ws, err := r.Workspace(ledger.WorkspaceKey{ID: ac.With.Workspace})
		return after([]ledger.Workspace{ws}, page), err
	}
	all, err := r.WorkspacesOf(ac.User)
	return slices.DeleteFunc(after(all, page), func(ws ledger.Workspace) bool { return ac.Portal != "" && ac.Portal != ws.Slug }), err
}

// after keeps the workspaces that a page may begin with.
func after(all []ledger.Workspace, page authority.Page) []ledger.Workspace {
	words := strings.Fields(strings.ToLower(page.Text))
	return slices.DeleteFunc(all, func(ws ledger.Workspace) bool {
		shown := strings.ToLower(ws.Slug + "\n" + ws.Name + "\n" + ws.ExternalID)
		return ws.ID <= page.After || slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(shown, w) })
	})
}

// EditWorkspace merges a patch into a workspace. It needs policy:write; the
// external id, by which a product knows its customer, needs instance:admin.
func (a *Owners) EditWorkspace(ctx context.Context, c authority.Caller, ref string, in api.EditWorkspace) (done authority.Done[api.Workspace], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, err := a.in.Enter(w.Snapshot, c, ref, "policy:write")
		if err != nil {
			return err
		}
		if in.ExternalID.Set && !ac.Instance {
			return authority.MissingInstance("changing the external id needs the scope instance:admin")
		}
		done.Value, err = changeWorkspace(w, ac, sp.Workspace, "workspace.edited", func(ws *ledger.Workspace) error { return editWorkspace(w, ws, in) })
		return err
	})
	return done, err
}

// changeWorkspace applies f to a workspace, writes it and tells the audit.
func changeWorkspace(w *authority.Work, ac *authority.Actor, ws ledger.Workspace, action string, f func(*ledger.Workspace) error) (api.Workspace, error) {
	before := authority.WorkspaceView(w.Snapshot, ws)
	if err := w.Expect(ws, ws.Slug, ws.Revision); err != nil {
		return before, err
	}
	if err := f(&ws); err != nil {
		return before, err
	}
	ws.Revision = w.Revision()
	if err := w.PutWorkspace(ws); err != nil {
		return before, err
	}
	w.TouchWorkspace(ws.ID)
	w.TouchPortal(ws.ID)
	v := authority.WorkspaceView(w.Snapshot, ws)
	return v, w.Note(ac, ws, authority.Event{Action: action, Target: ws.Slug, Before: before, After: v})
}

// PutWorkspace creates the workspace that ext:ID (or a slug) names, or replaces
// its name and metadata. It needs instance:admin. Made says which.
func (a *Owners) PutWorkspace(ctx context.Context, c authority.Caller, ref string, in api.PutWorkspace) (done authority.Done[api.Workspace], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, err := a.in.JudgeInstance(w.Snapshot, c)
		if err != nil {
			return err
		}
		ws, err := a.in.Workspace(w.Snapshot, c, ref)
		if errors.Is(err, ledger.ErrNoRow) && ac.Instance {
			done.Made = true
			if err := w.ExpectNew(); err != nil {
				return err
			}
			done.Value, err = putNewWorkspace(w, ac, ref, in)
			return err
		}
		if err == nil && !ac.Instance {
			_, _, err = a.in.EnterForInstance(w.Snapshot, c, ref)
		}
		if err != nil {
			return err
		}
		done.Made = false
		if err := sameExternal(ref, in.ExternalID); err != nil {
			return err
		}
		if in.Slug != "" && in.Slug != ws.Slug {
			return api.FieldError("slug", "a slug never changes")
		}
		done.Value, err = changeWorkspace(w, ac, ws, "workspace.edited", func(ws *ledger.Workspace) error { return replaceWorkspace(w, ws, in) })
		return err
	})
	return done, err
}

func putNewWorkspace(w *authority.Work, ac *authority.Actor, ref string, in api.PutWorkspace) (api.Workspace, error) {
	create := api.CreateWorkspace{Slug: in.Slug, Name: in.Name, ExternalID: in.ExternalID, Metadata: in.Metadata}
	if authority.IsExternal(ref) {
		id, err := authority.ExternalID(ref)
		if err != nil {
			return api.Workspace{}, err
		}
		create.ExternalID = api.Some(id)
		if err := sameExternal(ref, in.ExternalID); err != nil {
			return api.Workspace{}, err
		}
	} else if create.Slug == "" {
		create.Slug = ref
	}
	if !authority.IsExternal(ref) && create.Slug != ref {
		return api.Workspace{}, api.FieldError("slug", "differs from the path's")
	}
	if create.Slug == "" {
		return api.Workspace{}, api.FieldError("slug", "is required for a new workspace")
	}
	ws, err := NewWorkspace(w, ac, create)
	return authority.WorkspaceView(w.Snapshot, ws), err
}

// sameExternal refuses what is put under ext:ID and says another external id, or none:
// sent again after a lost answer it would find nobody there, and make a second one.
func sameExternal(ref string, said api.Opt[string]) error {
	if authority.IsExternal(ref) && said.Set && (said.Null || authority.External+said.Value != ref) {
		return api.FieldError("external_id", "differs from the path's")
	}
	return nil
}

func replaceWorkspace(w *authority.Work, ws *ledger.Workspace, in api.PutWorkspace) error {
	edit := in.EditWorkspace
	if !edit.Name.Has() {
		edit.Name = api.Some(ws.Slug)
	}
	if !edit.Metadata.Set {
		edit.Metadata = api.Null[api.Metadata]()
	}
	return editWorkspace(w, ws, edit)
}

// SuspendWorkspace stops all tokens and sessions of a workspace until it is
// resumed. It needs instance:admin.
func (a *Owners) SuspendWorkspace(ctx context.Context, c authority.Caller, ref string) (authority.Done[api.Workspace], error) {
	return setSuspended(ctx, a.in, authority.Takes, c, ref, "workspace.suspended", func(w *authority.Work, ac *authority.Actor, ws *ledger.Workspace) {
		if ws.SuspendedAt.IsZero() {
			ws.SuspendedAt, ws.SuspendedBy = w.Now, ac.Name()
		}
	})
}

// SuspensionOf lists the tokens that SuspendWorkspace would stop, at most
// maxStopped of them and the newest first, and changes nothing. It needs
// instance:admin.
func (a *Owners) SuspensionOf(ctx context.Context, c authority.Caller, ref string) (hit api.Affected, err error) {
	hit = api.Affected{DryRun: true, Tokens: []api.Token{}}
	rehearsing := c
	rehearsing.Rehearse = true
	if _, err := a.SuspendWorkspace(ctx, rehearsing, ref); err != nil {
		return hit, err
	}
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.EnterForInstance(r, c, ref)
		if err != nil {
			return err
		}
		return addStopped(a.in.Watching(ctx, r, ac, sp), ledger.TokenQuery{}, &hit)
	})
	return hit, err
}

// ResumeWorkspace brings a suspended workspace back. It needs instance:admin.
func (a *Owners) ResumeWorkspace(ctx context.Context, c authority.Caller, ref string) (authority.Done[api.Workspace], error) {
	return setSuspended(ctx, a.in, authority.Gives, c, ref, "workspace.resumed", func(w *authority.Work, _ *authority.Actor, ws *ledger.Workspace) {
		ws.SuspendedAt, ws.SuspendedBy = time.Time{}, ""
		w.OnlyGives()
	})
}

func setSuspended(ctx context.Context, a *authority.Authority, e authority.Effect, c authority.Caller, ref, action string, set func(*authority.Work, *authority.Actor, *ledger.Workspace)) (done authority.Done[api.Workspace], err error) {
	done.Revision, err = a.Apply(ctx, e, c, func(w *authority.Work) error {
		ac, sp, err := a.EnterForInstance(w.Snapshot, c, ref)
		if err != nil {
			return err
		}
		done.Value, err = changeWorkspace(w, ac, sp.Workspace, action, func(ws *ledger.Workspace) error {
			set(w, ac, ws)
			return nil
		})
		return err
	})
	return done, err
}

// DeleteWorkspace ends a workspace for good: its tokens and sessions stop, its
// slug is never used again. It needs workspace:delete.
func (a *Owners) DeleteWorkspace(ctx context.Context, c authority.Caller, ref string) (done authority.Done[api.Workspace], err error) {
	done.Revision, err = a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		ac, sp, err := a.in.Enter(w.Snapshot, c, ref, "workspace:delete")
		if err != nil {
			return err
		}
		done.Value, err = changeWorkspace(w, ac, sp.Workspace, "workspace.deleted", func(ws *ledger.Workspace) error {
			ws.DeletedAt, ws.ExternalID = w.Now, ""
			return nil
		})
		return err
	})
	return done, err
}
