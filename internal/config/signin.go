package config

import (
	"net/netip"
	"net/url"
	"strings"
)

func (c *Config) checkSignIn() error {
	switch c.SignIn {
	case "both", "password":
		return nil
	case "sso":
		if c.OIDCIssuer == "" {
			return wrong("sign_in", "can be sso only with an identity provider; set oidc_issuer too")
		}
		return nil
	}
	return wrong("sign_in", "must be both, password or sso")
}

// checkOIDC refuses what would let the wrong people in or nobody, before anybody
// stands at the door.
func (c *Config) checkOIDC() error {
	if c.OIDCIssuer == "" {
		return c.checkNoOIDC()
	}
	for _, check := range []func() error{c.checkIssuer, c.checkOIDCClient, c.checkDomains, c.checkOIDCRoles, c.checkOIDCConfirm} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkNoOIDC refuses settings of a provider that is not there: the issuer was
// probably misspelt.
func (c *Config) checkNoOIDC() error {
	for _, s := range []struct {
		key   string
		given bool
	}{
		{"oidc_client_id", c.OIDCClientID != ""},
		{"oidc_client_secret", !c.OIDCClientSecret.IsZero()},
		{"oidc_client_secret_file", c.OIDCClientSecretFile != ""},
		{"oidc_domains", len(c.OIDCDomains) > 0},
		{"oidc_workspace", c.OIDCWorkspace != ""},
		{"oidc_roles", len(c.OIDCRoles) > 0},
		{"oidc_confirm", c.OIDCConfirm != "auth_time"},
	} {
		if s.given {
			return wrong(s.key, "means nothing without oidc_issuer; set that too")
		}
	}
	return nil
}

func (c *Config) checkIssuer() error {
	u, err := url.Parse(c.OIDCIssuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return wrong("oidc_issuer", "must be an https address without user, query and fragment, like https://id.example.com")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return wrong("oidc_issuer", "must begin with https://; http:// is for a provider on this machine")
	}
	return nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func (c *Config) checkOIDCClient() error {
	if c.OIDCClientID == "" {
		return wrong("oidc_client_id", "must be given with oidc_issuer")
	}
	if !c.OIDCClientSecret.IsZero() && c.OIDCClientSecretFile != "" {
		return wrong("oidc_client_secret_file", "cannot be given beside oidc_client_secret; keep one of them")
	}
	return nil
}

func (c *Config) checkDomains() error {
	for _, d := range c.OIDCDomains {
		if d != "*" && (strings.ContainsAny(d, "@*/: ") || !strings.Contains(d, ".") || strings.Trim(d, ".") != d) {
			return wrong("oidc_domains", "must be domains like example.com, without an @ or a subdomain's star; * alone is every one")
		}
	}
	return nil
}

func (c *Config) checkOIDCRoles() error {
	for _, r := range c.OIDCRoles {
		value, role, ok := strings.Cut(r, "=")
		if !ok || value == "" || role == "" {
			return wrong("oidc_roles", "must be entries like engineers=Team Member")
		}
	}
	if len(c.OIDCRoles) > 0 && c.OIDCRoleClaim == "" {
		return wrong("oidc_role_claim", "must be given with oidc_roles: the claim that they look at, like groups")
	}
	if c.OIDCWorkspace == "" && (len(c.OIDCRoles) > 0 || c.OIDCDefaultRole != "") {
		return wrong("oidc_workspace", "must be given with oidc_roles or oidc_default_role: where they hold")
	}
	if c.OIDCSyncRoles && len(c.OIDCRoles) == 0 {
		return wrong("oidc_sync_roles", "means nothing without oidc_roles")
	}
	return nil
}

func (c *Config) checkOIDCConfirm() error {
	if c.OIDCConfirm != "auth_time" && c.OIDCConfirm != "return" {
		return wrong("oidc_confirm", "must be auth_time, or return where the provider does not say when people signed in")
	}
	return nil
}
