package office

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

const keyringCopied = "keyring.copied"

// keysCopied is what the audit keeps of a copy: the numbers of its keys.
type keysCopied struct {
	Keys []token.KeyID `json:"keys"`
}

// CopiedKeyring notes that somebody keeps a copy of the keyring as it is now, apart from
// the database. It needs instance:admin. Whether that is so, no server can see.
func (a *Office) CopiedKeyring(ctx context.Context, c authority.Caller) error {
	_, err := a.in.Apply(ctx, authority.Neither, c, func(w *authority.Work) error {
		ac, err := a.in.EnterInstance(w.Snapshot, c)
		if err != nil {
			return err
		}
		return w.Record(ac, ledger.Workspace{}, authority.Event{Action: keyringCopied, Target: "keyring", After: keysCopied{a.in.Keys().IDs()}})
	})
	return err
}

// stepsIn are how many workspaces the first steps are looked for in: whoever has more has
// begun long ago.
const stepsIn = 3

// FirstSteps is what has been done of what a new deployment needs beside its settings. Each
// follows from what there is, so that a step that was undone is open again.
type FirstSteps struct {
	// CopiedAt is when a copy of the keyring was last noted, zero for never; Copied says that
	// it has every key that the keyring has now.
	CopiedAt time.Time
	Copied   bool
	// Scoped says that somebody described what tokens may be for; Issued and Used that an
	// integration token was made, and presented.
	Scoped, Issued, Used bool
	// Workspace is the first one; empty where there is none.
	Workspace string
}

// StepsOf looks how far a deployment is. It needs instance:admin.
func StepsOf(ctx context.Context, a *Office, c authority.Caller) (s FirstSteps, err error) {
	if s.CopiedAt, s.Copied, err = a.keyringCopied(ctx, c); err != nil {
		return s, err
	}
	if s.Scoped, err = a.describes(ctx, c, authority.Where{Instance: true}); err != nil {
		return s, err
	}
	rows, _, err := a.ListWorkspaces(ctx, c, authority.Page{Limit: stepsIn})
	for _, ws := range rows {
		if s.Workspace == "" {
			s.Workspace = ws.Slug
		}
		if !s.Scoped && err == nil {
			s.Scoped, err = a.describes(ctx, c, authority.Where{Workspace: ws.Slug})
		}
		if err != nil || s.Used {
			break
		}
		err = a.integrates(ctx, c, ws.Slug, &s)
	}
	return s, err
}

// describes says whether somebody put a scope of their own into a catalogue.
func (a *Office) describes(ctx context.Context, c authority.Caller, at authority.Where) (bool, error) {
	rows, err := a.ListScopes(ctx, c, at)
	return slices.ContainsFunc(rows, func(s api.Scope) bool { return !s.BuiltIn && !s.Inherited }), err
}

// integrates looks for an integration token in a workspace.
func (a *Office) integrates(ctx context.Context, c authority.Caller, slug string, s *FirstSteps) error {
	rows, _, err := a.ListTokens(ctx, c, slug, api.TokenFilter{Kind: api.Some("service")}, authority.Page{Limit: 1})
	if err == nil && len(rows) > 0 {
		s.Issued, s.Used = true, rows[0].LastUsedAt != nil
	}
	return err
}

// keyringCopied is when a copy was noted, and whether it has every key.
func (a *Office) keyringCopied(ctx context.Context, c authority.Caller) (at time.Time, whole bool, err error) {
	rows, _, err := a.InstanceAudit(ctx, c, api.AuditFilter{Action: keyringCopied}, authority.Page{Limit: 1})
	if err != nil || len(rows) == 0 {
		return time.Time{}, false, err
	}
	var kept keysCopied
	_ = json.Unmarshal(rows[0].After, &kept) // of an erased row nothing is left, and no key was copied
	for _, id := range a.in.Keys().IDs() {
		if !slices.Contains(kept.Keys, id) {
			return rows[0].At, false, nil
		}
	}
	return rows[0].At, true, nil
}
