package fill

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

func now() time.Time { return time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC) }

// drawing is a run over so many tokens, of which none is written.
func drawing(t *testing.T, seed uint64, tokens int) (*filler, home) {
	t.Helper()
	keys, err := token.GenerateKeyring(bytes.NewReader(bytes.Repeat([]byte("k"), 4096)), now())
	if err != nil {
		t.Fatal(err)
	}
	f := &filler{Options: Options{Tokens: tokens, Seed: seed, Now: now()}, keys: keys, rand: rand.New(rand.NewPCG(seed, 1))}
	h := home{Workspace: ledger.Workspace{ID: 1, Slug: Slug(seed, 0)}}
	for i := range owners {
		h.members = append(h.members, ledger.Member{ID: ledger.ID(100 + i), UserEmail: "person@example.com"})
		h.accounts = append(h.accounts, ledger.ServiceAccount{ID: ledger.ID(200 + i), Name: "service"})
	}
	return f, h
}

// TestEveryTokenIsOneThatTheVerbsCouldHaveMade: it has one owner, as its kind wants; it ended
// after it began, and not in the future; and the states are all there, each in its share.
func TestEveryTokenIsOneThatTheVerbsCouldHaveMade(t *testing.T) {
	t.Parallel()
	const tokens = 4000
	f, h := drawing(t, 7, tokens)
	kinds, ended, began := map[token.Kind]int{}, map[string]int{}, now().Add(-past-time.Second)
	for f.made = range tokens {
		got, address, err := f.draw(h)
		if err != nil || address == "" {
			t.Fatalf("%d: %q, %v", f.made, address, err)
		}
		kinds[got.Kind]++
		if member, account := got.OwnerMember != 0, got.OwnerServiceAccount != 0; member != (got.Kind == token.Personal) || account != (got.Kind == token.Service) {
			t.Errorf("%s is of member %d and service account %d", got.Kind, got.OwnerMember, got.OwnerServiceAccount)
		}
		if got.CreatedAt.Before(began) || got.CreatedAt.After(now()) || got.CreatedAt != got.CreatedAt.Truncate(time.Microsecond) {
			t.Errorf("token %d was made at %s, the one before at %s", f.made, got.CreatedAt, began)
		}
		began = got.CreatedAt
		if !got.ExpiresAt.IsZero() && !got.ExpiresAt.Equal(got.CreatedAt.Add(got.Lifetime)) || got.ExpiresAt.IsZero() != (got.Lifetime == 0) {
			t.Errorf("made at %s for %s, it expires at %s", got.CreatedAt, got.Lifetime, got.ExpiresAt)
		}
		for state, at := range map[string]time.Time{"revoked": got.RevokedAt, "disabled": got.DisabledAt} {
			if at.IsZero() {
				continue
			}
			ended[state]++
			if !at.After(got.CreatedAt) || at.After(now()) || !got.ExpiresAt.IsZero() && !at.Before(got.ExpiresAt) {
				t.Errorf("made at %s, it was %s at %s", got.CreatedAt, state, at)
			}
		}
		if (got.RevokeReason != "") == got.RevokedAt.IsZero() || (got.DisabledBy != "") == got.DisabledAt.IsZero() || !got.RevokedAt.IsZero() && !got.DisabledAt.IsZero() {
			t.Errorf("%q, %q of %+v", got.RevokeReason, got.DisabledBy, got)
		}
	}
	f.Tokens, f.made = 1_000_000, 999_999
	for range 200 {
		if got, _, err := f.draw(h); err != nil || !got.RevokedAt.IsZero() || !got.DisabledAt.IsZero() {
			t.Errorf("one that was just made was revoked at %s, disabled at %s, %v", got.RevokedAt, got.DisabledAt, err)
		}
	}
	for name, c := range map[string][3]int{
		"personal": {kinds[token.Personal], 25, 35}, "service": {kinds[token.Service], 60, 70}, "workspace": {kinds[token.Workspace], 3, 7},
		"revoked": {ended["revoked"], 3, 7}, "disabled": {ended["disabled"], 0, 3},
	} {
		if share := 100 * c[0] / tokens; c[0] == 0 || share < c[1] || share > c[2] {
			t.Errorf("%d of %d are %s", c[0], tokens, name)
		}
	}
}

