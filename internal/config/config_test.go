package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/internal/config"
)

// layers is what an operator gives: a file, variables, flags.
type layers struct {
	file  string
	env   map[string]string
	flags []string
}

func load(t *testing.T, l layers) (config.Config, error) {
	t.Helper()
	fs := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.Flags(fs)
	if l.file != "" {
		path := filepath.Join(t.TempDir(), "tokenry.yaml")
		if err := os.WriteFile(path, []byte(l.file), 0o600); err != nil {
			t.Fatal(err)
		}
		l.flags = append([]string{"--config", path}, l.flags...)
	}
	if err := fs.Parse(l.flags); err != nil {
		t.Fatal(err)
	}
	return config.Load(fs, func(name string) (string, bool) {
		v, ok := l.env[name]
		return v, ok
	})
}

func mustLoad(t *testing.T, l layers) config.Config {
	t.Helper()
	c, err := load(t, l)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, layers{})
	got := map[string]any{
		"listen": c.Listen, "base_url": c.BaseURL, "proxies": len(c.TrustedProxies), "metrics": c.MetricsListen,
		"data": c.Data, "database": c.Database.Reveal(), "keys": c.Keys, "prefix": c.Prefix, "smtp": c.SMTPURL.IsZero(),
		"level": c.LogLevel, "format": c.LogFormat, "timeout": c.ShutdownTimeout,
	}
	want := map[string]any{
		"listen": "127.0.0.1:8080", "base_url": "", "proxies": 0, "metrics": "",
		"data": "tokenry-data", "database": "sqlite:tokenry-data/tokenry.db", "keys": "tokenry-data/keys.json",
		"prefix": "", "smtp": true, "level": slog.LevelInfo, "format": "text", "timeout": 30 * time.Second,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestLaterLayersWin(t *testing.T) {
	t.Parallel()
	file := "listen: 127.0.0.1:1001\n"
	env := map[string]string{"TOKENRY_LISTEN": "127.0.0.1:1002"}
	flags := []string{"--listen", "127.0.0.1:1003"}
	for _, tt := range []struct {
		name string
		layers
		want string
	}{
		{"default", layers{}, "127.0.0.1:8080"},
		{"file over default", layers{file: file}, "127.0.0.1:1001"},
		{"environment over file", layers{file: file, env: env}, "127.0.0.1:1002"},
		{"flag over environment", layers{file: file, env: env, flags: flags}, "127.0.0.1:1003"},
		{"flag over file", layers{file: file, flags: flags}, "127.0.0.1:1003"},
		{"an empty variable is none", layers{file: file, env: map[string]string{"TOKENRY_LISTEN": ""}}, "127.0.0.1:1001"},
		{"a flag that repeats the default still wins", layers{file: file, flags: []string{"--listen", "127.0.0.1:8080"}}, "127.0.0.1:8080"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := mustLoad(t, tt.layers).Listen; got != tt.want {
				t.Errorf("listen = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestEverySettingHasEveryForm(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"listen": ":1", "base_url": "https://t.example.com", "trusted_proxies": "10.0.0.0/8", "metrics_listen": ":2", "profiling": "true", "hot_listen": "unix:s",
		"data": "d", "database": "postgres://h/n", "keys": "k", "head_note": "n", "prefix": "acme", "smtp_url": "smtp://h:25",
		"smtp_from": "t@example.com", "log_level": "warn", "log_format": "json", "shutdown_timeout": "1s", "lease": "3s", "max_staleness": "4s", "webhook_networks": "10.0.0.0/8", "trust_issuers": "https://gitlab.corp.example,https://ci.corp.example", "leaks_github_keys": "https://api.github.com/meta/public_keys/secret_scanning", "max_connections": "500", "max_connections_per_address": "20",
		"cache_size": "64MiB", "limits": "redis://h/1", "limits_outage": "open", "brand_name": "Acme Keys", "brand_logo": "logo.svg",
		"rules": "r", "audit_stream": "syslog+tls://siem.example.com:6514,file:/var/log/tokenry/audit.ndjson",
		"sign_in": "sso", "oidc_issuer": "https://id.example.com", "oidc_name": "Corp", "oidc_client_id": "t", "oidc_client_secret": "",
		"oidc_client_secret_file": "f", "oidc_scopes": "email,groups", "oidc_domains": "example.com,example.org", "oidc_workspace": "acme",
		"oidc_default_role": "Viewer", "oidc_role_claim": "groups", "oidc_roles": "a=Owner,b=Viewer", "oidc_sync_roles": "true", "oidc_confirm": "return",
	}
	var file strings.Builder
	env := map[string]string{}
	var flags []string
	for _, s := range config.Settings() {
		v, ok := values[s.Key]
		if !ok {
			t.Fatalf("this test has no value for %s", s.Key)
		}
		fmt.Fprintf(&file, "%s: %q\n", s.Key, v)
		env[s.Variable] = v
		if s.Flag != "" {
			flags = append(flags, "--"+s.Flag+"="+v)
		}
	}
	want := mustLoad(t, layers{flags: flags})
	for name, l := range map[string]layers{"file": {file: file.String()}, "environment": {env: env}} {
		if d := cmp.Diff(want, mustLoad(t, l), cmp.Comparer(sameURL), cmp.Comparer(samePrefix), cmp.Comparer(sameSecret)); d != "" {
			t.Errorf("%s differs from the flags: %s", name, d)
		}
	}
}

func sameURL(a, b config.URL) bool       { return a.Reveal() == b.Reveal() }
func sameSecret(a, b config.Secret) bool { return a.Reveal() == b.Reveal() }
func samePrefix(a, b netip.Prefix) bool  { return a == b }

// sso are the flags of a provider, with these besides.
func sso(issuer string, more ...string) []string {
	return append([]string{"--oidc-issuer", issuer, "--oidc-client-id", "t"}, more...)
}

// Weakness: whoever may list the processes of a machine reads the flags of each.
// Proved: the secret has a variable and a key, is taken from both, and no flag.
func TestASecretHasNoFlag(t *testing.T) {
	t.Parallel()
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(fs)
	if fs.Lookup("oidc-client-secret") != nil {
		t.Error("there is a flag for a secret")
	}
	for name, l := range map[string]layers{
		"variable": {env: map[string]string{"TOKENRY_OIDC_CLIENT_SECRET": "s3cret"}}, "file": {file: "oidc_client_secret: s3cret\n"},
	} {
		l.flags = sso("http://127.0.0.1:1")
		if got := mustLoad(t, l).OIDCClientSecret.Reveal(); got != "s3cret" {
			t.Errorf("from the %s came %q", name, got)
		}
	}
}

func TestConfigFromVariable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte("trusted_proxies: [10.0.0.0/8, '2001:db8::1', '::ffff:192.0.2.0/120', '::ffff:192.0.2.77']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := mustLoad(t, layers{env: map[string]string{"TOKENRY_CONFIG": path}})
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::1/128"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.0.2.77/32")}
	if d := cmp.Diff(want, c.TrustedProxies, cmp.Comparer(samePrefix)); d != "" {
		t.Error(d)
	}
}

func TestKeysBesideTheDatabase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		flags          []string
		database, keys string
	}{
		{[]string{"--data", "x"}, "sqlite:x/tokenry.db", "x/keys.json"},
		{[]string{"--database", "sqlite:/srv/t/a.db"}, "sqlite:/srv/t/a.db", "/srv/t/keys.json"},
		{[]string{"--data", "x", "--keys", "/run/keys"}, "sqlite:x/tokenry.db", "/run/keys"},
		{[]string{"--database", "postgres://h/n", "--keys", "k"}, "postgres://h/n", "k"},
	} {
		c := mustLoad(t, layers{flags: tt.flags})
		if c.Database.Reveal() != tt.database || c.Keys != tt.keys {
			t.Errorf("%v: database %s, keys %s", tt.flags, c.Database.Reveal(), c.Keys)
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		layers
		key string
	}{
		{"an unknown key", layers{file: "listne: :80\n"}, "config"},
		{"a nested key", layers{file: "serve: {listen: ':80'}\n"}, "config"},
		{"a key twice", layers{file: "listen: ':80'\nlisten: ':81'\n"}, "config"},
		{"what is not YAML", layers{file: "listen: [\n"}, "config"},
		{"a file that is missing", layers{flags: []string{"--config", "/nonexistent/c.yaml"}}, "config"},
		{"a list for one value", layers{file: "listen: [':80', ':81']\n"}, "listen"},
		{"an address without a port", layers{flags: []string{"--listen", "localhost"}}, "listen"},
		{"a port by name", layers{flags: []string{"--listen", ":http"}}, "listen"},
		{"a port too high", layers{flags: []string{"--listen", ":65536"}}, "listen"},
		{"the hot doors on the main address", layers{flags: []string{"--listen", ":80", "--hot-listen", ":80"}}, "hot_listen"},
		{"the hot doors nowhere", layers{flags: []string{"--hot-listen", "unix:"}}, "hot_listen"},
		{"profiles on the main address", layers{flags: []string{"--profiling"}}, "profiling"},
		{"metrics on the main address", layers{flags: []string{"--listen", ":80", "--metrics-listen", ":80"}}, "metrics_listen"},
		{"a base without a scheme", layers{flags: []string{"--base-url", "tokens.example.com"}}, "base_url"},
		{"a base with a password", layers{flags: []string{"--base-url", "https://u:p@h"}}, "base_url"},
		{"a base with a query", layers{flags: []string{"--base-url", "https://h/?a=b"}}, "base_url"},
		{"proxies that are none", layers{env: map[string]string{"TOKENRY_TRUSTED_PROXIES": "10.0.0.0/8,all"}}, "trusted_proxies"},
		{"proxies with host bits", layers{flags: []string{"--trusted-proxies", "10.0.0.1/8"}}, "trusted_proxies"},
		{"another database", layers{flags: []string{"--database", "mysql://h/n"}}, "database"},
		{"PostgreSQL without keys", layers{flags: []string{"--database", "postgres://h/n"}}, "keys"},
		{"a prefix with a capital", layers{flags: []string{"--prefix", "Acme"}}, "prefix"},
		{"a prefix of one letter", layers{flags: []string{"--prefix", "a"}}, "prefix"},
		{"mail without a sender", layers{flags: []string{"--smtp-url", "smtp://h"}}, "smtp_from"},
		{"mail over http", layers{flags: []string{"--smtp-url", "http://h", "--smtp-from", "a@b.c"}}, "smtp_url"},
		{"a level of its own", layers{flags: []string{"--log-level", "loud"}}, "log_level"},
		{"a format of its own", layers{flags: []string{"--log-format", "xml"}}, "log_format"},
		{"another way to sign in", layers{flags: []string{"--sign-in", "magic"}}, "sign_in"},
		{"single sign-on without a provider", layers{flags: []string{"--sign-in", "sso"}}, "sign_in"},
		{"an issuer over plain HTTP", layers{flags: sso("http://id.example.com")}, "oidc_issuer"},
		{"an issuer with a query", layers{flags: sso("https://id.example.com/?a=b")}, "oidc_issuer"},
		{"a provider without a client", layers{flags: []string{"--oidc-issuer", "https://id.example.com"}}, "oidc_client_id"},
		{"a client without a provider", layers{flags: []string{"--oidc-client-id", "t"}}, "oidc_client_id"},
		{"two places of a secret", layers{flags: sso("https://h", "--oidc-client-secret-file", "f"), env: map[string]string{"TOKENRY_OIDC_CLIENT_SECRET": "s"}}, "oidc_client_secret_file"},
		{"a domain with an @", layers{flags: sso("https://h", "--oidc-domains", "@example.com")}, "oidc_domains"},
		{"subdomains by a star", layers{flags: sso("https://h", "--oidc-domains", "*.example.com")}, "oidc_domains"},
		{"a rule without a role", layers{flags: sso("https://h", "--oidc-workspace", "a", "--oidc-role-claim", "groups", "--oidc-roles", "admins")}, "oidc_roles"},
		{"rules without a claim", layers{flags: sso("https://h", "--oidc-workspace", "a", "--oidc-roles", "a=Owner")}, "oidc_role_claim"},
		{"a role without a workspace", layers{flags: sso("https://h", "--oidc-default-role", "Viewer")}, "oidc_workspace"},
		{"rules at every sign-in, without any", layers{flags: sso("https://h", "--oidc-sync-roles")}, "oidc_sync_roles"},
		{"a confirmation by nothing", layers{flags: sso("https://h", "--oidc-confirm", "never")}, "oidc_confirm"},
		{"a confirmation without a provider", layers{flags: []string{"--oidc-confirm", "return"}}, "oidc_confirm"},
		{"neither true nor false", layers{env: map[string]string{"TOKENRY_OIDC_SYNC_ROLES": "maybe"}}, "oidc_sync_roles"},
		{"a lease that no answer waits for", layers{flags: []string{"--lease", "11s"}}, "lease"},
		{"a lease that nobody renews", layers{flags: []string{"--lease", "10ms"}}, "lease"},
		{"limits in a file", layers{flags: []string{"--limits", "sqlite:x"}}, "limits"},
		{"limits half open", layers{flags: []string{"--limits-outage", "ajar"}}, "limits_outage"},
		{"more staleness than an answer waits for", layers{flags: []string{"--max-staleness", "1m"}}, "max_staleness"},
		{"a negative time", layers{flags: []string{"--shutdown-timeout", "-1s"}}, "shutdown_timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, tt.layers)
			var wrong *config.Error
			if !errors.As(err, &wrong) || wrong.Key != tt.key {
				t.Errorf("error %v, want one about %s", err, tt.key)
			}
		})
	}
}

