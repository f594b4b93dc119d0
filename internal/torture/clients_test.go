package torture_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

const (
	// patience is how long a client waits for an answer: longer than a node stands
	// still, so that what was sent to one is answered when it goes on.
	patience = 8 * time.Second
	// scope is what verifications ask for, other what is left when it is taken away.
	scope, other = "tokens:read", "members:read"
	// overlap is longer than any clock is set by.
	overlap = 24 * time.Hour
)

// outcome is what a client knows of a change.
type outcome int

const (
	no outcome = iota
	yes
	unknown
)

// living is a token that its changer and the verifiers share.
type living struct {
	number     int
	id, member string

	mu      sync.Mutex // guards what follows
	secrets []string   // those that verifiers may try; the newest last
	history []op
	// lostAt and lostBy are when the database was stopped that alone had it, and when one
	// had taken its place; 0 is never.
	lostAt, lostBy int64
}

// judged is the part of its history that can be in order, and how many verifications
// accepted it when it was no more.
func (l *living) judged() (history []op, risen int) {
	if l.lostBy == 0 {
		return l.history, 0
	}
	for _, o := range l.history {
		switch {
		case o.start < l.lostAt:
			history = append(history, o)
		case o.start > l.lostBy && o.kind == verifies && o.code == api.CodeOK:
			risen++
		}
	}
	return history, risen
}

func (l *living) note(o op) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.history = append(l.history, o)
}

// share tells the verifiers of a secret.
func (l *living) share(secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secrets = append(l.secrets, secret)
}

func (l *living) pick(r *rand.Rand) (number int, secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := max(0, len(l.secrets)-2)
	number = oldest + r.IntN(len(l.secrets)-oldest)
	return number, l.secrets[number]
}

// ask sends one request of the owner to a node.
func (w *world) ask(ctx context.Context, n *node, method, path string, in, out any) (status int, err error) {
	return w.asks(ctx, n, w.owner, method, path, in, out)
}

// asks sends one request to a node; status is 0 when there was no answer.
func (w *world) asks(ctx context.Context, n *node, token, method, path string, in, out any) (status int, err error) {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return 0, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+n.address+path, &body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := n.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(res.Body); err != nil {
		return 0, err
	}
	if res.StatusCode/100 != 2 {
		return res.StatusCode, fmt.Errorf("%s %s: %s", method, path, &answer)
	}
	if out == nil {
		return res.StatusCode, nil
	}
	return res.StatusCode, json.Unmarshal(answer.Bytes(), out)
}

// change asks for a change and says what is known of it.
func (w *world) change(ctx context.Context, n *node, method, path string, in, out any) outcome {
	status, err := w.ask(ctx, n, method, path, in, out)
	switch {
	case err == nil:
		return yes
	case errors.Is(err, syscall.ECONNREFUSED):
		return no
	case status/100 == 4:
		w.refused(err)
		return no
	default:
		w.refused(fmt.Errorf("after %s, node %d: %w", at(w.now()), n.number, err))
		return unknown
	}
}

// do is a change of a token as it goes into its history.
func (w *world) do(ctx context.Context, l *living, n *node, kind string, secret int, method, path string, in, out any) outcome {
	o := op{kind: kind, node: n.number, secret: secret, start: w.now(), end: never}
	came := w.change(ctx, n, method, path, in, out)
	if came == yes {
		o.end = w.now()
	}
	if came != no {
		l.note(o)
	}
	return came
}

// verify asks a node about a secret; what is no decision is left out.
func (w *world) verify(ctx context.Context, l *living, n *node, number int, secret string) {
	o := op{kind: verifies, node: n.number, secret: number, start: w.now()}
	var v api.VerifyResult
	if _, err := w.ask(ctx, n, http.MethodPost, "/v1/verify", api.VerifyRequest{Token: secret, Scopes: []string{scope}}, &v); err != nil {
		w.unanswered.Add(1)
		return
	}
	o.end, o.code = w.now(), v.Code
	l.note(o)
	w.answered.Add(1)
	if v.Allowed {
		w.allowed.Add(1)
	}
}

// verifier asks one node about whatever lives.
func (w *world) verifier(ctx context.Context, n *node, r *rand.Rand) {
	for ctx.Err() == nil {
		if l := w.any(r); l != nil {
			number, secret := l.pick(r)
			w.verify(ctx, l, n, number, secret)
		}
		pause(ctx, time.Duration(r.IntN(int(4*time.Millisecond))))
	}
}