// TestTheAuditTellsTheTokenAsItWas: what ended is told with how, and what did not is usable.
func TestTheAuditTellsTheTokenAsItWas(t *testing.T) {
	t.Parallel()
	f, h := drawing(t, 7, 10)
	base, address, err := f.draw(h)
	if err != nil {
		t.Fatal(err)
	}
	for status, end := range map[string]func(*ledger.Token){
		api.StatusActive: func(*ledger.Token) {}, api.StatusDisabled: func(x *ledger.Token) { x.DisabledAt = now() },
		api.StatusRevoked: func(x *ledger.Token) { x.RevokedAt, x.RevokeReason = now(), api.ReasonUnused },
	} {
		x := base
		x.RevokedAt, x.DisabledAt, x.RevokeReason = time.Time{}, time.Time{}, ""
		end(&x)
		v := view(h, x, "id", address)
		if v.Status != status || v.Usable != (status == api.StatusActive) || (v.RevokeReason != nil) != (status == api.StatusRevoked) || (v.RevokedAt != nil) != (status == api.StatusRevoked) {
			t.Errorf("%s is told as %+v", status, v)
		}
		if v.Locator != x.Locator.String() || v.Workspace != h.Slug || v.Owner.Address != address || v.Secrets == nil {
			t.Errorf("%s is told of another: %+v", status, v)
		}
	}
}

// TestBytesFollowFromTheSeed, however many are asked for at once.
func TestBytesFollowFromTheSeed(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64, n int) []byte {
		b := make([]byte, n)
		if got, err := (drawn{rand.New(rand.NewPCG(seed, 1))}).Read(b); got != n || err != nil {
			t.Errorf("%d of %d bytes, %v", got, n, err)
		}
		return b
	}
	var words []byte
	for source := rand.New(rand.NewPCG(1, 1)); len(words) < 64; {
		words = binary.LittleEndian.AppendUint64(words, source.Uint64())
	}
	if got := draw(1, 64); !bytes.Equal(got, words) {
		t.Errorf("%x instead of %x", got, words)
	}
	for _, n := range []int{0, 1, 7, 8, 9, 31, 64} {
		if a, all := draw(1, n), draw(1, 64); !bytes.Equal(a, all[:n]) || n > 6 && bytes.Equal(a, draw(2, n)) {
			t.Errorf("%d bytes: %x of %x", n, a, all)
		}
	}
}

// heads answers where the audit of workspaces ends, and keeps what is added.
type heads struct {
	ledger.AuditReader
	ledger.HeadReader
	rows []ledger.AuditRow
	err  error
}

func (h *heads) AuditTip(ledger.ID) (ledger.AuditTip, error) {
	if len(h.rows) == 0 {
		return ledger.AuditTip{}, h.err
	}
	return h.rows[len(h.rows)-1].Tip(), nil
}
func (h *heads) Revision() int64 { return 5 }
func (h *heads) AppendAudit(r ledger.AuditRow) error {
	h.rows = append(h.rows, r)
	return nil
}

func (h *heads) tx() ledger.Tx {
	return ledger.Tx{Reader: ledger.Reader{AuditReader: h, HeadReader: h}, Writer: ledger.Writer{AuditWriter: h}}
}

// TestTimesOfAChainGoForward, as its numbers do: a token that was revoked an hour after it was
// made stands before one that was made in between. What cannot be read is no empty chain.
func TestTimesOfAChainGoForward(t *testing.T) {
	t.Parallel()
	f, h := drawing(t, 7, 10)
	tx := &heads{err: ledger.ErrNoRow}
	for _, at := range []time.Duration{0, time.Hour, time.Minute, 2 * time.Hour} {
		if err := f.note(tx.tx(), h.Workspace, event{at: now().Add(at), action: "token.created", target: "x", after: map[string]int{"a": 1}}); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range tx.rows[1:] {
		if before := tx.rows[i]; r.At.Before(before.At) || r.Sequence != before.Sequence+1 {
			t.Errorf("number %d of %s follows number %d of %s", r.Sequence, r.At, before.Sequence, before.At)
		}
		if want := audit.Digest(r.Salt, r.Payload); !bytes.Equal(r.PayloadDigest[:], want[:]) || len(r.Salt) != audit.SaltSize {
			t.Errorf("number %d has the digest of another payload", r.Sequence)
		}
	}
	if sour := errors.New("sour"); !errors.Is(f.note((&heads{err: sour}).tx(), h.Workspace, event{at: now()}), sour) {
		t.Error("a chain that cannot be read was begun anew")
	}
}
