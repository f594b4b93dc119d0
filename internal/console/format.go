package console

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
)

// sentence makes a message of the authority one to read: a capital letter
// first, a full stop last.
func sentence(s string) string {
	if s == "" {
		return s
	}
	if first, _, _ := strings.Cut(s, " "); !strings.ContainsAny(first, ":_@*") { // a name stays as it is
		r, n := utf8.DecodeRuneInString(s)
		s = string(unicode.ToUpper(r)) + s[n:]
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}

// relative says how far a moment is from now, in words.
func relative(t, now time.Time) string {
	d := t.Sub(now)
	if d > 0 {
		if d < time.Minute {
			return "in a moment"
		}
		return "in " + span(nearest(d))
	}
	if -d < time.Minute {
		return "just now"
	}
	return span(-d) + " ago"
}

// nearest makes [span] round what is to come: what was just given 90 days ends in
// 90 days, a moment later too.
func nearest(d time.Duration) time.Duration {
	const day = 24 * time.Hour
	switch {
	case d < time.Hour:
		return d.Round(time.Minute)
	case d < 2*day:
		return d.Round(time.Hour)
	case d < 60*day:
		return d.Round(day)
	case d < 2*365*day:
		return d.Round(30 * day)
	}
	return d.Round(365 * day)
}

// span is a length of time in its largest unit, rounded down as people do.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Hour:
		return plural(int(d/time.Minute), "minute")
	case d < 2*day:
		return plural(int(d/time.Hour), "hour")
	case d < 60*day:
		return plural(int(d/day), "day")
	case d < 2*365*day:
		return plural(int(d/(30*day)), "month")
	}
	return plural(int(d/(365*day)), "year")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "s") {
		what += "e"
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// times is how often something happened.
func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// lasting is a duration of the policy in words.
func lasting(d api.Duration) string {
	if d == 0 {
		return "no time"
	}
	if d%api.Day == 0 {
		return plural(int(d/api.Day), "day")
	}
	return span(d.Std())
}

func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// exact is a moment for people whose browser does not say their zone.
func exact(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// limit is a rate limit in words.
func limit(l *api.RateLimit) string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf("%d requests per %s", l.Requests, l.Window)
}

// text is an optional text.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// listed joins names for a sentence: "a, b and c", and how many more there are.
func listed(names []string, most int) string {
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	switch len(names) {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// soon is how near an expiry must be to be marked.
const soon = 14 * 24 * time.Hour

func endsSoon(t api.Token, now time.Time) bool {
	return t.Status == api.StatusActive && t.ExpiresAt != nil && t.ExpiresAt.Sub(now) < soon
}

// rightsOf says in short what a token or a person was given.
func rightsOf(role *string, scopes []string, grants []api.Statement, inherits string) string {
	switch {
	case role != nil:
		return *role
	case scopes != nil && len(scopes) == 0, grants != nil && len(grants) == 0:
		return "Nothing"
	case scopes != nil:
		return listed(scopes, 3)
	case len(grants) == 1:
		return inherits
	case grants != nil:
		return plural(len(grants), "statement")
	}
	return inherits
}

// reachOf says in short which resources.
func reachOf(resources []string) string {
	switch {
	case len(resources) == 1 && resources[0] == "*":
		return "All resources"
	case len(resources) == 0:
		return "No resources"
	}
	return listed(resources, 3)
}

// why says why a token that is active does not work, and what would help.
func why(t api.Token) string {
	if t.BlockedBy == nil || t.Usable {
		return ""
	}
	return api.Code(*t.BlockedBy).Info().Title
}

// remedy is what to do about it.
func remedy(t api.Token) string {
	if t.BlockedBy == nil || t.Usable {
		return ""
	}
	return api.Code(*t.BlockedBy).Info().Advice
}

// stoppedBy says who disabled a token, and whose it is to bring it back.
func stoppedBy(t api.Token) string {
	if t.DisabledAt == nil {
		return ""
	}
	by := "By " + named(text(t.DisabledBy), "somebody whom nobody knows any more") + "."
	if t.Held != nil && slices.Contains(t.Held.Fields, "disabled_at") {
		by += " Only an administrator brings it back."
	}
	return by
}

// heldWords say what an administrator stopped or narrowed.
func heldWords(h *api.Held) string {
	names := map[string]string{"disabled_at": "disabled", "revoke_at": "its end", "allowed_ips": "addresses", "rate_limit": "rate limit",
		"not_before": "start", "expires_at": "expiry", "recoverable": "showing it again", "grants": "rights"}
	words := make([]string, len(h.Fields))
	for i, f := range h.Fields {
		words[i] = named(names[f], f)
	}
	return strings.Join(words, ", ") + " – by " + named(text(h.By), "an administrator") + "; its owner alone does not undo it"
}

// denialRemedy is what to do about one refusal, as far as its request tells.
func denialRemedy(d api.Denial) string {
	switch {
	case d.Code == api.CodeInsufficientScope && len(d.Scopes) > 0:
		return "The request needs " + listed(d.Scopes, 5) + ". Give the token that scope, and its owner too if they lack it."
	case d.Code == api.CodeResourceDenied && d.Resource != "":
		return "The request was about " + d.Resource + ". Add that to the token’s resources, and to its owner’s if they lack it."
	case d.Code == api.CodeInsufficientScope:
		return "Give the token the scope that the request needs, and its owner too if they lack it."
	}
	return d.Code.Info().Advice
}

// isOver says whether a token's life has ended.
func isOver(t api.Token) bool { return t.Status == api.StatusRevoked }
