package audit_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
)

// told is an event that says all that an event can say.
func told(t *testing.T, b *books) ledger.AuditRow {
	t.Helper()
	p := audit.Payload{
		At: time.Unix(1, 0).UTC().Format(audit.TimeFormat), Revision: 9, Workspace: "acme", Action: "token.edited", Actor: "ada@example.com",
		ActorToken: "tok1", OnBehalf: "bo@example.com", IP: "192.0.2.1", Agent: "curl", RequestID: "req1", Target: "tok2", Token: "tok2",
		Before: json.RawMessage(`{"label":"a"}`), After: json.RawMessage(`{"label":"b"}`),
	}
	payload, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	salt := make([]byte, audit.SaltSize)
	row, err := audit.Link(b.keys, ledger.AuditTip{}, ledger.AuditRow{
		Workspace: 7, Revision: p.Revision, At: time.Unix(1, 0), Action: p.Action, Actor: p.Actor, ActorToken: p.ActorToken, OnBehalf: p.OnBehalf,
		Target: p.Target, Token: p.Token, Payload: payload, Salt: salt, PayloadDigest: audit.Digest(salt, payload),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.rows[7] = []ledger.AuditRow{row}
	return row
}

// TestARowIsShownAsItWasWritten: all of it, and of one that was erased the columns alone.
func TestARowIsShownAsItWasWritten(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 0)
	row := told(t, b)
	s := func(v string) *string { return &v }
	want := api.AuditEvent{
		Sequence: 1, At: time.Unix(1, 0).UTC(), Revision: 9, Workspace: "acme", Action: "token.edited", Actor: "ada@example.com", ActorToken: s("tok1"),
		OnBehalf: s("bo@example.com"), IP: s("192.0.2.1"), UserAgent: s("curl"), RequestID: "req1", Target: "tok2", Token: s("tok2"),
		Before: json.RawMessage(`{"label":"a"}`), After: json.RawMessage(`{"label":"b"}`), Hash: hex.EncodeToString(row.Hash),
	}
	if diff := cmp.Diff(want, audit.View("acme", row)); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	b.erase(7, 0)
	want.Actor, want.IP, want.UserAgent, want.RequestID, want.Before, want.After, want.Erased = "erased", nil, nil, "", nil, nil, true
	if diff := cmp.Diff(want, audit.View("acme", b.rows[7][0])); diff != "" {
		t.Errorf("erased (-want +got):\n%s", diff)
	}
	bare := audit.View("", ledger.AuditRow{At: time.Unix(1, 0), Payload: json.RawMessage(`{}`)})
	if bare.ActorToken != nil || bare.OnBehalf != nil || bare.IP != nil || bare.UserAgent != nil || bare.Token != nil {
		t.Errorf("what was never said is shown: %+v", bare)
	}
}

// streamed is what a check of lines says.
func (b *books) streamed(lines ...string) (audit.Chain, error) {
	b.t.Helper()
	s := audit.NewStream(b.keys)
	if err := s.Check(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		b.t.Fatal(err)
	}
	chains, err := s.Chains()
	if len(chains) == 0 {
		return audit.Chain{}, err
	}
	return chains[0], err
}

// without is a record's line with a name set to another value, or taken out.
func without(t *testing.T, line, name string, value any) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		t.Fatal(err)
	}
	if fields[name] = value; value == nil {
		delete(fields, name)
	}
	out, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestNothingThatALineShowsIsWithoutProof: whichever of its names says something else, or
