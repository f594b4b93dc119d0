package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

// stored is a sign-in as it is kept: one file a server, of mode 0600.
type stored struct {
	Server    string `json:"server"`
	Workspace string `json:"workspace"`
	Token     string `json:"token"`
	// ExpiresAt is when the token ends; nil where that is never or was not kept.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// loginFor is how long a sign-in lasts where nobody says: a working day. soon is how long
// before its end that is said.
const (
	loginFor = 8 * time.Hour
	soon     = 30 * time.Minute
)

// login gets a token that its person approves in the browser, and keeps it.
func (a *app) login() *cobra.Command {
	var scopes []string
	lasts := &terminal.Lifetime{Duration: api.Duration(loginFor)}
	var stay bool
	cmd := a.Command("login", "Sign in through the browser and keep the token", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if strings.HasPrefix(a.flags.workspace, "ext:") {
			return command.Usagef("login takes the slug of a workspace, not its external id")
		}
		server, err := a.Address()
		if err != nil {
			return err
		}
		in := api.DeviceAuthorizationRequest{Scope: strings.Join(scopes, " "), ExpiresIn: lasts.Duration, Workspace: a.flags.workspace}
		if in.DeviceName, err = os.Hostname(); err != nil {
			in.DeviceName = "" // the server says that it is another machine
		}
		d, err := client.BeginLoginFor(cmd.Context(), server, in)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.Err, "Open %s in a browser where you are signed in, and type this code:\n\n    %s\n\n", terminal.Clean(d.VerificationURI), terminal.Clean(d.UserCode))
		if !stay {
			a.browse(cmd, d.VerificationURI)
		}
		tok, err := d.Wait(cmd.Context())
		if err != nil {
			return err
		}
		return a.signedIn(cmd.Context(), server, tok)
	})
	cmd.Long = `Sign in through the browser: it is opened where there is one (not over SSH, in a CI
job, or with --no-browser), and asks for the code that is shown here. The token that
you approve there is kept in a file for you alone, and never printed.

It lasts 8 hours, or as long as --expires-in says, and no longer than the policy of
the workspace allows. --scope limits it to less than you may, and -w says for which
workspace it is; without, you choose in the browser. Signing in again revokes the
token before.`
	cmd.Flags().StringSliceVar(&scopes, "scope", nil, "scope like tickets:read, or pattern like tickets:*, that it is limited to; may be repeated (default everything you may)")
	cmd.Flags().Var(lasts, "expires-in", "how long it lasts at the most, like 30m, 8h or 30d")
	cmd.Flags().BoolVar(&stay, "no-browser", false, "open no browser; the address is shown")
	return cmd
}

// signedIn keeps a token in place of the one before, and says what it is.
func (a *app) signedIn(ctx context.Context, server string, tok api.GrantedToken) error {
	fresh := stored{Server: server, Workspace: tok.Workspace, Token: tok.AccessToken}
	if tok.ExpiresIn != nil {
		end := a.Now().Add(time.Duration(*tok.ExpiresIn) * time.Second).UTC().Truncate(time.Second)
		fresh.ExpiresAt = &end
	}
	old, _ := a.kept(server) // what cannot be read is replaced
	path, err := a.keep(fresh)
	if err != nil {
		return err
	}
	if err := a.end(ctx, old); err != nil {
		fmt.Fprintf(a.Err, "The token of the sign-in before was not revoked: %s\n", terminal.Clean(err.Error()))
	}
	if a.JSON {
		return a.PrintJSON(struct {
			Server    string     `json:"server"`
			Workspace string     `json:"workspace"`
			Locator   string     `json:"locator"`
			Scope     string     `json:"scope"`
			ExpiresAt *time.Time `json:"expires_at"`
		}{server, tok.Workspace, tok.Locator, tok.Scope, fresh.ExpiresAt})
	}
	until := "for good"
	if fresh.ExpiresAt != nil {
		until = "until " + a.When(fresh.ExpiresAt)
	}
	fmt.Fprintf(a.Err, "Signed in to %s, workspace %s, %s. The token is in %s; tokenry logout revokes it.\n", terminal.Clean(server), terminal.Clean(tok.Workspace), until, terminal.Clean(path))
	return nil
}

