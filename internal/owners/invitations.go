package owners

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// invite writes into views of members of a workspace how far each one's invitation is.
// Who was invited by another workspace alone is somebody whom this one did not invite.
func invite(r *authority.Snapshot, ws ledger.Workspace, members []ledger.Member, views []api.Member, now time.Time) error {
	ids := make([]ledger.ID, len(members))
	for i, m := range members {
		ids[i] = m.User
	}
	rows, err := r.Outsiders(ids)
	out := make(map[ledger.ID]ledger.OneTimeCode, len(rows))
	for _, o := range rows {
		out[o.User] = o.Code
	}
	names := map[string]*string{} // a few people invite many
	name := func(id string) *string {
		if _, known := names[id]; !known {
			names[id] = authority.NameOf(r, ws, id)
		}
		return names[id]
	}
	for i, m := range members {
		switch code, waits := out[m.User]; {
		case m.UserEmail == "":
		case waits:
			views[i].Invitation = invitationView(code, ws.ID, name, now)
		default:
			views[i].Invitation = &api.MemberInvitation{State: api.InvitationAccepted}
		}
	}
	return err
}

// invitationView is a code as members of a workspace may see it.
func invitationView(c ledger.OneTimeCode, ws ledger.ID, name func(string) *string, now time.Time) *api.MemberInvitation {
	v := &api.MemberInvitation{State: api.InvitationNone}
	in, ours := invitedBy(c, ws)
	if !ours {
		return v
	}
	v.State, v.MadeAt, v.ExpiresAt = api.InvitationPending, api.When(c.CreatedAt), api.When(c.ExpiresAt)
	if !now.Before(c.ExpiresAt) {
		v.State = api.InvitationExpired
	}
	v.By = name(in.By)
	return v
}

// invitedBy reads what a code of an invitation keeps, and says whether it is this
// workspace's, or of a build that did not note whose.
func invitedBy(c ledger.OneTimeCode, ws ledger.ID) (in ledger.Invited, ours bool) {
	if c.ID == "" || c.Data != nil && json.Unmarshal(c.Data, &in) != nil {
		return in, false
	}
	return in, in.Workspace == 0 || in.Workspace == ws
}

// CancelInvitation takes back what a person did not accept yet: their link is dead and
// the membership ends, as [Owners.RemoveMember] ends it. Whoever can sign in by now is
// left alone (already_done). It needs members:write.
func (a *Owners) CancelInvitation(ctx context.Context, c authority.Caller, ref, who string, dryRun bool) (authority.Done[api.Member], error) {
	return a.removeMember(ctx, c, ref, who, dryRun, func(w *authority.Work, ch *MemberChange) error {
		rows, err := w.Outsiders([]ledger.ID{ch.m.User})
		if err == nil && len(rows) == 0 {
			err = api.Errorf(api.CodeAlreadyDone, "this person can sign in by now, or has no e-mail to be invited by; remove the member to end the membership")
		}
		return input.First(err, w.Note(ch.ac, ch.sp.Workspace, authority.Event{Action: "invitation.cancelled", Target: "member:" + ch.before.Address}))
	})
}

// endInvitation makes the link dead by which a workspace invited a person.
func endInvitation(w *authority.Work, ws, user ledger.ID) error {
	rows, err := w.Outsiders([]ledger.ID{user})
	for _, o := range rows {
		if _, ours := invitedBy(o.Code, ws); ours {
			err = w.DeleteCodesOf(user, ledger.PurposeInvitation)
		}
	}
	return err
}

// unvouched takes from a person every way in that a workspace alone vouches for, before
// they gain anything beyond it: whoever opened the link that its Owner gave may not be
// whom the e-mail belongs to. They choose a password anew, by a mail or a link of an
// administrator of the instance.
func unvouched(w *authority.Work, ac *authority.Actor, u *ledger.User, gains ledger.ID) error {
	if u.VouchedBy == 0 || u.VouchedBy == gains {
		return nil
	}
	u.PasswordHash, u.VouchedBy, u.Revision = "", 0, w.Revision()
	return input.First(w.EraseSignIn(u.ID), w.PutUser(*u),
		w.Note(ac, ledger.Workspace{}, authority.Event{Action: "user.means_removed", Target: "user:" + u.PublicID}))
}
