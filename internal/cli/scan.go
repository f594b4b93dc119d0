package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/scan"
	"github.com/tokenry/tokenry/internal/stamp"
	"github.com/tokenry/tokenry/internal/terminal"
	"github.com/tokenry/tokenry/token"
)

// scanning is one run of the command scan.
type scanning struct {
	*app
	scanner   scan.Scanner
	prefixes  []string
	format    string
	git, live bool
	stats     scan.Stats
	n         int            // finds
	finds     []scan.Shown   // those that are kept
	secrets   []token.Secret // of these, in their order; for the server alone
	troubles  int
	out       *bufio.Writer
}

const (
	formatText, formatJSON, formatSARIF = "text", "json", "sarif"
)

// scan finds tokens in files, folders, standard input and histories.
func (a *app) scan() *cobra.Command {
	s := &scanning{app: a, out: bufio.NewWriter(a.Out)}
	cmd := a.Command("scan PATH...", "Find token strings in files, folders, standard input or a git history", cobra.ArbitraryArgs, func(cmd *cobra.Command, args []string) error {
		if err := s.prepare(cmd.Context(), args); err != nil {
			return err
		}
		return s.run(cmd.Context(), args)
	})
	cmd.Long = scanHelp
	fs := cmd.Flags()
	fs.StringSliceVar(&s.prefixes, "prefix", nil, "prefix to look for; may be repeated (default tky, or those of --server)")
	fs.StringVar(&s.format, "format", formatText, "text, json or sarif")
	fs.BoolVar(&s.git, "git", false, "scan the whole history of the repository at PATH (default .); with - the output of git log -p on standard input")
	fs.BoolVar(&s.live, "live", false, "ask the server in what state each token is; needs a token of your own")
	fs.StringSliceVar(&s.scanner.Exclude, "exclude", nil, "name (*.lock) or path below PATH (docs/*) to leave out; may be repeated")
	fs.BoolVar(&s.scanner.Binary, "binary", false, "also read files that are not text")
	return cmd
}

const scanHelp = `Find token strings by their shape and checksum, so that what is found is one.
Prints where they stand and their masks, never a token itself.

    tokenry scan .                          a folder, without its .git
    tokenry scan --git                      every commit of this repository, tags, notes and stashes
    kubectl logs deploy/api | tokenry scan -
    git diff --cached | tokenry scan --git -   before a commit

The exit code is 0 when there are none, 1 when some were found, and 2 when
something could not be read. A folder's .tokenryignore leaves out what it lists:
a name or path pattern in each line, or locator:LOCATOR for a token that is known.
Symbolic links are not followed. Files with NUL bytes are skipped without --binary.
It looks into base64 and escapes, and opens gzip, tar and zip, three deep.

With --live the server is asked about each token with your own: live, revoked,
expired and so on for those you may see, unknown for all others. It counts as no
use of them.`

// prepare settles what to look for.
func (s *scanning) prepare(ctx context.Context, args []string) error {
	if s.JSON {
		s.format = formatJSON
	}
	if !slices.Contains([]string{formatText, formatJSON, formatSARIF}, s.format) {
		return command.Usagef("--format takes text, json or sarif")
	}
	if len(args) == 0 && !s.git {
		return command.Usagef("say what to scan: files, folders, or - for standard input")
	}
	for i, pattern := range s.scanner.Exclude {
		if err := scan.CheckPattern(pattern); err != nil {
			return command.Usagef("--exclude: %w", err)
		}
		s.scanner.Exclude[i] = strings.TrimSuffix(pattern, "/")
	}
	s.scanner.Trouble = func(name string, err error) {
		s.troubles++
		fmt.Fprintf(s.Err, "tokenry: %s: %s\n", terminal.Clean(name), terminal.Clean(token.Redact(err.Error())))
	}
	var err error
	s.scanner.Prefixes, err = s.wantedPrefixes(ctx, s.prefixes, s.live)
	return err
}

// wantedPrefixes are those of the flags, else of the server that is asked, else
// the default.
func (a *app) wantedPrefixes(ctx context.Context, given []string, ask bool) ([]token.Prefix, error) {
	var list []token.Prefix
	for _, text := range given {
		p, err := token.ParsePrefix(text)
		if err != nil {
			return nil, command.Usagef("--prefix: a prefix is 2 to 10 of a-z and 0-9, and begins with a letter")
		}
		list = append(list, p)
	}
	if len(list) > 0 {
		return list, nil
	}
	if a.Server == "" && !ask {
		return []token.Prefix{token.DefaultPrefix}, nil
	}
	server, err := a.Address()
	if err != nil {
		return nil, err
	}
	format, err := client.TokenFormat(ctx, server, client.WithUserAgent("tokenry-cli"))
	if err != nil {
		return nil, troubled(err)
	}
	return format.Prefixes, nil
}

