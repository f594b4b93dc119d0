package authority_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

func eachDesk(t *testing.T, f func(o *desk)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		o := &desk{machine: &machine{Wall: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)}}
		o.World = &officetest.World{T: t, Ctx: context.Background(), URL: url}
		s, err := store.Open(o.Ctx, store.Options{URL: url, Holder: t.Name()})
		officetest.Must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		o.Store = s
		o.Keys, err = token.GenerateKeyring(rand.Reader, o.machine.Wall)
		officetest.Must(t, err)
		o.Start()
		officetest.Must(t, o.Prepare(o.Ctx, token.DefaultPrefix))
		started, err := o.Bootstrap(o.Ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
		officetest.Must(t, err)
		o.Secret, o.Root = started.Secret, o.With(started.Issued)
		f(o)
	})
}

func TestTimeDoesNotRunBackOverARestart(t *testing.T) {
	eachDesk(t, func(o *desk) {
		in := officetest.Scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(api.Duration(time.Minute))
		short := o.Create(o.Root, in)
		o.machine.Runs(2 * time.Minute)
		o.Deny(api.CodeExpired, short.Secret)
		o.Create(o.Root, officetest.Scoped("workspace", "", "tickets:read")) // this commit knows how late it is
		o.machine.Set(-30 * time.Minute)
		o.Deny(api.CodeExpired, short.Secret)
		o.Start()
		o.Deny(api.CodeExpired, short.Secret)
		again := o.Create(o.Root, officetest.Scoped("workspace", "", "tickets:read")) // a small step keeps nobody from work
		if again.Token.CreatedAt.Before(short.Token.CreatedAt.Add(2 * time.Minute)) {
			t.Errorf("created at %s, before what was committed", again.Token.CreatedAt)
		}
	})
}

// What was seen to be over since the last commit is kept too.
func TestTimeThatWasKeptDoesNotRunBack(t *testing.T) {
	eachDesk(t, func(o *desk) {
		in := officetest.Scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(api.Duration(time.Minute))
		short := o.Create(o.Root, in)
		o.machine.Runs(2 * time.Minute)
		officetest.Must(o.T, o.KeepTime(o.Ctx))
		o.machine.Set(-30 * time.Minute)
		o.Start()
		o.Deny(api.CodeExpired, short.Secret)
	})
}

// jumps are steps that nobody believes.
func jumps() map[string]func(o *desk) {
	return map[string]func(o *desk){
		"ahead":          func(o *desk) { o.machine.Set(2 * time.Hour) },
		"years ahead":    func(o *desk) { o.machine.Set(10 * 365 * 24 * time.Hour) },
		"back":           func(o *desk) { o.machine.Set(-2 * time.Hour) },
		"back, at start": func(o *desk) { o.machine.Set(-48 * time.Hour); o.Start() },
	}
}

func TestWhileTheClockIsUnsettledNothingIsGivenAndAllIsTaken(t *testing.T) {
	t.Parallel()
	for name, jump := range jumps() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachDesk(t, func(o *desk) {
				old := o.Create(o.Root, officetest.Scoped("workspace", "", "tickets:read"))
				other := o.Create(o.Root, officetest.Scoped("workspace", "", "tickets:read"))
				third := o.Create(o.Root, officetest.Scoped("workspace", "", "tickets:read"))
				o.MemberOf("acme", "bob@example.com", "Viewer", "*")
				before := o.Latest()
				jump(o)

				_, err := o.CreateToken(o.Ctx, o.Root, "acme", officetest.Scoped("workspace", "", "tickets:read"))
				o.Refused(err, api.CodeClockUnsettled)
				if text := api.AsError(err).Message; strings.Count(text, "2026") < 1 || !strings.Contains(text, "tokenry clock settle") {
					t.Errorf("the refusal says %q", text)
				}
				_, err = o.RotateToken(o.Ctx, o.Root, "acme", old.Token.ID, api.RotateToken{})
				o.Refused(err, api.CodeClockUnsettled)
				_, err = o.EnableToken(o.Ctx, o.Root, "acme", old.Token.ID)
				o.Refused(err, api.CodeClockUnsettled)
				_, err = o.Purge(o.Ctx, func(context.Context) error { return nil })
				officetest.Must(t, err)

				_, err = o.ResetToken(o.Ctx, o.Root, "acme", old.Token.ID)
				officetest.Must(t, err)
				o.Deny(api.CodeRetired, old.Secret)
				_, err = o.RevokeToken(o.Ctx, o.Root, "acme", other.Token.ID, api.RevokeToken{})
				officetest.Must(t, err)
				o.Deny(api.CodeRevoked, other.Secret)
				_, err = o.DisableToken(o.Ctx, o.Root, "acme", third.Token.ID, api.DisableToken{})
				officetest.Must(t, err)
				o.Deny(api.CodeDisabled, third.Secret)
				_, err = o.DeactivateMember(o.Ctx, o.Root, "acme", "bob@example.com", false)
				officetest.Must(t, err)
				if got := o.Latest(); !got.Equal(before) {
					t.Errorf("the latest moment went from %s to %s meanwhile", before, got)
				}
			})
		})
	}
}

