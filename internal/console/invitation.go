package console

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/phrase"
)

// invited is the invitation of a member, as its page shows it.
type invited struct {
	api.MemberInvitation
	// mails says that a mail can be sent again, hands that the visitor may give a link,
	// cancels that they may take the invitation back.
	mails, hands, cancels bool
}

// open says that somebody was taken in who cannot sign in yet.
func (i invited) open() bool { return i.State != "" && i.State != api.InvitationAccepted }

// invitedOf answers how far a member's invitation is, and what the visitor may do about it.
func (v *visit) invitedOf(m api.Member, kept string) (i invited) {
	if m.Invitation == nil {
		return i
	}
	i.MemberInvitation, i.cancels = *m.Invitation, kept == ""
	if i.open() && m.Active && v.takesPasswords() {
		i.mails, i.hands = v.Links.MailsLinks(), v.hands(m.ID)
	}
	return i
}

// hands says whether the visitor may give a member a link to choose their first password.
func (v *visit) hands(member string) bool {
	return v.Office.HandsInvitation(v.Ctx(), v.Caller, v.At.Slug, member) == nil
}

// onlyKinds are what a list of members is narrowed to.
func (v *visit) onlyKinds() []link {
	kinds := []link{{"Everybody", v.WS("members"), ""}, {"Invited", v.WS("members") + "?only=" + ledger.OnlyInvited, ledger.OnlyInvited}}
	if v.May("members:write") {
		kinds = append(kinds, link{"Password alone", v.WS("members") + "?only=" + ledger.OnlyOneFactor, ledger.OnlyOneFactor})
	}
	return kinds
}

// only is the kind that the address asks for; empty for all.
func (v *visit) only() string {
	for _, k := range v.onlyKinds() {
		if k.key == v.Q("only") {
			return k.key
		}
	}
	return ""
}

// doInviteAgain mails a member another link.
func (v *visit) doInviteAgain() error {
	who := v.R.PathValue("member")
	sent, err := v.Links.Invite(v.Ctx(), v.Caller, v.At.Slug, who)
	if err != nil {
		return err
	}
	did := "invited-unsent"
	if sent.Sent {
		did = "invited-again"
	}
	return v.Done(v.Onward(v.WS("members", who)), did)
}

// doHandInvitation makes a link for a member and shows it, this once.
func (v *visit) doHandInvitation() error {
	v.Section = "members"
	m, err := v.Office.GetMember(v.Ctx(), v.Caller, v.At.Slug, v.R.PathValue("member"))
	if err != nil {
		return err
	}
	h, err := v.Handouts.HandInvitation(v.Ctx(), v.Session, v.At.Slug, m.ID)
	if err != nil {
		return err
	}
	return v.Page("Hand this link over", handedPage(phrase.Named(m.Name, m.Address), v.Onward(v.WS("members", m.ID)), h, "invitation"))
}
