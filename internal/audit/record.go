package audit

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf16"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// View is a row as the API shows it, of the chain with this slug ("" is the instance's).
func View(slug string, row ledger.AuditRow) api.AuditEvent {
	p := read(row.Payload)
	return api.AuditEvent{
		Sequence: row.Sequence, At: row.At.UTC(), Revision: row.Revision, Workspace: slug, Action: row.Action,
		Actor: row.Actor, ActorToken: optional(row.ActorToken), OnBehalf: optional(row.OnBehalf), IP: optional(p.IP),
		UserAgent: optional(p.Agent), RequestID: p.RequestID, Target: row.Target, Token: optional(row.Token),
		Before: p.Before, After: p.After, Erased: row.Erasure != nil, Hash: hex.EncodeToString(row.Hash),
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// ActionGap is the action of a [Record] that tells of rows which were purged before they
// were streamed: From First up to its own number, whose hash it has.
const ActionGap = "audit.gap"

// Record is a row of the audit as it is streamed: what the API shows, and what it takes to
// check it with the keyring and nothing else.
type Record struct {
	api.AuditEvent
	// PreviousHash is that of the row before, in hex; empty for the first.
	PreviousHash string `json:"previous_hash"`
	// First is the first row that a gap lacks.
	First int64 `json:"first,omitempty"`
	// Proof is nil in a gap, which is told and proved by what follows it.
	Proof *Proof `json:"proof,omitempty"`
}

// Proof is what a row's hash is made of besides what the event says.
type Proof struct {
	Chain  int64       `json:"chain"`
	Key    token.KeyID `json:"key"`
	Digest []byte      `json:"digest"`
	Salt   []byte      `json:"salt,omitempty"`
	// Erasure is the seal of a row that was erased.
	Erasure []byte `json:"erasure,omitempty"`
	// Payload is what was hashed, where the event's fields do not come to the same.
	Payload string `json:"payload,omitempty"`
}

// NewRecord is a row as it is streamed.
func NewRecord(row ledger.StreamRow) Record {
	r := Record{AuditEvent: View(row.Slug, row.AuditRow), PreviousHash: hex.EncodeToString(row.Previous), Proof: &Proof{
		Chain: row.Workspace, Key: row.Key, Digest: row.PayloadDigest, Salt: row.Salt, Erasure: row.Erasure,
	}}
	if payload, err := r.payload(); row.Payload != nil && (err != nil || !bytes.Equal(payload, row.Payload)) {
		r.Proof.Payload = string(row.Payload)
	}
	return r
}

// NewGap is what is told of rows that nobody can stream any more. It has no time: nobody
// knows it any more.
func NewGap(g ledger.StreamGap) Record {
	return Record{AuditEvent: api.AuditEvent{Sequence: g.Through, Workspace: g.Slug, Action: ActionGap, Hash: hex.EncodeToString(g.Hash)}, First: g.First}
}

// ASCII is the record as JSON without any other character, for who would take its bytes for
// another encoding. Where one is written otherwise, what was hashed stands beside.
func (r Record) ASCII() ([]byte, error) {
	line, err := json.Marshal(r)
	if err != nil || !bytes.ContainsFunc(line, beyond) {
		return line, err
	}
	if proof := r.Proof; proof != nil && r.Proof.Erasure == nil {
		told := *proof
		payload, err := r.payload()
		if err != nil {
			return nil, err
		}
		told.Payload = string(payload)
		r.Proof = &told
		if line, err = json.Marshal(r); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	for _, c := range string(line) {
		switch {
		case !beyond(c):
			out.WriteRune(c)
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, c)
		}
	}
	return out.Bytes(), nil
}

func beyond(c rune) bool { return c >= 0x7f }

// says says whether the event shows what was hashed.
func (r Record) says(payload []byte) bool {
	var p Payload
	if json.Unmarshal(payload, &p) != nil {
		return false
	}
	return p.IP == text(r.IP) && p.Agent == text(r.UserAgent) && p.RequestID == r.RequestID && same(p.Before, r.Before) && same(p.After, r.After)
}

// same compares values, however they are written.
func same(a, b json.RawMessage) bool {
	var left, right any
	return (value(a) == nil || json.Unmarshal(a, &left) == nil) && (value(b) == nil || json.Unmarshal(b, &right) == nil) && reflect.DeepEqual(left, right)
}

// payload is what was hashed, made of what the event says.
func (r Record) payload() ([]byte, error) {
	if r.Proof.Payload != "" {
		return []byte(r.Proof.Payload), nil
	}
	return json.Marshal(Payload{
		At: r.At.UTC().Format(TimeFormat), Revision: r.Revision, Workspace: r.Workspace, Action: r.Action, Actor: r.Actor, ActorToken: text(r.ActorToken),
		OnBehalf: text(r.OnBehalf), IP: text(r.IP), Agent: text(r.UserAgent), RequestID: r.RequestID, Target: r.Target, Token: text(r.Token),
		Before: value(r.Before), After: value(r.After),
	})
}

// value takes null for nothing: an event that has neither shows null.
func value(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

var (
	errNoRecord = errors.New("it is no row of the audit with its proof")
	errOther    = errors.New("what it shows was changed")
)

// row is the record as the chain has it, and the hash before it.
func (r Record) row() (row ledger.AuditRow, previous []byte, err error) {
	if r.Proof == nil {
		return row, nil, errNoRecord
	}
	hash, err1 := hex.DecodeString(r.Hash)
	previous, err2 := hex.DecodeString(r.PreviousHash)
	if err := errors.Join(err1, err2); err != nil {
		return row, nil, errNoRecord
	}
	row = ledger.AuditRow{
		Workspace: r.Proof.Chain, Sequence: r.Sequence, Revision: r.Revision, At: r.At, Action: r.Action, Actor: r.Actor, ActorToken: text(r.ActorToken),
		OnBehalf: text(r.OnBehalf), Target: r.Target, Token: text(r.Token), Salt: r.Proof.Salt, PayloadDigest: r.Proof.Digest, Hash: hash, Key: r.Proof.Key,
		Erasure: r.Proof.Erasure,
	}
	shown, erased := []byte("{}"), r.Proof.Erasure != nil // of an erased row nothing is left but what its seal is over
	if !erased {
		if row.Payload, err = r.payload(); err != nil {
			return row, nil, err
		}
		shown = row.Payload
	}
	if r.Erased != erased || r.First != 0 || erased && r.Proof.Payload != "" || !r.says(shown) {
		return row, nil, errOther
	}
	if len(previous) == 0 {
		previous = nil
	}
	return row, previous, nil
}
