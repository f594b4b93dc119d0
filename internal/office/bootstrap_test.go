package office_test

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// unborn is an instance that nobody has set up yet.
func unborn(t *testing.T) *officetest.World {
	t.Helper()
	w := &officetest.World{T: t, Ctx: t.Context(), Clock: clocktest.New(time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC))}
	s, err := store.Open(w.Ctx, store.Options{URL: storetest.SQLite(t), Holder: t.Name()})
	officetest.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w.Store = s
	w.Keys, err = token.GenerateKeyring(rand.Reader, w.Clock.Now())
	officetest.Must(t, err)
	w.Office = w.Over(w.Keys)
	officetest.Must(t, w.Prepare(w.Ctx, token.DefaultPrefix))
	return w
}

// The first Owner is made once, however many ask at the same moment: an Owner of the one
// workspace, who administers the instance, with a token that may do everything.
func TestTheFirstOwnerIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := unborn(t)
	for name, b := range map[string]office.Bootstrap{
		"no e-mail":     {Workspace: "acme"},
		"not an e-mail": {Email: "ada", Workspace: "acme"},
		"no workspace":  {Email: "ada@example.com"},
		"no slug":       {Email: "ada@example.com", Workspace: "Not A Slug"},
	} {
		if err := officetest.Second(w.Bootstrap(w.Ctx, b)); api.AsError(err).Code != api.CodeInvalidField {
			t.Errorf("%s: %v", name, err)
		}
	}
	if done, err := w.IsSetUp(w.Ctx); done || err != nil {
		t.Errorf("nothing came of it, and it is set up: %t, %v", done, err)
	}
	var made, refused atomic.Int64
	var first office.Started
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			out, err := w.Bootstrap(w.Ctx, office.Bootstrap{Email: "Ada@example.com", Workspace: "acme", PasswordHash: "a hash"})
			switch {
			case err == nil && made.Add(1) == 1:
				first = out
			case api.AsError(err).Code == api.CodeAlreadyDone:
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 || refused.Load() != 7 {
		t.Fatalf("it was made %d times, and refused %d times", made.Load(), refused.Load())
	}
	if u := first.User; first.Workspace != "acme" || *u.Email != "ada@example.com" || !u.InstanceAdmin || !cmp.Equal(u.Workspaces, []string{"acme"}) {
		t.Errorf("made: %+v", first.User)
	}
	god := authority.Caller{Machine: "test"}
	if m, err := w.GetMember(w.Ctx, god, "acme", "ada@example.com"); err != nil || *m.Role != "Owner" || !cmp.Equal(m.Resources, []string{"*"}) {
		t.Errorf("the member: %+v, %v", m, err)
	}
	if s, err := w.SignInStateOf(w.Ctx, god, "ada@example.com"); err != nil || !s.Password {
		t.Errorf("she has a password: %t, %v", s.Password, err)
	}
	root := w.With(first.Issued)
	officetest.Must(t, w.Administers(w.Ctx, root))
	officetest.Must(t, officetest.Second(w.CreateToken(w.Ctx, root, "acme", officetest.Scoped("workspace", "", "*"))))
	rows, _, err := w.Audit(w.Ctx, root, "acme", api.AuditFilter{}, officetest.Page(0))
	officetest.Must(t, err)
	var story []string
	for _, e := range rows {
		story = append(story, e.Action+" by "+e.Actor)
	}
	if want := []string{"token.created by ada@example.com", "token.created by bootstrap", "member.created by bootstrap", "workspace.created by bootstrap"}; !cmp.Equal(story, want) {
		t.Errorf("the audit tells %v", story)
	}
}

