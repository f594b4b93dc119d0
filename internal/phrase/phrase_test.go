package phrase_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

var now = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

// says holds what is said against what is to be said.
func says(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

func TestAMomentIsSaidAsPeopleDo(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		0: "just now", -30 * time.Second: "just now", -time.Minute: "1 minute ago", -59 * time.Minute: "59 minutes ago", -time.Hour: "1 hour ago",
		-47 * time.Hour: "47 hours ago", -3 * day: "3 days ago", -90 * day: "3 months ago", -800 * day: "2 years ago",
		time.Second: "in a moment", 90*day - time.Second: "in 3 months", 10*day - time.Second: "in 10 days", 3*time.Hour - time.Second: "in 3 hours",
	} {
		says(t, phrase.Relative(now.Add(d), now), want)
	}
}

func TestAMessageIsMadeASentence(t *testing.T) {
	t.Parallel()
	says(t, phrase.Sentence("it does not exist, or you may not see it"), "It does not exist, or you may not see it.")
	says(t, phrase.Sentence("tickets:read is not known"), "tickets:read is not known.") // a name stays as it is
	says(t, phrase.Sentence("Really?"), "Really?")
	says(t, phrase.Sentence(""), "")
}

func TestManyAreListedShortly(t *testing.T) {
	t.Parallel()
	says(t, phrase.Listed(nil, 3), "nothing")
	says(t, phrase.Listed([]string{"a"}, 3), "a")
	says(t, phrase.Listed([]string{"a", "b", "c"}, 3), "a, b and c")
	says(t, phrase.Listed([]string{"a", "b", "c", "d"}, 2), "a, b and 2 more")
	says(t, phrase.Plural(1, "address"), "1 address")
	says(t, phrase.Plural(2, "address"), "2 addresses")
	says(t, phrase.Plural(2, "token"), "2 tokens")
}

func TestWhatATokenMayDoIsSaidInItsCell(t *testing.T) {
	t.Parallel()
	role := "Viewer"
	says(t, phrase.ScopeShort(api.Token{}), "As its owner")
	says(t, phrase.ScopeShort(api.Token{Grants: []api.Statement{}, Scopes: []string{}}), "Nothing")
	says(t, phrase.ScopeShort(api.Token{Role: &role, Grants: []api.Statement{{Role: role}}}), "Viewer")
	says(t, phrase.ScopeTitle(api.Token{Grants: []api.Statement{{Scopes: []string{"a:read", "b:read"}, Resources: []string{"*"}}, {Role: role, Resources: []string{"shop"}}}}),
		"a:read and b:read on all resources; Viewer on shop")
	says(t, phrase.ReachOf([]string{"*"}), "All resources")
	says(t, phrase.ReachOf(nil), "No resources")
}

func TestAStoppedTokenSaysWhoseItIsToBringBack(t *testing.T) {
	t.Parallel()
	by := "ada@example.com"
	says(t, phrase.StoppedBy(api.Token{}), "")
	says(t, phrase.StoppedBy(api.Token{DisabledAt: &now, DisabledBy: &by}), "By ada@example.com.")
	says(t, phrase.StoppedBy(api.Token{DisabledAt: &now, DisabledBy: &by, Held: &api.Held{Fields: []string{"disabled_at"}}}),
		"By ada@example.com. Only an administrator brings it back.")
}

func TestAnOldSecretCanGoOnceNobodyNeedsIt(t *testing.T) {
	t.Parallel()
	before, after := now.Add(-time.Hour), now.Add(time.Hour)
	unused, used := api.TokenSecret{CreatedAt: before}, api.TokenSecret{CreatedAt: before, LastUsedAt: &after}
	fresh, taken := api.TokenSecret{CreatedAt: now}, api.TokenSecret{CreatedAt: now, LastUsedAt: &after}
	for _, c := range []struct {
		old, fresh api.TokenSecret
		goes       bool
	}{
		{unused, fresh, true},
		{used, fresh, false},
		{used, taken, false},
		{api.TokenSecret{CreatedAt: before, LastUsedAt: &before}, taken, true},
		{api.TokenSecret{CreatedAt: before, LastUsedAt: &before}, fresh, false},
	} {
		if got := phrase.Silent(c.old, c.fresh); got != c.goes {
			t.Errorf("%s: it can go: %v", phrase.OverlapWords(c.old, c.fresh), got)
		}
	}
}

func TestAnEventSaysWhatItChanged(t *testing.T) {
	t.Parallel()
	e := api.AuditEvent{Action: "token.edited", Before: []byte(`{"label":"a","revision":1,"scopes":[]}`), After: []byte(`{"label":"b","revision":2,"scopes":["x:y"]}`)}
	got := phrase.Difference(e)
	if len(got) != 2 {
		t.Fatalf("%q", got)
	}
	says(t, got[0], "Label: a → b")
	says(t, got[1], "Scopes: nothing → x:y")
	if len(phrase.Difference(api.AuditEvent{Before: []byte(`null`), After: nil})) != 0 {
		t.Error("what was made has no difference")
	}
}

func TestASessionIsCalledByItsProgramAndItsWayIn(t *testing.T) {
	t.Parallel()
	says(t, phrase.AgentShort("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"), "Firefox on Linux")
	says(t, phrase.AgentShort("curl/8"), "curl")
	says(t, phrase.AgentShort("x"), "Unknown program")
	says(t, phrase.MethodWords("password+totp"), "password and app")
	says(t, phrase.MethodWords("oidc:corp"), "single sign-on")
}

func TestAPolicyIsSaidWhole(t *testing.T) {
	t.Parallel()
	loose := phrase.PolicyWords(api.Policy{DefaultLifetime: 90 * api.Day, AllowNever: true, PersonalTokens: api.PersonalMembers, Onboarding: api.OnboardAnyMember, LeakAction: api.LeakRevoke})
	tight := phrase.PolicyWords(api.Policy{DefaultLifetime: 90 * api.Day, MaxLifetime: 90 * api.Day, PersonalTokens: api.PersonalNobody, Onboarding: api.OnboardPortfolio,
		LeakAction: api.LeakNotify, RequireIPAllowList: true, Recoverable: true, RevokeOnReuse: true, MaxTokens: api.MaxTokens{PerOwner: 1, Total: 2},
		RateLimit: &api.RateLimit{Requests: 1, Window: api.Day}, WorkspaceRateLimit: &api.RateLimit{Requests: 2, Window: api.Day}})
	if len(tight) != len(loose)+6 {
		t.Errorf("%d and %d sentences", len(loose), len(tight))
	}
	for _, s := range append(loose, tight...) {
		says(t, phrase.Sentence(s), s)
	}
}

// What holds is said exactly: a workspace whose secrets overlap for half a minute does
// not read "0 minutes", and a wait is never said shorter than it is.
func TestWhatIsSetIsSaidExactlyAndAWaitNeverTooShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "no time", 30 * time.Second: "30 seconds", 90 * time.Minute: "90 minutes", 36 * time.Hour: "36 hours", 48 * time.Hour: "2 days",
	} {
		if got := phrase.Lasting(api.Duration(d)); got != want {
			t.Errorf("%s is set, and said as %q", d, got)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Millisecond: "1 second", 59 * time.Second: "59 seconds", 61 * time.Second: "2 minutes", 61 * time.Minute: "2 hours",
	} {
		if got := phrase.Wait(d); got != want {
			t.Errorf("%s is waited, and said as %q", d, got)
		}
	}
}
