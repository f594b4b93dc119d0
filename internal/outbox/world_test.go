package outbox_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

const day = officetest.Day

// world is an instance with somebody who hands on what is due: each letter to a mail
// server, each post to its endpoint, which take it or answer what they are set to.
type world struct {
	*officetest.World
	// server and endpoint are how an attempt ends; zero is accepted and 200.
	server   outbox.Sent
	endpoint outbox.Outcome

	letters []outbox.Letter
	posts   []outbox.Post
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	officetest.Each(t, func(w *officetest.World) { f(withMail(w)) })
}

// one is a world over SQLite alone, where no store matters.
func one(t *testing.T) *world {
	t.Helper()
	return withMail(officetest.NewWorld(t, storetest.SQLite(t)))
}

func withMail(w *officetest.World) *world {
	w.Office = office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Mail: true})
	w.Observe(w.Engine)
	return &world{World: w, server: outbox.Sent{Accepted: true}, endpoint: outbox.Outcome{Delivered: true}}
}

// work lets the steps that came be noticed, and hands on whatever is due.
func (w *world) work() {
	w.Helper()
	_, err := w.NoticeExpiring(w.Ctx, w.Clock.Now())
	officetest.Must(w.T, err)
	w.deliver()
}

// deliver hands on what is due now; what the server or an endpoint does not take is
// tried again in a minute, unless they are set to something else.
func (w *world) deliver() {
	w.Helper()
	for {
		letters, err := w.ClaimLetters(w.Ctx, outbox.LetterClaim{Limit: 20}, 5*time.Minute)
		officetest.Must(w.T, err)
		posts, err := w.ClaimPosts(w.Ctx, ledger.PostClaim{Each: 20, Healthy: 20, Failing: 20}, 5*time.Minute)
		officetest.Must(w.T, err)
		if len(letters)+len(posts) == 0 {
			return
		}
		for _, l := range letters {
			officetest.Must(w.T, w.SettleLetter(w.Ctx, l, w.server))
		}
		for _, p := range posts {
			officetest.Must(w.T, w.SettlePost(w.Ctx, p, w.endpoint))
		}
		if w.server.Accepted {
			w.letters = append(w.letters, letters...)
		}
		w.posts = append(w.posts, posts...)
	}
}

// down lets the mail server take nothing until up is called; each letter is tried again
// in a minute.
func (w *world) down() {
	w.server = outbox.Sent{Error: "451 later", RetryAt: w.Clock.Now().Add(time.Minute)}
}

func (w *world) up() { w.server = outbox.Sent{Accepted: true} }

// mailed answers what the mail server took since the last call.
func (w *world) mailed() []outbox.Letter {
	out := w.letters
	w.letters = nil
	return out
}

// recipients are those of mailed, in the order of the alphabet.
func (w *world) recipients() (to []string) {
	for _, l := range w.mailed() {
		to = append(to, l.Recipient)
	}
	slices.Sort(to)
	return to
}

// posted answers the events that endpoints were sent since the last call.
func (w *world) posted() (out []api.WebhookEvent) {
	w.Helper()
	for _, p := range w.posts {
		var e api.WebhookEvent
		officetest.Must(w.T, json.Unmarshal(p.Body, &e))
		out = append(out, e)
	}
	w.posts = nil
	return out
}

// types are those of posted.
func (w *world) types() (out []string) {
	w.Helper()
	for _, e := range w.posted() {
		out = append(out, e.Type)
	}
	return out
}

// listen makes an endpoint of acme for some events.
func (w *world) listen(events ...string) (api.Webhook, token.Secret) {
	w.Helper()
	out, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), officetest.Hook(events...))
	officetest.Must(w.T, err)
	return out.Webhook, out.Secret
}

// made is a token of acme that Root makes; its owner "" is ada, who then tells nobody.
func (w *world) made(owner, label string, lifetime time.Duration) api.Token {
	w.Helper()
	in := api.CreateToken{Owner: owner}
	in.Label, in.ExpiresIn = api.Some(label), api.Some(api.Duration(lifetime))
	return w.Create(w.Root, in).Token
}

// expires moves the end of a token.
func (w *world) expires(v api.Token, at time.Time) {
	w.Helper()
	_, err := w.EditToken(w.Ctx, w.Root, "acme", v.ID, officetest.Patch(func(f *api.TokenFields) { f.ExpiresAt = api.Some(at) }))
	officetest.Must(w.T, err)
}

// signs says whether a secret of an endpoint verifies what was posted last, by the
// library that receivers have.
func (w *world) signs(p outbox.Post, secret token.Secret) bool {
	w.Helper()
	receiver, err := standardwebhooks.NewWebhook(secret.Reveal())
	officetest.Must(w.T, err)
	at := w.Clock.Now()
	h := http.Header{}
	h.Set("Webhook-Id", p.Message)
	h.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("Webhook-Signature", p.Sign(at))
	return receiver.VerifyIgnoringTimestamp(p.Body, h) == nil
}
