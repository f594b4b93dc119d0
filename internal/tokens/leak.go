package tokens

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/token"
)

const (
	// maxPlace bounds the name of a place, maxSource of its kind.
	maxPlace, maxSource = 500, 64
	// placesBound is how many places of one secret are remembered.
	placesBound = 10
)

// leak is a secret of a token that was reported, and where it was found.
type leak struct {
	text    string
	locator token.Locator
	url     string
	source  string
}

// leakNote is a leak as the audit keeps it. Number is the secret's.
type leakNote struct {
	Number int `json:"secret_number,omitempty"`
	ledger.Leak
}

// ReportLeaks does what the policy's leak_action says to the token of each
// secret that was found where it does not belong, and tells the audit, its owner,
// the administrators and the webhooks. Of a secret that is retired, or whose
// token is over, it only tells.
//
// This case is special: no right is asked. The secret is the proof, and whoever
// has it can end the token anyway (RFC 7009). So is what was derived of it, until that ends: nothing else ends it. What is not the secret of a token
// changes nothing, and nobody is answered which are. A secret that is reported
// again acts once; further places of it are added to the audit, a few. Where the
// keyring cannot tell of one whether it is a secret, the others are acted on, and the
// answer asks to report again. The answer says which were secrets, whatever became of their tokens, in
// the order of the report: it is for who has proved to be trusted with it.
func (a *Tokens) ReportLeaks(ctx context.Context, c authority.Caller, in api.ReportLeaks) (secrets []bool, err error) {
	if len(in.Tokens) > api.MaxLeaks {
		return nil, api.FieldError("tokens", "must have at most 1000 entries")
	}
	c.ActAs = ""
	if c.Token.IsZero() {
		c = authority.Caller{Machine: cmp.Or(c.Machine, "leak-report"), Addr: c.Addr, Agent: c.Agent, RequestID: c.RequestID}
	}
	found, unsaid, err := realLeaks(ctx, a.in, in)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, l := range found {
		if _, err := a.in.Withdraw(ctx, c, func(w *authority.Work) error { return leaked(w, l) }); err != nil {
			return nil, err
		}
		if err := a.endLeakedFamily(ctx, c, l); err != nil {
			return nil, err
		}
		known[l.text] = true
	}
	for _, reported := range in.Tokens {
		secrets = append(secrets, known[reported.Token])
	}
	return secrets, unsaid
}

// realLeaks keeps what is a secret of a token, each at each place once. Unsaid is why
// it is not known of another; nil when it is of all.
func realLeaks(ctx context.Context, a *authority.Authority, in api.ReportLeaks) (out []leak, unsaid, err error) {
	seen := map[leak]bool{}
	err = a.Read(ctx, func(r *authority.Snapshot) error {
		for _, reported := range in.Tokens {
			p, err := token.ParseAny(reported.Token)
			l := leak{text: reported.Token, locator: p.Locator, url: place(reported.URL), source: placeKind(reported.Source)}
			if err != nil || seen[l] {
				continue
			}
			seen[l] = true
			_, i, err := secretOf(a, r, l)
			switch {
			case ledger.LacksKey(err):
				unsaid = err
			case err != nil:
				return err
			case i >= 0:
				out = append(out, l)
			}
		}
		return nil
	})
	return out, unsaid, err
}

// secretOf answers the secrets of the token that a leak names, and which of them
// it is; -1 for none.
func secretOf(a *authority.Authority, r *authority.Snapshot, l leak) ([]ledger.Secret, int, error) {
	t, err := r.Token(l.locator)
	if err != nil {
		return nil, -1, authority.IgnoreNoRow(err)
	}
	secrets, err := r.Secrets(t.ID)
	if err != nil {
		return nil, -1, err
	}
	i, err := authority.Matching(a, t, l.text, secrets, r.Now)
	return secrets, i, err
}

// leaked acts on one leaked secret and tells of it, unless that was done.
func leaked(w *authority.Work, l leak) error {
	secrets, i, err := secretOf(w.Authority, w.Snapshot, l)
	if err != nil || i < 0 {
		return input.First(err, authority.ErrUnchanged)
	}
	ch, err := leakedToken(w, l.locator)
	if err != nil {
		return err
	}
	note := leakNote{Number: secrets[i].Number, Leak: ledger.Leak{
		Secret: authority.SecretState(secrets, i, w.Now), URL: l.url, Source: l.source,
	}}
	note.Effect = leakEffect(ch, note.Secret, ended(l.text, w.Now))
	known, err := leaksOf(w, ch, note.Number)
	if err != nil {
		return err
	}
	if note.Descendants, err = descendants(w, ch.Token); err != nil {
		return err
	}
	if acted(known, note.Effect) {
		return anotherPlace(w, ch, known, note)
	}
	v, err := endLeaked(w, ch, note.Effect)
	if err != nil {
		return err
	}
	return input.First(w.Record(ch.Actor, ch.Space.Workspace, leakEvent(ch, note)), tellLeak(w, ch, v, note.Leak))
}

// leakedToken begins the change of a token that nobody was asked for.
func leakedToken(w *authority.Work, l token.Locator) (*authority.Change, error) {
	t, err := w.Token(l)
	if err != nil {
		return nil, err
	}
	ws, err := w.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
	if err != nil {
		return nil, err
	}
	ac, err := w.Authority.JudgeInstance(w.Snapshot, w.Caller)
	if err != nil {
		return nil, err
	}
	o, err := authority.ReadOwner(w.Reader, authority.OwnerKey(t))
	if err != nil {
		return nil, err
	}
	v, sp, err := outbox.TokenOf(w, t, ws)
	return &authority.Change{Actor: ac, Space: sp, Owner: o, Before: v, Was: t, Token: t}, err
}

