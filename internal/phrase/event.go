package phrase

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// Difference is what one event changed, a sentence for each field.
func Difference(e api.AuditEvent) []string {
	var before, after map[string]json.RawMessage
	if json.Unmarshal(e.Before, &before) != nil || json.Unmarshal(e.After, &after) != nil {
		return nil // it was made, or is gone, or was erased
	}
	var out []string
	if before == nil || after == nil {
		return nil
	}
	all := map[string]json.RawMessage{} // what is null in an event is not there
	maps.Copy(all, before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if shown(before[name]) == shown(after[name]) || slices.Contains([]string{"revision", "effective", "overridden"}, name) {
			continue
		}
		if name == "grants" && len(after["role"]) > 0 && string(after["role"]) != "null" {
			continue // the role and its resources say it
		}
		out = append(out, strings.TrimSuffix(Sentence(strings.ReplaceAll(name, "_", " ")), ".")+WordsOf(before[name])+" → "+strings.TrimPrefix(WordsOf(after[name]), ": "))
	}
	return out
}

// shown takes what is missing for null.
func shown(raw json.RawMessage) string { return cmp.Or(string(raw), "null") }

// WordsOf is a value of an event, short.
func WordsOf(raw json.RawMessage) string {
	var s string
	var list []string
	switch {
	case len(raw) == 0 || string(raw) == "null" || string(raw) == `""`:
		return ": none"
	case json.Unmarshal(raw, &s) == nil:
		return ": " + Cut(s, 60)
	case json.Unmarshal(raw, &list) == nil:
		return ": " + Named(Listed(list, 6), "none")
	}
	return ": " + Cut(string(raw), 60)
}

// SoFar says how far a removal is.
func SoFar(x api.Removal) string {
	if x.Total == nil {
		return Plural(int(x.Done), "row") + " rewritten so far"
	}
	return fmt.Sprintf("%d of %s revoked", x.Done, Plural(int(*x.Total), "token"))
}

// RemovedWord is what a removal took away.
func RemovedWord(x api.Removal) string {
	return map[string]string{
		"member": "The member", "service_account": "The service account", "scope": "The scope", "resource": "The resource", "role": "The role",
	}[x.Kind]
}

// Pretty is a payload to read; what is no JSON stays as it is.
func Pretty(b json.RawMessage) string {
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return string(b)
	}
	return out.String()
}

// AttemptWords says what came of one try.
func AttemptWords(a api.WebhookAttempt) string {
	if a.Status == 0 {
		return "No answer: " + a.Error
	}
	return "Answered " + Itoa(a.Status)
}

// Attempts is the newest try in words; empty before the first.
func Attempts(d api.WebhookDelivery) string {
	if len(d.Attempts) == 0 {
		return ""
	}
	return AttemptWords(d.Attempts[len(d.Attempts)-1])
}

// EventWords are the types that an endpoint is told of.
func EventWords(events []string) string {
	if len(events) == 1 && events[0] == "*" {
		return "All events"
	}
	return Listed(events, 3)
}

// ActionWord is what the audit calls an action, in words.
func ActionWord(action string) string {
	switch action { // what is no verb
	case "token.strange_use":
		return Sentence("token used as it never was")
	case "token.unused":
		return Sentence("token owner told that nobody uses it")
	case "token.unused_withdrawn":
		return Sentence("token used again, or kept")
	case "unused.confirmed":
		return Sentence("disabling of unused tokens confirmed")
	case "token.strange_use_answered":
		return Sentence("token use answered for")
	}
	noun, verb, _ := strings.Cut(action, ".")
	return Sentence(strings.ReplaceAll(noun+" "+verb, "_", " "))
}
