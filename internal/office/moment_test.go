package office_test

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	ticker "github.com/tokenry/tokenry/internal/clock"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// machine is one whose clock can be set.
type machine struct {
	mu   sync.Mutex
	wall time.Time
	ran  time.Duration
}

func (m *machine) Now() (time.Time, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wall, m.ran
}

func (*machine) Slept() time.Duration { return 0 }

// runs lets time pass; set sets the clock.
func (m *machine) runs(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wall, m.ran = m.wall.Add(d), m.ran+d
}

func (m *machine) set(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wall = m.wall.Add(d)
}

// desk is a world whose machine's clock is watched, and that can be restarted.
type desk struct {
	*world
	machine *machine
}

func eachDesk(t *testing.T, f func(o *desk)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		o := &desk{machine: &machine{wall: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)}}
		o.world = &world{T: t, ctx: context.Background(), url: url}
		s, err := store.Open(o.ctx, store.Options{URL: url, Holder: t.Name()})
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		o.store = s
		o.keys, err = token.GenerateKeyring(rand.Reader, o.machine.wall)
		must(t, err)
		o.start()
		must(t, o.Prepare(o.ctx, token.DefaultPrefix))
		started, err := o.Bootstrap(o.ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
		must(t, err)
		o.secret, o.root = started.Secret, o.with(started.Issued)
		f(o)
	})
}

// start is a new process on the same database.
func (o *desk) start() {
	o.Helper()
	c := ticker.New(o.machine, nil)
	m, err := o.store.Keep(o.ctx, time.Time{})
	must(o.T, err)
	c.Heard(m.Latest, m.Settlements)
	o.Office = office.New(authority.Options{Store: o.store, Keys: o.keys, Clock: c, Rand: rand.Reader})
	o.engine = verify.New(o.Office, o.keys, verify.Config{Now: c.Now, Ahead: c.Ahead, FirstUse: o.FirstUse, Prefixes: []token.Prefix{token.DefaultPrefix}})
	o.Observe(o.engine)
}

// latest is the latest moment that the database knows.
func (o *desk) latest() time.Time {
	o.Helper()
	m, err := o.store.Keep(o.ctx, time.Time{})
	must(o.T, err)
	return m.Latest
}

func TestTimeDoesNotRunBackOverARestart(t *testing.T) {
	eachDesk(t, func(o *desk) {
		in := scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(api.Duration(time.Minute))
		short := o.create(o.root, in)
		o.machine.runs(2 * time.Minute)
		o.deny(api.CodeExpired, short.Secret)
		o.create(o.root, scoped("workspace", "", "tickets:read")) // this commit knows how late it is
		o.machine.set(-30 * time.Minute)
		o.deny(api.CodeExpired, short.Secret)
		o.start()
		o.deny(api.CodeExpired, short.Secret)
		again := o.create(o.root, scoped("workspace", "", "tickets:read")) // a small step keeps nobody from work
		if again.Token.CreatedAt.Before(short.Token.CreatedAt.Add(2 * time.Minute)) {
			t.Errorf("created at %s, before what was committed", again.Token.CreatedAt)
		}
	})
}

// What was seen to be over since the last commit is kept too.
func TestTimeThatWasKeptDoesNotRunBack(t *testing.T) {
	eachDesk(t, func(o *desk) {
		in := scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(api.Duration(time.Minute))
		short := o.create(o.root, in)
		o.machine.runs(2 * time.Minute)
		must(o.T, o.KeepTime(o.ctx))
		o.machine.set(-30 * time.Minute)
		o.start()
		o.deny(api.CodeExpired, short.Secret)
	})
}

// jumps are steps that nobody believes.
func jumps() map[string]func(o *desk) {
	return map[string]func(o *desk){
		"ahead":          func(o *desk) { o.machine.set(2 * time.Hour) },
		"years ahead":    func(o *desk) { o.machine.set(10 * 365 * 24 * time.Hour) },
		"back":           func(o *desk) { o.machine.set(-2 * time.Hour) },
		"back, at start": func(o *desk) { o.machine.set(-48 * time.Hour); o.start() },
	}
}