// programmed is a program that verifies from its own memory by the word of one node, and asks
// it what it does not know. A replica has the promise of its node.
func (w *world) programmed(ctx context.Context, n *node, r *rand.Rand) {
	replica, err := client.NewReplica("http://"+n.address, w.owner, client.WithAttempts(1), client.WithTimeout(patience))
	if err != nil {
		w.Error(err)
		return
	}
	defer func() {
		w.remembered.Add(int64(replica.Stats().Hits))
		within, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = replica.Close(within)
	}()
	for ctx.Err() == nil {
		if l := w.any(r); l != nil {
			number, secret := l.pick(r)
			o := op{kind: verifies, node: n.number, secret: number, start: w.now()}
			if v, err := replica.Verify(ctx, secret, client.Scope(scope)); err != nil {
				w.unanswered.Add(1)
			} else {
				o.end, o.code = w.now(), v.Code
				l.note(o)
				w.answered.Add(1)
			}
		}
		pause(ctx, time.Duration(r.IntN(int(4*time.Millisecond))))
	}
}

// changer makes tokens and leads each through a short life, in which it alone changes it.
func (w *world) changer(ctx context.Context, r *rand.Rand) {
	for ctx.Err() == nil {
		w.quiet.RLock()
		l := w.create(ctx, r)
		w.quiet.RUnlock()
		if l != nil {
			w.live(ctx, l, r)
			w.bury(l)
		}
	}
}

func (w *world) anyNode(r *rand.Rand) *node { return w.nodes[r.IntN(len(w.nodes))] }

// create makes a member with a token.
func (w *world) create(ctx context.Context, r *rand.Rand) *living {
	n, number := w.anyNode(r), int(w.count.Add(1))
	l := &living{number: number, member: fmt.Sprintf("m%d@example.com", number)}
	member := api.CreateMember{Rights: api.Rights{Role: api.Some("Administrator")}}
	if w.change(ctx, n, http.MethodPut, "/v1/workspaces/acme/members/"+l.member, member, nil) != yes {
		pause(ctx, time.Duration(r.IntN(int(200*time.Millisecond))))
		return nil
	}
	var made api.Issued
	in := api.CreateToken{Owner: l.member, TokenFields: api.TokenFields{Label: api.Some("torture"), Rights: wide()}}
	if w.change(ctx, n, http.MethodPost, "/v1/workspaces/acme/tokens", in, &made) != yes {
		return nil
	}
	l.id = made.Token.ID
	l.share(made.Secret)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all, w.alive = append(w.all, l), append(w.alive, l)
	return l
}

func wide() api.Rights {
	return api.Rights{Scopes: api.Some([]string{scope, other}), Resources: api.Some([]string{"*"})}
}

// bury takes a token from the verifiers, after they had some time with it.
func (w *world) bury(l *living) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.graves = append(w.graves, l)
	if len(w.graves) > 4 {
		gone := w.graves[0]
		w.graves = w.graves[1:]
		w.alive = slices.DeleteFunc(w.alive, func(x *living) bool { return x == gone })
	}
}

func (w *world) any(r *rand.Rand) *living {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.alive) == 0 {
		return nil
	}
	return w.alive[r.IntN(len(w.alive))]
}

// live does a few things to a token and revokes it.
func (w *world) live(ctx context.Context, l *living, r *rand.Rand) {
	s := state{there: true}
	for range 1 + r.IntN(5) {
		w.everywhere(ctx, l) // memory is warm, and knows it as it is
		pause(ctx, thinking(r))
		if ctx.Err() != nil {
			return
		}
		next := []string{enables, activates, widens}[r.IntN(3)]
		switch give := map[string]bool{enables: s.disabled, activates: s.away, widens: s.narrow}; {
		case s.disabled && r.IntN(2) == 0:
			next = enables
		case s.away && r.IntN(2) == 0:
			next = activates
		case s.narrow && r.IntN(2) == 0:
			next = widens
		case !give[next]:
			next = []string{disables, disables, deactivates, narrows, resets, rotates}[r.IntN(6)]
		}
		w.quiet.RLock()
		came, ok := w.one(ctx, l, next, s, r)
		w.quiet.RUnlock()
		if s = came; !ok {
			break
		}
	}
	w.quiet.RLock()
	defer w.quiet.RUnlock()
	w.insist(ctx, l, revokes, r)
}

