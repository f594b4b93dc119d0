package fill

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// actor is who is said to have made what has no owner of its own.
const actor = "fill"

// day is what ages are drawn in.
const day = 24 * time.Hour

func editor() []grant.Statement {
	return []grant.Statement{{Role: "Editor", Resources: []string{"*"}}}
}

// drawn makes bytes of the seed; see [token.NewLocator].
type drawn struct{ *rand.Rand }

// Read fills b.
func (d drawn) Read(b []byte) (int, error) {
	var word [8]byte
	for i := 0; i < len(b); i += len(word) {
		binary.LittleEndian.PutUint64(word[:], d.Uint64())
		copy(b[i:], word[:])
	}
	return len(b), nil
}

// one makes a token with its secret and what the audit tells of it.
func (f *filler) one(tx ledger.Tx, h home, c *chain) error {
	t, address, err := f.draw(h)
	if err != nil {
		return err
	}
	secret, err := token.Mint(drawn{f.rand}, t.Prefix, t.Kind, t.Locator)
	if err != nil {
		return err
	}
	t.ID, t.Revision = tx.NewID(), tx.Revision()
	digest, key := f.keys.Digest(secret.Reveal())
	id := address + "_" + t.Locator.String()
	born := t
	born.DisabledAt, born.RevokedAt, born.RevokeReason = time.Time{}, time.Time{}, ""
	errs := []error{
		tx.PutToken(t),
		tx.PutSecret(ledger.Secret{Token: t.ID, Number: 1, Digest: digest, Key: key, CreatedAt: t.CreatedAt}),
		c.add(tx, event{at: t.CreatedAt, action: "token.created", target: id, token: t.Locator, after: view(h, born, id, address)}),
	}
	switch {
	case !t.RevokedAt.IsZero():
		errs = append(errs, c.add(tx, event{at: t.RevokedAt, action: "token.revoked", target: id, token: t.Locator, before: view(h, born, id, address), after: view(h, t, id, address)}))
	case !t.DisabledAt.IsZero():
		errs = append(errs, c.add(tx, event{at: t.DisabledAt, action: "token.disabled", target: id, token: t.Locator, before: view(h, born, id, address), after: view(h, t, id, address)}))
	}
	if f.Secret != nil {
		errs = append(errs, f.Secret(secret))
	}
	return errors.Join(errs...)
}

// draw decides what a token is, and how its owner is addressed.
func (f *filler) draw(h home) (t ledger.Token, address string, err error) {
	t = ledger.Token{Prefix: token.DefaultPrefix, Workspace: h.ID, CreatedBy: actor, Description: "Made by tokenry fill"}
	if t.Locator, err = token.NewLocator(drawn{f.rand}); err != nil {
		return t, "", err
	}
	switch n := f.rand.IntN(100); {
	case n < 30:
		m := h.members[f.rand.IntN(owners)]
		t.Kind, t.OwnerMember, t.CreatedBy, address = token.Personal, m.ID, m.UserEmail, m.UserEmail
	case n < 95:
		a := h.accounts[f.rand.IntN(owners)]
		t.Kind, t.OwnerServiceAccount, address = token.Service, a.ID, a.Name+"@"+h.Slug+".service"
	default:
		t.Kind, address = token.Workspace, h.Slug+"@workspace"
	}
	t.Label = fmt.Sprintf("%s %d", []string{"build", "deploy", "report", "laptop", "import"}[f.rand.IntN(5)], f.made)
	t.Grants = []grant.Statement{{Role: []string{"Viewer", "Editor"}[f.rand.IntN(2)], Resources: []string{"*"}}}
	t.Metadata = ledger.Metadata{"team": fmt.Sprint("team-", f.rand.IntN(50)), "ticket": fmt.Sprint("T-", f.made)}
	if f.rand.IntN(10) == 0 {
		t.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	}
	f.age(&t)
	return t, address, nil
}