// Who has nobody to show a token to makes none.
func TestTheFirstOwnerMayHaveNoToken(t *testing.T) {
	t.Parallel()
	w := unborn(t)
	out, err := w.Bootstrap(w.Ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme", NoToken: true})
	if err != nil || !out.Secret.IsZero() || out.Token.ID != "" {
		t.Errorf("made: %+v, %v", out.Token, err)
	}
	rows, _, err := w.ListTokens(w.Ctx, w.Person("ada@example.com"), "acme", api.TokenFilter{}, officetest.Page(0))
	if err != nil || len(rows) != 0 {
		t.Errorf("there are %d tokens, %v", len(rows), err)
	}
}

// The code of the first run opens it for an hour and until it was used. It is one for all
// nodes, and who reads the database alone cannot work it out.
func TestASetupCodeOpensTheFirstRunForAnHour(t *testing.T) {
	t.Parallel()
	w := unborn(t)
	opens := func(o *office.Office, code string) bool {
		t.Helper()
		ok, err := o.CheckSetupCode(w.Ctx, code)
		officetest.Must(t, err)
		return ok
	}
	if opens(w.Office, "") || opens(w.Office, "setup-00") {
		t.Error("a code opens before there is one")
	}
	code, until, err := w.SetupCode(w.Ctx)
	officetest.Must(t, err)
	if !until.Equal(w.Clock.Now().Add(time.Hour)) || !opens(w.Office, code) {
		t.Errorf("the code opens: %t, until %v", opens(w.Office, code), until)
	}
	for _, wrong := range []string{"", "setup-", code + "0", strings.ToUpper(code), code[:len(code)-1], " " + code} {
		if opens(w.Office, wrong) {
			t.Errorf("%q opens", wrong)
		}
	}
	var seed []byte
	officetest.Must(t, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		in, err := r.Instance()
		seed = in.SetupSeed
		return err
	}))
	if len(seed) != 32 || strings.Contains(code, hex.EncodeToString(seed)[:16]) {
		t.Errorf("the database keeps %x, and the code is %s", seed, code)
	}
	keys, err := w.Keys.Rotate(rand.Reader, w.Clock.Now())
	officetest.Must(t, err)
	newer := w.Over(keys) // a node that rotated its keyring already
	if again, _, err := newer.SetupCode(w.Ctx); err != nil || again != code || !opens(newer, code) {
		t.Errorf("another node says %s, %v", again, err)
	}
	if lacking := w.Over(officetest.WithoutFirst(t, keys)); opens(lacking, code) || opens(lacking, "") {
		t.Error("it opens where the key that it was made under is not")
	}
	w.Clock.Pass(29 * time.Minute)
	if again, _, err := w.SetupCode(w.Ctx); err != nil || again != code {
		t.Errorf("half an hour before its end it is %s, %v", again, err)
	}
	w.Clock.Pass(2 * time.Minute)
	next, until, err := w.SetupCode(w.Ctx)
	if err != nil || next == code || opens(w.Office, code) || !opens(w.Office, next) || !until.Equal(w.Clock.Now().Add(time.Hour)) {
		t.Errorf("the next is %s until %v, %v; the old one opens: %t", next, until, err, opens(w.Office, code))
	}
	w.Clock.Pass(time.Hour)
	if opens(w.Office, next) {
		t.Error("it opens after its hour")
	}
	last, _, err := w.SetupCode(w.Ctx)
	officetest.Must(t, err)
	officetest.Must(t, officetest.Second(w.Bootstrap(w.Ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})))
	if opens(w.Office, last) {
		t.Error("it opens what is set up")
	}
	if code, until, err := w.SetupCode(w.Ctx); err != nil || code != "" || !until.IsZero() {
		t.Errorf("there is %q until %v, %v", code, until, err)
	}
}

// A prefix of tokens that is new comes first, and tokens with the old ones go on; one that
// is first already changes nothing.
func TestANewPrefixComesFirstAndTheOldOnesStay(t *testing.T) {
	t.Parallel()
	w := unborn(t)
	other, err := token.ParsePrefix("acme")
	officetest.Must(t, err)
	for _, step := range []struct {
		prefix token.Prefix
		want   []token.Prefix
		same   bool
	}{
		{token.DefaultPrefix, []token.Prefix{token.DefaultPrefix}, true},
		{other, []token.Prefix{other, token.DefaultPrefix}, false},
		{other, []token.Prefix{other, token.DefaultPrefix}, true},
		{token.DefaultPrefix, []token.Prefix{token.DefaultPrefix, other}, false},
	} {
		before, err := w.Revision(w.Ctx)
		officetest.Must(t, err)
		officetest.Must(t, w.Prepare(w.Ctx, step.prefix))
		after, err := w.Revision(w.Ctx)
		officetest.Must(t, err)
		if got, err := w.Prefixes(w.Ctx); err != nil || !cmp.Equal(got, step.want) || (after == before) != step.same {
			t.Errorf("with %v they are %v, %v, from revision %d to %d", step.prefix, got, err, before, after)
		}
	}
	if e := w.Last(""); e.Action != "instance.prefix" || e.Actor != "serve" {
		t.Errorf("the audit tells %s by %s", e.Action, e.Actor)
	}
}
