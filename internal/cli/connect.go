package cli

import (
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/terminal"
)

// client makes the client that the flags and variables describe.
func (a *app) client(more ...client.Option) (*client.Client, error) {
	server, err := a.Address()
	if err := input.First(a.Said(a.flags.workspace, "TOKENRY_WORKSPACE"), err); err != nil {
		return nil, err
	}
	tok, err := a.callerToken()
	if err != nil {
		return nil, err
	}
	opts := append([]client.Option{
		client.WithUserAgent("tokenry-cli"), client.WithWorkspace(a.Setting(a.flags.workspace, "TOKENRY_WORKSPACE", "")),
	}, more...)
	c, err := client.New(server, tok, opts...)
	if err != nil {
		return nil, command.Misused(err)
	}
	return c, nil
}

// callerToken reads the token that the program itself presents.
func (a *app) callerToken() (string, error) {
	switch {
	case a.flags.token != "" && a.flags.tokenFile != "":
		return "", command.Usagef("give either --token or --token-file")
	case a.flags.tokenFile != "":
		return a.ReadFile(a.flags.tokenFile)
	case a.flags.token != "":
		return a.ReadSecret(a.flags.token, "--token")
	}
	if tok, ok := a.Env("TOKENRY_TOKEN"); ok && !terminal.Blank(tok) {
		return tok, nil
	}
	server, err := a.Address()
	if err != nil {
		return "", err
	}
	if s, err := a.kept(server); err != nil || s.Token != "" {
		a.tellEnd(s)
		return s.Token, input.First(err, a.Said("", "TOKENRY_TOKEN"))
	}
	return "", command.Usagef("there is no token: run tokenry login, set TOKENRY_TOKEN, or give --token @FILE, or --token - and the token on standard input")
}
