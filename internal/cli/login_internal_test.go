package cli

import (
	"strings"
	"testing"
	"time"
)

// TestABrowserOpensWhereAPersonSits, and nowhere else.
func TestABrowserOpensWhereAPersonSits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		system string
		env    map[string]string
		want   bool
	}{
		{"linux", map[string]string{"DISPLAY": ":0"}, true}, {"linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, true}, {"linux", map[string]string{"BROWSER": "links"}, true},
		{"linux", nil, false}, {"linux", map[string]string{"DISPLAY": ""}, false}, {"linux", map[string]string{"DISPLAY": ":10", "SSH_CONNECTION": "a b"}, false},
		{"linux", map[string]string{"DISPLAY": ":0", "CI": "true"}, false}, {"darwin", nil, true}, {"windows", nil, true}, {"darwin", map[string]string{"SSH_TTY": "/dev/pts/1"}, false},
	} {
		a := newApp(Stdio{Env: func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }})
		if got := a.hasBrowser(c.system); got != c.want {
			t.Errorf("%s, %v: %v", c.system, c.env, got)
		}
	}
}

// TestTheEndOfASignInIsTold to people, in its last half hour and after.
func TestTheEndOfASignInIsTold(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]string{
		time.Hour: "", 29 * time.Minute: "ends in 29m; tokenry login makes a new one", -2 * time.Hour: "ended 2h ago; tokenry login makes a new one",
	} {
		for _, sits := range []bool{false, true} {
			a, out, errs := streams(false, sits)
			end := a.Now().Add(left)
			a.tellEnd(stored{ExpiresAt: &end})
			if said := errs.String(); out.Len() > 0 || (said != "") != (sits && want != "") || !strings.Contains(said, want) && sits {
				t.Errorf("%v, at a terminal %v: %q", left, sits, said)
			}
		}
	}
	a, _, errs := streams(false, true)
	if a.tellEnd(stored{}); errs.Len() > 0 {
		t.Error(errs)
	}
}
