package tokens_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// model is what the contract says of one token and of every secret it ever had,
// in the simplest words there are. The product must agree with it at every step.
type model struct {
	now      time.Time
	expires  time.Time
	lifetime time.Duration
	max      time.Duration // the policy's max_lifetime
	disabled bool
	revoked  bool
	// secrets are all there were, the newest last.
	secrets []*modelSecret
	// named is the last rotation that was named by an Idempotency-Key.
	named *modelNamed
}

type modelSecret struct {
	secret  token.Secret
	number  int
	retires time.Time // zero while it is current
	onUse   bool      // its first use ends the one before
	used    bool
	void    bool // lost: another was handed over in its place
}

type modelNamed struct {
	key    string
	in     api.RotateToken
	number int
	at     time.Time
}

func (m *model) current() *modelSecret { return m.secrets[len(m.secrets)-1] }

// code is what a verification with a secret must answer now.
func (m *model) code(s *modelSecret) api.Code {
	switch {
	case s.void || s.number <= m.current().number-6:
		return api.CodeUnknown
	case !s.retires.IsZero() && !m.now.Before(s.retires):
		return api.CodeRetired
	case m.revoked:
		return api.CodeRevoked
	case m.disabled:
		return api.CodeDisabled
	case !m.now.Before(m.expires):
		return api.CodeExpired
	}
	return api.CodeOK
}

// use is what a use that was allowed does.
func (m *model) use(s *modelSecret) {
	if s.used {
		return
	}
	s.used = true
	if !s.onUse {
		return
	}
	for _, old := range m.secrets {
		if old.number < s.number && !old.void && old.retires.After(m.now) {
			old.retires = m.now
		}
	}
}

// rotate is what a rotation must answer, and does when that is ok.
func (m *model) rotate(in api.RotateToken, key string) api.Code {
	expired := !m.now.Before(m.expires)
	switch {
	case m.revoked:
		return api.CodeTokenRevoked
	case expired && !in.Renew:
		return api.CodeTokenExpired
	case !in.Renew && m.expires.After(m.now.Add(m.max)):
		return api.CodeOutsidePolicy
	}
	overlap := in.Overlap.Or(api.Day).Std()
	if in.Renew {
		m.expires = m.now.Add(min(m.lifetime, m.max))
	}
	if expired {
		overlap = 0
	}
	for _, s := range m.secrets {
		switch {
		case s.void:
		case s.retires.IsZero():
			s.retires = m.now.Add(overlap)
		case s.retires.After(m.now):
			s.retires = m.now
		}
	}
	next := &modelSecret{number: m.current().number + 1, onUse: in.RetireOnFirstUse}
	m.secrets = append(m.secrets, next)
	if key != "" {
		m.named = &modelNamed{key: key, in: in, number: next.number, at: m.now}
	}
	return api.CodeOK
}

// reset is what a reset must answer: the policy shortens, and never refuses.
func (m *model) reset() api.Code {
	if bound := m.now.Add(m.max); m.expires.After(bound) && !m.revoked {
		m.expires = bound
	}
	return m.rotate(api.RotateToken{Overlap: api.Some(api.Duration(0))}, "")
}

// retry is what the same named request must answer when it is sent again: what it
// would be refused for if it came for the first time, before all else.
func (m *model) retry() api.Code {
	switch {
	case m.revoked:
		return api.CodeTokenRevoked
	case !m.now.Before(m.named.at.Add(24 * time.Hour)):
		return m.rotate(m.named.in, m.named.key)
	case !m.now.Before(m.expires) && !m.named.in.Renew:
		return api.CodeTokenExpired
	case !m.named.in.Renew && m.expires.After(m.now.Add(m.max)):
		return api.CodeOutsidePolicy
	case m.current().number != m.named.number || m.current().used:
		return api.CodeIdempotencyKeyUsed
	}
	lost := m.current()
	lost.void = true
	m.secrets = append(m.secrets, &modelSecret{number: lost.number, onUse: lost.onUse})
	m.named.at = m.now // the secret that was handed over last has its own day to be lost in
	return api.CodeOK
}

// rotation drives one token of a real authority beside its model.
type rotation struct {
	*officetest.World
	model
	id   string
	keys int
}

func (r *rotation) steps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"":        r.agree,
		"wait":    r.wait,
		"use":     r.useOne,
		"rotate":  r.rotateOne,
		"retry":   r.retryNamed,
		"reset":   r.resetOne,
		"policy":  r.policy,
		"disable": r.disable,
		"enable":  r.enable,
		"revoke":  r.revoke,
	}
}

// agree asks a verification about every secret there ever was, without using it.
func (r *rotation) agree(t *rapid.T) {
	live := 0
	for _, s := range r.secrets {
		got, want := peek(r.World, s.secret), r.code(s)
		if got != want {
			t.Fatalf("secret %d (void %v, retires %v) at %v: %s, the model says %s", s.number, s.void, s.retires, r.now, got, want)
		}
		if got == api.CodeOK {
			live++
		}
	}
	if live > 2 {
		t.Fatalf("%d secrets of one token are good at once", live)
	}
}

func (r *rotation) wait(t *rapid.T) {
	d := time.Duration(rapid.SampledFrom([]int{1, 60, 3600, 23 * 3600, 24 * 3600, 10 * 24 * 3600, 31 * 24 * 3600}).Draw(t, "seconds")) * time.Second
	r.Clock.Pass(d)
	r.now = r.Clock.Now()
}

