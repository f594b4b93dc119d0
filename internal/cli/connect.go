package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/terminal"
)

// defaultServer is where serve listens when it is told nothing.
const defaultServer = "http://127.0.0.1:8080"

// client makes the client that the flags and variables describe.
func (a *app) client(more ...client.Option) (*client.Client, error) {
	server, err := a.server()
	if err := input.First(a.said(a.flags.workspace, "TOKENRY_WORKSPACE"), err); err != nil {
		return nil, err
	}
	tok, err := a.callerToken()
	if err != nil {
		return nil, err
	}
	opts := append([]client.Option{
		client.WithUserAgent("tokenry-cli"), client.WithWorkspace(a.setting(a.flags.workspace, "TOKENRY_WORKSPACE", "")),
	}, more...)
	c, err := client.New(server, tok, opts...)
	if err != nil {
		return nil, usage(err)
	}
	return c, nil
}

// said refuses a variable that is there and empty where a flag does not stand over
// it: another server, workspace or identity would be taken for the one that was meant.
func (a *app) said(flag, variable string) error {
	if v, ok := a.Env(variable); flag == "" && ok && terminal.Blank(v) {
		return usagef("the variable %s is there and empty; give it a value, or unset it", variable)
	}
	return nil
}

// setting is a flag's value, else a variable's, else the default.
func (a *app) setting(flag, variable, def string) string {
	if flag != "" {
		return flag
	}
	if v, ok := a.Env(variable); ok && v != "" {
		return v
	}
	return def
}

// callerToken reads the token that the program itself presents.
func (a *app) callerToken() (string, error) {
	switch {
	case a.flags.token != "" && a.flags.tokenFile != "":
		return "", usagef("give either --token or --token-file")
	case a.flags.tokenFile != "":
		return a.readFile(a.flags.tokenFile)
	case a.flags.token != "":
		return a.readSecret(a.flags.token, "--token")
	}
	if tok, ok := a.Env("TOKENRY_TOKEN"); ok && !terminal.Blank(tok) {
		return tok, nil
	}
	server, err := a.server()
	if err != nil {
		return "", err
	}
	if s, err := a.kept(server); err != nil || s.Token != "" {
		return s.Token, input.First(err, a.said("", "TOKENRY_TOKEN"))
	}
	return "", usagef("there is no token: run tokenry login, set TOKENRY_TOKEN, or give --token @FILE, or --token - and the token on standard input")
}

// readGiven is [app.readSecret] from where the one argument says, or standard input.
func (a *app) readGiven(args []string, what string) (string, error) {
	return a.readSecret(append(args, "-")[0], what)
}

// readSecret reads a secret from where a text says: - is standard input, @FILE a
// file, $NAME a variable. A secret itself is refused.
func (a *app) readSecret(from, what string) (string, error) {
	switch {
	case from == "-":
		return a.readStdin(what)
	case strings.HasPrefix(from, "@"):
		return a.readFile(from[1:])
	case strings.HasPrefix(from, "$"):
		if tok, ok := a.Env(from[1:]); ok && tok != "" {
			return tok, nil
		}
		return "", usagef("%s: the variable %s is not set", what, from[1:])
	}
	return "", usagef("%s takes no secret itself, because arguments are seen by every user of this machine (ps) and kept in the shell's history; "+
		"it takes - for standard input, @FILE for a file, or '$NAME' for a variable", what)
}

// maxSecret is more than any token, password or ID token has.
const maxSecret = 16<<10 + 1

// readStdin reads the first line of standard input, once.
func (a *app) readStdin(what string) (string, error) {
	if a.stdinTaken {
		return "", usagef("standard input can hold one secret; give the other in a file or a variable")
	}
	a.stdinTaken = true
	if a.Terminal(a.In) {
		fmt.Fprintf(a.Err, "%s, on standard input: ", strings.TrimLeft(what, "-"))
	}
	line, err := bufio.NewReader(io.LimitReader(a.In, maxSecret)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read standard input: %w", err)
	}
	return noLineEnd(line), nil
}

// readFile reads a secret from a file, and warns of one that others can read.
func (a *app) readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", usage(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0 {
		fmt.Fprintf(a.Err, "warning: %s can be read by others; chmod 600 %s\n", terminal.Clean(path), terminal.Clean(path))
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	if i := bytes.IndexByte(b, '\n'); i >= 0 && len(bytes.TrimSpace(b[i:])) == 0 {
		b = b[:i]
	}
	return noLineEnd(string(b)), nil
}

// noLineEnd drops the line end that every editor and echo puts behind a secret,
// and nothing else.
func noLineEnd(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}
