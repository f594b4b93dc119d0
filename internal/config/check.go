package config

import (
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// assign writes texts into a field by its type, or says what is wrong.
func assign(field any, texts []string) (problem string) {
	switch field := field.(type) {
	case *string:
		*field = texts[0]
	case *URL:
		*field = NewURL(texts[0])
	case *Secret:
		*field = NewSecret(texts[0])
	case *[]URL:
		var entries []string
		problem = assignTexts(&entries, texts)
		*field = nil
		for _, entry := range entries {
			*field = append(*field, NewURL(entry))
		}
		return problem
	case *[]string:
		return assignTexts(field, texts)
	case *bool:
		return assignBool(field, texts[0])
	case *int:
		n, err := strconv.Atoi(texts[0])
		if err != nil || n < 0 {
			return "must be a whole number, not below 0"
		}
		*field = n
	case *Size:
		return assignSize(field, texts[0])
	case *slog.Level:
		return assignLevel(field, texts[0])
	case *time.Duration:
		d, err := time.ParseDuration(texts[0])
		if err != nil || d < 0 {
			return "must be a length of time like 30s or 2m"
		}
		*field = d
	case *[]netip.Prefix:
		return assignPrefixes(field, texts)
	}
	return ""
}

func assignLevel(field *slog.Level, text string) string {
	switch strings.ToLower(text) {
	case "debug", "info", "warn", "error":
		_ = field.UnmarshalText([]byte(text)) // it knows these four
		return ""
	}
	return "must be debug, info, warn or error"
}

// Size is a number of bytes.
type Size int64

// assignSize takes whole MiB and GiB: other units mean two things.
func assignSize(field *Size, text string) string {
	for unit, shift := range map[string]uint{"MiB": 20, "GiB": 30} {
		if digits, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseUint(digits, 10, 24)
			if err == nil {
				*field = Size(n << shift)
				return ""
			}
		}
	}
	return "must be a whole number of MiB or GiB, like 512MiB or 2GiB"
}

func assignTexts(field *[]string, texts []string) string {
	*field = nil
	for i, text := range texts {
		if text = strings.TrimSpace(text); text == "" {
			return "entry " + strconv.Itoa(i+1) + " is empty"
		}
		*field = append(*field, text)
	}
	return ""
}

func assignBool(field *bool, text string) string {
	switch text = strings.ToLower(text); text { // YAML also writes True
	case "true", "false":
		*field = text == "true"
		return ""
	}
	return "must be true or false"
}

func assignPrefixes(field *[]netip.Prefix, texts []string) string {
	*field = nil
	for i, text := range texts {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, addrErr := netip.ParseAddr(text)
			if addrErr != nil || a.Zone() != "" {
				return "entry " + strconv.Itoa(i+1) + " is neither a CIDR like 10.0.0.0/8 nor an address"
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		if p != p.Masked() {
			return "entry " + strconv.Itoa(i+1) + " has bits set behind its mask; write the network's own address"
		}
		*field = append(*field, unmapped(p))
	}
	return ""
}

// unmapped is a network of IPv4 that was written as one of IPv6 as what it means:
// addresses are compared as IPv4.
func unmapped(p netip.Prefix) netip.Prefix {
	const mapped = 96
	if p.Addr().Is4In6() && p.Bits() >= mapped {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
	}
	return p
}

// check refuses what means nothing and settles what follows from other settings.
func (c *Config) check() error {
	for _, check := range []func() error{
		c.checkAddresses, c.checkBaseURL, c.checkDatabase, c.checkLease, c.checkCache, c.checkLimits, c.checkPrefix, c.checkMail, c.checkBrand, c.checkLog, c.checkSignIn, c.checkOIDC, c.checkTrust,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// What a change may wait for a silent node: the answer to it fits into what a server
// and a client wait for one.
const (
	LongestLease     = 10 * time.Second
	LongestStaleness = 20 * time.Second
)

// checkLease keeps what a change waits for a silent node below what its answer may take.
func (c *Config) checkLease() error {
	const shortest = time.Second
	if c.Lease < shortest || c.Lease > LongestLease {
		return wrong("lease", "must be from %v to %v", shortest, LongestLease)
	}
	if c.MaxStaleness > LongestStaleness {
		return wrong("max_staleness", "must be at most %v: every change that takes power away waits so long for a node that is silent", LongestStaleness)
	}
	return nil
}

// checkCache asks for room for the workspaces and rights of a few tokens at least.
func (c *Config) checkCache() error {
	const least = 16 << 20
	if c.CacheSize < least {
		return wrong("cache_size", "must be at least 16MiB")
	}
	return nil
}

// checkTrust asks of each issuer whether it is an address that a rule of trust can name:
// they are compared to the byte.
func (c *Config) checkTrust() error {
	for _, issuer := range c.TrustIssuers {
		u, err := url.Parse(issuer)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(issuer, "?#*") {
			return wrong("trust_issuers", "must be addresses like https://gitlab.internal.example, exactly as the tokens name them")
		}
	}
	if u, err := url.Parse(c.LeaksGitHubKeys); c.LeaksGitHubKeys != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil) {
		return wrong("leaks_github_keys", "must be an address like https://api.github.com/meta/public_keys/secret_scanning")
	}
	return nil
}

func (c *Config) checkLimits() error {
	if c.LimitsOutage != "open" && c.LimitsOutage != "closed" {
		return wrong("limits_outage", "must be open or closed")
	}
	switch u, err := url.Parse(c.Limits.Reveal()); {
	case c.Limits.IsZero():
	case err != nil, u.Scheme != "redis" && u.Scheme != "rediss", u.Host == "":
		return wrong("limits", "must be redis://USER:PASSWORD@HOST:6379/0, or rediss:// for TLS")
	}
	return nil
}

func (c *Config) checkAddresses() error {
	const want = "must be host:port, like 127.0.0.1:8080, [::1]:8080 or :8080"
	if !isAddress(c.Listen) {
		return wrong("listen", want)
	}
	if c.MetricsListen != "" && !isAddress(c.MetricsListen) {
		return wrong("metrics_listen", want)
	}
	if c.MetricsListen == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
		return wrong("metrics_listen", "must not be the address of the main listener; leave it empty to serve /metrics there")
	}
	if err := c.checkHot(); err != nil {
		return err
	}
	if c.Profiling && c.MetricsListen == "" {
		return wrong("profiling", "needs metrics_listen: profiles are never on the main listener")
	}
	return nil
}

func (c *Config) checkHot() error {
	path, local := strings.CutPrefix(c.HotListen, "unix:")
	switch {
	case c.HotListen == "":
	case local && path == "", !local && !isAddress(c.HotListen):
		return wrong("hot_listen", "must be host:port, like 127.0.0.1:8081, or unix: and a path")
	case !strings.HasSuffix(c.HotListen, ":0") && (c.HotListen == c.Listen || c.HotListen == c.MetricsListen):
		return wrong("hot_listen", "must not be the address of another listener")
	}
	return nil
}

func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && port == strconv.FormatUint(n, 10)
}

