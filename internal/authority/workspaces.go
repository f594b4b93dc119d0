package authority

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// CreateWorkspace makes a tenant. It needs instance:admin.
func (a *Authority) CreateWorkspace(ctx context.Context, c Caller, in api.CreateWorkspace) (v api.Workspace, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, err := a.enterInstance(w.Snapshot, c)
		if err != nil {
			return err
		}
		if again, err := w.shown(func(slug string) error {
			ws, err := w.Workspace(ledger.WorkspaceKey{Slug: slug})
			v = workspaceView(w.Snapshot, ws)
			return err
		}); again || err != nil {
			return err
		}
		ws, err := w.newWorkspace(ac, in)
		v = workspaceView(w.Snapshot, ws)
		return input.First(err, w.rememberObject(ws.Slug))
	})
	return v, revision, err
}

func (w *work) newWorkspace(ac *actor, in api.CreateWorkspace) (ledger.Workspace, error) {
	ws := ledger.Workspace{Slug: in.Slug, Name: in.Slug, CreatedAt: w.now, Revision: w.Revision()}
	if err := input.Slug(in.Slug); err != nil {
		return ws, err
	}
	if _, err := w.Workspace(ledger.WorkspaceKey{Slug: in.Slug}); !errors.Is(err, ledger.ErrNoRow) {
		return ws, taken("slug", "this slug is or was in use; slugs are never used again", err)
	}
	ws.ID = w.NewID()
	edit := api.EditWorkspace{Name: in.Name, ExternalID: in.ExternalID, Metadata: in.Metadata}
	if err := w.editWorkspace(&ws, edit); err != nil {
		return ws, err
	}
	if err := w.PutWorkspace(ws); err != nil {
		return ws, err
	}
	w.touchWorkspace(ws.ID)
	return ws, w.audit(ac, ws, event{action: "workspace.created", target: ws.Slug, after: workspaceView(w.Snapshot, ws)})
}

// taken says that a name is in use, unless looking it up failed otherwise.
func taken(field, message string, err error) error {
	if err != nil {
		return err
	}
	e := api.Errorf(api.CodeAlreadyExists, "%s", message)
	e.Field = field
	return e
}

func (w *work) editWorkspace(ws *ledger.Workspace, in api.EditWorkspace) error {
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
		ws.Metadata = in.Metadata.Value
	}
	if !in.ExternalID.Set || in.ExternalID.Value == ws.ExternalID {
		return nil
	}
	ws.ExternalID = in.ExternalID.Value
	if in.ExternalID.Null {
		return nil
	}
	if err := input.ExternalID(ws.ExternalID); err != nil {
		return err
	}
	if _, err := w.Workspace(ledger.WorkspaceKey{ExternalID: ws.ExternalID}); !errors.Is(err, ledger.ErrNoRow) {
		return taken("external_id", "another workspace has this external id", err)
	}
	return nil
}

// GetWorkspace answers one workspace to its members and tokens.
func (a *Authority) GetWorkspace(ctx context.Context, c Caller, ref string) (v api.Workspace, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		_, sp, err := a.enter(r, c, ref)
		if err == nil {
			v = workspaceView(r, sp.ws)
		}
		return err
	})
	return v, err
}

// ListWorkspaces lists the workspaces that the caller may enter: all for
// instance:admin, a person's own, a token's own.
func (a *Authority) ListWorkspaces(ctx context.Context, c Caller, page Page) (out []api.Workspace, next int64, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		ac, err := a.judgeInstance(r, c)
		if err != nil {
			return err
		}
		rows, err := visible(r, ac, page)
		if err != nil {
			return err
		}
		rows, next = cut(rows, page.size(), func(ws ledger.Workspace) int64 { return ws.ID })
		out = views(rows, func(ws ledger.Workspace) api.Workspace { return workspaceView(r, ws) })
		return nil
	})
	return out, next, err
}

