package httpapi

import (
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// resultWriter appends an [api.VerifyResult] as JSON to b, by hand: it is
// written for every request of somebody else's product. What it writes is held
// against encoding/json by a fuzz test.
type resultWriter struct{ b []byte }

// result writes a decision. Of a token whose secret was not right nothing is
// told but that.
func (w *resultWriter) result(d *verify.Decision, scopes []string, requestID string) {
	w.raw(`{"allowed":`)
	w.b = strconv.AppendBool(w.b, d.Allowed())
	w.raw(`,"code":`)
	w.text(string(d.Code))
	if d.Matched {
		if !d.Allowed() {
			w.raw(`,"detail":`)
			w.text(why(d))
		}
		w.token(d)
		w.principal(d.Owner)
		w.workspace(d.Workspace)
		w.rights(d, scopes)
	} else {
		w.raw(`,"workspace_external_id":null`)
	}
	w.expiry(d.ExpiresAt)
	w.rate(d.Rate)
	w.refusal(d, scopes)
	w.raw(`,"request_id":`)
	w.text(requestID)
	w.raw(`,"revision":`)
	w.b = strconv.AppendInt(w.b, d.Revision, 10)
	w.raw(`}`)
}

func (w *resultWriter) raw(s string) { w.b = append(w.b, s...) }

func (w *resultWriter) token(d *verify.Decision) {
	w.raw(`,"token":{"id":"`)
	if d.Owner.Address != "" {
		w.escaped(d.Owner.Address)
		w.raw(`_`)
	}
	w.b = append(w.b, d.Locator[:]...)
	w.raw(`","locator":"`)
	w.b = append(w.b, d.Locator[:]...)
	w.raw(`","kind":`)
	w.text(d.Kind.String())
	w.raw(`,"label":"`)
	w.label(d)
	w.raw(`","masked":"`)
	if d.Foreign {
		w.escaped(d.Start + "…")
	} else {
		w.raw(token.Mask(d.Prefix, d.Kind, d.Locator)) // base62, an underscore and an ellipsis: nothing to escape
	}
	w.raw(`"`)
	if d.Derived {
		w.raw(`,"derived":true`)
	}
	w.raw(`,"metadata":`)
	if len(d.Metadata) == 0 {
		w.raw(`{}`)
	} else {
		w.b = append(w.b, d.Metadata...)
	}
	w.raw(`}`)
}

// label escapes the label, which the decision can append but not show without a copy.
func (w *resultWriter) label(d *verify.Decision) {
	from := len(w.b)
	w.b = d.AppendLabel(w.b)
	if !plainText(w.b[from:]) {
		text := string(w.b[from:])
		w.b = w.b[:from]
		w.escaped(text)
	}
}

func (w *resultWriter) principal(o *verify.Owner) {
	w.raw(`,"principal":{"type":`)
	w.text(o.Key.Type.String())
	w.raw(`,"id":`)
	w.text(o.PublicID)
	w.raw(`,"address":`)
	w.text(o.Address)
	w.raw(`,"name":`)
	w.text(o.Name)
	w.raw(`,"external_id":`)
	w.optional(o.ExternalID)
	w.raw(`}`)
}

func (w *resultWriter) workspace(ws *verify.Workspace) {
	if ws.Slug != "" {
		w.raw(`,"workspace":`)
		w.text(ws.Slug)
	}
	w.raw(`,"workspace_external_id":`)
	w.optional(ws.ExternalID)
}

// optional writes a text that is null when there is none.
func (w *resultWriter) optional(s string) {
	if s == "" {
		w.raw(`null`)
		return
	}
	w.text(s)
}

// rights tells what the token may do, unless the token itself is not valid: a
// careless reader of the lists must not take them for a permission.
func (w *resultWriter) rights(d *verify.Decision, scopes []string) {
	if d.Rights == nil || !d.Allowed() && d.Code.Info().Status == http.StatusUnauthorized {
		return
	}
	w.raw(`,"scopes":`)
	w.b = append(w.b, d.Rights.ScopesJSON...)
	w.raw(`,"resources":`)
	resources := d.Rights.ResourcesJSON
	if d.Allowed() {
		_, resources = d.Rights.ResourcesFor(scopes)
	}
	w.b = append(w.b, resources...)
}

func (w *resultWriter) expiry(t time.Time) {
	w.raw(`,"expires_at":`)
	if t.IsZero() {
		w.raw(`null`)
		return
	}
	w.raw(`"`)
	w.b = t.AppendFormat(w.b, time.RFC3339Nano)
	w.raw(`"`)
}

func (w *resultWriter) rate(r verify.Rate) {
	w.raw(`,"rate_limit":`)
	if !r.Limited {
		w.raw(`null`)
		return
	}
	w.raw(`{"limit":`)
	w.b = strconv.AppendInt(w.b, int64(r.Limit), 10)
	w.raw(`,"remaining":`)
	w.b = strconv.AppendInt(w.b, int64(r.Remaining), 10)
	w.raw(`,"reset":`)
	w.b = strconv.AppendInt(w.b, wholeSeconds(r.Reset), 10)
	w.raw(`}`)
}

// refusal tells what is missing, or how long to wait.
func (w *resultWriter) refusal(d *verify.Decision, scopes []string) {
	if missing := missingOf(d, scopes); len(missing) > 0 {
		w.raw(`,"missing":[`)
		for i, s := range missing {
			if i > 0 {
				w.raw(`,`)
			}
			w.text(s)
		}
		w.raw(`]`)
	}
	if d.Code == api.CodeRateLimited {
		w.raw(`,"retry_after":`)
		w.b = strconv.AppendInt(w.b, max(wholeSeconds(d.Rate.RetryAfter), 1), 10)
	}
}

func missingOf(d *verify.Decision, scopes []string) []string {
	if d.Code != api.CodeInsufficientScope {
		return nil
	}
	return d.Missing(scopes)
}

// wholeSeconds rounds up, so that nobody comes back too early.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

func (w *resultWriter) text(s string) {
	w.raw(`"`)
	w.escaped(s)
	w.raw(`"`)
}

// escaped appends a text as the inside of a JSON string.
func (w *resultWriter) escaped(s string) {
	if plainText(s) {
		w.raw(s)
		return
	}
	const hex = "0123456789abcdef"
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			w.b = append(w.b, '\\', byte(r))
		case r < ' ', r == '<', r == '>', r == '&', r == 0x7f:
			w.b = append(w.b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		case r == '\u2028', r == '\u2029':
			w.b = append(w.b, '\\', 'u', '2', '0', '2', hex[r&15])
		default:
			w.b = utf8.AppendRune(w.b, r) // what was broken becomes U+FFFD
		}
	}
}

// plainText says whether a text is its own JSON: printable ASCII without
// quotes, backslashes and what HTML would see.
func plainText[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}