func TestWhileTheClockIsUnsettledNothingIsGivenAndAllIsTaken(t *testing.T) {
	t.Parallel()
	for name, jump := range jumps() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachDesk(t, func(o *desk) {
				old := o.create(o.root, scoped("workspace", "", "tickets:read"))
				other := o.create(o.root, scoped("workspace", "", "tickets:read"))
				third := o.create(o.root, scoped("workspace", "", "tickets:read"))
				o.memberOf("acme", "bob@example.com", "Viewer", "*")
				before := o.latest()
				jump(o)

				_, err := o.CreateToken(o.ctx, o.root, "acme", scoped("workspace", "", "tickets:read"))
				o.refused(err, api.CodeClockUnsettled)
				if text := api.AsError(err).Message; strings.Count(text, "2026") < 1 || !strings.Contains(text, "tokenry clock settle") {
					t.Errorf("the refusal says %q", text)
				}
				_, err = o.RotateToken(o.ctx, o.root, "acme", old.Token.ID, api.RotateToken{})
				o.refused(err, api.CodeClockUnsettled)
				_, _, err = o.EnableToken(o.ctx, o.root, "acme", old.Token.ID)
				o.refused(err, api.CodeClockUnsettled)
				_, err = o.Purge(o.ctx, func(context.Context) error { return nil })
				must(t, err)

				_, err = o.ResetToken(o.ctx, o.root, "acme", old.Token.ID)
				must(t, err)
				o.deny(api.CodeRetired, old.Secret)
				_, _, err = o.RevokeToken(o.ctx, o.root, "acme", other.Token.ID, api.RevokeToken{})
				must(t, err)
				o.deny(api.CodeRevoked, other.Secret)
				_, _, err = o.DisableToken(o.ctx, o.root, "acme", third.Token.ID, api.DisableToken{})
				must(t, err)
				o.deny(api.CodeDisabled, third.Secret)
				_, _, _, err = o.DeactivateMember(o.ctx, o.root, "acme", "bob@example.com", false)
				must(t, err)
				if got := o.latest(); !got.Equal(before) {
					t.Errorf("the latest moment went from %s to %s meanwhile", before, got)
				}
			})
		})
	}
}

func TestAJumpAheadIsVerifiedByTheLaterTime(t *testing.T) {
	eachDesk(t, func(o *desk) {
		i := o.create(o.root, scoped("workspace", "", "tickets:read"))
		o.allow(i.Secret)
		o.machine.set(10 * 365 * 24 * time.Hour)
		o.deny(api.CodeExpired, i.Secret)
		o.machine.set(-10 * 365 * 24 * time.Hour) // undone: nothing was committed there
		o.allow(i.Secret)
		o.create(o.root, scoped("workspace", "", "tickets:read"))
	})
}

// A clock that was far ahead at a start is believed, commits there, and is set
// right: what lives is not expired for ever.
func TestAnOperatorSettlesAClockThatWasFarAhead(t *testing.T) {
	eachDesk(t, func(o *desk) {
		i := o.create(o.root, scoped("workspace", "", "tickets:read"))
		c := o.person("ada@example.com")
		o.machine.set(10 * 365 * 24 * time.Hour)
		o.start() // after a stop, later is normal
		o.deny(api.CodeExpired, i.Secret)
		must(t, failure(o.CreateToken(o.ctx, c, "acme", scoped("workspace", "", "tickets:read"))))
		o.machine.set(-10 * 365 * 24 * time.Hour)
		o.start()
		must(t, o.KeepTime(o.ctx))
		o.deny(api.CodeExpired, i.Secret)
		_, err := o.CreateToken(o.ctx, c, "acme", scoped("workspace", "", "tickets:read"))
		o.refused(err, api.CodeClockUnsettled)

		settler := office.New(authority.Options{Store: o.store, Keys: o.keys, Now: func() time.Time { return o.machine.wall }, Rand: rand.Reader})
		must(t, failure(settler.SettleClock(o.ctx, o.machine.wall))) // another process
		must(t, o.KeepTime(o.ctx))
		o.allow(i.Secret)
		must(t, failure(o.CreateToken(o.ctx, c, "acme", scoped("workspace", "", "tickets:read"))))
		o.start()
		o.allow(i.Secret)
	})
}

// A set end that has come is a state too: a clock that is set back does not make
// the token one that can be enabled.
func TestASetEndThatHasComeIsAState(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, scoped("workspace", "", "tickets:read"))
		_, _, err := w.DisableToken(w.ctx, w.root, "acme", i.Token.ID, api.DisableToken{RevokeAfter: api.Some(api.Duration(time.Hour))})
		must(t, err)
		n, err := w.EndLapsed(w.ctx)
		must(t, err)
		w.clock.pass(2 * time.Hour)
		m, err := w.EndLapsed(w.ctx)
		must(t, err)
		if n != 0 || m != 1 {
			t.Errorf("ended %d before it was time, and %d then", n, m)
		}
		w.clock.pass(-2 * time.Hour)
		w.deny(api.CodeRevoked, i.Secret)
		_, _, err = w.EnableToken(w.ctx, w.root, "acme", i.Token.ID)
		w.refused(err, api.CodeTokenRevoked)
	})
}

func failure[T any](_ T, err error) error { return err }
