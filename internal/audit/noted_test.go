package audit_test

import (
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
)

// TestAHeadThatWasNotedIsMetOrMissed: whoever keeps one is told of everything but a purge,
// and a head that was written down wrong is never taken for one that was met.
func TestAHeadThatWasNotedIsMetOrMissed(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 9)
	early := audit.Chain{}
	for i, row := range b.rows[7] {
		if i == 1 {
			early.Head = "acme@2:" + hex.EncodeToString(row.Hash)
		}
	}
	hash := func(n int) string { return hex.EncodeToString(b.rows[7][n-1].Hash) }
	at := map[int]string{4: "acme@4:" + hash(4), 5: "acme@5:" + hash(5), 9: "acme@9:" + hash(9)}
	anchor, other := "acme@3:"+hash(3), "acme@3:"+hash(4)
	b.purge(7, 3)
	for head, met := range map[string]bool{
		early.Head: true, anchor: true, at[4]: true, at[5]: true, at[9]: true,
		other: false, "acme@5:" + hash(1): false, "acme@10:" + hash(1): false,
		"acme": false, "acme@": false, "acme@x:00": false, "acme@5": false, "acme@-1:00": false, "acme@0:": false,
		strings.ToUpper(at[5]): false, at[5] + " ": false, "other@1:00": false, "": false, "instance": false, "number 7@1:00": false,
	} {
		_, err := audit.Check(b, b.keys, head)
		if met != (err == nil) || !met && !errors.Is(err, audit.ErrBroken) {
			t.Errorf("%q was noted: %v", head, err)
		}
	}
	if got := b.broken(at[5], at[9], b.head("instance"), anchor); got != "" {
		t.Errorf("several were noted: %s", got)
	}
	if got := b.broken(at[5], "acme@9:00"); got != "acme: the expected head acme@9:00 is not in the chain: rows were cut from its end, or it is another chain" {
		t.Errorf("one of several is missing: %q", got)
	}
}

// TestAWorkspaceThatIsGoneKeepsItsChain: nothing deletes a workspace's row, so its chain has
// no name any more, and is looked at under its number.
func TestAWorkspaceThatIsGoneKeepsItsChain(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 2)
	b.write(9, "token.created") // says the instance, and stands in another chain
	chains, err := audit.Check(b, b.keys)
	if !errors.Is(err, audit.ErrBroken) || len(chains) != 3 || chains[2].Name != "number 9" || chains[2].Broken != "row 1: its columns say other than its payload" {
		t.Errorf("%+v, %v", chains, err)
	}
	if got := b.head("number 9"); !strings.HasPrefix(got, "number 9@1:") {
		t.Error(got)
	}
}

// TestOfAnInstanceThatNobodySetUpNothingIsMissing; of one that was, its first row is.
func TestOfAnInstanceThatNobodySetUpNothingIsMissing(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 0)
	b.rows = map[ledger.ID][]ledger.AuditRow{}
	if got := b.broken(); got != "instance: every row after row 0 was removed" {
		t.Errorf("set up: %q", got)
	}
	if chains, err := audit.Check(fresh{b}, b.keys); len(chains) != 0 || err != nil {
		t.Errorf("not set up: %+v, %v", chains, err)
	}
	if heads, err := audit.Heads(b); len(heads) != 0 || err != nil {
		t.Errorf("heads of nothing: %q, %v", heads, err)
	}
}

type fresh struct{ *books }

func (fresh) Instance() (ledger.Instance, error) { return ledger.Instance{}, nil }

// TestATailNeverPassesAnAnchor: what is purged is not counted, and asking for more than there
// is looks at all there is.
func TestATailNeverPassesAnAnchor(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 20)
	b.purge(7, 15)
	for links, want := range map[int64]audit.Chain{
		1: {Rows: 1, Skipped: 19}, 4: {Rows: 4, Skipped: 16}, 5: {Rows: 5}, 6: {Rows: 5}, 1000: {Rows: 5},
	} {
		got, err := audit.Tail(b, b.keys, 7, links)
		if err != nil || got.Broken != "" || got.Rows != want.Rows || got.Skipped != want.Skipped || got.Purged != 15 || got.Head != b.head("acme") {
			t.Errorf("the last %d: %+v, %v", links, got, err)
		}
	}
	b.rows[7] = append(b.rows[7][:2:2], b.rows[7][3:]...)
	if got, err := audit.Tail(b, b.keys, 7, 2); err != nil || got.Broken != "row 18 was removed" {
		t.Errorf("what the tail has to follow is gone: %+v, %v", got, err)
	}
	b.rows[7] = nil
	if got, err := audit.Tail(b, b.keys, 7, 2); err != nil || got.Broken != "every row after row 15 was removed" {
		t.Errorf("only the anchor is left: %+v, %v", got, err)
	}
}

// out is a store that fails at one question.
type out struct {
	*books
	at  string
	err error
}

func (o out) fails(at string) error {
	if o.at == at {
		return o.err
	}
	return nil
}

func (o out) Instance() (ledger.Instance, error) {
	in, _ := o.books.Instance() // never fails
	return in, o.fails("instance")
}

func (o out) Workspace(k ledger.WorkspaceKey) (ledger.Workspace, error) {
	if err := o.fails("workspace"); err != nil {
		return ledger.Workspace{}, err
	}
	return o.books.Workspace(k)
}

func (o out) AuditTip(id ledger.ID) (ledger.AuditTip, error) {
	if err := o.fails("head"); err != nil {
		return ledger.AuditTip{}, err
	}
	return o.books.AuditTip(id)
}

