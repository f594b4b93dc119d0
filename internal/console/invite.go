package console

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
	"github.com/tokenry/tokenry/internal/roster"
)

const (
	// inviteMost is how long a list is at the most, in bytes, pasted or as a file.
	// In a form's encoding it is three times as long at the worst, which is within
	// [reception.MaxForm]: what was looked at comes back in a field.
	inviteMost = 80 << 10
	// inviteFor is how long one request invites people: each is written to in
	// turn, and the answer must come before the server gives up on it.
	inviteFor = 30 * time.Second
)

// invitee is one row of a list, and what is or became of it.
type invitee struct {
	roster.Row
	// exists says that this person is a member already.
	exists bool
	// told is what was done; empty before. Hand is the page on which whoever may hands
	// them a link.
	told, hand string
	failed     bool
}

func (i invitee) ready() bool { return i.Wrong == "" && !i.exists && i.told == "" }

// inviteList is a list on its way: as typed, with what is known of its rows.
type inviteList struct {
	form.Form
	// from is the field that the list came in.
	from string
	rows []invitee
}

func (l inviteList) count(is func(invitee) bool) (n int) {
	for _, r := range l.rows {
		if is(r) {
			n++
		}
	}
	return n
}

func (l inviteList) ready() int { return l.count(invitee.ready) }

func (l inviteList) wrong() int { return l.count(func(i invitee) bool { return i.Wrong != "" }) }

func (l inviteList) added() int {
	return l.count(func(i invitee) bool { return i.told != "" && !i.failed })
}

// inviteTitle is the name of the page on which a list is given.
const inviteTitle = "Invite many people"

func (v *visit) inviteMany() error {
	v.Section = "members"
	return v.Page(inviteTitle, invitePage(v, inviteList{Form: form.New(nil)}))
}

// doInviteMany shows what a list would do, and does it once that was confirmed.
// The confirmation names how many people were shown: when that changed in the
// meantime, it is shown anew.
func (v *visit) doInviteMany() error {
	v.Section = "members"
	l, err := v.sentList()
	if err == nil {
		err = v.readList(&l)
	}
	if err != nil {
		if l.Form, err = reception.Refused(l.Form, err); err != nil {
			return err
		}
		return v.Again(inviteTitle, invitePage(v, l))
	}
	if n := l.ready(); n == 0 || l.Get("confirmed") != strconv.Itoa(n) {
		return v.Page("Look at the list", inviteLookPage(v, l))
	}
	if err := v.inviteAll(&l); err != nil {
		return err
	}
	return v.Page("Invited", invitedPage(v, l))
}

// sentList is the list that was sent: the text of the field, or that of the file
// that was chosen, which takes the text's place from there on.
func (v *visit) sentList() (inviteList, error) {
	l := inviteList{from: "csv"}
	err := v.R.ParseMultipartForm(reception.MaxForm) // the guard lets no more in, so nothing is put on a disk
	if errors.Is(err, http.ErrNotMultipart) {
		err = nil
	}
	l.Form = v.Typed()
	if tooLong := new(http.MaxBytesError); errors.As(err, &tooLong) {
		return l, api.FieldError("file", "the list is longer than 80 KiB; send it in parts, or use the command line")
	}
	if err != nil {
		return l, api.Errorf(api.CodeInvalidRequest, "the form could not be read")
	}
	file, head, err := v.R.FormFile("file")
	if err != nil || head.Filename == "" {
		return l, nil // no file was chosen
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(file)
	l.from = "file"
	l.Values.Set("csv", string(text))
	return l, err
}

// readList reads the text and says of each row what would be done.
func (v *visit) readList(l *inviteList) error {
	text := l.Values.Get("csv")
	if len(text) > inviteMost {
		return api.FieldError(l.from, "the list is longer than 80 KiB; send it in parts, or use the command line")
	}
	rows, err := roster.Parse([]byte(text))
	if errors.Is(err, roster.ErrToken) || !utf8.ValidString(text) {
		l.Values.Del("csv") // the page repeats no token, and nothing that is no text
	}
	if err != nil {
		return api.FieldError(l.from, err.Error())
	}
	p, err := v.offered(l.Form)
	if err != nil {
		return err
	}
	there, err := v.memberEmails()
	for _, r := range rows {
		if r.Wrong == "" && !hasRole(p.roles, r.Role) {
			r.Wrong = fmt.Sprintf("there is no role %+q that you can give", phrase.Cut(r.Role, 60))
		}
		l.rows = append(l.rows, invitee{Row: r, exists: r.Wrong == "" && there[r.Email]})
	}
	return err
}

// memberEmails are the e-mails of all members.
func (v *visit) memberEmails() (map[string]bool, error) {
	out := map[string]bool{}
	members := authority.Each(func(p authority.Page) ([]api.Member, int64, error) {
		return v.Office.ListMembers(v.Ctx(), v.Caller, v.At.Slug, p)
	})
	for m, err := range members {
		if err != nil {
			return out, err
		}
		out[phrase.Text(m.Email)] = true
	}
	return out, nil
}

// inviteAll adds and invites whoever is ready, one after the other, for as long
// as one request may take.
func (v *visit) inviteAll(l *inviteList) error {
	end := v.Options.Now().Add(inviteFor)
	for i := range l.rows {
		r := &l.rows[i]
		if !r.ready() || v.Options.Now().After(end) {
			continue
		}
		if err := v.inviteOne(r); err != nil {
			return err
		}
	}
	return nil
}

// inviteOne adds one person and mails them. What is refused is told with the
// row; the error is of what no other row would survive.
func (v *visit) inviteOne(r *invitee) error {
	in := api.CreateMember{Email: r.Email}
	if r.Name != "" {
		in.Name = api.Some(r.Name)
	}
	in.Role, in.Resources = api.Some(r.Role), api.Some(append([]string{}, r.Resources...))
	m, err := v.Office.CreateMember(v.Ctx(), v.Caller, v.At.Slug, in)
	switch {
	case errors.Is(err, api.CodeAlreadyExists):
		r.exists = true
		return nil
	case api.NotNow(err) || v.Ctx().Err() != nil:
		return err
	case err != nil:
		f, err := reception.Refused(form.Form{}, err)
		r.told, r.failed = f.Reason(), true
		return err
	}
	r.told = "Added"
	sent, err := v.Links.Invite(v.Ctx(), v.Caller, v.At.Slug, m.Value.ID)
	switch {
	case err != nil:
		v.Logger.WarnContext(v.Ctx(), "invite a member", "error", err)
		r.told = "Added, but the mail was not sent"
	case !sent.Sent && sent.CanSignIn:
		r.told = "Added; they can sign in already"
	case !sent.Sent && v.hands(m.Value.ID):
		r.told, r.hand = "Added, without a way to sign in yet", v.WS("members", m.Value.ID)
	case !sent.Sent:
		r.told = "Added; an Owner can hand them a link"
	case sent.Sent:
		r.told = "Added, and a mail is on its way"
	}
	return nil
}