// nothing, in a row with its payload, in one that shows another form of what was hashed, and
// in one that was erased: of that too much would be believed that nobody wrote.
func TestNothingThatALineShowsIsWithoutProof(t *testing.T) {
	t.Parallel()
	lies := map[string]any{
		"sequence": 2, "at": "2030-01-01T00:00:00Z", "revision": 8, "workspace": "other", "action": "token.created", "actor": "eve@example.com",
		"actor_token": "tok9", "on_behalf": "eve@example.com", "ip": "198.51.100.1", "user_agent": "wget", "request_id": "req9", "target": "tok9",
		"token": "tok9", "before": map[string]any{"label": "z"}, "after": map[string]any{"label": "z"}, "hash": strings.Repeat("00", 32),
		"previous_hash": strings.Repeat("00", 32), "first": 1, "proof": map[string]any{"chain": 7},
	}
	for kind, prepare := range map[string]func(b *books, row *ledger.AuditRow){
		"written": func(*books, *ledger.AuditRow) {},
		"of another form": func(b *books, row *ledger.AuditRow) {
			row.Payload = append(slices.Clone(row.Payload), ' ')
			row.PayloadDigest = audit.Digest(row.Salt, row.Payload)
			linked, err := audit.Link(b.keys, ledger.AuditTip{}, *row)
			if err != nil {
				b.t.Fatal(err)
			}
			*row = linked
		},
		"erased": func(b *books, _ *ledger.AuditRow) { b.erase(7, 0) },
	} {
		b := newBooks(t, 0)
		told(t, b)
		prepare(b, &b.rows[7][0])
		erased := kind == "erased"
		whole := line(t, audit.NewRecord(ledger.StreamRow{AuditRow: b.rows[7][0], Slug: "acme"}))
		if c, err := b.streamed(whole); err != nil || c.Rows != 1 {
			t.Fatalf("%s: %+v, %v\n%s", kind, c, err, whole)
		}
		lies["erased"] = !erased
		var fields map[string]any
		if err := json.Unmarshal([]byte(whole), &fields); err != nil {
			t.Fatal(err)
		}
		for name := range fields {
			if _, ok := lies[name]; !ok {
				t.Errorf("no lie about %s is tried", name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(lies)) {
			// The slug of an erased row is known by the chain that it stands in.
			if erased && name == "workspace" {
				continue
			}
			if c, err := b.streamed(without(t, whole, name, lies[name])); !errors.Is(err, audit.ErrBroken) {
				t.Errorf("%s: %s was changed: %+v, %v", kind, name, c, err)
			}
		}
	}
}

// TestALineIsReadOneWay: a name that comes twice, or in another letter case, shows one reader
// what another does not check.
func TestALineIsReadOneWay(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 0)
	told(t, b)
	whole := b.lines()[0]
	for what, c := range map[string]struct {
		line string
		rows int64
	}{
		"as it is":                            {whole, 1},
		"with a name of whoever forwarded it": {strings.Replace(whole, `{`, `{"host":"log1",`, 1), 1},
		"its actor twice":                     {strings.Replace(whole, `{`, `{"actor":"eve@example.com",`, 1), 0},
		"its label twice":                     {strings.Replace(whole, `"before":{`, `"before":{"label":"z",`, 1), 0},
		"its actor only in capitals":          {strings.Replace(whole, `"actor":"ada`, `"actor":"eve@example.com","Actor":"ada`, 1), 0},
		"more behind it":                      {whole + `{"actor":"eve@example.com"}`, 0},
		"another encoding":                    {strings.Replace(whole, "ada@", "\xff@", 1), 0},
	} {
		if got, err := b.streamed(c.line); got.Rows != c.rows || c.rows == 1 && err != nil {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

// TestALineIsNoLongerThanItMayBe: what reads a stream holds one line at a time, and no more
// of it than the longest.
func TestALineIsNoLongerThanItMayBe(t *testing.T) {
	t.Parallel()
	s := audit.NewStream(newBooks(t, 0).keys)
	if err := s.Check(endless{}); err == nil || !strings.Contains(err.Error(), "longer than 67108864 bytes") {
		t.Errorf("a line without an end: %v", err)
	}
	gone := errors.New("the disk is gone")
	if err := s.Check(failing{gone}); !errors.Is(err, gone) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	if chains, err := s.Chains(); len(chains) != 0 || err != nil {
		t.Errorf("of nothing: %+v, %v", chains, err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '{'
	}
	return len(b), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
