package authority

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
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
	api.Leak
}

// ReportLeaks does what the policy's leak_action says to the token of each
// secret that was found where it does not belong, and tells the audit, its owner,
// the administrators and the webhooks. Of a secret that is retired, or whose
// token is over, it only tells.
//
// This case is special: no right is asked. The secret is the proof, and whoever
// has it can end the token anyway (RFC 7009). What is not the secret of a token
// changes nothing, and nobody is answered which are. A secret that is reported
// again acts once; further places of it are added to the audit, a few.
func (a *Authority) ReportLeaks(ctx context.Context, c Caller, in api.ReportLeaks) error {
	if len(in.Tokens) > api.MaxLeaks {
		return api.FieldError("tokens", "must have at most 1000 entries")
	}
	c.ActAs = ""
	if c.Token.IsZero() {
		c = Caller{Machine: "leak-report", Addr: c.Addr, Agent: c.Agent, RequestID: c.RequestID}
	}
	found, err := a.realLeaks(ctx, in)
	if err != nil {
		return err
	}
	for _, l := range found {
		if _, err := a.withdraw(ctx, c, func(w *work) error { return w.leaked(l) }); err != nil {
			return err
		}
	}
	return nil
}

// realLeaks keeps what is a secret of a token, each at each place once.
func (a *Authority) realLeaks(ctx context.Context, in api.ReportLeaks) (out []leak, err error) {
	seen := map[leak]bool{}
	err = a.read(ctx, func(r *Snapshot) error {
		for _, reported := range in.Tokens {
			p, err := token.Parse(reported.Token)
			l := leak{text: reported.Token, locator: p.Locator, url: place(reported.URL), source: placeKind(reported.Source)}
			if err != nil || seen[l] {
				continue
			}
			seen[l] = true
			_, i, err := a.secretOf(r, l)
			if err != nil {
				return err
			}
			if i >= 0 {
				out = append(out, l)
			}
		}
		return nil
	})
	return out, err
}

// secretOf answers the secrets of the token that a leak names, and which of them
// it is; -1 for none.
func (a *Authority) secretOf(r *Snapshot, l leak) ([]ledger.Secret, int, error) {
	t, err := r.Token(l.locator)
	if err != nil {
		return nil, -1, ignoreNoRow(err)
	}
	secrets, err := r.Secrets(t.ID)
	return secrets, matching(a.keys, l.text, secrets), err
}

// leaked acts on one leaked secret and tells of it, unless that was done.
func (w *work) leaked(l leak) error {
	secrets, i, err := w.a.secretOf(w.Snapshot, l)
	if err != nil || i < 0 {
		return input.First(err, errDryRun)
	}
	ch, err := w.leakedToken(l.locator)
	if err != nil {
		return err
	}
	note := leakNote{Number: secrets[i].Number, Leak: api.Leak{
		Secret: secretState(secrets, i, w.now), URL: l.url, Source: l.source,
	}}
	note.Effect = leakEffect(ch, note.Secret)
	known, err := w.leaksOf(ch, note.Number)
	if err != nil {
		return err
	}
	if note.Descendants, err = w.descendants(ch.t); err != nil {
		return err
	}
	if acted(known, note.Effect) {
		return w.anotherPlace(ch, known, note)
	}
	v, err := w.endLeaked(ch, note.Effect)
	if err != nil {
		return err
	}
	return input.First(w.record(ch.ac, ch.sp.ws, leakEvent(ch, note)), w.tellLeak(ch, v, note.Leak))
}

// leakedToken begins the change of a token that nobody was asked for.
func (w *work) leakedToken(l token.Locator) (*change, error) {
	t, err := w.Token(l)
	if err != nil {
		return nil, err
	}
	ws, err := w.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
	if err != nil {
		return nil, err
	}
	ac, err := w.a.judgeInstance(w.Snapshot, w.caller)
	if err != nil {
		return nil, err
	}
	o, err := readOwner(w.Reader, ownerKey(t))
	if err != nil {
		return nil, err
	}
	v, sp, err := w.tokenOf(t, ws)
	return &change{ac: ac, sp: sp, owner: o, before: v, was: t, t: t}, err
}

