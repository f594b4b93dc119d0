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
	"strings"

	"github.com/tokenry/tokenry/internal/command"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/terminal"
)

// stored is a sign-in as it is kept: one file a server, of mode 0600.
type stored struct {
	Server    string `json:"server"`
	Workspace string `json:"workspace"`
	Token     string `json:"token"`
}

// login gets a token that its person approves in the browser, and keeps it.
func (a *app) login() *cobra.Command {
	return a.Command("login", "Sign in through the browser and keep the token", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		server, err := a.Address()
		if err != nil {
			return err
		}
		host, err := os.Hostname()
		if err != nil {
			host = "" // the server says that it is another machine
		}
		d, err := client.BeginLogin(cmd.Context(), server, host)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.Err, "Open %s in a browser where you are signed in, and type this code:\n\n    %s\n\n", terminal.Clean(d.VerificationURI), terminal.Clean(d.UserCode))
		a.browse(cmd, d.VerificationURI)
		tok, err := d.Wait(cmd.Context())
		if err != nil {
			return err
		}
		old, _ := a.kept(server) // what cannot be read is replaced
		path, err := a.keep(stored{Server: server, Workspace: tok.Workspace, Token: tok.AccessToken})
		if err != nil {
			return err
		}
		if err := a.end(cmd.Context(), old); err != nil {
			fmt.Fprintf(a.Err, "The token of the sign-in before was not revoked: %s\n", terminal.Clean(err.Error()))
		}
		if a.JSON {
			return a.PrintJSON(struct {
				Server    string `json:"server"`
				Workspace string `json:"workspace"`
				Locator   string `json:"locator"`
			}{server, tok.Workspace, tok.Locator})
		}
		fmt.Fprintf(a.Err, "Signed in to %s, workspace %s. The token is in %s; tokenry logout revokes it.\n", terminal.Clean(server), terminal.Clean(tok.Workspace), terminal.Clean(path))
		return nil
	})
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
	if !a.Terminal(a.Err) || !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
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
