package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/internal/config"
)

// TestAnIssuerOfThePrivateNetworkIsOneThatARuleCanName, to the byte: an address that none
// can have is a mistake of whoever lists it, and trusts nobody.
func TestAnIssuerOfThePrivateNetworkIsOneThatARuleCanName(t *testing.T) {
	t.Parallel()
	for issuer, taken := range map[string]bool{
		"https://gitlab.internal.example": true, "http://10.0.0.7:8080/realms/a": true, "https://gitlab.internal.example/": true, "https://[2001:db8::1]": true,
		"gitlab.internal.example": false, "ftp://h": false, "https://": false, "https://:8443": false, "https://u:p@h": false, "https://u@h": false,
		"https://h?x=1": false, "https://h?": false, "https://h#f": false, "https://h#": false, "https://*.example.com": false, "https://h\x7f": false,
	} {
		c, err := load(t, layers{flags: []string{"--trust-issuers", issuer}})
		if (err == nil) != taken || taken && (len(c.TrustIssuers) != 1 || c.TrustIssuers[0] != issuer) {
			t.Errorf("%q: %v, as %q", issuer, err, c.TrustIssuers)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "setting trust_issuers") || strings.Contains(err.Error(), "u:p")) {
			t.Errorf("%q is refused with %v", issuer, err)
		}
	}
	if _, err := load(t, layers{flags: []string{"--trust-issuers", "https://h, ,https://i"}}); err == nil || !strings.Contains(err.Error(), "entry 2 is empty") {
		t.Errorf("an entry that is nothing: %v", err)
	}
}

// TestWhatIsSecretSaysOnlyThatItIsThere, however it is printed, encoded or logged.
func TestWhatIsSecretSaysOnlyThatItIsThere(t *testing.T) {
	t.Parallel()
	const hidden = "hunter2hunter2"
	for what, c := range map[string]struct{ value, want any }{
		"a secret":            {config.NewSecret(hidden), "[a secret]"},
		"no secret":           {config.NewSecret(""), ""},
		"an address":          {config.NewURL("postgres://u:" + hidden + "@h/n"), "postgres://u:xxxxx@h/n"},
		"no address":          {config.NewURL(""), ""},
		"a file":              {config.NewURL("sqlite:/var/lib/t.db"), "sqlite:/var/lib/t.db"},
		"one that is unclear": {config.NewURL("postgres://u:" + hidden + "#@h"), "[an address that cannot be read]"},
	} {
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", c.value)
		b, err := json.Marshal(c.value)
		want, _ := json.Marshal(c.want)
		if err != nil || string(b) != string(want) || !strings.Contains(log.String(), `"v":`+string(want)) {
			t.Errorf("%s is written as %s and logged as %s (%v)", what, b, log.String(), err)
		}
		word, _ := c.want.(string)
		if got := fmt.Sprintf("%v|%s|%d|%#v", c.value, c.value, c.value, c.value); got != strings.Repeat(word+"|", 3)+word {
			t.Errorf("%s is printed as %s", what, got)
		}
	}
	if config.NewSecret(hidden).Reveal() != hidden || !config.NewSecret("").IsZero() || config.NewSecret("").Reveal() != "" {
		t.Error("a secret is another than was given")
	}
}

// TestTheFileOfADatabase is told where there is one, without what is asked of it.
func TestTheFileOfADatabase(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{"sqlite:t.db": "t.db", "sqlite:/a/b.db?_pragma=x": "/a/b.db", "SQLITE:t.db": "t.db", "postgres://h/n": ""} {
		c := config.Config{Database: config.NewURL(url)}
		if got := c.SQLitePath(); got != want {
			t.Errorf("%s: %q", url, got)
		}
	}
}

// TestAFileThatCannotBeReadIsNamed, and a problem of no setting stands by itself.
func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	fs, dir := pflag.NewFlagSet("serve", pflag.ContinueOnError), t.TempDir()
	config.Flags(fs)
	if err := fs.Parse([]string{"--config", dir}); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(fs, func(string) (string, bool) { return "", false })
	if err == nil || !strings.Contains(err.Error(), "the file "+dir+" cannot be read: ") || strings.HasSuffix(err.Error(), ": ") {
		t.Errorf("a folder as a file: %v", err)
	}
	if got := (&config.Error{Problem: "two files"}).Error(); got != "two files" {
		t.Errorf("%q", got)
	}
}
