package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/signin"
	"github.com/tokenry/tokenry/token"
)

const (
	// providerID names the one identity provider in addresses.
	providerID = "sso"
	// maxClientSecret is more than any provider hands out.
	maxClientSecret = 4 << 10
)

// providers are the identity providers of the settings; none or one.
func (s *Server) providers() ([]signin.OIDCConfig, error) {
	cfg := s.config
	if cfg.OIDCIssuer == "" {
		return nil, nil
	}
	secret, err := s.clientSecret()
	if err != nil {
		return nil, err
	}
	p := signin.OIDCConfig{
		ID: providerID, Name: cfg.OIDCName, Issuer: cfg.OIDCIssuer, ClientID: cfg.OIDCClientID, ClientSecret: secret,
		Scopes: cfg.OIDCScopes, Domains: cfg.OIDCDomains, Workspace: cfg.OIDCWorkspace, DefaultRole: cfg.OIDCDefaultRole,
		RoleClaim: cfg.OIDCRoleClaim, EverySignIn: cfg.OIDCSyncRoles, ConfirmByReturn: cfg.OIDCConfirm == "return",
	}
	for _, r := range cfg.OIDCRoles {
		value, role, _ := strings.Cut(r, "=") // the settings were checked
		p.Roles = append(p.Roles, signin.RoleRule{Value: value, Role: role})
	}
	return []signin.OIDCConfig{p}, nil
}

// checkProviders warns of a workspace or a role in the settings that is not there.
// It does not stop the start: on a new server the workspace comes later.
func (s *Server) checkProviders() {
	cfg := s.config
	if cfg.OIDCIssuer == "" || cfg.OIDCWorkspace == "" {
		return
	}
	roles, err := s.Authority.ListRoles(context.Background(), authority.Caller{Machine: "serve"}, authority.Where{Workspace: cfg.OIDCWorkspace})
	if err != nil {
		s.Logger.Warn("single sign-on cannot make members: the workspace of its settings does not exist, or cannot be read",
			"setting", "--oidc-workspace", "workspace", cfg.OIDCWorkspace, "error", err)
		return
	}
	named := map[string]string{cfg.OIDCDefaultRole: "--oidc-default-role"}
	for _, r := range cfg.OIDCRoles {
		_, role, _ := strings.Cut(r, "=") // the settings were checked
		named[role] = "--oidc-roles"
	}
	delete(named, "")
	for _, r := range roles {
		delete(named, r.Name)
	}
	for role, setting := range named {
		s.Logger.Warn("single sign-on cannot give a role: it does not exist in the workspace of its settings",
			"setting", setting, "workspace", cfg.OIDCWorkspace, "role", role)
	}
}

// clientSecret is the setting, or what stands in the file that it names.
func (s *Server) clientSecret() (token.Secret, error) {
	if s.config.OIDCClientSecretFile == "" {
		return token.NewSecret(s.config.OIDCClientSecret.Reveal()), nil
	}
	f, err := os.Open(s.config.OIDCClientSecretFile)
	if err != nil {
		return token.Secret{}, fmt.Errorf("open the client's secret (--oidc-client-secret-file): %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxClientSecret+1))
	if b = bytes.TrimRight(b, "\r\n"); err == nil && (len(b) == 0 || len(b) > maxClientSecret) {
		err = fmt.Errorf("%s is empty, or larger than a secret is", f.Name())
	}
	if err != nil {
		return token.Secret{}, fmt.Errorf("read the client's secret (--oidc-client-secret-file): %w", err)
	}
	return token.NewSecret(string(b)), nil
}