// leakEffect is what is to be done about a leaked secret.
func leakEffect(ch *change, secret string) string {
	if secret == api.SecretRetired || ch.before.Status == api.StatusRevoked || ch.before.Status == api.StatusExpired {
		return api.LeakDead
	}
	switch ch.sp.policy().LeakAction {
	case api.LeakNotify:
		return api.LeakTold
	case api.LeakDisable:
		return api.LeakDisabled
	}
	return api.LeakRevoked
}

// endLeaked does it, and shows the token as it is then.
func (w *work) endLeaked(ch *change, effect string) (api.Token, error) {
	switch effect {
	case api.LeakRevoked:
		revoke(&ch.t, w.now, api.ReasonLeaked, "a secret was reported as leaked")
		return w.finishToken(ch, "token.revoked")
	case api.LeakDisabled:
		if ch.disable(w.now); ch.t.Held == ch.was.Held {
			return ch.before, nil
		}
		return w.finishToken(ch, "token.disabled")
	}
	return ch.before, nil
}

// leaksOf answers what the audit knows of one secret's leaks.
func (w *work) leaksOf(ch *change, number int) (out []api.Leak, err error) {
	rows, err := w.Audit(ch.sp.ws.ID, ledger.AuditQuery{Token: ch.t.Locator.String(), Action: actionLeaked, Limit: maxPage})
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
func acted(known []api.Leak, effect string) bool {
	return effect == api.LeakDead && len(known) > 0 ||
		slices.ContainsFunc(known, func(l api.Leak) bool { return l.Effect == effect })
}

// anotherPlace adds a place of a known leak to the audit.
func (w *work) anotherPlace(ch *change, known []api.Leak, note leakNote) error {
	if note.URL == "" || len(known) >= placesBound || slices.ContainsFunc(known, func(l api.Leak) bool { return l.URL == note.URL }) {
		return errDryRun
	}
	return w.record(ch.ac, ch.sp.ws, leakEvent(ch, note))
}

func leakEvent(ch *change, note leakNote) event {
	return event{action: actionLeaked, target: ch.before.ID, token: ch.t.Locator, after: note}
}

// tellLeak tells the webhooks, the owner and the administrators.
func (w *work) tellLeak(ch *change, v api.Token, found api.Leak) error {
	ws := ch.sp.ws
	if err := w.publish(ws, actionLeaked, func() api.WebhookData {
		d := w.eventData(ch.ac, ws, event{target: v.ID, after: v})
		d.Leak = &found
		return d
	}); err != nil {
		return err
	}
	owner, err := recipients(w.Snapshot, ws, ch.t)
	if err != nil {
		return err
	}
	admins, err := membersWith(w.Snapshot, ws, isOwnerOrAdministrator)
	if err != nil {
		return err
	}
	to := slices.DeleteFunc(union(owner, admins), func(address string) bool { return address == ch.ac.principal.Address })
	facts := tokenMail(v, ch.sp)
	facts.At, facts.Actor, facts.Leak = w.now, ch.ac.principal.Address, &found
	return w.putMails(ledger.Mail{Workspace: ws.ID, Kind: ledger.MailLeaked, Token: ch.t.Locator, Facts: facts}, to)
}

// tellRevokedAsLeaked tells of a leak that somebody acted on by themselves; the
// audit has it as the reason of the revocation.
func (w *work) tellRevokedAsLeaked(ch *change, v api.Token) error {
	n, err := w.descendants(ch.t)
	return input.First(err, w.tellLeak(ch, v, api.Leak{Effect: api.LeakRevoked, Descendants: n}))
}

// descendants counts the usable tokens that were made with a token: they do not
// end with it, and may be the work of whoever found it.
func (w *work) descendants(t ledger.Token) (int, error) {
	ts, err := w.Tokens(t.Workspace, ledger.TokenQuery{CreatedWith: t.Locator, Live: w.now, Limit: maxPage})
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
	return strings.ToValidUTF8(clip(token.Redact(s), maxPlace), "")
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