func (o out) AuditChains() ([]ledger.ID, error) {
	if err := o.fails("chains"); err != nil {
		return nil, err
	}
	return o.books.AuditChains()
}

func (o out) AuditChain(id ledger.ID, after int64, limit int) ([]ledger.AuditRow, error) {
	if err := o.fails("chain"); err != nil {
		return nil, err
	}
	return o.books.AuditChain(id, after, limit)
}

func (o out) AuditAnchor(id ledger.ID) (ledger.AuditAnchor, error) {
	if err := o.fails("anchor"); err != nil {
		return ledger.AuditAnchor{}, err
	}
	return o.books.AuditAnchor(id)
}

// TestADatabaseThatFailsIsNoVerdict: neither whole nor broken is said of what nobody read.
func TestADatabaseThatFailsIsNoVerdict(t *testing.T) {
	t.Parallel()
	gone := errors.New("the database is gone")
	b := newBooks(t, 3)
	for at, asked := range map[string]string{
		"instance": "check", "chains": "check heads", "workspace": "check heads tail", "anchor": "check tail", "chain": "check tail", "head": "heads tail",
	} {
		r := out{b, at, gone}
		chains, checked := audit.Check(r, b.keys)
		heads, headed := audit.Heads(r)
		_, tailed := audit.Tail(r, b.keys, 7, 1)
		for what, err := range map[string]error{"check": checked, "heads": headed, "tail": tailed} {
			if want := strings.Contains(asked, what); want != errors.Is(err, gone) || errors.Is(err, audit.ErrBroken) || errors.Is(err, audit.ErrUnsure) {
				t.Errorf("%s fails, %s: %v", at, what, err)
			}
		}
		if checked != nil && len(chains) != 0 || headed != nil && len(heads) != 0 {
			t.Errorf("%s fails, and something is said: %+v, %q", at, chains, heads)
		}
	}
}

// TestAStreamThatBranchesIsSeen: a server that was restored writes other rows under numbers
// that were streamed before, each of them right by itself.
func TestAStreamThatBranchesIsSeen(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 4)
	before := b.lines()
	b.rows[7] = b.rows[7][:2]
	b.write(7, "instance.restored")
	b.write(7, "token.revoked")
	b.write(7, "token.revoked")
	after := b.lines()
	for what, lines := range map[string][]string{
		"to the number it had come to": {before[0], before[1], before[2], before[3], after[3]},
		"beyond it":                    {before[0], before[1], before[2], before[3], after[2], after[3], after[4]},
		"in its middle":                {before[0], before[1], after[2], before[3]},
	} {
		if c, err := b.streamed(lines...); !errors.Is(err, audit.ErrBroken) || !strings.Contains(c.Broken, "another history") {
			t.Errorf("%s: %+v, %v", what, c, err)
		}
	}
}

// TestAGapSaysWhatItHas: where it begins and ends and the hash of its last row, and no time,
// since nobody knows it; what follows proves it.
func TestAGapSaysWhatItHas(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 6)
	lines := b.lines()
	gap := func(first, through int64) string {
		return line(t, audit.NewGap(ledger.StreamGap{Workspace: 7, Slug: "acme", First: first, Through: through, Hash: b.rows[7][through-1].Hash}))
	}
	if g := audit.NewGap(ledger.StreamGap{Slug: "acme", First: 2, Through: 4, Hash: []byte{1}}); g.Action != audit.ActionGap || g.Sequence != 4 || g.First != 2 ||
		g.Hash != "01" || !reflect.DeepEqual(g.At, time.Time{}) || g.Proof != nil {
		t.Errorf("%+v", g)
	}
	for what, c := range map[string]struct {
		lines  []string
		rows   int64
		purged int64
		broken string
	}{
		"it begins the stream":              {[]string{gap(1, 4), lines[4], lines[5]}, 2, 4, ""},
		"it ends the stream":                {[]string{lines[0], gap(2, 6)}, 1, 6, ""},
		"it begins before what was read":    {[]string{lines[0], lines[1], gap(1, 4), lines[4]}, 3, 4, ""},
		"it begins behind what is lacking":  {[]string{lines[0], gap(3, 4), lines[4]}, 1, 0, "row 2 is missing"},
		"what it says was purged came":      {[]string{gap(1, 4), lines[2], lines[4]}, 1, 4, ""},
		"it has a hash that is none":        {[]string{lines[0], strings.Replace(gap(2, 4), `"hash":"`, `"hash":"zz`, 1), lines[4]}, 1, 0, "row 2 is missing"},
		"it has the hash of another row":    {[]string{lines[0], strings.Replace(gap(2, 4), hex.EncodeToString(b.rows[7][3].Hash), hex.EncodeToString(b.rows[7][2].Hash), 1), lines[4]}, 1, 4, "row 5 does not follow"},
		"it comes with a proof, as no gap":  {[]string{strings.Replace(lines[0], `"action":"token.created0"`, `"action":"audit.gap"`, 1)}, 0, 0, "row 1: its payload was changed"},
		"a row stands where a gap was said": {[]string{lines[0], gap(2, 4), lines[1], lines[4], lines[5]}, 3, 4, ""},
	} {
		got, err := b.streamed(c.lines...)
		if (c.broken == "") != (err == nil) || !strings.Contains(got.Broken, c.broken) || got.Rows != c.rows || got.Purged != c.purged {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}
