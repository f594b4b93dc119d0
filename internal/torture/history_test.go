package torture_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/tokenry/tokenry/api"
)

// What was done to a token. A first use is a verification by a new secret that ends the
// one before.
const (
	verifies    = "verify"
	revokes     = "revoke"
	disables    = "disable"
	enables     = "enable"
	deactivates = "deactivate"
	activates   = "activate"
	narrows     = "narrow"
	widens      = "widen"
	resets      = "reset"
	rotates     = "rotate"
	firstUses   = "first use"
)

// undoes names what brings back what was taken; what is not named here never comes back.
var undoes = map[string]string{disables: enables, deactivates: activates, narrows: widens, revokes: "", resets: "", firstUses: ""}

// never is the end of a call that may still happen.
const never = math.MaxInt64 / 8

// op is one call and what came of it; times are nanoseconds since the run began.
type op struct {
	kind       string
	node       int
	start, end int64
	// secret is which of the token's was asked about, or is new.
	secret int
	// code is the answer of a verification.
	code api.Code
}

func (o op) known() bool { return o.end != never }

func (o op) takes() bool {
	_, is := undoes[o.kind]
	return is
}

func (o op) String() string {
	s := fmt.Sprintf("%10s to %10s  node %d  %s", at(o.start), at(o.end), o.node, o.kind)
	switch o.kind {
	case verifies, firstUses:
		s += fmt.Sprintf(" with secret %d: %s", o.secret, o.code)
	case resets, rotates:
		s += fmt.Sprintf(" to secret %d", o.secret)
	}
	return s
}

func at(t int64) string {
	if t == never {
		return "unknown"
	}
	return fmt.Sprintf("%.4fs", time.Duration(t).Seconds())
}

// broken is a verification that accepted what was over before it began.
type broken struct{ take, verify op }

// accepted finds what the promise forbids: a verification that began after a call that
// takes away was answered, and accepted, though nothing that gives it back may have come
// between.
func accepted(history []op) []broken {
	var all []broken
	for _, v := range history {
		if v.kind != verifies || v.code != api.CodeOK {
			continue
		}
		for _, t := range history {
			if t.takes() && t.known() && t.end < v.start && ends(t, v.secret) && !back(history, t, v) {
				all = append(all, broken{t, v})
				break
			}
		}
	}
	return all
}

// ends says whether a call is about this secret.
func ends(t op, secret int) bool {
	return t.kind != resets && t.kind != firstUses || secret < t.secret
}

// back says whether something that undoes t may have come after it.
func back(history []op, t, v op) bool {
	give := undoes[t.kind]
	return slices.ContainsFunc(history, func(g op) bool {
		return give != "" && g.kind == give && g.end >= t.start && g.start <= v.end
	})
}

// state is what is so of a token.
type state struct {
	there, revoked, disabled, away, narrow bool
	// secret is the newest; overlap says that the one before works too.
	secret  int
	overlap bool
}

func (s state) after(o op) state {
	switch o.kind {
	case revokes:
		s.revoked = true
	case disables, enables:
		s.disabled = o.kind == disables
	case deactivates, activates:
		s.away = o.kind == deactivates
	case narrows, widens:
		s.narrow = o.kind == narrows
	case resets, rotates:
		s.secret, s.overlap = o.secret, o.kind == rotates
	case firstUses:
		s.overlap = s.overlap && s.secret != o.secret
	}
	return s
}

// says is what a verification answers of a secret: the first code that applies.
func (s state) says(secret int) api.Code {
	switch {
	case !s.there || secret > s.secret:
		return api.CodeUnknown
	case secret < s.secret-1 || secret == s.secret-1 && !s.overlap:
		return api.CodeRetired
	case s.revoked:
		return api.CodeRevoked
	case s.disabled:
		return api.CodeDisabled
	case s.away:
		return api.CodeOwnerInactive
	case s.narrow:
		return api.CodeInsufficientScope
	}
	return api.CodeOK
}

// The model: a token is a row of states, of which a verification may see any, and a call
// that takes away drops those before it when it is answered. A node may know of a change
// before it is answered, and another not yet.
type step struct {
	op
	// fence is the answer to op; it drops what was before.
	fence bool
	id    int
}

type version struct {
	state
	id int
}

// model is a function of the states that may be seen; they are compared as text.
func model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return []version{{id: -1}, {state{there: true}, 0}} },
		Step: func(s, input, output any) (bool, any) {
			seen, in := s.([]version), input.(step) //nolint:errcheck // the checker hands over what it was given
			switch {
			case in.fence:
				i := slices.IndexFunc(seen, func(v version) bool { return v.id == in.id })
				return true, seen[max(i, 0):] // a later fence may have dropped it
			case in.kind == verifies:
				return slices.ContainsFunc(seen, func(v version) bool { return any(v.says(in.secret)) == output }), s
			default:
				newest := seen[len(seen)-1].state.after(in.op)
				return true, append(slices.Clip(seen), version{newest, in.id})
			}
		},
		Equal: func(a, b any) bool { return slices.Equal(a.([]version), b.([]version)) }, //nolint:errcheck // as above
	}
}

// linear says whether there is an order of all calls, each at one moment between its
// begin and its end, in which the model gives every answer.
func linear(history []op, within time.Duration) porcupine.CheckResult {
	var all []porcupine.Operation
	for i, o := range history {
		end := o.end * 4
		all = append(all, porcupine.Operation{Input: step{op: o, id: i + 1}, Output: o.code, Call: o.start * 4, Return: end})
		if o.takes() && o.known() { // behind the call, before anything that begins later
			all = append(all, porcupine.Operation{Input: step{op: o, fence: true, id: i + 1}, Output: o.code, Call: end + 1, Return: end + 2})
		}
	}
	return porcupine.CheckOperationsTimeout(model(), all, within)
}

// shortest leaves out verifications as long as what is left cannot be put in order.
func shortest(history []op) []op {
	for size := max(len(history)/2, 1); size > 0; size /= 2 {
		for i := 0; i+size <= len(history); {
			less := slices.Delete(slices.Clone(history), i, i+size)
			gone := history[i : i+size]
			if !slices.ContainsFunc(gone, func(o op) bool { return o.kind != verifies }) && linear(less, time.Second) == porcupine.Illegal {
				history = less
				continue
			}
			i += size
		}
	}
	return history
}

// told is a history and what was wrong around it, for whoever has to understand it.
func told(history []op, faults []span) string {
	var b strings.Builder
	from, to := int64(math.MaxInt64), int64(0)
	slices.SortFunc(history, func(a, b op) int { return int(a.start - b.start) })
	for _, o := range history {
		fmt.Fprintf(&b, "    %s\n", o)
		from, to = min(from, o.start), max(to, o.start)
	}
	const around = int64(5 * time.Second)
	for _, f := range faults {
		if f.end >= from-around && f.start <= to+around {
			fmt.Fprintf(&b, "    %10s to %10s  fault: %s\n", at(f.start), at(f.end), f.what)
		}
	}
	return b.String()
}
