// Command release writes what a release has beside the program: man pages, completions,
// the list of what is linked, archives and checksums. Its laws:
//
//   - All of it is told by the program: its tree of commands, and what Go writes into a
//     binary. The clock is not read, so the same commit gives the same bytes.
//   - It links what makes man pages, so that the program need not.
package main

import (
	"bytes"
	"compress/gzip"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/tokenry/tokenry/internal/cli"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/stamp"
)

func main() {
	if err := run(os.Args[1:], os.Getenv("SOURCE_DATE_EPOCH"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// run does one step of scripts/release; epoch is the moment of the commit in seconds.
func run(args []string, epoch string, out io.Writer) error {
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH is no number of seconds: %w", err)
	}
	at := time.Unix(seconds, 0).UTC()
	switch {
	case len(args) == 2 && args[0] == "extras":
		return extras(args[1], cli.Tree(), at)
	case len(args) == 2 && (args[0] == "version" || args[0] == "sbom"):
		info, err := buildinfo.ReadFile(args[1])
		if err != nil {
			return err
		}
		if args[0] == "sbom" {
			return bill(out, info)
		}
		_, err = fmt.Fprintln(out, stamp.Of(info).Version)
		return err
	case len(args) == 3 && args[0] == "pack":
		return pack(args[1], args[2], at)
	case len(args) == 2 && args[0] == "sums":
		return writeSums(args[1])
	default:
		return errors.New("say one of: extras FOLDER, version BINARY, sbom BINARY, pack FOLDER FILE, sums FOLDER")
	}
}

// extras writes the man page of every command, and completions for four shells.
func extras(folder string, root *cobra.Command, at time.Time) error {
	for _, sub := range []string{"man", "completions"} {
		if err := os.MkdirAll(filepath.Join(folder, sub), 0o700); err != nil {
			return err
		}
	}
	root.DisableAutoGenTag = true // a date, and the header has the commit's
	if err := pages(filepath.Join(folder, "man"), root, doc.GenManHeader{Section: "1", Source: "Tokenry", Manual: "Tokenry", Date: &at}); err != nil {
		return err
	}
	for name, write := range map[string]func(io.Writer) error{
		"tokenry.bash": func(w io.Writer) error { return command.WriteBash(root, w, true) },
		"_tokenry":     root.GenZshCompletion,
		"tokenry.fish": func(w io.Writer) error { return root.GenFishCompletion(w, true) },
		"tokenry.ps1":  root.GenPowerShellCompletionWithDesc,
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "completions", name), b.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// pages writes a page for a command and for each below it.
func pages(folder string, cmd *cobra.Command, header doc.GenManHeader) error {
	for _, c := range cmd.Commands() {
		if err := pages(folder, c, header); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	own := header // it gets the title of the page
	if err := errors.Join(doc.GenMan(cmd, &own, z), z.Close()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, page(cmd)), b.Bytes(), 0o600)
}

// page is the name of a command's page.
func page(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1.gz"
}
