package audit

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// This test is inside the package because the two ways to read a payload are one to whoever
// is outside.

// slowly is what encoding/json reads, of what [read] answers.
func slowly(payload []byte) Payload {
	var p Payload
	_ = json.Unmarshal(payload, &p)
	return Payload{IP: p.IP, Agent: p.Agent, RequestID: p.RequestID, Before: p.Before, After: p.After}
}

func quickly(payload []byte) Payload {
	p := read(payload)
	return Payload{IP: p.IP, Agent: p.Agent, RequestID: p.RequestID, Before: p.Before, After: p.After}
}

func drawPayload(rt *rapid.T) Payload {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "ada@example.com", "a<b>&c", "é\u2028", `"`, `\`, "\n"}), rapid.StringN(0, 12, -1))
	value := rapid.SampledFrom([]string{"", "null", "{}", "[]", `""`, "0", "-1.5e3", "true", `{"a":{"b":["}",",\"",{}]},"c":null}`, `"\\"`, `"\u003c"`, ` {"a": 1}`, "[1,2]", `{"a":1,"a":2}`})
	p := Payload{
		At:       time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(rt, "at")).UTC().Format(TimeFormat),
		Revision: rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64()).Draw(rt, "revision"), Workspace: text.Draw(rt, "workspace"),
		Action: text.Draw(rt, "action"), Actor: text.Draw(rt, "actor"), ActorToken: text.Draw(rt, "with"), OnBehalf: text.Draw(rt, "behalf"),
		IP: text.Draw(rt, "ip"), Agent: text.Draw(rt, "agent"), RequestID: text.Draw(rt, "request"), Target: text.Draw(rt, "target"), Token: text.Draw(rt, "token"),
	}
	if v := value.Draw(rt, "before"); v != "" {
		p.Before = json.RawMessage(v)
	}
	if v := value.Draw(rt, "after"); v != "" {
		p.After = json.RawMessage(v)
	}
	return p
}

// Whatever a payload says and however it was damaged, both ways read the same of it.
func TestLawAPayloadIsReadAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPayload(rt)
		b, err := json.Marshal(p)
		if err != nil {
			rt.Fatal(err)
		}
		if rapid.Bool().Draw(rt, "damage") {
			at := rapid.IntRange(0, len(b)-1).Draw(rt, "where")
			with := rapid.SampledFrom([]string{"", " ", `"`, `\`, ",", "}", "{", "1", "\x00", "\xff", `,"ip":"other"`, `,"IP":"other"`, "null"}).Draw(rt, "with")
			b = []byte(string(b[:at]) + with + string(b[min(at+rapid.IntRange(0, 2).Draw(rt, "gone"), len(b)):]))
		}
		if d := cmp.Diff(slowly(b), quickly(b)); d != "" {
			rt.Fatalf("%s\n%s", b, d)
		}
	})
}

// A row whose columns say what its payload says is told from one of which one column says
// another, in whichever way the payload is read.
func TestLawAColumnThatDiffersIsSeen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPayload(rt)
		for _, s := range []*string{&p.Action, &p.Actor, &p.ActorToken, &p.OnBehalf, &p.Target, &p.Token, &p.Workspace} {
			*s = strings.ToValidUTF8(*s, "")
		}
		at, err := time.Parse(TimeFormat, p.At)
		if err != nil {
			rt.Fatal(err)
		}
		b, err := json.Marshal(p)
		if err != nil {
			rt.Fatal(err)
		}
		row := ledger.AuditRow{
			Revision: p.Revision, At: at, Action: p.Action, Actor: p.Actor, ActorToken: p.ActorToken, OnBehalf: p.OnBehalf, Target: p.Target,
			Token: p.Token, Payload: b,
		}
		if !repeats(row, p.Workspace) && p.Workspace != "" {
			rt.Fatalf("%s does not say the same as %+v", b, row)
		}
		if repeats(row, p.Workspace+"x") {
			rt.Fatal("another workspace")
		}
		for i, change := range []func(*ledger.AuditRow){
			func(r *ledger.AuditRow) { r.Revision++ }, func(r *ledger.AuditRow) { r.At = r.At.Add(time.Microsecond) },
			func(r *ledger.AuditRow) { r.Action += "x" }, func(r *ledger.AuditRow) { r.Actor += "x" }, func(r *ledger.AuditRow) { r.ActorToken += "x" },
			func(r *ledger.AuditRow) { r.OnBehalf += "x" }, func(r *ledger.AuditRow) { r.Target += "x" }, func(r *ledger.AuditRow) { r.Token += "x" },
		} {
			changed := row
			if change(&changed); repeats(changed, p.Workspace) {
				rt.Fatalf("change %d of %s is not seen", i, b)
			}
		}
	})
}

// What Tokenry writes is read quickly: else nobody would notice that it is not any more.
func TestAPayloadOfTokenryIsReadAtAGlance(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(Payload{
		At: "2026-01-02T03:04:05.000006Z", Revision: 7, Workspace: "acme", Action: "token.created", Actor: "ada@example.com", ActorToken: "0123456789AB", IP: "10.0.0.1",
		Agent: "tokenry/1.0", RequestID: "req_1", Target: "ci_1", Token: "0123456789AB", Before: json.RawMessage(`{"label":"<é>"}`), After: json.RawMessage(`{"grants":[{"role":"Viewer"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	var p told
	if !p.cut(b) || string(p.agent) != "tokenry/1.0" {
		t.Fatalf("%s is read as %s", b, p.agent)
	}
	if before, after, ok := p.values(); !ok || string(before) != `{"label":"\u003cé\u003e"}` || string(after) != `{"grants":[{"role":"Viewer"}]}` {
		t.Errorf("%s and %s", before, after)
	}
}

// Whatever an event says, a line of an export is what encoding/json writes.
func TestLawAnEventIsWrittenAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPayload(rt)
		at := rapid.OneOf(rapid.Just(time.Time{}), rapid.Map(rapid.Int64Range(-1<<50, 1<<58), func(n int64) time.Time { return time.UnixMicro(n).UTC() })).Draw(rt, "time")
		e := api.AuditEvent{
			Sequence: p.Revision / 2, At: at, Revision: p.Revision, Workspace: p.Workspace, Action: p.Action, Actor: p.Actor, ActorToken: optional(p.ActorToken),
			OnBehalf: optional(p.OnBehalf), IP: optional(p.IP), UserAgent: optional(p.Agent), RequestID: p.RequestID, Target: p.Target, Token: optional(p.Token),
			Before: p.Before, After: p.After, Erased: p.Revision%2 == 0, Hash: p.Token,
		}
		want, wrong := json.Marshal(e)
		got, err := AppendEvent(nil, &e)
		if (err == nil) != (wrong == nil) || err == nil && string(got) != string(want) {
			rt.Fatalf("%s, %v\nwant %s, %v", got, err, want, wrong)
		}
	})
}
