package server_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/office"
)

// A person approves, the server is restarted, and the program that waited gets
// its token from the new one.
func TestASignInOutlivesARestart(t *testing.T) {
	t.Parallel()
	cfg := settings(t, "--data", filepath.Join(t.TempDir(), "data"))
	s := start(t, cfg)
	h, err := s.Passwords.Hash(words)
	check(t, err)
	_, err = s.Authority.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme", PasswordHash: h})
	check(t, err)
	d, err := client.BeginLogin(t.Context(), s.BaseURL(), "laptop")
	check(t, err)
	if d.VerificationURI != s.BaseURL()+"/device" {
		t.Errorf("she is sent to %s", d.VerificationURI)
	}
	b := newBrowser(t, s.BaseURL())
	b.at(b.open("/device"), "/signin?next=%2Fdevice")
	b.at(b.post("/signin", "email", "ada@example.com", "password", words, "next", "/device"), "/device", "Type the code")
	b.at(b.post("/device", "code", "BCDF-BCDF"), "/device", "no such code")
	b.at(b.post("/device", "code", d.UserCode), "/device", "Let this terminal act for you?", "laptop")
	b.at(b.post("/device/answer", "code", d.UserCode, "workspace", "acme", "answer", "approve"), "/settings/tokens?did=approved")
	check(t, s.stop())

	cfg.Listen = s.Addr()
	start(t, cfg)
	tok, err := d.Wait(t.Context())
	check(t, err)
	c, err := client.New(s.BaseURL(), tok.AccessToken)
	check(t, err)
	t.Cleanup(c.CloseIdleConnections)
	who, err := c.Whoami(t.Context())
	if err != nil || who.Principal.Address != "ada@example.com" || !strings.Contains(who.Token.Label, "laptop") {
		t.Errorf("%+v, %v", who, err)
	}
	if _, err := d.Wait(t.Context()); err == nil {
		t.Error("the code gives a second token")
	}
}