// run scans everything and reports.
func (s *scanning) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		args = []string{"."}
	}
	for _, path := range args {
		stats, err := s.one(ctx, path)
		s.stats.Files, s.stats.Binary = s.stats.Files+stats.Files, s.stats.Binary+stats.Binary
		s.stats.Commits, s.stats.Bytes = s.stats.Commits+stats.Commits, s.stats.Bytes+stats.Bytes
		if err != nil {
			s.scanner.Trouble(path, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if s.live {
		s.ask(ctx)
	}
	if kept := len(s.finds); kept > 0 && s.n > kept {
		s.scanner.Trouble("the report", fmt.Errorf("it lists the first %d of %d; --format text without --live prints all", kept, s.n))
	}
	if err := errors.Join(s.print(), s.out.Flush()); err != nil {
		return troubled(err)
	}
	s.summary()
	switch {
	case s.troubles > 0:
		return troubled(fmt.Errorf("%d of the paths could not be scanned whole", s.troubles))
	case s.n > 0:
		return &command.ShownError{Err: fmt.Errorf("found %d token strings", s.n)}
	}
	return nil
}

// one scans what an argument names: a file, a folder, a history, or for - what stands
// on standard input.
func (s *scanning) one(ctx context.Context, path string) (scan.Stats, error) {
	switch {
	case path == scan.Stdin && s.git:
		return s.scanner.GitLog(ctx, s.In, s.found)
	case path == scan.Stdin:
		return s.scanner.Reader(ctx, s.In, scan.Stdin, s.found)
	case s.git:
		return s.scanner.History(ctx, path, s.found)
	}
	return s.scanner.Path(ctx, path, s.found)
}

// maxKept is how many finds a report holds that is written as a whole; code-scanning
// pages show no more either. As text without --live there is no bound.
const maxKept = 5_000

// found takes a find; as text it is printed at once.
func (s *scanning) found(f scan.Find) {
	s.n++
	one := f.Shown()
	switch {
	case s.format == formatText && !s.live:
		fmt.Fprintln(s.out, findText(one))
	case s.n <= maxKept:
		s.finds, s.secrets = append(s.finds, one), append(s.secrets, f.Secret)
	}
}

// findText is a find on one line.
func findText(f scan.Shown) string {
	where := f.Path
	if where == "" {
		where = "(message)"
	}
	where = terminal.Clean(where)
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", where, f.Line, f.Column)
	}
	line := where + ": " + f.Masked + " (" + f.Kind.String() + ")"
	if f.Commit != "" {
		line += " in commit " + f.Commit
	}
	if f.State != "" {
		line += ", " + f.State
	}
	return line
}

// maxAsked is how many token strings one look-up takes.
const maxAsked = 500

// ask has the server say in what state the tokens are.
func (s *scanning) ask(ctx context.Context) {
	states := map[string]string{}
	var secrets []string
	for _, secret := range s.secrets {
		if text := secret.Reveal(); states[text] == "" {
			states[text] = terminal.StateNotTold
			secrets = append(secrets, text)
		}
	}
	for batch := range slices.Chunk(secrets, maxAsked) {
		if err := s.askAbout(ctx, batch, states); err != nil {
			s.scanner.Trouble("the server", err)
			break
		}
	}
	for i := range s.finds {
		s.finds[i].State = states[s.secrets[i].Reveal()]
	}
}

// askAbout looks up a batch of secrets. The answers come in the order of the text, and
// another number of them is refused: one that slipped would say of the wrong token
// that it is live.
func (s *scanning) askAbout(ctx context.Context, secrets []string, states map[string]string) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	defer c.CloseIdleConnections()
	found, err := c.LookupTokens(ctx, "", strings.Join(secrets, "\n"))
	if err != nil {
		return err
	}
	if len(found.Items) != len(secrets) {
		return api.Errorf(api.CodeInternal, "the server answered about a different number of tokens than it was asked")
	}
	for i, item := range found.Items { // in the order of the text
		states[secrets[i]] = terminal.FoundState(item)
	}
	return nil
}

// print writes the report as a whole; as text without --live the finds were printed as
// they came.
func (s *scanning) print() error {
	switch s.format {
	case formatJSON:
		if s.finds == nil {
			s.finds = []scan.Shown{}
		}
		return s.PrintJSON(map[string]any{"items": s.finds, "files": s.stats.Files, "commits": s.stats.Commits, "bytes": s.stats.Bytes})
	case formatSARIF:
		return s.PrintJSON(scan.SARIF(stamp.Read().Version, s.finds))
	}
	if s.live {
		for _, f := range s.finds {
			fmt.Fprintln(s.out, findText(f))
		}
	}
	return nil
}

// summary tells on standard error what was read, so that an empty report of an empty
// folder is not taken for a clean one.
func (s *scanning) summary() {
	parts := []string{fmt.Sprintf("read %d files", s.stats.Files)}
	if s.git {
		parts = []string{fmt.Sprintf("read %d commits", s.stats.Commits)}
	}
	parts = append(parts, fmt.Sprintf("%.1f MB", float64(s.stats.Bytes)/1e6))
	if s.stats.Binary > 0 {
		parts = append(parts, fmt.Sprintf("skipped %d that are not text", s.stats.Binary))
	}
	fmt.Fprintf(s.Err, "%s; found %d token strings\n", strings.Join(parts, ", "), s.n)
}

// troubled is the end of a scan that did not see everything.
func troubled(err error) error { return &command.TroubleError{Err: err} }
