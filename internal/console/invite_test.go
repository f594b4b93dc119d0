package console_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/console"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

const invite = "/workspace/acme/members/invite"

func (w *world) emails() string {
	w.Helper()
	rows, _, err := w.ListMembers(w.ctx, w.root, "acme", pageOf())
	must(w.T, err)
	var out []string
	for _, m := range rows {
		out = append(out, m.Address)
	}
	return strings.Join(out, " ")
}

func TestAListIsLookedAtBeforeAnybodyIsInvited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Viewer")
	w.shows(w.as("ada@example.com", "/workspace/acme/members"), `href="`+invite+`"`)
	list := "\ufeffemail,name,role,resources\r\neve@example.com,Changed,Owner,*\r\nzoe@example.com,<b>Zoë</b>,Team Member,payments web-*\r\n" +
		"bad,,Viewer,\r\nkim@example.com,,No Such Role,*\r\nlee@example.com,\u202eeel,Viewer,*\r\ntom@example.com,,Viewer,\r\n"
	before := w.emails()
	look := w.status(w.as("ada@example.com", invite, url.Values{"csv": {list}}), http.StatusOK)
	w.inert(look)
	w.labelled(look)
	w.shows(look, "Invite 2 people?", "Nobody was invited yet", "Exists", "no plain e-mail address", "There is no role", "3 rows cannot be used", "&lt;b&gt;Zoë", "No resources")
	if w.emails() != before {
		t.Errorf("a look made %s", w.emails())
	}
	stale := w.status(w.as("ada@example.com", invite, url.Values{"csv": {list}, "confirmed": {"3"}}), http.StatusOK)
	w.shows(stale, "Invite 2 people?")
	if w.emails() != before {
		t.Errorf("another list than the one that was shown made %s", w.emails())
	}
	if n := hidden(look, "confirmed"); n != "2" {
		t.Fatalf("it confirms %q", n)
	}
	form := url.Values{"csv": {list}, "confirmed": {"2"}}
	done := w.status(w.as("ada@example.com", invite, form), http.StatusOK)
	w.inert(done)
	w.shows(done, "2 people added", "a mail is on its way")
	if got, want := w.emails(), before+" zoe@example.com tom@example.com"; got != want {
		t.Errorf("members are %s, want %s", got, want)
	}
	zoe, err := w.GetMember(w.ctx, w.root, "acme", "zoe@example.com")
	must(t, err)
	eve, err := w.GetMember(w.ctx, w.root, "acme", "eve@example.com")
	must(t, err)
	if zoe.Name != "<b>Zoë</b>" || strings.Join(zoe.Resources, " ") != "payments web-*" || *eve.Role != "Viewer" {
		t.Errorf("%+v %+v", zoe, eve)
	}
	w.shows(w.status(w.as("ada@example.com", invite, form), http.StatusOK), "Nobody to invite")
}

func TestAListThatCannotBeReadKeepsWhatWasTypedButNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bad := w.status(w.as("ada@example.com", invite, url.Values{"csv": {"email,admin\nx,y"}}), http.StatusUnprocessableEntity)
	w.labelled(bad)
	w.shows(bad, "no column", "email,admin")
	long := strings.Repeat("é", 41<<10)
	w.shows(w.status(w.as("ada@example.com", invite, url.Values{"csv": {long}}), http.StatusUnprocessableEntity), "80 KiB")
	spilled := w.status(w.as("ada@example.com", invite, url.Values{"csv": {"email,name,role\nx@example.com," + w.secret + ",Viewer"}}), http.StatusUnprocessableEntity)
	w.shows(spilled, "holds an API token")
	w.hides(spilled, w.secret)
}

// upload sends the form with a file as a browser would: with none, it has no name.
func (w *world) upload(who, text, name, file string) answer {
	w.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	must(w.T, m.WriteField("csv", text))
	h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {"text/csv"}}
	part, err := m.CreatePart(h)
	must(w.T, err)
	_, err = part.Write([]byte(file))
	must(w.T, errors.Join(err, m.Close()))
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.server.URL+invite, &b)
	must(w.T, err)
	r.Header.Set("Content-Type", m.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(&http.Cookie{Name: "tokenry", Value: who})
	return w.do(r)
}

func TestAFileIsAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.emails()
	w.shows(w.as("ada@example.com", invite), `enctype="multipart/form-data"`, `type="file"`)
	const list = "email,role,resources\r\nzoe@example.com,Viewer,payments web-*\r\nbad,Viewer,\r\n"
	look := w.status(w.upload("ada@example.com", "email,role\nold@example.com,Viewer\n", "people.csv", list), http.StatusOK)
	w.labelled(look)
	w.shows(look, "Invite 1 person?", "payments", "no plain e-mail address")
	w.hides(look, "old@example.com")
	if w.emails() != before {
		t.Errorf("a look made %s", w.emails())
	}
	done := w.as("ada@example.com", invite, w.filled(look, invite))
	w.shows(w.status(done, http.StatusOK), "1 person added")
	if got := w.emails(); got != before+" zoe@example.com" {
		t.Errorf("members are %s", got)
	}
	w.shows(w.status(w.upload("ada@example.com", "email,role\nkim@example.com,Viewer\n", "", ""), http.StatusOK), "kim@example.com")
}

func TestAFileThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Viewer")
	for file, want := range map[string]string{
		"email,admin\nx,y":                     "no column",
		"email,role\n\xff\xfe\x00":             "not UTF-8",
		strings.Repeat("a", 81<<10):            "80 KiB",
		strings.Repeat("a", 600<<10):           "80 KiB",
		"email,role\nx@y.z," + w.secret + "\n": "holds an API token",
	} {
		bad := w.status(w.upload("ada@example.com", "", "x.csv", file), http.StatusUnprocessableEntity)
		w.labelled(bad)
		w.inert(bad)
		w.shows(bad, want, `aria-describedby="h-file"`)
		w.hides(bad, w.secret, "\xff")
	}
	w.status(w.upload("eve@example.com", "", "x.csv", "email,role\nx@example.com,Viewer\n"), http.StatusForbidden)
}

func TestNobodyIsInvitedToMoreThanTheVisitorHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("adam@example.com", "Administrator", "payments")
	before := w.emails()
	form := url.Values{"csv": {"email,role,resources\nx@example.com,Owner,*\ny@example.com,Viewer,*\n"}}
	look := w.status(w.as("adam@example.com", invite, form), http.StatusOK)
	w.shows(look, "There is no role", "Invite 1 person?")
	done := w.status(w.as("adam@example.com", invite, with(form, "confirmed", "1")), http.StatusOK)
	w.shows(done, "0 people added", "Refused")
	if w.emails() != before {
		t.Errorf("members are %s", w.emails())
	}
}

// slowPeople are written to by a mail server that takes its time, or by none.
type slowPeople struct {
	*people
	took func()
	out  door.Invitation
	err  error
}

func (p slowPeople) Invite(context.Context, authority.Caller, string, string) (door.Invitation, error) {
	p.took()
	return p.out, p.err
}

func (w *world) startWith(s chapters) {
	w.Helper()
	h, err := console.New(console.Options{Authority: w.Office, Rand: rand.Reader, People: allOf(s), Now: func() time.Time { return w.at }})
	must(w.T, err)
	w.server.Config.Handler = h
}

func TestALongListIsGoneOnWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.startWith(slowPeople{people: w.people, took: func() { w.at = w.at.Add(20 * time.Second) }, err: api.Errorf(api.CodeUnavailable, "no mail")})
	list := "email,role\n"
	for i := range 5 {
		list += "p" + strconv.Itoa(i) + "@example.com,Viewer\n"
	}
	form := url.Values{"csv": {list}, "confirmed": {"5"}}
	for _, left := range []string{"3", "1", ""} {
		done := w.status(w.as("ada@example.com", invite, form), http.StatusOK)
		w.shows(done, "Added, but the mail was not sent")
		if got := hidden(done, "confirmed"); got != left {
			t.Errorf("%q are left, want %q", got, left)
		}
		form.Set("confirmed", left)
	}
}