// Weakness: a password in an address reaches a log or a message. Attack: print
// the settings in every way, and break the file at the password.
func TestPasswordsAreNotPrinted(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	c := mustLoad(t, layers{env: map[string]string{
		"TOKENRY_DATABASE": "postgres://u:" + secret + "@h/n?sslpassword=" + secret, "TOKENRY_KEYS": "k",
		"TOKENRY_SMTP_URL": "smtp://u:" + secret + "@h:587", "TOKENRY_SMTP_FROM": "a@example.com",
		"TOKENRY_OIDC_ISSUER": "https://h", "TOKENRY_OIDC_CLIENT_ID": "t", "TOKENRY_OIDC_CLIENT_SECRET": secret,
	}})
	if !c.Database.HasPassword() || !c.SMTPURL.HasPassword() {
		t.Error("a password was not noticed")
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "config", c, "url", c.SMTPURL)
	hidden := struct{ inner config.Config }{c}
	for _, s := range []string{
		fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprintf("%s %q %x %d", c.Database, c.Database, c.Database, c.Database),
		fmt.Sprintf("%+v %#v", hidden, hidden), log.String(),
	} {
		if strings.Contains(s, secret) || strings.Contains(s, fmt.Sprintf("%x", secret)) {
			t.Errorf("the password is in %s", s)
		}
	}
	for _, file := range []string{
		"smtp_url: *" + secret + "\n", secret + "\n", "database: {" + secret + ": 1}\n", "smtp_url: [" + secret + "\n",
		"smtp_url: 'http://u:" + secret + "@h'\n", "database: " + secret + "\n", "shutdown_timeout: " + secret + "\n",
	} {
		_, err := load(t, layers{file: file})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("file %q: %v", file, err)
		}
	}
}

// TestACommandIsAskedForNothingItDoesNotNeed: what takes no keyring reads a
// PostgreSQL database without one.
func TestACommandIsAskedForNothingItDoesNotNeed(t *testing.T) {
	t.Parallel()
	for needs, names := range map[bool][]string{false: {"data", "database"}, true: {"data", "database", "keys"}} {
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		config.Flags(flags, names...)
		if err := flags.Parse([]string{"--database", "postgres://h/n"}); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(flags, nil); (err != nil) != needs {
			t.Errorf("with the flags %v: %v", names, err)
		}
	}
}