func (r *rotation) useOne(t *rapid.T) {
	s := rapid.SampledFrom(r.secrets).Draw(t, "secret")
	want := r.code(s)
	if got := r.Verify(s.secret); got != want {
		t.Fatalf("use of secret %d: %s, the model says %s", s.number, got, want)
	}
	if want == api.CodeOK {
		r.use(s)
	}
}

func (r *rotation) rotateOne(t *rapid.T) {
	in := api.RotateToken{RetireOnFirstUse: rapid.Bool().Draw(t, "on first use"), Renew: rapid.Bool().Draw(t, "renew")}
	if rapid.Bool().Draw(t, "own overlap") {
		in.Overlap = api.Some(api.Duration(time.Duration(rapid.IntRange(0, 48).Draw(t, "hours")) * time.Hour))
	}
	key := ""
	if rapid.Bool().Draw(t, "named") {
		r.keys++
		key = fmt.Sprintf("key-%d", r.keys)
	}
	got, err := r.RotateToken(r.Ctx, r.caller(key), "acme", r.id, in)
	r.judge(t, "rotate", r.model.rotate(in, key), got, err)
}

func (r *rotation) retryNamed(t *rapid.T) {
	if r.named == nil {
		t.Skip("nothing was named yet")
	}
	got, err := r.RotateToken(r.Ctx, r.caller(r.named.key), "acme", r.id, r.named.in)
	r.judge(t, "retry", r.retry(), got, err)
}

func (r *rotation) resetOne(t *rapid.T) {
	got, err := r.ResetToken(r.Ctx, r.caller(""), "acme", r.id)
	r.judge(t, "reset", r.reset(), got, err)
}

// policy changes what a token may live, under one that lives already.
func (r *rotation) policy(t *rapid.T) {
	days := rapid.SampledFrom([]int{20, 60, 365}).Draw(t, "max_lifetime in days")
	maxLifetime(r.World, api.Duration(days)*api.Day)
	r.max = time.Duration(days) * 24 * time.Hour
}

func (r *rotation) disable(t *rapid.T) {
	_, err := r.DisableToken(r.Ctx, r.caller(""), "acme", r.id, api.DisableToken{})
	r.agreed(t, "disable", r.unlessRevoked(), err)
	r.disabled = true
}

func (r *rotation) enable(t *rapid.T) {
	_, err := r.EnableToken(r.Ctx, r.caller(""), "acme", r.id)
	r.agreed(t, "enable", r.unlessRevoked(), err)
	r.disabled = false
}

func (r *rotation) revoke(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "dice") > 0 { // the end of all that can be tried
		t.Skip("not this time")
	}
	_, err := r.RevokeToken(r.Ctx, r.caller(""), "acme", r.id, api.RevokeToken{})
	r.agreed(t, "revoke", api.CodeOK, err)
	r.revoked = true
}

func (r *rotation) unlessRevoked() api.Code {
	if r.revoked {
		return api.CodeTokenRevoked
	}
	return api.CodeOK
}

// judge compares the answer of a call that hands over a secret.
func (r *rotation) judge(t *rapid.T, call string, want api.Code, got authority.Issued, err error) {
	r.agreed(t, call, want, err)
	if want != api.CodeOK {
		return
	}
	r.secretHandedOver(t, got)
}

func (r *rotation) secretHandedOver(t *rapid.T, got authority.Issued) {
	r.current().secret = got.Secret
	if got.Token.ExpiresAt == nil || !got.Token.ExpiresAt.Equal(r.expires) {
		t.Fatalf("expires %v, the model says %v", got.Token.ExpiresAt, r.expires)
	}
	if diff := cmp.Diff(r.id, got.Token.ID); diff != "" {
		t.Fatalf("the token changed its name: %s", diff)
	}
}

func (r *rotation) agreed(t *rapid.T, call string, want api.Code, err error) {
	got := api.CodeOK
	if err != nil {
		got = api.AsError(err).Code
	}
	if got != want {
		t.Fatalf("%s: %s (%v), the model says %s", call, got, errors.Unwrap(err), want)
	}
}

func (r *rotation) caller(key string) authority.Caller {
	c := r.Person("ada@example.com")
	if key != "" {
		c.Retry = authority.Retry{Key: key, Route: "rotate " + r.id}
	}
	return c
}

// TestRotationAgreesWithItsModel walks a token through whatever can happen to it
// and asks after each step about every secret it ever had.
func TestRotationAgreesWithItsModel(t *testing.T) {
	t.Parallel()
	officetest.Bulk(t)
	officetest.Each(t, func(w *officetest.World) {
		ada := w.Person("ada@example.com")
		rapid.Check(w.T, func(t *rapid.T) {
			const lifetime = 90 * 24 * time.Hour
			maxLifetime(w, 365*api.Day)
			in := officetest.Ask("personal", "")
			in.ExpiresIn = api.Some(90 * api.Day)
			made, err := w.CreateToken(w.Ctx, ada, "acme", in)
			if err != nil {
				t.Fatal(err)
			}
			now := w.Clock.Now()
			r := &rotation{World: w, id: made.Token.ID, model: model{now: now, expires: now.Add(lifetime), lifetime: lifetime, max: 365 * 24 * time.Hour,
				secrets: []*modelSecret{{secret: made.Secret, number: 1}}}}
			t.Repeat(r.steps())
		})
	})
}

// peek asks about a secret and uses nothing.
func peek(w *officetest.World, s token.Secret) api.Code {
	w.Helper()
	var d verify.Decision
	officetest.Must(w.T, w.Engine.Verify(w.Ctx, &verify.Request{Token: s.Reveal(), Peek: true}, &d))
	return d.Code
}
