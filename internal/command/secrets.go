package command

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tokenry/tokenry/internal/terminal"
)

// DefaultServer is where serve listens when it is told nothing.
const DefaultServer = "http://127.0.0.1:8080"

// Address is that of the server that commands speak to. An empty variable is refused: a
// secret would go to another server than the one that was meant.
func (a *App) Address() (string, error) {
	return strings.TrimRight(a.Setting(a.Server, "TOKENRY_SERVER", DefaultServer), "/"), a.Said(a.Server, "TOKENRY_SERVER")
}

// Said refuses a variable that is there and empty where a flag does not stand over
// it: another server, workspace or identity would be taken for the one that was meant.
func (a *App) Said(flag, variable string) error {
	if v, ok := a.Env(variable); flag == "" && ok && terminal.Blank(v) {
		return Usagef("the variable %s is there and empty; give it a value, or unset it", variable)
	}
	return nil
}

// Setting is a flag's value, else a variable's, else the default.
func (a *App) Setting(flag, variable, def string) string {
	if flag != "" {
		return flag
	}
	if v, ok := a.Env(variable); ok && v != "" {
		return v
	}
	return def
}

// ReadGiven is [App.ReadSecret] from where the one argument says, or standard input.
func (a *App) ReadGiven(args []string, what string) (string, error) {
	return a.ReadSecret(append(args, "-")[0], what)
}

// ReadSecret reads a secret from where a text says: - is standard input, @FILE a
// file, $NAME a variable. A secret itself is refused.
func (a *App) ReadSecret(from, what string) (string, error) {
	switch {
	case from == "-":
		return a.ReadStdin(what)
	case strings.HasPrefix(from, "@"):
		return a.ReadFile(from[1:])
	case strings.HasPrefix(from, "$"):
		if tok, ok := a.Env(from[1:]); ok && tok != "" {
			return tok, nil
		}
		return "", Usagef("%s: the variable %s is not set", what, from[1:])
	}
	return "", Usagef("%s takes no secret itself, because arguments are seen by every user of this machine (ps) and kept in the shell's history; "+
		"it takes - for standard input, @FILE for a file, or '$NAME' for a variable", what)
}

// maxSecret is more than any token, password or ID token has.
const maxSecret = 16<<10 + 1

// ReadStdin reads the first line of standard input, once.
func (a *App) ReadStdin(what string) (string, error) {
	if a.StdinTaken {
		return "", Usagef("standard input can hold one secret; give the other in a file or a variable")
	}
	a.StdinTaken = true
	if a.Terminal(a.In) {
		fmt.Fprintf(a.Err, "%s, on standard input: ", strings.TrimLeft(what, "-"))
	}
	line, err := bufio.NewReader(io.LimitReader(a.In, maxSecret)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read standard input: %w", err)
	}
	return noLineEnd(line), nil
}

// ReadFile reads a secret from a file, and warns of one that others can read.
func (a *App) ReadFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", Misused(err)
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
