package authority

import (
	"context"
	"errors"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Issuers know the keys that other systems sign their ID tokens with.
type Issuers interface {
	// Check says what is wrong with the address of an issuer whose keys shall be asked for,
	// and CheckKeys with keys that came with a rule. Neither asks anybody.
	Check(issuer string) error
	CheckKeys(keys []byte) error
	// Verify answers what an ID token says, if a key of its issuer signed it: one of keys,
	// or where these are nil one that the issuer tells. [ErrNotSigned] says that none did;
	// any other error, that nobody knows. It may ask somebody, for a while, in the name of
	// a workspace.
	Verify(ctx context.Context, of ledger.ID, issuer string, keys []byte, token string) ([]byte, error)
}

// ErrNotSigned says that no key of an issuer signed a token.
var ErrNotSigned = errors.New("authority: no key of the issuer signed it")

// noIssuers is for whoever trusts nobody.
type noIssuers struct{}

func (noIssuers) Check(string) error {
	return api.FieldError("issuer", "this server trusts nobody's ID tokens")
}
func (n noIssuers) CheckKeys([]byte) error { return n.Check("") }
func (noIssuers) Verify(context.Context, ledger.ID, string, []byte, string) ([]byte, error) {
	return nil, ErrNotSigned
}

// pendingTrust are rules of trust as they will be.
type pendingTrust struct {
	ledger.TrustReader
	pending *pending
}

func (p *pending) trustRule(t ledger.TrustRule, err error) (ledger.TrustRule, error) {
	if err == nil {
		t.Grants, err = p.statements(t.Workspace, t.Grants)
	}
	return t, err
}

// TrustRule is as it will be.
func (r pendingTrust) TrustRule(ws ledger.ID, id string) (ledger.TrustRule, error) {
	return r.pending.trustRule(r.TrustReader.TrustRule(ws, id))
}

// TrustRules are as they will be.
func (r pendingTrust) TrustRules(ws, account ledger.ID, q ledger.Range) ([]ledger.TrustRule, error) {
	rows, err := r.TrustReader.TrustRules(ws, account, q)
	return eachOf(r.pending.trustRule, rows, err)
}

// trustNaming are a place's rules of trust that list what is gone, without it. There are
// few of them in a workspace, so they are rewritten with its catalogue.
func trustNaming(r ledger.TrustReader, x ledger.Removal) ([]ledger.TrustRule, error) {
	gone := goneIn([]ledger.Removal{x}, x.Place, ownNames{})
	rows, err := r.TrustRules(x.Place, 0, ledger.Range{})
	return slices.DeleteFunc(rows, func(t ledger.TrustRule) bool { _, named := gone.Rewrite(t.Grants); return !named }), err
}

func (w *Work) rewriteTrust(x ledger.Removal) error {
	gone := goneIn([]ledger.Removal{x}, x.Place, ownNames{})
	rows, err := trustNaming(w.Rows, x)
	for _, t := range rows {
		if err == nil {
			t.Grants, _ = gone.Rewrite(t.Grants)
			t.Revision = w.Revision()
			err = w.PutTrustRule(t)
		}
	}
	return err
}