// TestWithoutMailALinkIsHandedOutOneByOne: the list tells who needs one, and where it is
// made after a proof; it holds none.
func TestWithoutMailALinkIsHandedOutOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("adam@example.com", "Administrator")
	w.startWith(slowPeople{people: w.people, took: func() {}})
	list := func(email string) url.Values {
		return url.Values{"csv": {"email,role\n" + email + ",Viewer\n"}, "confirmed": {"1"}}
	}
	done := w.status(w.as("ada@example.com", invite, list("x@example.com")), http.StatusOK)
	w.inert(done)
	w.shows(done, "1 person added", "Added, without a way to sign in yet", "/workspace/acme/members/"+w.userID("x@example.com"))
	theirs := w.status(w.as("adam@example.com", invite, list("y@example.com")), http.StatusOK)
	w.shows(theirs, "an Owner can hand them a link")
	w.hides(theirs, "/members/"+w.userID("y@example.com"))
	w.startWith(slowPeople{people: w.people, took: func() {}, out: door.Invitation{CanSignIn: true}})
	w.shows(w.as("ada@example.com", invite, list("z@example.com")), "Added; they can sign in already")
}

// TestAnInvitationIsMadeAgainGivenOrCancelled: on the member's page, by whom it is offered to;
// the list says how far each is.
func TestAnInvitationIsMadeAgainGivenOrCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("olga@example.com", "Owner")
	w.member("adam@example.com", "Administrator")
	w.member("new@example.com", "Viewer")
	who := w.userID("new@example.com")
	page := "/workspace/acme/members/" + who
	w.shows(w.as("adam@example.com", "/workspace/acme/members?only=invited"), "Not invited yet", "new@example.com")
	w.hides(w.as("adam@example.com", "/workspace/acme/members?only=one_factor"), "new@example.com")
	w.invited(who, w.at.Add(72*time.Hour))
	list := w.as("adam@example.com", "/workspace/acme/members")
	w.shows(list, "Invited", "the link ends")
	theirs := w.as("adam@example.com", page)
	w.shows(theirs, "Send the invitation again", "Cancel the invitation", "made by", "<bdi>ada@example.com</bdi>")
	w.hides(theirs, "New link to copy")
	w.shows(w.as("olga@example.com", page), "New link to copy")
	w.status(w.as("adam@example.com", page+"/invite", url.Values{}), http.StatusSeeOther)
	w.status(w.as("adam@example.com", page+"/link", url.Values{}), http.StatusForbidden)
	link := w.status(w.as("olga@example.com", page+"/link", url.Values{}), http.StatusOK)
	w.shows(link, "signin/invitation?code=c0de")
	w.invited(who, w.at)
	w.shows(w.as("adam@example.com", "/workspace/acme/members"), "Invitation expired")
	w.shows(w.as("adam@example.com", page), "did not use it before")
	w.shows(w.as("adam@example.com", page+"/cancel"), "Cancel the invitation of new@example.com?")
	w.status(w.as("adam@example.com", page+"/cancel", url.Values{}), http.StatusSeeOther)
	w.hides(w.as("adam@example.com", "/workspace/acme/members"), "new@example.com")
}

// invited stores an invitation that ada made.
func (w *world) invited(user string, ends time.Time) {
	w.Helper()
	errs, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		u, err := tx.User(ledger.UserKey{PublicID: user})
		if err != nil {
			return err
		}
		by, err := tx.User(ledger.UserKey{Email: "ada@example.com"})
		if err != nil {
			return err
		}
		return tx.PutCode(ledger.OneTimeCode{ID: "code", Purpose: "invitation", User: u.ID, Digest: token.Digest{1}, Key: 1, Data: []byte(`{"by":"` + by.PublicID + `"}`),
			CreatedAt: w.at, ExpiresAt: ends})
	}})
	must(w.T, errors.Join(append(errs, err)...))
}
