package httpapi

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/puzpuzpuz/xsync/v4"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/verify"
)

// workspaceNames turns the workspace that a verification names into its number
// without asking the database each time. What it remembers cannot go stale:
//
//   - A slug never changes and is never used again, so its number is for good.
//   - An external id may move. The number remembered for it counts only while
//     the engine, which knows the workspace of this moment, says that it has it.
//   - That there is only one workspace counts as long as no revision has passed
//     since before it was read.
type workspaceNames struct {
	authority *office.Office
	engine    *verify.Engine

	known *xsync.Map[string, int64]
	alone atomic.Pointer[onlyOne]
	// asking keeps all but one from asking the same question of the database.
	asking sync.Mutex
}

// onlyOne is the answer to whether there is one workspace, at a revision.
type onlyOne struct {
	revision  int64
	workspace int64 // 0 when there are several, or none
}

const (
	// knownWorkspaces bounds what is remembered of names.
	knownWorkspaces = 1 << 16
	nameTimeout     = 5 * time.Second
	external        = "ext:"
)

func newWorkspaceNames(a *office.Office, e *verify.Engine) *workspaceNames {
	return &workspaceNames{authority: a, engine: e, known: xsync.NewMap[string, int64]()}
}

// number returns the row number of the workspace that ref names, a slug or
// ext:ID. An error is an [*api.Error]: CodeNotFound, or CodeUnavailable.
func (n *workspaceNames) number(ctx context.Context, ref string) (int64, error) {
	if id, ok := n.remembered(ctx, ref); ok {
		return id, nil
	}
	ctx, done := context.WithTimeout(ctx, nameTimeout)
	defer done()
	id, err := n.authority.Resolve(ctx, ref)
	if err == nil {
		n.remember(ref, id)
	}
	return id, err
}

// remembered is number without the database.
func (n *workspaceNames) remembered(ctx context.Context, ref string) (int64, bool) {
	id, ok := n.known.Load(ref)
	return id, ok && n.holds(ctx, id, ref)
}

func (n *workspaceNames) holds(ctx context.Context, id int64, ref string) bool {
	want, isExternal := strings.CutPrefix(ref, external)
	if !isExternal {
		return true
	}
	w, err := n.engine.Workspace(ctx, id)
	return err == nil && w.ExternalID == want
}

func (n *workspaceNames) remember(ref string, id int64) {
	if n.known.Size() >= knownWorkspaces {
		n.known.Clear()
	}
	n.known.Store(strings.Clone(ref), id)
}

// only returns the one workspace of the instance, or 0 when there are several
// or none, as it is at least since a revision.
func (n *workspaceNames) only(ctx context.Context, revision int64) (onlyOne, error) {
	if o := n.alone.Load(); o != nil && o.revision >= revision {
		return *o, nil
	}
	ctx, done := context.WithTimeout(ctx, nameTimeout)
	defer done()
	n.asking.Lock()
	defer n.asking.Unlock()
	if o := n.alone.Load(); o != nil && o.revision >= revision {
		return *o, nil
	}
	id, ok, err := n.authority.Alone(ctx)
	if err != nil {
		return onlyOne{}, err
	}
	o := onlyOne{revision: revision}
	if ok {
		o.workspace = id
	}
	n.alone.Store(&o)
	return o, nil
}

// isNotFound says whether an error is that there is no such thing.
func isNotFound(err error) bool { return errors.Is(err, api.CodeNotFound) }

// names says whether ref, a slug or ext:ID, names this workspace.
func names(ref string, w *verify.Workspace) bool {
	if id, isExternal := strings.CutPrefix(ref, external); isExternal {
		return id != "" && id == w.ExternalID
	}
	return ref == w.Slug
}