func visible(r *Snapshot, ac *actor, page Page) ([]ledger.Workspace, error) {
	switch {
	case ac.instance:
		q, err := page.rows()
		if err != nil {
			return nil, err
		}
		return r.Workspaces(q)
	case ac.with != nil:
		ws, err := r.Workspace(ledger.WorkspaceKey{ID: ac.with.Workspace})
		return after([]ledger.Workspace{ws}, page), err
	}
	all, err := r.WorkspacesOf(ac.User)
	return slices.DeleteFunc(after(all, page), func(ws ledger.Workspace) bool { return ac.Portal != "" && ac.Portal != ws.Slug }), err
}

// after keeps the workspaces that a page may begin with.
func after(all []ledger.Workspace, page Page) []ledger.Workspace {
	words := strings.Fields(strings.ToLower(page.Text))
	return slices.DeleteFunc(all, func(ws ledger.Workspace) bool {
		shown := strings.ToLower(ws.Slug + "\n" + ws.Name + "\n" + ws.ExternalID)
		return ws.ID <= page.After || slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(shown, w) })
	})
}

func views[R, V any](rows []R, view func(R) V) []V {
	out := make([]V, len(rows))
	for i, row := range rows {
		out[i] = view(row)
	}
	return out
}

// EditWorkspace merges a patch into a workspace. It needs policy:write; the
// external id, by which a product knows its customer, needs instance:admin.
func (a *Authority) EditWorkspace(ctx context.Context, c Caller, ref string, in api.EditWorkspace) (v api.Workspace, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w.Snapshot, c, ref, "policy:write")
		if err != nil {
			return err
		}
		if in.ExternalID.Set && !ac.instance {
			return missingInstance("changing the external id needs the scope instance:admin")
		}
		v, err = w.changeWorkspace(ac, sp.ws, "workspace.edited", func(ws *ledger.Workspace) error { return w.editWorkspace(ws, in) })
		return err
	})
	return v, revision, err
}

// changeWorkspace applies f to a workspace, writes it and tells the audit.
func (w *work) changeWorkspace(ac *actor, ws ledger.Workspace, action string, f func(*ledger.Workspace) error) (api.Workspace, error) {
	before := workspaceView(w.Snapshot, ws)
	if err := w.expect(ws, ws.Slug, ws.Revision); err != nil {
		return before, err
	}
	if err := f(&ws); err != nil {
		return before, err
	}
	ws.Revision = w.Revision()
	if err := w.PutWorkspace(ws); err != nil {
		return before, err
	}
	w.touchWorkspace(ws.ID)
	w.touchOwner(workspaceOwner(ws).Key.Type, ws.ID)
	v := workspaceView(w.Snapshot, ws)
	return v, w.audit(ac, ws, event{action: action, target: ws.Slug, before: before, after: v})
}

// PutWorkspace creates the workspace that ext:ID (or a slug) names, or replaces
// its name and metadata. It needs instance:admin. Created says which.
func (a *Authority) PutWorkspace(ctx context.Context, c Caller, ref string, in api.PutWorkspace) (v api.Workspace, created bool, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, err := a.judgeInstance(w.Snapshot, c)
		if err != nil {
			return err
		}
		ws, err := a.workspace(w.Snapshot, c, ref)
		if errors.Is(err, ledger.ErrNoRow) && ac.instance {
			created = true
			if err := w.expectNew(); err != nil {
				return err
			}
			v, err = w.putNewWorkspace(ac, ref, in)
			return err
		}
		if err == nil && !ac.instance {
			_, _, err = a.enterForInstance(w.Snapshot, c, ref)
		}
		if err != nil {
			return err
		}
		created = false
		if in.Slug != "" && in.Slug != ws.Slug {
			return api.FieldError("slug", "a slug never changes")
		}
		v, err = w.changeWorkspace(ac, ws, "workspace.edited", func(ws *ledger.Workspace) error { return w.replaceWorkspace(ws, in) })
		return err
	})
	return v, created, revision, err
}

