package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// lines are the rows of acme as they are streamed, a line each.
func (b *books) lines() []string {
	b.t.Helper()
	var lines []string
	var last []byte
	for _, row := range b.rows[7] {
		lines = append(lines, line(b.t, audit.NewRecord(ledger.StreamRow{AuditRow: row, Slug: "acme", Previous: last})))
		last = row.Hash
	}
	return lines
}

func line(t *testing.T, r audit.Record) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAStreamIsCheckedByItself: with the keyring and the lines, and no database.
func TestAStreamIsCheckedByItself(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 5)
	b.erase(7, 1)
	lines := b.lines()
	gap := line(t, audit.NewGap(ledger.StreamGap{Workspace: 7, Slug: "acme", First: 2, Through: 3, Hash: b.rows[7][2].Hash}))
	forged := strings.Replace(lines[3], "ada@example.com", "eve@example.com", 1)
	other := newBooks(t, 0)
	for range 5 {
		other.write(7, "token.revoked")
	}
	for name, c := range map[string]struct {
		lines []string
		rows  int64
		torn  int64
		want  string // "" is whole
	}{
		"all":                               {lines, 5, 0, ""},
		"from a row on":                     {lines[2:], 3, 0, ""},
		"rows that came again":              {slices.Concat(lines[:3], lines[1:4], lines[2:]), 5, 0, ""},
		"behind the header of a syslog":     {[]string{`<110>1 - - tokenry - token.created [origin software="tokenry"] ` + lines[0]}, 1, 0, ""},
		"a line that was torn and came":     {[]string{lines[0], lines[1][:40], "", lines[1]}, 2, 1, ""},
		"a line that was torn and did not":  {[]string{lines[0], lines[1][:40], lines[2]}, 0, 1, "row 2 is missing"},
		"a row is gone":                     {slices.Delete(slices.Clone(lines), 2, 3), 0, 0, "row 3 is missing"},
		"rows were exchanged":               {[]string{lines[0], lines[2], lines[1]}, 0, 0, "row 2 is missing"},
		"a row was changed":                 {[]string{lines[2], forged}, 0, 0, "row 4: its payload was changed"},
		"a row that was changed came again": {append(slices.Clone(lines), forged), 0, 0, "row 4: its payload was changed"},
		"an erased row was changed":         {[]string{strings.Replace(lines[1], `"actor":"erased"`, `"actor":"bob"`, 1)}, 0, 0, "its seal does not fit"},
		"another history":                   {append(slices.Clone(lines[:2]), other.lines()[2:]...), 0, 0, "row 3 does not follow"},
		"rows that were purged":             {[]string{lines[0], gap, lines[3], lines[4]}, 3, 0, ""},
		"more is gone than was purged":      {[]string{lines[0], gap, lines[4]}, 0, 0, "row 4 is missing"},
		"a gap that is none":                {append(slices.Clone(lines), gap), 5, 0, ""},
		"a gap that hides more":             {[]string{lines[0], strings.Replace(gap, `"sequence":3`, `"sequence":4`, 1), lines[4]}, 0, 0, "row 5 does not follow"},
		"an export, which has no proof":     {[]string{strings.Split(lines[0], `,"previous_hash"`)[0] + "}"}, 0, 0, "no row of the audit with its proof"},
	} {
		s := audit.NewStream(b.keys)
		if err := s.Check(strings.NewReader(strings.Join(c.lines, "\n"))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		chains, err := s.Chains()
		whole := c.want == ""
		if len(chains) != 1 || whole != (err == nil) || !whole && (!errors.Is(err, audit.ErrBroken) || !strings.Contains(chains[0].Broken, c.want)) ||
			whole && chains[0].Rows != c.rows || s.Torn != c.torn {
			t.Errorf("%s: %+v, %d torn, %v", name, chains, s.Torn, err)
		}
	}
	s := audit.NewStream(b.keys, "acme@9:00")
	if err := s.Check(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	chains, err := s.Chains()
	if !errors.Is(err, audit.ErrBroken) || len(chains) != 2 {
		t.Fatalf("%+v, %v", chains, err)
	}
	s = audit.NewStream(b.keys, chains[0].Head)
	_ = s.Check(strings.NewReader(strings.Join(lines, "\n"))) // the same as before
	if _, err := s.Chains(); err != nil {
		t.Errorf("a head that is there: %v", err)
	}
	without, err := token.GenerateKeyring(rand.NewChaCha8([32]byte{9}), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	s = audit.NewStream(without)
	_ = s.Check(strings.NewReader(lines[0])) // the same as before
	if _, err := s.Chains(); err == nil {
		t.Errorf("a keyring of others: %v", err)
	}
}

// TestARowInASCIIAlone is proved as any other, and nobody changes what it shows beside what
// was hashed.
func TestARowInASCIIAlone(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 1)
	row := b.rows[7][0]
	row.Payload = bytes.Replace(row.Payload, []byte(`"target":"x"`), []byte(`"target":"x","before":{"label":"Bücher 𝄞 \ufffd"}`), 1)
	row.PayloadDigest = audit.Digest(row.Salt, row.Payload)
	row, err := audit.Link(b.keys, ledger.AuditTip{}, row)
	if err != nil {
		t.Fatal(err)
	}
	ascii, err := audit.NewRecord(ledger.StreamRow{AuditRow: row, Slug: "acme"}).ASCII()
	if err != nil || bytes.ContainsFunc(ascii, func(c rune) bool { return c > 0x7e || c < ' ' }) {
		t.Fatalf("%s, %v", ascii, err)
	}
	for name, c := range map[string]struct {
		line string
		err  error
	}{
		"as it is":                {string(ascii), nil},
		"what it shows changed":   {strings.Replace(string(ascii), `"before":{"label":"B`, `"before":{"label":"C`, 1), audit.ErrBroken},
		"what was hashed changed": {strings.Replace(string(ascii), `\"label\":\"B`, `\"label\":\"C`, 1), audit.ErrBroken},
		"both changed":            {strings.NewReplacer(`\"label\":\"B`, `\"label\":\"C`, `"before":{"label":"B`, `"before":{"label":"C`).Replace(string(ascii)), audit.ErrBroken},
	} {
		s := audit.NewStream(b.keys)
		if err := s.Check(strings.NewReader(c.line)); err != nil {
			t.Fatal(err)
		}
		if chains, err := s.Chains(); !errors.Is(err, c.err) || name != "as it is" && c.line == string(ascii) {
			t.Errorf("%s: %+v, %v", name, chains, err)
		}
	}
}

// TestAPayloadOfAnotherFormIsStreamedAsItIs, whatever an older version wrote.
func TestAPayloadOfAnotherFormIsStreamedAsItIs(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 1)
	row := b.rows[7][0]
	row.Payload = bytes.Replace(row.Payload, []byte(`"target":"x"`), []byte(`"target":"x", "before":null`), 1)
	row.PayloadDigest = audit.Digest(row.Salt, row.Payload)
	row, err := audit.Link(b.keys, ledger.AuditTip{}, row)
	if err != nil {
		t.Fatal(err)
	}
	s := audit.NewStream(b.keys)
	if err := s.Check(strings.NewReader(line(t, audit.NewRecord(ledger.StreamRow{AuditRow: row, Slug: "acme"})))); err != nil {
		t.Fatal(err)
	}
	if chains, err := s.Chains(); err != nil || chains[0].Rows != 1 {
		t.Errorf("%+v, %v", chains, err)
	}
}
