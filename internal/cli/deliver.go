package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// deliver runs CMD with a token's new secret on its standard input. CMD is not
// stopped by Ctrl-C: what it began, it ends.
func (f *fleet) deliver(ctx context.Context, v api.Issued) error {
	cmd := shell(context.WithoutCancel(ctx), f.exec)
	secret := v.Secret
	if !f.noNewline {
		secret += "\n"
	}
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(secret), &out, &errs
	cmd.Env = append(cmd.Environ(),
		"TOKENRY_TOKEN_ID="+v.Token.ID, "TOKENRY_LOCATOR="+v.Token.Locator, "TOKENRY_LABEL="+v.Token.Label, "TOKENRY_OWNER="+v.Token.Owner.Address)
	err := cmd.Run()
	f.tell.said(&out, &errs)
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		return fmt.Errorf("CMD ended with %w; the old secret works until the overlap ends, and the next run brings a fresh one", err)
	}
	if err != nil {
		return fmt.Errorf("CMD was not run: %w", err)
	}
	return nil
}

// makeFolder makes the folder of a file, for its owner alone.
func makeFolder(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of %s: %w", path, err)
	}
	return nil
}
