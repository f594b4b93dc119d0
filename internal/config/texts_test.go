package config_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/config"
)

// Weakness: YAML reads 0123 as an octal number, 1e5 as a hundred thousand and
// 2026-01-01 as a time; a client secret of that form became another one, and the
// provider refused it. Proved: what stands in the file is the setting.
func TestAValueIsTheTextThatStandsInTheFile(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"0123", "12345678901234567890123", "1e5", "0x1f", "1_000", "2026-01-01", "12:30:45", "true", "no", "~x", "NaN", ".5", "+7", "-0", "a b", "ключ",
	} {
		c := mustLoad(t, layers{file: "oidc_issuer: https://id.example.com\noidc_client_id: " + text + "\noidc_client_secret: " + text + "\nbrand_name: " + text + "\n"})
		if c.OIDCClientSecret.Reveal() != text || c.OIDCClientID != text || c.BrandName != text {
			t.Errorf("%s is %q, %q and %q", text, c.OIDCClientSecret.Reveal(), c.OIDCClientID, c.BrandName)
		}
	}
}

// However YAML lets a text be written, it is that text.
func TestTheFormOfATextDoesNotCount(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"brand_name: Acme Keys", "brand_name: 'Acme Keys'", `brand_name: "Acme\u0020Keys"`, "brand_name:\n  Acme\n  Keys", "brand_name: >-\n  Acme\n  Keys",
		"{brand_name: Acme Keys}", "# a comment\nbrand_name: Acme Keys # another", "---\nbrand_name: Acme Keys\n...", "\ufeffbrand_name: Acme Keys",
	} {
		if c := mustLoad(t, layers{file: file + "\n"}); c.BrandName != "Acme Keys" {
			t.Errorf("%q is %q", file, c.BrandName)
		}
	}
	for _, file := range []string{"# nothing but a comment\n", "\n", "{}\n"} {
		if _, err := load(t, layers{file: file}); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// Weakness: a key whose value was left out or commented out was taken for zero:
// requests were cut off at once, or the server began a new database. Proved: it is
// refused by its name, and a key that is not there has its default.
func TestAKeyWithoutAValueIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range config.Settings() {
		for _, nothing := range []string{"", " ~", " null", " # ten"} {
			_, err := load(t, layers{file: s.Key + ":" + nothing + "\n"})
			var wrong *config.Error
			if !errors.As(err, &wrong) || wrong.Key != s.Key || !strings.Contains(wrong.Problem, "without a value") {
				t.Errorf("%s:%s is %v", s.Key, nothing, err)
			}
		}
	}
	for _, file := range []string{"database: ''\n", `database: ""` + "\n"} {
		if _, err := load(t, layers{file: file}); err == nil {
			t.Errorf("%q chooses a database", file)
		}
	}
	if c := mustLoad(t, layers{file: "listen: ':80'\n"}); c.ShutdownTimeout != 30*time.Second {
		t.Errorf("a key that is not there is %v", c.ShutdownTimeout)
	}
}

// What is no mapping of keys to values is refused with its line, and without a word
// of it.
func TestAFileOfAnotherShapeIsRefused(t *testing.T) {
	t.Parallel()
	for file, said := range map[string]string{
		"listen\n":                                      "line 1",
		"- listen: ':80'\n":                             "line 1",
		"listen: ':80'\n---\nlisten: ':81'\n":           "line 2",
		"listen: ':80'\nbrand_name: &a x\nprefix: *a\n": "line 3",
		"listen: ':80'\n\nlisten: ':81'\n":              "line 3",
		"listen: ':80'\n\tdata: x\n":                    "line 2",
		"trusted_proxies:\n  - {a: b}\n":                "trusted_proxies",
		"trusted_proxies:\n  -\n  - 10.0.0.0/8\n":       "trusted_proxies",
		"data: {a: {b: c}}\n":                           "data",
		"oidc_scopes: [[a, b], [c]]\n":                  "oidc_scopes",
		"? [a, b]\n: c\n":                               "unknown key",
	} {
		_, err := load(t, layers{file: file})
		if err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q: %v, want %q", file, err, said)
		}
	}
}

