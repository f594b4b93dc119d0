package signin

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

const portalFor = 5 * time.Minute

// portalLink is what a portal code opens.
type portalLink struct {
	Workspace string `json:"workspace"`
}

// PortalLink makes the one-time code of a link, valid for five minutes, that
// opens a member's own token page. Whoever asks was judged already
// (instance:admin). There is none for instance administrators, whose sessions
// no product's back end should hold.
func (s *Service) PortalLink(ctx context.Context, user int64, workspace string) (plain string, err error) {
	err = s.change(ctx, user, Client{}, func(tx *authority.SignInTx, u authority.User) error {
		if u.InstanceAdmin {
			return api.Errorf(api.CodeForbidden, "an instance administrator signs in as everybody does")
		}
		if err := activeMember(tx, u, workspace); err != nil {
			return err
		}
		plain, err = s.putCode(tx, code{purpose: "portal", user: u.ID, life: portalFor, data: portalLink{workspace}})
		return first(err, tx.Note("portal.link_made", authority.User{}, u, portalLink{workspace}))
	})
	return plain, err
}

func activeMember(r authority.Reader, u authority.User, slug string) error {
	ws, err := r.Workspace(authority.WorkspaceKey{Slug: slug})
	if err != nil {
		return err
	}
	m, err := r.Member(ws.ID, authority.MemberKey{User: u.ID})
	if err != nil {
		return err
	}
	if !m.DeactivatedAt.IsZero() || !ws.SuspendedAt.IsZero() || !ws.DeletedAt.IsZero() {
		return api.Errorf(api.CodeInactive, "this member or workspace is suspended")
	}
	return nil
}

// OpenPortal uses a portal link up and opens a session for one workspace, in
// which the person manages their own tokens alone.
func (s *Service) OpenPortal(ctx context.Context, plain string, from Client) (out Result, err error) {
	err = s.authority.SignIn(ctx, from.caller(), func(tx *authority.SignInTx) error {
		c, u, err := s.useCode(tx, "portal", plain)
		if err != nil {
			return err
		}
		var p portalLink
		if err := json.Unmarshal(c.Data, &p); err != nil {
			return err
		}
		if u.InstanceAdmin {
			return deadLink()
		}
		if err := activeMember(tx, u, p.Workspace); err != nil {
			return err
		}
		out, err = s.begin(tx, u, "portal", p.Workspace, from)
		return err
	})
	return out, err
}
