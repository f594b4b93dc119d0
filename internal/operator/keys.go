package operator

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/terminal"
	"github.com/tokenry/tokenry/token"
)

// randomness is where the keys and names of this program come from.
func randomness() io.Reader { return rand.Reader }

// keys are the commands about the keyring file.
func (a *operator) keys() *cobra.Command {
	return a.Group("keys", "Make, rotate and list the keys of a keyring", a.keysGenerate(), a.keysRotate(), a.keysList())
}

// keysGenerate writes a keyring to a new file of mode 0600, and never over one: that
// would end every token.
func (a *operator) keysGenerate() *cobra.Command {
	var path string
	cmd := a.Command("generate --out FILE", "Make a keyring with one key, in a new file", cobra.NoArgs, func(*cobra.Command, []string) error {
		keys, err := server.CreateKeyring(path, randomness(), a.Now())
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s exists, and a keyring is never written over; choose another file", path)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(a.Err, "wrote %s; keep a copy of it apart from the database\n", terminal.Clean(path))
		return a.showKeys(keys)
	})
	cmd.Long = `Make a keyring for a server on PostgreSQL, the same for all of its nodes. With
SQLite the server makes its own on the first start. Whoever has the keyring can
forge what the database holds; whoever lost it lost every token.`
	cmd.Flags().StringVar(&path, "out", "", "file to write, of mode 0600")
	_ = cmd.MarkFlagRequired("out") // it was added above
	return cmd
}

// keysRotate adds a key. The former ones stay, because tokens are verified under the
// key that they were made with.
func (a *operator) keysRotate() *cobra.Command {
	cmd := a.Command("rotate", "Add a key, which new tokens are kept under from the next start on", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		path, err := a.keyringPath(cmd)
		if err != nil {
			return err
		}
		keys, err := server.RotateKeyring(path, randomness(), a.Now())
		if err != nil {
			return err
		}
		fmt.Fprintf(a.Err, "key %d is current now; restart the server to use it. Several nodes use it once each was restarted with the same file. Tokens under the old keys go on working\n", keys.Current())
		return a.showKeys(keys)
	})
	config.Flags(cmd.Flags(), "data", "keys", "database")
	return cmd
}

// keysList prints the numbers and times of the keys; what a key is made of is never
// printed.
func (a *operator) keysList() *cobra.Command {
	cmd := a.Command("list", "List the keys, without their contents", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		path, err := a.keyringPath(cmd)
		if err != nil {
			return err
		}
		keys, err := server.ReadKeyring(path)
		if err != nil {
			return err
		}
		return a.showKeys(keys)
	})
	config.Flags(cmd.Flags(), "data", "keys", "database")
	return cmd
}

// keyringPath is the keyring of the settings, which none of these commands needs a
// database for.
func (a *operator) keyringPath(cmd *cobra.Command) (string, error) {
	cfg, err := config.Load(cmd.Flags(), a.Env)
	return cfg.Keys, err
}

// showKeys prints the keys of a keyring, the oldest first.
func (a *operator) showKeys(keys *token.Keyring) error {
	return command.Table(a.App, command.Each(keys.Keys(), nil), 0, "KEY,MADE,CURRENT", func(k token.KeyInfo) []string {
		return []string{fmt.Sprint(k.ID), a.When(&k.CreatedAt), terminal.YesNo(k.Current)}
	})
}
