package terminal_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/terminal"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"CI deploys":           "CI deploys",
		"Grüße, 東京 – ½ 👍":      "Grüße, 東京 – ½ 👍",
		"a\x1b[31mred\x1b[0m":  `a\x1b[31mred\x1b[0m`,
		"bell\x07 del\x7f":     `bell\x07 del\x7f`,
		"line\nend\r\ttab":     `line\x0aend\x0d\x09tab`,
		"c1\u009b2J":           `c1\u009b2J`,
		"turned\u202etext":     `turned\u202etext`,
		"isolate\u2066d\u2069": `isolate\u2066d\u2069`,
		"nothing\u200bthere":   `nothing\u200bthere`,
		"two\u2028lines":       `two\u2028lines`,
		"tag\U000e0041":        `tag\U000e0041`,
		"broken\xff\xfe":       `broken\xff\xfe`,
	} {
		if got := terminal.Clean(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

// Cleaning changes how JSON looks and not what it says.
func TestCleanJSON(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"plain", "turned\u202etext", "c1\u009b2J \x7f", "tag\U000e0041 \U0001f600", "\x1b[2J\n"} {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		clean := terminal.CleanJSON(b)
		var back string
		if err := json.Unmarshal(clean, &back); err != nil || back != s {
			t.Errorf("%q became %s, which says %q (%v)", s, clean, back, err)
		}
		if got := terminal.Clean(string(clean)); got != string(clean) {
			t.Errorf("%q is written as %q", s, clean)
		}
	}
}

func TestRelative(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		0:                             "now",
		-30 * time.Second:             "now",
		90 * time.Second:              "in 2m",
		-59*time.Minute - time.Second: "59m ago",
		time.Hour - time.Second:       "in 60m",
		26 * time.Hour:                "in 26h",
		90*day - time.Second:          "in 90d",
		-365 * day:                    "365d ago",
		3650 * day:                    "in 10y",
	} {
		if got := terminal.Relative(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestWordsSayWhatIsNotThere(t *testing.T) {
	t.Parallel()
	by := "Ada"
	for name, c := range map[string]struct{ got, want string }{
		"no rate limit":        {terminal.RateLimit(nil), ""},
		"a rate limit":         {terminal.RateLimit(&api.RateLimit{Requests: 100, Window: api.Duration(time.Minute)}), "100/1m"},
		"no metadata":          {terminal.Metadata(nil), ""},
		"metadata":             {terminal.Metadata(api.Metadata{"team": "a\nb"}), `{"team":"a\nb"}`},
		"nothing held":         {terminal.Held(nil), ""},
		"held by somebody":     {terminal.Held(&api.Held{Fields: []string{"scopes", "resources"}, By: &by}), "scopes resources by Ada; its owner alone does not undo it"},
		"held by nobody known": {terminal.Held(&api.Held{Fields: []string{"scopes"}}), "scopes by an administrator; its owner alone does not undo it"},
		"not the instance's":   {terminal.HeldByInstance(false), ""},
		"yes":                  {terminal.YesNo(true), "yes"},
		"no":                   {terminal.YesNo(false), "no"},
		"a built-in role":      {terminal.Origin(true, true), "built in"},
		"an inherited scope":   {terminal.Origin(false, true), "instance"},
		"a scope of here":      {terminal.Origin(false, false), "here"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
}