func (w *work) putNewWorkspace(ac *actor, ref string, in api.PutWorkspace) (api.Workspace, error) {
	create := api.CreateWorkspace{Slug: in.Slug, Name: in.Name, ExternalID: in.ExternalID, Metadata: in.Metadata}
	if isExternal(ref) {
		id, err := externalID(ref)
		if err != nil {
			return api.Workspace{}, err
		}
		create.ExternalID = api.Some(id)
		if in.ExternalID.Has() && in.ExternalID.Value != create.ExternalID.Value {
			return api.Workspace{}, api.FieldError("external_id", "differs from the path's")
		}
	} else if create.Slug == "" {
		create.Slug = ref
	}
	if !isExternal(ref) && create.Slug != ref {
		return api.Workspace{}, api.FieldError("slug", "differs from the path's")
	}
	if create.Slug == "" {
		return api.Workspace{}, api.FieldError("slug", "is required for a new workspace")
	}
	ws, err := w.newWorkspace(ac, create)
	return workspaceView(w.Snapshot, ws), err
}

func (w *work) replaceWorkspace(ws *ledger.Workspace, in api.PutWorkspace) error {
	edit := in.EditWorkspace
	if !edit.Name.Has() {
		edit.Name = api.Some(ws.Slug)
	}
	if !edit.Metadata.Set {
		edit.Metadata = api.Null[api.Metadata]()
	}
	return w.editWorkspace(ws, edit)
}

// SuspendWorkspace stops all tokens and sessions of a workspace until it is
// resumed. It needs instance:admin.
func (a *Authority) SuspendWorkspace(ctx context.Context, c Caller, ref string) (api.Workspace, int64, error) {
	return a.setSuspended(ctx, takes, c, ref, "workspace.suspended", func(ac *actor, ws *ledger.Workspace, now time.Time) {
		if ws.SuspendedAt.IsZero() {
			ws.SuspendedAt, ws.SuspendedBy = now, ac.name()
		}
	})
}

// SuspensionOf lists the tokens that SuspendWorkspace would stop, at most
// maxStopped of them and the newest first, and changes nothing. It needs
// instance:admin.
func (a *Authority) SuspensionOf(ctx context.Context, c Caller, ref string) (hit api.Affected, err error) {
	hit = api.Affected{DryRun: true, Tokens: []api.Token{}}
	rehearsing := c
	rehearsing.Rehearse = true
	if _, _, err := a.SuspendWorkspace(ctx, rehearsing, ref); err != nil {
		return hit, err
	}
	err = a.read(ctx, func(r *Snapshot) error {
		ac, sp, err := a.enterForInstance(r, c, ref)
		if err != nil {
			return err
		}
		return a.watching(ctx, r, ac, sp).stopped(ledger.TokenQuery{}, &hit)
	})
	return hit, err
}

// ResumeWorkspace brings a suspended workspace back. It needs instance:admin.
func (a *Authority) ResumeWorkspace(ctx context.Context, c Caller, ref string) (api.Workspace, int64, error) {
	return a.setSuspended(ctx, gives, c, ref, "workspace.resumed", func(_ *actor, ws *ledger.Workspace, _ time.Time) {
		ws.SuspendedAt, ws.SuspendedBy = time.Time{}, ""
	})
}

func (a *Authority) setSuspended(ctx context.Context, e effect, c Caller, ref, action string, set func(*actor, *ledger.Workspace, time.Time)) (v api.Workspace, revision int64, err error) {
	revision, err = a.apply(ctx, e, c, func(w *work) error {
		ac, sp, err := a.enterForInstance(w.Snapshot, c, ref)
		if err != nil {
			return err
		}
		v, err = w.changeWorkspace(ac, sp.ws, action, func(ws *ledger.Workspace) error {
			set(ac, ws, w.now)
			return nil
		})
		return err
	})
	return v, revision, err
}

// DeleteWorkspace ends a workspace for good: its tokens and sessions stop, its
// slug is never used again. It needs workspace:delete.
func (a *Authority) DeleteWorkspace(ctx context.Context, c Caller, ref string) (v api.Workspace, revision int64, err error) {
	revision, err = a.withdraw(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w.Snapshot, c, ref, "workspace:delete")
		if err != nil {
			return err
		}
		v, err = w.changeWorkspace(ac, sp.ws, "workspace.deleted", func(ws *ledger.Workspace) error {
			ws.DeletedAt, ws.ExternalID = w.now, ""
			return nil
		})
		return err
	})
	return v, revision, err
}