// ended says that a string was derived of a secret, and opens nothing any more.
func ended(text string, now time.Time) bool {
	d, err := token.ParseDerived(text)
	return err == nil && !d.ExpiresAt.IsZero() && !now.Before(d.ExpiresAt)
}

// leakEffect is what is to be done about a leaked secret, or what was derived of it.
func leakEffect(ch *authority.Change, secret string, over bool) string {
	if over || secret == api.SecretRetired || ch.Before.Status == api.StatusRevoked || ch.Before.Status == api.StatusExpired {
		return api.LeakDead
	}
	switch ch.Space.Policy().LeakAction {
	case api.LeakNotify:
		return api.LeakTold
	case api.LeakDisable:
		return api.LeakDisabled
	}
	return api.LeakRevoked
}

// endLeaked does it, and shows the token as it is then.
func endLeaked(w *authority.Work, ch *authority.Change, effect string) (api.Token, error) {
	switch effect {
	case api.LeakRevoked:
		authority.Revoke(&ch.Token, w.Now, api.ReasonLeaked, "a secret was reported as leaked")
		return w.FinishToken(ch, "token.revoked")
	case api.LeakDisabled:
		if ch.Disable(w.Now); ch.Token.Held == ch.Was.Held {
			return ch.Before, nil
		}
		return w.FinishToken(ch, "token.disabled")
	}
	return ch.Before, nil
}

// leaksOf answers what the audit knows of one secret's leaks.
func leaksOf(w *authority.Work, ch *authority.Change, number int) (out []ledger.Leak, err error) {
	rows, err := w.Audit(ch.Space.Workspace.ID, ledger.AuditQuery{Token: ch.Token.Locator.String(), Action: actionLeaked, Limit: authority.MaxPage})
	for _, row := range rows {
		var p struct {
			After leakNote `json:"after"`
		}
		if json.Unmarshal(row.Payload, &p) == nil && p.After.Number == number {
			out = append(out, p.After.Leak)
		}
	}
	return out, err
}

const actionLeaked = "token.leaked"

// acted says whether nothing new is to be done about a secret that is known to
// have leaked.
func acted(known []ledger.Leak, effect string) bool {
	return effect == api.LeakDead && len(known) > 0 ||
		slices.ContainsFunc(known, func(l ledger.Leak) bool { return l.Effect == effect })
}

// anotherPlace adds a place of a known leak to the audit.
func anotherPlace(w *authority.Work, ch *authority.Change, known []ledger.Leak, note leakNote) error {
	if note.URL == "" || len(known) >= placesBound || slices.ContainsFunc(known, func(l ledger.Leak) bool { return l.URL == note.URL }) {
		return authority.ErrUnchanged
	}
	return w.Record(ch.Actor, ch.Space.Workspace, leakEvent(ch, note))
}

func leakEvent(ch *authority.Change, note leakNote) authority.Event {
	return authority.Event{Action: actionLeaked, Target: ch.Before.ID, Token: ch.Token.Locator, After: note}
}

// tellLeak tells the webhooks, the owner and the administrators.
func tellLeak(w *authority.Work, ch *authority.Change, v api.Token, found ledger.Leak) error {
	ws := ch.Space.Workspace
	if err := outbox.Publish(w, ws, actionLeaked, func() api.WebhookData {
		d := outbox.EventData(w, ch.Actor, ws, authority.Event{Target: v.ID, After: v})
		d.Leak = (*api.Leak)(&found)
		return d
	}); err != nil {
		return err
	}
	owner, err := outbox.Recipients(w.Snapshot, ws, ch.Token)
	if err != nil {
		return err
	}
	admins, err := outbox.MembersWith(w.Snapshot, ws, outbox.IsOwnerOrAdministrator)
	if err != nil {
		return err
	}
	to := slices.DeleteFunc(authority.Union(owner, admins), func(address string) bool { return address == ch.Actor.Principal.Address })
	facts := outbox.TokenMail(v, ch.Space)
	facts.At, facts.Actor, facts.Leak = w.Now, ch.Actor.Principal.Address, &found
	return outbox.PutMails(w, ledger.Mail{Workspace: ws.ID, Kind: ledger.MailLeaked, Token: ch.Token.Locator, Facts: facts}, to)
}

// tellRevokedAsLeaked tells of a leak that somebody acted on by themselves; the
// audit has it as the reason of the revocation.
func tellRevokedAsLeaked(w *authority.Work, ch *authority.Change, v api.Token) error {
	n, err := descendants(w, ch.Token)
	return input.First(err, tellLeak(w, ch, v, ledger.Leak{Effect: api.LeakRevoked, Descendants: n}))
}

// descendants counts the usable tokens that were made with a token: they do not
// end with it, and may be the work of whoever found it.
func descendants(w *authority.Work, t ledger.Token) (int, error) {
	ts, err := w.Tokens(t.Workspace, ledger.TokenQuery{CreatedWith: t.Locator, Live: w.Now, Limit: authority.MaxPage})
	return len(ts), err
}

// place is the name of a place as it is kept: on one line, without what is
// secret in an address, and with the masks alone of tokens in it.
func place(s string) string {
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		u.User, u.RawQuery, u.ForceQuery = nil, "", false
		s = u.String()
	}
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	s = token.Redact(s)
	return strings.ToValidUTF8(s[:min(len(s), maxPlace)], "") // an address, and no part of one says more
}

// placeKind is the kind of a place, if it is a plain word.
func placeKind(s string) string {
	plain := func(r rune) bool {
		return r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_./-", r))
	}
	if len(s) > maxSource || strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return ""
	}
	return token.Redact(s)
}
