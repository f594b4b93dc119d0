package terminal

import (
	"time"

	"github.com/tokenry/tokenry/api"
)

// Invitation says how far the invitation of a member is; nil is one that is not known.
func Invitation(i *api.MemberInvitation, when func(*time.Time) string) string {
	switch {
	case i == nil:
		return OrNone("")
	case i.State == api.InvitationPending:
		return "until " + when(i.ExpiresAt)
	case i.State == api.InvitationExpired:
		return "expired " + when(i.ExpiresAt)
	case i.State == api.InvitationNone:
		return "not sent"
	}
	return i.State
}

// Unmailed says why nobody was mailed an invitation, and who lets the person in.
func Unmailed(i api.Invitation) string {
	if i.CanSignIn {
		return "this server sends no mail; they can sign in already, so tell them"
	}
	return "this server sends no mail; an Owner or an administrator of the instance hands them a link in the console, or whoever runs it by tokenry user reset-password"
}
