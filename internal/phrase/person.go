package phrase

import (
	"strings"

	"github.com/tokenry/tokenry/api"
)

// AgentShort calls a browser by its name.
func AgentShort(agent string) string {
	browser := "Unknown program"
	for _, b := range []struct{ value, name string }{{"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}} {
		if strings.Contains(agent, b.value) {
			browser = b.name
			break
		}
	}
	for _, s := range []struct{ value, name string }{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}} {
		if strings.Contains(agent, s.value) {
			return browser + " on " + s.name
		}
	}
	return browser
}

// MethodWords names the sign-in of a session in words.
func MethodWords(method string) string {
	first, second, _ := strings.Cut(method, "+")
	out := map[string]string{
		"password": "password", "passkey": "passkey", "setup": "setup link", "reset": "reset link", "invitation": "invitation", "portal": "portal link",
		"link": "handed-out link", "factors": "handed-out link",
	}[first]
	if strings.HasPrefix(first, "oidc:") {
		out = "single sign-on"
	}
	switch second {
	case "totp":
		out += " and app"
	case "recovery":
		out += " and recovery code"
	}
	return out
}

// PasswordHint says what a password needs; beside an app it may be shorter.
func PasswordHint(app bool) string {
	if app {
		return "8 characters or more, because your app is asked for too."
	}
	return "15 characters or more. A few words that you alone would put together are best."
}

// CalledUser is how a person is called where there may be no name, or no e-mail.
func CalledUser(u api.User) string { return Named(u.Name, Named(Text(u.Email), u.ID)) }

// Takes are what an erasure counts, in words.
func Takes(e api.Erasure) []string {
	var out []string
	for _, n := range []struct {
		n    int
		what string
	}{
		{e.AuditEvents, "entry of the audit is blanked"}, {e.Tokens, "token is revoked"}, {e.Memberships, "membership ends"},
		{e.Sessions, "session ends"}, {e.Identities, "single sign-on is forgotten"}, {e.Factors, "second factor is forgotten"},
		{e.Mails, "mail is forgotten"}, {e.Deliveries, "webhook delivery is forgotten"}, {e.Mentions, "other object no longer names them"},
	} {
		if n.n > 0 {
			out = append(out, Counted(n.n, n.what))
		}
	}
	return out
}

// Counted is a sentence about one thing, said of n.
func Counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	words := strings.Fields(one)
	many := map[string]string{
		"entry": "entries", "token": "tokens", "membership": "memberships", "session": "sessions", "single": "single", "sign-on": "sign-ons",
		"factor": "factors", "mail": "mails", "delivery": "deliveries", "object": "objects", "is": "are", "ends": "end", "names": "name",
	}
	for i, w := range words {
		words[i] = Named(many[w], w)
	}
	return Itoa(n) + " " + strings.Join(words, " ")
}