// tellEnd says to a person that a sign-in ends soon, or has.
func (a *app) tellEnd(s stored) {
	if s.ExpiresAt == nil || !a.Terminal(a.Err) {
		return
	}
	switch left := s.ExpiresAt.Sub(a.Now()); {
	case left <= 0:
		fmt.Fprintf(a.Err, "note: the sign-in ended %s; tokenry login makes a new one\n", terminal.Relative(left))
	case left < soon:
		fmt.Fprintf(a.Err, "note: the sign-in ends %s; tokenry login makes a new one\n", terminal.Relative(left))
	}
}

// logout revokes the token that login kept, and forgets it.
func (a *app) logout() *cobra.Command {
	return a.Command("logout", "Revoke the token that login kept, and forget it", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		server, err := a.Address()
		if err != nil {
			return err
		}
		s, err := a.kept(server)
		if err != nil {
			return err
		}
		if s.Token == "" {
			return command.Usagef("nobody is signed in to %s here", terminal.Clean(server))
		}
		if err := a.end(cmd.Context(), s); err != nil {
			return fmt.Errorf("the token was not revoked, so it is kept: %w", err)
		}
		path, err := a.loginFile(server)
		if err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		fmt.Fprintf(a.Err, "Signed out of %s; the token is revoked.\n", terminal.Clean(server))
		return nil
	})
}

// end revokes the token of a sign-in; that it has ended already is no error.
func (a *app) end(ctx context.Context, s stored) error {
	if s.Token == "" {
		return nil
	}
	c, err := client.New(s.Server, s.Token, client.WithUserAgent("tokenry-cli"))
	if err != nil {
		return err
	}
	defer c.CloseIdleConnections()
	_, err = c.RevokeToken(ctx, "", "self", api.RevokeToken{Reason: api.ReasonUnused})
	if errors.Is(err, api.CodeInvalidToken) || errors.Is(err, api.CodeRevoked) || errors.Is(err, api.CodeExpired) {
		return nil
	}
	return err
}

// browse opens an address where a person sits; whoever has no browser has read it.
func (a *app) browse(cmd *cobra.Command, address string) {
	if !a.Terminal(a.Err) || !a.hasBrowser(runtime.GOOS) || !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return
	}
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	_ = exec.CommandContext(cmd.Context(), name, args...).Start() //nolint:gosec // an http address of the server that was named
}

// hasBrowser says whether a browser can open before the person who sits here: not at the
// other end of SSH, not in a CI job, and on Unix not without a display.
func (a *app) hasBrowser(system string) bool {
	set := func(name string) bool { v, ok := a.Env(name); return ok && v != "" }
	if slices.ContainsFunc([]string{"CI", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"}, set) {
		return false
	}
	return system == "darwin" || system == "windows" || slices.ContainsFunc([]string{"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"}, set)
}

// loginFile is where the sign-in to a server is kept.
func (a *app) loginFile(server string) (string, error) {
	dir, _ := a.Env("XDG_CONFIG_HOME")
	if dir == "" {
		if dir, _ = a.Env("AppData"); runtime.GOOS != "windows" || dir == "" {
			home, _ := a.Env("HOME")
			if home == "" {
				return "", errors.New("there is no place to keep the sign-in: set HOME or XDG_CONFIG_HOME")
			}
			dir = filepath.Join(home, ".config")
		}
	}
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", r) {
			return r
		}
		return '_'
	}, server)
	return filepath.Join(dir, "tokenry", "logins", name+".json"), nil
}

// kept reads the sign-in to a server; the zero value is none. What stands in a
// file of another server is never sent.
func (a *app) kept(server string) (s stored, err error) {
	path, err := a.loginFile(server)
	if err != nil {
		return s, nil // without a home there is none
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	defer func() { _ = f.Close() }() // it was only read
	if info, err := f.Stat(); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return s, fmt.Errorf("%s can be read by others, so it is not used; chmod 600 it, or sign in again", terminal.Clean(path))
	}
	if err := json.NewDecoder(f).Decode(&s); err != nil {
		return s, fmt.Errorf("%s cannot be read; remove it and sign in again", terminal.Clean(path))
	}
	if s.Server != server {
		return stored{}, nil
	}
	return s, nil
}

// keep writes a sign-in beside the old one and puts it in its place.
func (a *app) keep(s stored) (string, error) {
	path, err := a.loginFile(s.Server)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".login-*") // of mode 0600
	if err != nil {
		return "", err
	}
	err = errors.Join(json.NewEncoder(f).Encode(s), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error is told
		return "", fmt.Errorf("keep the sign-in: %w", err)
	}
	return path, nil
}
