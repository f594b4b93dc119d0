package phrase_test

import (
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// TestAProgramIsCalledByWhatItIs: browsers name one another, the most telling name first.
func TestAProgramIsCalledByWhatItIs(t *testing.T) {
	t.Parallel()
	const like = " AppleWebKit/537.36 (KHTML, like Gecko) "
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + like + "Chrome/138.0 Safari/537.36 Edg/138.0":   "Edge on Windows",
		"Mozilla/5.0 (X11; Linux x86_64)" + like + "Chrome/138.0 Safari/537.36":                       "Chrome on Linux",
		"Mozilla/5.0 (Linux; Android 16; Pixel 9)" + like + "Chrome/138.0 Mobile Safari/537.36":       "Chrome on Android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)" + like + "Version/18.0 Safari/605.1.15":     "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)" + like + "Version/18.0 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X)" + like + "Version/18.0 Safari/604.1":          "Safari on iPad",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0":            "Firefox on Windows",
		"curl/8.14.1": "curl", "": "Unknown program", "tokenry/1 (Linux)": "Unknown program on Linux",
	} {
		says(t, phrase.AgentShort(agent), want)
	}
}

// TestEveryWayInHasAName, with whatever was asked for behind it.
func TestEveryWayInHasAName(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{
		"password": "password", "passkey": "passkey", "setup": "setup link", "reset": "reset link", "invitation": "invitation", "portal": "portal link",
		"link": "handed-out link", "factors": "handed-out link", "oidc:corp": "single sign-on",
	} {
		says(t, phrase.MethodWords(method), want)
		says(t, phrase.MethodWords(method+"+totp"), want+" and app")
		says(t, phrase.MethodWords(method+"+recovery"), want+" and recovery code")
	}
	says(t, phrase.MethodWords(""), "") // of a session from before it was kept
	says(t, phrase.WaysIn(true, nil), "With a password")
	says(t, phrase.WaysIn(true, []string{"corp", "lab"}), "With a password, single sign-on by corp and single sign-on by lab")
	says(t, phrase.WaysIn(false, nil), "No way yet: they have chosen no password")
	says(t, phrase.Factors(nil), "None")
	says(t, phrase.Factors([]string{"totp", "passkey"}), "Authenticator app and passkey.")
	says(t, phrase.Factors([]string{"later"}), "Later.")
	if with, alone := phrase.PasswordHint(true), phrase.PasswordHint(false); !strings.HasPrefix(with, "8 ") || !strings.HasPrefix(alone, "15 ") {
		t.Errorf("beside an app %q, alone %q", with, alone)
	}
}

func TestAPersonIsCalledBySomething(t *testing.T) {
	t.Parallel()
	mail := "ada@example.com"
	says(t, phrase.CalledUser(api.User{Name: "Ada", Email: &mail, ID: "usr_1"}), "Ada")
	says(t, phrase.CalledUser(api.User{Email: &mail, ID: "usr_1"}), mail)
	says(t, phrase.CalledUser(api.User{ID: "usr_1"}), "usr_1")
}

// TestAnErasureIsCountedInWords: of one and of many, and of what there is none nothing.
func TestAnErasureIsCountedInWords(t *testing.T) {
	t.Parallel()
	one := strings.Join(phrase.Takes(api.Erasure{AuditEvents: 1, Tokens: 1, Memberships: 1, Sessions: 1, Identities: 1, Factors: 1, Mails: 1, Deliveries: 1, Mentions: 1}), "; ")
	says(t, one, "1 entry of the audit is blanked; 1 token is revoked; 1 membership ends; 1 session ends; 1 single sign-on is forgotten; "+
		"1 second factor is forgotten; 1 mail is forgotten; 1 webhook delivery is forgotten; 1 other object no longer names them")
	two := strings.Join(phrase.Takes(api.Erasure{AuditEvents: 2, Tokens: 2, Memberships: 2, Sessions: 2, Identities: 2, Factors: 2, Mails: 2, Deliveries: 2, Mentions: 2}), "; ")
	says(t, two, "2 entries of the audit are blanked; 2 tokens are revoked; 2 memberships end; 2 sessions end; 2 single sign-ons are forgotten; "+
		"2 second factors are forgotten; 2 mails are forgotten; 2 webhook deliveries are forgotten; 2 other objects no longer name them")
	if got := phrase.Takes(api.Erasure{Sessions: 3}); len(got) != 1 || got[0] != "3 sessions end" {
		t.Errorf("%q", got)
	}
}

func TestWordsForLittleThings(t *testing.T) {
	t.Parallel()
	x := "x"
	says(t, phrase.People(1), "1 person")
	says(t, phrase.People(0), "0 people")
	says(t, phrase.Times(1), "once")
	says(t, phrase.Times(2), "2 times")
	says(t, phrase.OrDash(""), "–")
	says(t, phrase.OrDash("x"), "x")
	says(t, phrase.ListedOrDash(nil), "–")
	says(t, phrase.ListedOrDash(strings.Split("a b c d e f g h i", " ")), "a, b, c, d, e, f, g, h and 1 more")
	says(t, phrase.Text(nil)+phrase.Text(&x), "x")
	says(t, phrase.Lines([]string{"a", "b"}), "a\nb")
	says(t, phrase.Cut("häßlich", 3), "häß")
	says(t, phrase.Cut("ab", 3), "ab")
}
