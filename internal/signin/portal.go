package signin

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

const portalFor = 5 * time.Minute

// portalLink is what a portal code opens.
type portalLink struct {
	Workspace string `json:"workspace"`
}

// PortalLink is a link that opens a member's own tokens once.
type PortalLink struct {
	URL     token.Secret
	Expires time.Time
	// Revision is that of the change that made it.
	Revision int64
}

// Portals let a product's people into their own tokens by links, for a [Service].
type Portals struct{ s *Service }

// PortalLink makes a link, valid for five minutes, that opens a member's own
// token page. It needs instance:admin. There is none for instance administrators,
// whose sessions no product's back end should hold.
func (ps Portals) PortalLink(ctx context.Context, c authority.Caller, workspace, member string) (out PortalLink, err error) {
	if _, err := ps.s.authority.MayLinkPortal(ctx, c, workspace, member); err != nil {
		return out, err
	}
	err = ps.s.authority.SignIn(ctx, c, func(tx *office.SignInTx) error {
		in, err := tx.MayLinkPortal(c, workspace, member)
		if err != nil {
			return err
		}
		u := in.User
		if u.InstanceAdmin {
			return api.Errorf(api.CodeForbidden, "an instance administrator signs in as everybody does")
		}
		if err := activeMember(tx.SignInRows, u, in.Workspace.Slug); err != nil {
			return err
		}
		p := portalLink{in.Workspace.Slug}
		plain, err := ps.s.putCode(tx, code{purpose: "portal", user: u.ID, life: portalFor, data: p})
		out = PortalLink{URL: token.NewSecret(ps.s.base + "/signin/portal?code=" + url.QueryEscape(plain)), Expires: tx.Now().Add(portalFor), Revision: tx.Revision()}
		return input.First(err, noteBy(tx, c, "portal.link_made", u, map[string]any{"workspace": p.Workspace}))
	})
	return out, err
}

// noteBy notes what a caller of the API or a signed-in person did to somebody.
func noteBy(tx *office.SignInTx, c authority.Caller, action string, about ledger.User, detail map[string]any) error {
	by, err := tx.User(ledger.UserKey{ID: c.User})
	if err != nil && !errors.Is(err, ledger.ErrNoRow) {
		return err
	}
	if !c.Token.IsZero() {
		detail["token"] = c.Token.String()
	}
	return tx.Note(action, by, about, detail)
}

func activeMember(r office.SignInRows, u ledger.User, slug string) error {
	ws, err := r.Workspace(ledger.WorkspaceKey{Slug: slug})
	if err != nil {
		return err
	}
	m, err := r.Member(ws.ID, ledger.MemberKey{User: u.ID})
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
func (ps Portals) OpenPortal(ctx context.Context, plain string, from door.Client) (out door.Entry, err error) {
	err = ps.s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		c, u, err := ps.s.useCode(tx, "portal", plain)
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
		if err := activeMember(tx.SignInRows, u, p.Workspace); err != nil {
			return err
		}
		out, err = ps.s.begin(tx, u, "portal", p.Workspace, from)
		return err
	})
	return out, err
}