// A list may stand as one, or as one text with commas; an entry that is nothing is
// no entry.
func TestAListIsWrittenInTwoWays(t *testing.T) {
	t.Parallel()
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}
	for name, l := range map[string]layers{
		"a block":        {file: "trusted_proxies:\n  - 10.0.0.0/8\n  - 192.0.2.1\n"},
		"a flow":         {file: "trusted_proxies: [10.0.0.0/8, 192.0.2.1]\n"},
		"a text":         {file: "trusted_proxies: 10.0.0.0/8, 192.0.2.1\n"},
		"a variable":     {env: map[string]string{"TOKENRY_TRUSTED_PROXIES": "10.0.0.0/8,192.0.2.1"}},
		"one flag":       {flags: []string{"--trusted-proxies", "10.0.0.0/8,192.0.2.1"}},
		"two flags":      {flags: []string{"--trusted-proxies", "10.0.0.0/8", "--trusted-proxies", "192.0.2.1"}},
		"flag over file": {file: "trusted_proxies: [198.51.100.0/24]\n", flags: []string{"--trusted-proxies", "10.0.0.0/8,192.0.2.1"}},
	} {
		if d := cmp.Diff(want, mustLoad(t, l).TrustedProxies, cmp.Comparer(samePrefix)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	for _, text := range []string{"10.0.0.0/8,", ",", "10.0.0.0/8,,192.0.2.1", " "} {
		if _, err := load(t, layers{env: map[string]string{"TOKENRY_TRUSTED_PROXIES": text}}); err == nil {
			t.Errorf("%q is a list", text)
		}
	}
	for _, text := range []string{"fe80::1%eth0", "10.0.0.0/33", "10.0.0", "::ffff:10.0.0.1/104", "http://10.0.0.1"} {
		if _, err := load(t, layers{flags: []string{"--webhook-networks", text}}); err == nil {
			t.Errorf("%q is a network", text)
		}
	}
}

func TestNumbersTimesAndSwitches(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"0": 0, "0s": 0, "1m30s": 90 * time.Second, "1.5h": 90 * time.Minute, "250ms": 250 * time.Millisecond} {
		if c := mustLoad(t, layers{file: "shutdown_timeout: " + text + "\n"}); c.ShutdownTimeout != want {
			t.Errorf("%s is %v", text, c.ShutdownTimeout)
		}
	}
	for _, text := range []string{"30", "-1s", "soon", "1d", "999999999h"} {
		if _, err := load(t, layers{file: "shutdown_timeout: " + text + "\n"}); err == nil {
			t.Errorf("%s is a time", text)
		}
	}
	for text, want := range map[string]config.Size{"16MiB": 16 << 20, "2GiB": 2 << 30} {
		if c := mustLoad(t, layers{file: "cache_size: " + text + "\n"}); c.CacheSize != want {
			t.Errorf("%s is %d", text, c.CacheSize)
		}
	}
	if c := mustLoad(t, layers{}); c.CacheSize != 768<<20 {
		t.Errorf("by default it is %d", c.CacheSize)
	}
	for _, text := range []string{"0", "15MiB", "512", "512MB", "512 MiB", "1.5GiB", "-1GiB", "99999999999GiB", "GiB"} {
		if _, err := load(t, layers{env: map[string]string{"TOKENRY_CACHE_SIZE": text}}); err == nil || !strings.Contains(err.Error(), "MiB") {
			t.Errorf("%s is a size (%v)", text, err)
		}
	}
	for text, want := range map[string]int{"0": 0, "1": 1, "100000": 100000} {
		if c := mustLoad(t, layers{file: "max_connections: " + text + "\n"}); c.MaxConnections != want {
			t.Errorf("%s is %d", text, c.MaxConnections)
		}
	}
	for _, text := range []string{"-1", "1.5", "many", "1e3", "0x10", "99999999999999999999"} {
		if _, err := load(t, layers{file: "max_connections_per_address: '" + text + "'\n"}); err == nil {
			t.Errorf("%s is a number", text)
		}
	}
	const roles = "oidc_issuer: https://h\noidc_client_id: t\noidc_workspace: a\noidc_role_claim: g\noidc_roles: [a=Owner]\noidc_sync_roles: "
	for text, want := range map[string]bool{"true": true, "True": true, "TRUE": true, "false": false, "'true'": true} {
		if c := mustLoad(t, layers{file: roles + text + "\n"}); c.OIDCSyncRoles != want {
			t.Errorf("%s is %t", text, c.OIDCSyncRoles)
		}
	}
	for _, text := range []string{"yes", "on", "1", "y"} { // which YAML 1.1 and others read as true, and we as a mistake
		if _, err := load(t, layers{file: roles + text + "\n"}); err == nil {
			t.Errorf("%s is true or false", text)
		}
	}
}