func TestAJumpAheadIsVerifiedByTheLaterTime(t *testing.T) {
	eachDesk(t, func(o *desk) {
		i := o.Create(o.Root, officetest.Scoped("workspace", "", "tickets:read"))
		o.Allow(i.Secret)
		o.machine.Set(10 * 365 * 24 * time.Hour)
		o.Deny(api.CodeExpired, i.Secret)
		o.machine.Set(-10 * 365 * 24 * time.Hour) // undone: nothing was committed there
		o.Allow(i.Secret)
		o.Create(o.Root, officetest.Scoped("workspace", "", "tickets:read"))
	})
}

// A clock that was far ahead at a start is believed, commits there, and is set
// right: what lives is not expired for ever.
func TestAnOperatorSettlesAClockThatWasFarAhead(t *testing.T) {
	eachDesk(t, func(o *desk) {
		i := o.Create(o.Root, officetest.Scoped("workspace", "", "tickets:read"))
		c := o.Person("ada@example.com")
		o.machine.Set(10 * 365 * 24 * time.Hour)
		o.Start() // after a stop, later is normal
		o.Deny(api.CodeExpired, i.Secret)
		officetest.Must(t, officetest.Second(o.CreateToken(o.Ctx, c, "acme", officetest.Scoped("workspace", "", "tickets:read"))))
		o.machine.Set(-10 * 365 * 24 * time.Hour)
		o.Start()
		officetest.Must(t, o.KeepTime(o.Ctx))
		o.Deny(api.CodeExpired, i.Secret)
		_, err := o.CreateToken(o.Ctx, c, "acme", officetest.Scoped("workspace", "", "tickets:read"))
		o.Refused(err, api.CodeClockUnsettled)

		settler := office.New(authority.Options{Store: o.Store, Keys: o.Keys, Now: func() time.Time { return o.machine.Wall }, Rand: rand.Reader})
		officetest.Must(t, officetest.Second(settler.SettleClock(o.Ctx, o.machine.Wall))) // another process
		officetest.Must(t, o.KeepTime(o.Ctx))
		o.Allow(i.Secret)
		officetest.Must(t, officetest.Second(o.CreateToken(o.Ctx, c, "acme", officetest.Scoped("workspace", "", "tickets:read"))))
		o.Start()
		o.Allow(i.Secret)
	})
}

// A set end that has come is a state too: a clock that is set back does not make
// the token one that can be enabled.
func TestASetEndThatHasComeIsAState(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		_, err := w.DisableToken(w.Ctx, w.Root, "acme", i.Token.ID, api.DisableToken{RevokeAfter: api.Some(api.Duration(time.Hour))})
		officetest.Must(t, err)
		n, err := w.EndLapsed(w.Ctx)
		officetest.Must(t, err)
		w.Clock.Pass(2 * time.Hour)
		m, err := w.EndLapsed(w.Ctx)
		officetest.Must(t, err)
		if n != 0 || m != 1 {
			t.Errorf("ended %d before it was time, and %d then", n, m)
		}
		w.Clock.Pass(-2 * time.Hour)
		w.Deny(api.CodeRevoked, i.Secret)
		_, err = w.EnableToken(w.Ctx, w.Root, "acme", i.Token.ID)
		w.Refused(err, api.CodeTokenRevoked)
	})
}
