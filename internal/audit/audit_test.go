package audit_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// books are chains in memory: of the workspace 7, whose slug is acme, and of the
// instance.
type books struct {
	t       *testing.T
	keys    *token.Keyring
	rows    map[ledger.ID][]ledger.AuditRow
	anchors map[ledger.ID]ledger.AuditAnchor
}

func newBooks(t *testing.T, events int) *books {
	t.Helper()
	keys, err := token.GenerateKeyring(rand.NewChaCha8([32]byte{1}), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	b := &books{t: t, keys: keys, rows: map[ledger.ID][]ledger.AuditRow{}, anchors: map[ledger.ID]ledger.AuditAnchor{}}
	b.write(0, "instance.bootstrapped")
	for i := range events {
		b.write(7, "token.created"+strconv.Itoa(i))
	}
	return b
}

// write adds an event to a chain, as a mutation does.
func (b *books) write(id ledger.ID, action string) {
	b.t.Helper()
	slug := map[ledger.ID]string{7: "acme"}[id]
	payload, err := json.Marshal(audit.Payload{
		At: time.Unix(1, 0).UTC().Format(audit.TimeFormat), Revision: 1, Workspace: slug, Action: action, Actor: "ada@example.com", Target: "x",
	})
	if err != nil {
		b.t.Fatal(err)
	}
	salt := bytes.Repeat([]byte{2}, audit.SaltSize)
	row := ledger.AuditRow{
		Workspace: id, Revision: 1, At: time.Unix(1, 0).UTC(), Action: action, Actor: "ada@example.com", Target: "x",
		Payload: payload, Salt: salt, PayloadDigest: audit.Digest(salt, payload),
	}
	var head ledger.AuditRow
	if rows := b.rows[id]; len(rows) > 0 {
		head = rows[len(rows)-1]
	}
	if row, err = audit.Link(b.keys, head.Tip(), row); err != nil {
		b.t.Fatal(err)
	}
	b.rows[id] = append(b.rows[id], row)
}

// erase takes a payload away as erasure does, with its seal.
func (b *books) erase(id ledger.ID, i int) {
	b.t.Helper()
	row := &b.rows[id][i]
	row.Payload, row.Salt, row.Actor = nil, nil, "erased"
	var err error
	if row.Erasure, err = audit.SealErasure(b.keys, *row); err != nil {
		b.t.Fatal(err)
	}
}

// purge takes the first n rows away as a purge does, behind an anchor.
func (b *books) purge(id ledger.ID, n int) {
	b.t.Helper()
	last := b.rows[id][n-1]
	a := ledger.AuditAnchor{Workspace: id, Sequence: last.Sequence, Hash: last.Hash, At: last.At, Key: b.keys.Current()}
	var err error
	if a.Seal, err = audit.SealAnchor(b.keys, a); err != nil {
		b.t.Fatal(err)
	}
	b.anchors[id], b.rows[id] = a, slices.Delete(b.rows[id], 0, n)
}

func (b *books) Instance() (ledger.Instance, error) {
	return ledger.Instance{BootstrappedAt: time.Unix(1, 0)}, nil
}

func (b *books) Workspace(k ledger.WorkspaceKey) (ledger.Workspace, error) {
	if k.ID != 7 {
		return ledger.Workspace{}, ledger.ErrNoRow
	}
	return ledger.Workspace{ID: 7, Slug: "acme"}, nil
}

func (b *books) AuditTip(id ledger.ID) (ledger.AuditTip, error) {
	if rows := b.rows[id]; len(rows) > 0 {
		return rows[len(rows)-1].Tip(), nil
	}
	return ledger.AuditTip{}, ledger.ErrNoRow
}

func (b *books) Audit(ledger.ID, ledger.AuditQuery) ([]ledger.AuditRow, error) { return nil, nil }

func (b *books) AuditBounds(ledger.ID, ledger.AuditQuery, int) (before, since int64, err error) {
	return 0, 0, nil
}

func (b *books) AuditChains() (ids []ledger.ID, err error) {
	for id, rows := range b.rows {
		if _, anchored := b.anchors[id]; len(rows) > 0 || anchored {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func (b *books) AuditChain(id ledger.ID, after int64, limit int) (out []ledger.AuditRow, err error) {
	for _, row := range b.rows[id] {
		if row.Sequence > after && len(out) < limit {
			out = append(out, row)
		}
	}
	return out, nil
}

func (b *books) AuditAnchor(id ledger.ID) (ledger.AuditAnchor, error) {
	if a, ok := b.anchors[id]; ok {
		return a, nil
	}
	return ledger.AuditAnchor{}, ledger.ErrNoRow
}

// head is the last link of a chain now.
func (b *books) head(name string) string {
	b.t.Helper()
	heads, err := audit.Heads(b)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, h := range heads {
		if strings.HasPrefix(h, name+"@") {
			return h
		}
	}
	b.t.Fatalf("no head of %s in %q", name, heads)
	return ""
}

// broken is what is wrong with the chains; "" when they are whole.
func (b *books) broken(expect ...string) string {
	b.t.Helper()
	chains, err := audit.Check(b, b.keys, expect...)
	for _, c := range chains {
		if c.Broken != "" {
			if err == nil {
				b.t.Errorf("%s is broken and no error says so", c.Name)
			}
			return c.Name + ": " + c.Broken
		}
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return ""
}

func TestAWholeChainIsWholeAlsoErasedAndPurged(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(b *books){
		"as written":                      func(*books) {},
		"with an erased payload":          func(b *books) { b.erase(7, 3) },
		"with its first and last erased":  func(b *books) { b.erase(7, 0); b.erase(7, 499) },
		"purged":                          func(b *books) { b.purge(7, 250) },
		"purged to the last row but one":  func(b *books) { b.purge(7, 499) },
		"erased, then purged, then wrote": func(b *books) { b.erase(7, 400); b.purge(7, 10); b.write(7, "token.revoked") },
		"of another key from the middle on": func(b *books) {
			keys, err := b.keys.Rotate(rand.NewChaCha8([32]byte{2}), time.Unix(2, 0))
			if err != nil {
				b.t.Fatal(err)
			}
			b.keys = keys
			b.write(7, "token.revoked")
		},
	} {
		b := newBooks(t, 500) // more than are held at once
		noted := b.head("acme")
		change(b)
		if got := b.broken(noted); got != "" {
			t.Errorf("%s: %s", what, got)
		}
		if c, err := audit.Tail(b, b.keys, 7, 1); err != nil || c.Broken != "" || c.Rows != 1 {
			t.Errorf("%s, its last link: %+v, %v", what, c, err)
		}
	}
}

// Each way to change what was written is seen, and the row is named.
func TestWhateverIsDoneToAChainIsSeen(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		change func(b *books)
		says   string
	}{
		"a payload changed": {func(b *books) { b.rows[7][3].Payload = []byte(`{"action":"x"}`) }, "acme: row 4: its payload was changed"},
		"a column changed":  {func(b *books) { b.rows[7][3].Actor = "eve@example.com" }, "acme: row 4: its columns say other than its payload"},
		"a payload and its digest": {func(b *books) {
			r := &b.rows[7][3]
			r.Payload = []byte(`{}`)
			r.PayloadDigest = audit.Digest(r.Salt, r.Payload)
		}, "acme: row 4: its hash does not follow"},
		"a payload removed":            {func(b *books) { b.rows[7][3].Payload = nil }, "acme: row 4: its payload was removed, and no seal"},
		"a row removed":                {func(b *books) { b.rows[7] = slices.Delete(b.rows[7], 3, 4) }, "acme: row 4 was removed"},
		"two rows exchanged":           {func(b *books) { r := b.rows[7]; r[3].Payload, r[4].Payload = r[4].Payload, r[3].Payload }, "acme: row 4: its payload was changed"},
		"the beginning removed":        {func(b *books) { b.rows[7] = b.rows[7][3:] }, "acme: the rows up to 3 were removed, and no anchor"},
		"the end removed":              {func(b *books) { b.rows[7] = b.rows[7][:3] }, "rows were cut from its end"},
		"all removed behind an anchor": {func(b *books) { b.purge(7, 10) }, "acme: every row after row 10 was removed"},
		"a chain removed":              {func(b *books) { delete(b.rows, 7) }, "acme: the chain with the expected head is gone"},
		"the instance's chain removed": {func(b *books) { delete(b.rows, 0) }, "instance: every row after row 0 was removed"},
		"an erased row changed":        {func(b *books) { b.erase(7, 3); b.rows[7][3].Action = "token.edited" }, "acme: row 4: it was erased, and what is left of it was changed"},
		"an erased row written again":  {func(b *books) { b.erase(7, 3); b.rows[7][3].Payload = []byte(`{}`) }, "acme: row 4: it was erased, and has a payload again"},
		"erased by somebody else":      {func(b *books) { b.erase(7, 3); b.rows[7][3].Erasure[0] ^= 1 }, "acme: row 4: it was erased, and what is left of it was changed"},
		"purged by somebody else": {func(b *books) {
			b.purge(7, 3)
			a := b.anchors[7]
			a.Seal = bytes.Repeat([]byte{1}, 32)
			b.anchors[7] = a
		},
			"acme: the anchor after row 3 is forged"},
		"an anchor moved":            {func(b *books) { b.purge(7, 3); a := b.anchors[7]; a.Sequence++; b.anchors[7] = a }, "acme: the anchor after row 4 is forged"},
		"a row before an anchor":     {func(b *books) { first := b.rows[7][0]; b.purge(7, 3); b.rows[7] = slices.Insert(b.rows[7], 0, first) }, "acme: row 1 was inserted before the anchor"},
		"a row of another workspace": {func(b *books) { b.rows[7][3] = b.rows[0][0]; b.rows[7][3].Sequence = 4 }, "acme: row 4: its hash does not follow"},
	} {
		b := newBooks(t, 10)
		noted := b.head("acme")
		c.change(b)
		if got := b.broken(noted); !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", what, got, c.says)
		}
	}
}

// TestWhatNobodyCanTellIsNotCalledBroken: a keyring lacks a key that rows are under. Nor is
// it called whole, and what is wrong elsewhere is still said.
func TestWhatNobodyCanTellIsNotCalledBroken(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		change func(b *books)
		says   string
	}{
		"of a row":      {func(b *books) { b.rows[7][3].Key = 99 }, "row 4: the keyring lacks its key"},
		"of an erasure": {func(b *books) { b.erase(7, 3); b.rows[7][3].Key = 99 }, "row 4: the keyring lacks its key"},
		"of an anchor":  {func(b *books) { b.purge(7, 3); a := b.anchors[7]; a.Key = 99; b.anchors[7] = a }, "the anchor after row 3: the keyring lacks its key"},
	} {
		b := newBooks(t, 10)
		noted := b.head("acme")
		c.change(b)
		chains, err := audit.Check(b, b.keys, noted)
		tail, failed := audit.Tail(b, b.keys, 7, 100)
		if failed != nil || !errors.Is(err, audit.ErrUnsure) || errors.Is(err, audit.ErrBroken) || !strings.Contains(err.Error(), "number 99") {
			t.Errorf("%s: %v, %v", what, err, failed)
		}
		for _, got := range []audit.Chain{chains[1], tail} {
			if got.Unsure != c.says || got.Broken != "" || got.Head != "" || got.Lacks != 99 {
				t.Errorf("%s: %+v", what, got)
			}
		}
		b.rows[0][0].Actor = "eve@example.com"
		if _, err = audit.Check(b, b.keys); !errors.Is(err, audit.ErrBroken) {
			t.Errorf("%s, and another chain broken: %v", what, err)
		}
	}
}

// Without a head that was noted elsewhere a cut tail is a shorter chain.
func TestACutTailIsSeenByWhoeverNotedTheHead(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 10)
	noted := b.head("acme")
	b.rows[7] = b.rows[7][:9]
	if got := b.broken(); got != "" {
		t.Errorf("nobody noted a head: %s", got)
	}
	if got := b.broken(noted); got == "" {
		t.Error("a cut tail is not seen")
	}
	b.write(7, "token.created") // another row of the same number
	if got := b.broken(noted); got == "" {
		t.Error("a tail that was written anew is not seen")
	}
}

func TestTheTailAloneIsChecked(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 500)
	b.rows[7][100].Actor = "eve@example.com"
	for links, want := range map[int64]bool{10: true, 399: true, 400: false, 1000: false} {
		c, err := audit.Tail(b, b.keys, 7, links)
		if err != nil || (c.Broken == "") != want {
			t.Errorf("the last %d links: %+v, %v", links, c, err)
		}
		if want && (c.Rows != links || c.Skipped != 500-links) {
			t.Errorf("the last %d links: %d rows after %d", links, c.Rows, c.Skipped)
		}
	}
	ids, err := audit.Chains(b)
	if diff := cmp.Diff([]ledger.ID{0, 7}, ids); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// TestWhatTheAuditKeepsKeepsItsMeaning: a payload that a release wrote is read as what
// it was then, and written as it was. The bytes are never edited.
func TestWhatTheAuditKeepsKeepsItsMeaning(t *testing.T) {
	t.Parallel()
	const then = `{"at":"2026-02-03T04:05:06.123456Z","revision":7,"workspace":"acme","action":"token.edited","actor":"ada@example.com",` +
		`"actor_token":"a1","on_behalf":"eve@example.com","ip":"192.0.2.1","user_agent":"curl","request_id":"r","target":"t","token":"b2",` +
		`"before":{"a":1},"after":{"a":2}}`
	want := audit.Payload{
		At: "2026-02-03T04:05:06.123456Z", Revision: 7, Workspace: "acme", Action: "token.edited", Actor: "ada@example.com", ActorToken: "a1",
		OnBehalf: "eve@example.com", IP: "192.0.2.1", Agent: "curl", RequestID: "r", Target: "t", Token: "b2",
		Before: json.RawMessage(`{"a":1}`), After: json.RawMessage(`{"a":2}`),
	}
	var got audit.Payload
	if err := json.Unmarshal([]byte(then), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("means something else (-then +now):\n%s", diff)
	}
	for f, v := range reflect.ValueOf(got).Fields() {
		if v.IsZero() {
			t.Errorf("nothing was kept of %s", f.Name)
		}
	}
	if b, err := json.Marshal(got); err != nil || string(b) != then {
		t.Errorf("is written otherwise: %s, %v", b, err)
	}
}

// TestAHashIsWhatItsPageSays, worked out here a second time: HMAC-SHA-256 under the key of the
// audit, over the hash before, the number in eight bytes and the digest of the payload.
func TestAHashIsWhatItsPageSays(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 3)
	rows := b.rows[7]
	for i, row := range rows {
		var previous []byte
		if i > 0 {
			previous = rows[i-1].Hash
		}
		key, ok := b.keys.Derive("audit chain", row.Key)
		if !ok {
			t.Fatal("no key")
		}
		m := hmac.New(sha256.New, key)
		m.Write(slices.Concat(previous, []byte{0, 0, 0, 0, 0, 0, 0, byte(row.Sequence)}, row.PayloadDigest))
		if !bytes.Equal(m.Sum(nil), row.Hash) {
			t.Errorf("row %d has another hash", row.Sequence)
		}
		digest := hmac.New(sha256.New, row.Salt)
		digest.Write(row.Payload)
		if !bytes.Equal(digest.Sum(nil), row.PayloadDigest) {
			t.Errorf("row %d has another digest", row.Sequence)
		}
	}
	if _, err := audit.Hash(b.keys, token.KeyID(77), nil, 1, nil); api.AsError(err).Code != api.CodeUnavailable {
		t.Errorf("a key that nobody has: %v", err)
	}
}