// What an operator reads names the setting in each of its forms and says what would
// be right.
func TestARefusalNamesTheSettingInEachForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		layers
		want string
	}{
		{layers{flags: []string{"--listen", "x"}}, "setting listen (--listen, $TOKENRY_LISTEN): must be host:port, like 127.0.0.1:8080, [::1]:8080 or :8080"},
		{layers{flags: []string{"--database", "postgres://h/n"}}, "setting keys (--keys, $TOKENRY_KEYS): must be given with PostgreSQL, and be the same for all nodes; tokenry keys generate --out FILE makes one"},
		{layers{env: map[string]string{"TOKENRY_OIDC_CLIENT_SECRET": "s"}}, "setting oidc_client_secret ($TOKENRY_OIDC_CLIENT_SECRET): means nothing without oidc_issuer; set that too"},
		{layers{env: map[string]string{"TOKENRY_DATABASE": " "}}, "setting database (--database, $TOKENRY_DATABASE): the variable is there and empty; give it a value, or unset it"},
		{layers{flags: []string{"--config", "/nowhere/t.yaml"}}, "setting config ($TOKENRY_CONFIG): there is no file /nowhere/t.yaml"},
	} {
		if _, err := load(t, tt.layers); fmt.Sprint(err) != tt.want {
			t.Errorf("%v\nwant %s", err, tt.want)
		}
	}
}

// Where people and links come from is checked before anybody stands at the door.
func TestAddressesThatAreTaken(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{
		{"--listen", "[::1]:8080"}, {"--listen", ":0"}, {"--listen", ":0", "--metrics-listen", ":0"}, {"--listen", "localhost:65535"},
		{"--base-url", "https://h/a/b/"}, {"--base-url", "http://[::1]:8080"}, {"--sign-in", "password"},
		sso("https://id.example.com/realms/a"), sso("http://localhost:8080"), sso("http://[::1]/x"), sso("https://h", "--oidc-domains", "*"), sso("https://h", "--sign-in", "sso"),
		{"--smtp-url", "smtps://u:p@h:465", "--smtp-from", "Tokenry <t@example.com>"}, {"--smtp-url", "smtp://h/", "--smtp-from", "t@example.com"}, {"--smtp-from", "t@example.com"},
		{"--prefix", "ab"}, {"--prefix", "a123456789"}, {"--log-level", "DEBUG"}, {"--brand-name", strings.Repeat("n", 60)}, {"--database", "postgresql://h/n", "--keys", "k"},
	} {
		if _, err := load(t, layers{flags: flags}); err != nil {
			t.Errorf("%q: %v", flags, err)
		}
	}
	for _, flags := range [][]string{
		{"--listen", "127.0.0.1:08080"}, {"--listen", "::1:8080:x"}, {"--metrics-listen", "9100"}, {"--base-url", "ftp://h"}, {"--base-url", "https://h#f"}, {"--base-url", "https://h?"},
		sso("https://u@h"), sso("http://10.0.0.1"), sso("id.example.com"), sso("https://h", "--oidc-domains", "localhost"), sso("https://h", "--oidc-domains", ".example.com"),
		sso("https://h", "--oidc-roles", "=Owner", "--oidc-role-claim", "g", "--oidc-workspace", "a"), {"--oidc-domains", "example.com"}, {"--oidc-workspace", "a"}, {"--oidc-roles", "a=b"},
		{"--smtp-url", "smtp://", "--smtp-from", "t@example.com"}, {"--smtp-url", "smtp://h/path", "--smtp-from", "t@example.com"}, {"--smtp-from", "not an address"},
		{"--prefix", "a1234567890"}, {"--prefix", "1a"}, {"--prefix", "a-b"}, {"--database", "sqlite:"}, {"--database", "tokenry.db"}, {"--data", ""},
		{"--brand-name", strings.Repeat("n", 61)}, {"--brand-name", "two\nlines"},
	} {
		if _, err := load(t, layers{flags: flags}); err == nil {
			t.Errorf("%q is taken", flags)
		}
	}
}