// thinking is how long a changer leaves a token alone. A node that is silent holds up
// whoever took something away: some come later, so that changes fall into all of that time.
func thinking(r *rand.Rand) time.Duration {
	if r.IntN(3) == 0 {
		return between(r, 0, lease)
	}
	return between(r, 0, 80*time.Millisecond)
}

// one does one thing; ok is false when nobody knows what the token is now.
func (w *world) one(ctx context.Context, l *living, kind string, s state, r *rand.Rand) (after state, ok bool) {
	switch kind {
	case resets, rotates:
		return w.renew(ctx, l, kind, s, r)
	case enables, activates, widens: // what gives is not insisted on
		return s.after(op{kind: kind}), w.call(ctx, l, kind, r) == yes
	default:
		return s.after(op{kind: kind}), w.insist(ctx, l, kind, r)
	}
}

// insist does what takes away until it is answered: the second call may find nothing to do.
func (w *world) insist(ctx context.Context, l *living, kind string, r *rand.Rand) bool {
	for ctx.Err() == nil {
		if w.call(ctx, l, kind, r) == yes {
			w.taken.Add(1)
			w.everywhere(ctx, l)
			return true
		}
		pause(ctx, time.Duration(r.IntN(int(100*time.Millisecond))))
	}
	return false
}

// call asks one node for a change.
func (w *world) call(ctx context.Context, l *living, kind string, r *rand.Rand) outcome {
	token, member := "/v1/workspaces/acme/tokens/"+l.id, "/v1/workspaces/acme/members/"+l.member
	n, method, path, in := w.anyNode(r), http.MethodPost, token+"/"+kind, any(nil)
	switch kind {
	case deactivates, activates:
		path = member + "/" + kind
	case narrows:
		method, path, in = http.MethodPatch, token, api.EditToken{TokenFields: api.TokenFields{Rights: api.Rights{
			Scopes: api.Some([]string{other}), Resources: api.Some([]string{"*"})}}}
	case widens:
		method, path, in = http.MethodPatch, token, api.EditToken{TokenFields: api.TokenFields{Rights: wide()}}
	}
	return w.do(ctx, l, n, kind, 0, method, path, in, nil)
}

// renew gives a token a new secret. One that overlaps ends the old one when it is first
// used, which this client does before anybody else knows it.
func (w *world) renew(ctx context.Context, l *living, kind string, s state, r *rand.Rand) (after state, ok bool) {
	in := any(nil)
	if kind == rotates {
		in = api.RotateToken{Overlap: api.Some(api.Duration(overlap)), RetireOnFirstUse: true}
	}
	var made api.Issued
	number := s.secret + 1
	if w.do(ctx, l, w.anyNode(r), kind, number, http.MethodPost, "/v1/workspaces/acme/tokens/"+l.id+"/"+kind, in, &made) != yes {
		return s, false
	}
	s = s.after(op{kind: kind, secret: number})
	if kind == resets {
		w.taken.Add(1)
		l.share(made.Secret)
		w.everywhere(ctx, l)
		return s, true
	}
	w.everywhere(ctx, l)
	if s.says(number) != api.CodeOK || !w.firstUse(ctx, l, w.anyNode(r), number, made.Secret) {
		return s, false
	}
	l.share(made.Secret)
	w.everywhere(ctx, l)
	return s.after(op{kind: firstUses, secret: number}), true
}

// firstUse verifies by a secret for the first time; what was accepted has ended the old one.
func (w *world) firstUse(ctx context.Context, l *living, n *node, number int, secret string) bool {
	o := op{kind: firstUses, node: n.number, secret: number, start: w.now(), end: never}
	var v api.VerifyResult
	_, err := w.ask(ctx, n, http.MethodPost, "/v1/verify", api.VerifyRequest{Token: secret, Scopes: []string{scope}}, &v)
	if err == nil && v.Allowed {
		o.end, o.code = w.now(), v.Code
		w.taken.Add(1)
	}
	if err != nil || v.Allowed {
		l.note(o)
	}
	return o.known()
}

// everywhere asks every node at once, of the newest two secrets, and waits for nobody.
func (w *world) everywhere(ctx context.Context, l *living) {
	l.mu.Lock()
	secrets := slices.Clone(l.secrets)
	l.mu.Unlock()
	for number := max(0, len(secrets)-2); number < len(secrets); number++ {
		for _, n := range w.nodes {
			w.asking.Go(func() { w.verify(ctx, l, n, number, secrets[number]) })
		}
	}
}