func (c *Config) checkBaseURL() error {
	if c.BaseURL == "" {
		return nil
	}
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return wrong("base_url", "must be an http or https address, like https://tokens.example.com")
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return wrong("base_url", "must have no user, query or fragment")
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	return nil
}

func (c *Config) checkDatabase() error {
	if c.Database.IsZero() {
		if c.Data == "" {
			return wrong("data", "must be a folder, when no database is named")
		}
		c.Database = NewURL("sqlite:" + filepath.Join(c.Data, "tokenry.db"))
	}
	switch c.Database.Scheme() {
	case "sqlite":
		if c.SQLitePath() == "" {
			return wrong("database", "must name a file after sqlite:")
		}
		if c.Keys == "" {
			c.Keys = filepath.Join(filepath.Dir(c.SQLitePath()), "keys.json")
		}
	case "postgres", "postgresql":
	default:
		return wrong("database", "must begin with sqlite: or postgres://")
	}
	return nil
}

// checkKeys refuses PostgreSQL without a keyring. It is asked for whoever can be
// given one: a command without that flag reads what needs none.
func (c *Config) checkKeys() error {
	if c.Keys == "" {
		return wrong("keys", "must be given with PostgreSQL, and be the same for all nodes; tokenry keys generate --out FILE makes one")
	}
	return nil
}

// SQLitePath is the file of a SQLite database; empty for PostgreSQL.
func (c *Config) SQLitePath() string {
	if c.Database.Scheme() != "sqlite" {
		return ""
	}
	_, path, _ := strings.Cut(c.Database.Reveal(), ":")
	path, _, _ = strings.Cut(path, "?")
	return path
}

func (c *Config) checkPrefix() error {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	p := c.Prefix
	if p == "" {
		return nil
	}
	if len(p) < 2 || len(p) > 10 || !strings.Contains(letters, p[:1]) || strings.Trim(p, letters+digits) != "" {
		return wrong("prefix", "must be a lower-case letter and 1 to 9 of a-z and 0-9")
	}
	return nil
}

func (c *Config) checkMail() error {
	if c.SMTPFrom != "" {
		if _, err := mail.ParseAddress(c.SMTPFrom); err != nil {
			return wrong("smtp_from", "must be an e-mail address, or Name <address>")
		}
	}
	if c.SMTPURL.IsZero() {
		return nil
	}
	u, err := url.Parse(c.SMTPURL.Reveal())
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return wrong("smtp_url", "must be smtp://HOST:PORT or smtps://HOST:PORT, with USER:PASSWORD@ before the host if need be")
	}
	if c.SMTPFrom == "" {
		return wrong("smtp_from", "must be given when there is a mail server")
	}
	return nil
}

func (c *Config) checkBrand() error {
	if len(c.BrandName) > 60 || strings.ContainsFunc(c.BrandName, unicode.IsControl) {
		return wrong("brand_name", "must be at most 60 bytes in one line")
	}
	return nil
}

func (c *Config) checkLog() error {
	if c.LogFormat != "text" && c.LogFormat != "json" {
		return wrong("log_format", "must be text or json")
	}
	return nil
}