// Of an address everything may be told but its password, wherever that stands.
func TestAnAddressIsToldWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                           "",
		"sqlite:/srv/t.db?x=1":       "sqlite:/srv/t.db?x=1",
		"postgres://u:p4ss@h:5432/n": "postgres://u:xxxxx@h:5432/n",
		"postgres://u@h/n?password=p4ss&sslmode=disable": "postgres://u@h/n?password=xxxxx&sslmode=disable",
		"postgres://h/n?SSLPassword=p4ss":                "postgres://h/n?SSLPassword=xxxxx",
		"postgres://u:p4ss@h:port/n":                     "[an address that cannot be read]",
		"smtp://h:587":                                   "smtp://h:587",
	} {
		if got := config.NewURL(s).String(); got != want {
			t.Errorf("%s is told as %s, want %s", s, got, want)
		}
	}
	if u := config.NewURL("POSTGRES://h/n"); u.Scheme() != "postgres" || u.HasPassword() || u.Reveal() != "POSTGRES://h/n" {
		t.Errorf("%v has the scheme %s", u, u.Scheme())
	}
}

// Whatever a password is, no form of what is printed holds it.
func TestNoPasswordIsTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := "s3" + rapid.StringMatching(`[a-zA-Z0-9%/?#@:;= ]{4,20}`).Draw(t, "password") + "3s"
		for _, address := range []string{"postgres://u:" + secret + "@h/n", "postgres://h/n?password=" + secret, "postgres://u:p@h/n?client_secret=" + secret, "postgres://u:7" + secret + "@h/n?sslmode=disable"} {
			u := config.NewURL(address)
			b, err := u.MarshalJSON()
			told := u.String() + string(b) + fmt.Sprintf("%+v", struct{ U config.URL }{u})
			if err != nil || !u.HasPassword() || strings.Contains(told, secret[:5]) || strings.Contains(told, secret[len(secret)-5:]) {
				t.Fatalf("%q is told as %s (%v)", address, u, err)
			}
		}
		s := config.NewSecret(secret)
		b, _ := s.MarshalText()
		if told := fmt.Sprintf("%v %s %q %#v %x %+v", s, s, s, s, s, struct{ S config.Secret }{s}) + string(b) + s.LogValue().String(); strings.Contains(told, secret) || s.Reveal() != secret {
			t.Fatalf("%q is told as %s", secret, told)
		}
	})
}

// A command that takes some of the settings takes their variables too, and those of
// the others do not disturb it.
func TestACommandTakesItsOwnFlags(t *testing.T) {
	t.Parallel()
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(fs, "data", "keys")
	fs.String("listen", "elsewhere", "a flag that means something else")
	if err := fs.Parse([]string{"--data", "x"}); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(fs, func(name string) (string, bool) {
		v, ok := map[string]string{"TOKENRY_PORT": "tcp://10.0.0.1:80", "TOKENRY_LISTEN": ":81", "TOKENRY_DATA": "y"}[name]
		return v, ok
	})
	if err != nil || c.Data != "x" || c.Listen != ":81" || c.SQLitePath() != "x/tokenry.db" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := config.Load(nil, nil); err != nil || c.Data != "tokenry-data" {
		t.Errorf("without anything: %+v, %v", c, err)
	}
}