// age spreads tokens over the past in the order in which they are made, and lets some end.
func (f *filler) age(t *ledger.Token) {
	gone := time.Duration(float64(past) * (float64(f.made) / float64(f.Tokens)))
	t.CreatedAt = f.Now.Add(gone - past).Truncate(time.Microsecond)
	if f.rand.IntN(5) > 0 {
		t.Lifetime = time.Duration(30+f.rand.IntN(700)) * day
		t.ExpiresAt = t.CreatedAt.Add(t.Lifetime)
	}
	at := t.CreatedAt.Add(time.Hour)
	if at.After(f.Now) {
		return
	}
	switch n := f.rand.IntN(100); {
	case n < 5:
		t.RevokedAt, t.RevokeReason = at, api.ReasonUnused
	case n < 6:
		t.DisabledAt, t.DisabledBy = at, actor
	}
}

// view is as much of a token as the audit keeps.
func view(h home, t ledger.Token, id, address string) api.Token {
	v := api.Token{
		ID: id, Locator: t.Locator.String(), Kind: t.Kind.String(), Workspace: h.Slug, Owner: api.Principal{Address: address, Name: address},
		CreatedBy: t.CreatedBy, Label: t.Label, Description: t.Description, Masked: token.Mask(t.Prefix, t.Kind, t.Locator),
		Status: api.StatusActive, CreatedAt: t.CreatedAt, ExpiresAt: api.When(t.ExpiresAt), DisabledAt: api.When(t.DisabledAt),
		RevokedAt: api.When(t.RevokedAt), Metadata: api.Metadata(t.Metadata), Revision: t.Revision,
		Secrets: []api.TokenSecret{}, Resources: t.Grants[0].Resources, Role: &t.Grants[0].Role,
		Grants: []api.Statement{api.Statement(t.Grants[0])},
	}
	switch {
	case !t.RevokedAt.IsZero():
		v.Status, v.RevokeReason = api.StatusRevoked, &t.RevokeReason
	case !t.DisabledAt.IsZero():
		v.Status = api.StatusDisabled
	default:
		v.Usable = true
	}
	return v
}

// event is what the audit is told.
type event struct {
	at             time.Time
	action, target string
	token          token.Locator
	before, after  any
}

// chain is the audit of a workspace, as far as a mutation has written it.
type chain struct {
	f    *filler
	ws   ledger.Workspace
	head ledger.AuditTip
}

// chain reads where the audit of a workspace ends.
func (f *filler) chain(tx ledger.Tx, ws ledger.Workspace) (*chain, error) {
	head, err := tx.AuditTip(ws.ID)
	if errors.Is(err, ledger.ErrNoRow) {
		err = nil
	}
	return &chain{f, ws, head}, err
}

// note adds one event.
func (f *filler) note(tx ledger.Tx, ws ledger.Workspace, e event) error {
	c, err := f.chain(tx, ws)
	if err != nil {
		return err
	}
	return c.add(tx, e)
}

// add writes the next link. Times of a chain go forward as its numbers do.
func (c *chain) add(tx ledger.Tx, e event) (err error) {
	if e.at.Before(c.head.At) {
		e.at = c.head.At
	}
	p := audit.Payload{At: e.at.Format(audit.TimeFormat), Revision: tx.Revision(), Workspace: c.ws.Slug, Action: e.action, Actor: actor, Target: e.target}
	if !e.token.IsZero() {
		p.Token = e.token.String()
	}
	if p.Before, err = audit.Told(e.before); err != nil {
		return err
	}
	if p.After, err = audit.Told(e.after); err != nil {
		return err
	}
	payload, err := json.Marshal(p)
	if err != nil {
		return err
	}
	salt := make([]byte, audit.SaltSize)
	_, _ = drawn{c.f.rand}.Read(salt) // it cannot fail
	row, err := audit.Link(c.f.keys, c.head, ledger.AuditRow{
		Workspace: c.ws.ID, Revision: p.Revision, At: e.at, Action: p.Action, Actor: p.Actor, Target: p.Target, Token: p.Token,
		Payload: payload, Salt: salt, PayloadDigest: audit.Digest(salt, payload),
	})
	if err != nil {
		return err
	}
	c.head = row.Tip()
	return tx.AppendAudit(row)
}
