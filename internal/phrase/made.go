package phrase

import "github.com/tokenry/tokenry/api"

// MadeWith counts what was made with a token: all, and those that are active.
func MadeWith(d api.Descendants) string {
	out := Itoa(d.Total)
	if d.Partial {
		out = "more than " + out
	}
	return out + ", " + Itoa(d.Active) + " active"
}

// Ended says how a token was stopped; empty for one that was not.
func Ended(t api.Token) string {
	switch {
	case t.RevokedAt != nil:
		out := "revoked " + Exact(*t.RevokedAt)
		if t.RevokeReason != nil && *t.RevokeReason != "" {
			out += " (" + *t.RevokeReason + ")"
		}
		return out
	case t.DisabledAt != nil && t.RevokeAt != nil:
		return "disabled " + Exact(*t.DisabledAt) + ", to be revoked " + Exact(*t.RevokeAt)
	case t.DisabledAt != nil:
		return "disabled " + Exact(*t.DisabledAt)
	}
	return ""
}
