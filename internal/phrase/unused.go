package phrase

import (
	"time"

	"github.com/tokenry/tokenry/api"
)

// Disuse says of a token that it is, or was, disabled because nobody uses it; empty of every
// other.
func Disuse(u *api.Unused) string {
	switch {
	case u == nil:
		return ""
	case u.DisabledAt != nil:
		return "Disabled because nobody used it since " + dateOf(u.Since) + "; enable it, and it works again."
	case u.DisableAt != nil:
		return "Will be disabled on " + dateOf(*u.DisableAt) + " if nobody uses it: unused since " + dateOf(u.Since) + "."
	}
	return ""
}

// DisuseShort is [Disuse] for a list.
func DisuseShort(u *api.Unused) string {
	if u == nil || u.DisableAt == nil {
		return ""
	}
	return "Unused; disabled " + u.DisableAt.UTC().Format("2 Jan 2006")
}

func dateOf(t time.Time) string { return t.UTC().Format("2 January 2006") }

// UnusedRule says what the policy does, and to how many tokens it gave a day.
func UnusedRule(u api.UnusedTokens) string {
	if u.After == 0 {
		return "The policy disables none of them."
	}
	say := "The policy disables what was not used for " + Lasting(u.After) + ". " + Plural(u.Warned, "token") +
		map[bool]string{true: " has", false: " have"}[u.Warned == 1] + " a day."
	if u.RecordedSince == nil {
		return say + " Since when usage is recorded without a gap is not known now, so nothing is disabled."
	}
	return say + " Usage is recorded without a gap since " + dateOf(*u.RecordedSince) + ", and nothing before counts."
}

// UnusedWaits says what waits to be disabled; empty where nothing does.
func UnusedWaits(w *api.UnusedWaiting) string {
	if w == nil {
		return ""
	}
	return Plural(w.Count, "token") + map[bool]string{true: " that nobody uses waits", false: " that nobody uses wait"}[w.Count == 1] +
		" to be disabled, since " + dateOf(w.Since) + ". A tenth of the workspace's tokens is disabled in each day, and one at least; more with your yes."
}

// UnusedPreview says what a policy would mean now.
func UnusedPreview(p *api.UnusedPreview) string {
	switch {
	case p == nil:
		return ""
	case p.Warned == 0:
		return "With " + Lasting(p.After) + ", no owner would be told now" + more(p.More) + "."
	}
	return "With " + Lasting(p.After) + ", the owners of " + Plural(p.Warned, "token") + " would be told now that it is disabled in 14 days if nobody uses it; " +
		Itoa(p.Unused) + " of them " + map[bool]string{true: "was", false: "were"}[p.Unused == 1] + " not used for so long already" + more(p.More) + "."
}

func more(is bool) string {
	if is {
		return ", of the first that were looked at"
	}
	return ""
}

// UnusedYes says what a yes still counts for; empty where there is none.
func UnusedYes(c *api.UnusedConfirmed) string {
	if c == nil {
		return ""
	}
	return Named(Text(c.By), "Somebody") + " said yes on " + dateOf(c.At) + ": " + Plural(c.Left, "token") + " of those that were shown " +
		map[bool]string{true: "is", false: "are"}[c.Left == 1] + " disabled within minutes, and until " + dateOf(c.Until) + " at the latest."
}
