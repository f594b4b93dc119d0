package scan

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/token"
)

// History scans every line that a commit of the repository at dir ever added,
// the messages of the commits and the names of the files, newest first. It runs
// git, so that the repository may have any shape git can read. Nothing that the
// repository's own settings name is executed.
func (s *Scanner) History(ctx context.Context, dir string, found func(Find)) (Stats, error) {
	args := []string{
		"--no-pager", "--no-replace-objects", "-C", dir, "-c", "core.quotePath=true", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false",
		"-c", "diff.suppressBlankEmpty=false", "-c", "diff.orderFile=/dev/null", "log", "-p", "--all", "--full-history", "-U0", "--inter-hunk-context=0", "--diff-merges=dense-combined",
		"--format=medium", "--encoding=UTF-8", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-abbrev-commit",
		"--no-decorate", "--no-mailmap", "--no-show-signature", "--no-relative", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/",
	}
	if s.Binary {
		args = append(args, "--text")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append(args, "--")...) //nolint:gosec // -C takes dir as a folder, whatever it looks like
	cmd.Env = append(cmd.Environ(), "GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return Stats{}, err
	}
	if err := cmd.Start(); err != nil {
		return Stats{}, fmt.Errorf("the history is read by git: %w", err)
	}
	stats, err := s.GitLog(ctx, out, found)
	if err != nil {
		cancel()
	}
	if ended := cmd.Wait(); err == nil && ended != nil {
		err = fmt.Errorf("git: %w: %s", ended, strings.TrimSpace(said.String()))
	}
	return stats, err
}

// GitLog scans what `git log -p` prints. Of a merge those lines count that no
// parent has.
func (s *Scanner) GitLog(ctx context.Context, r io.Reader, found func(Find)) (Stats, error) {
	g := &gitLog{scanner: s, in: bufio.NewReaderSize(r, len(s.buffer())), buf: s.buffer(), found: found}
	for ctx.Err() == nil {
		line, rest, err := g.next()
		if err == nil && g.inHunk(line) {
			err = g.content(ctx, line, rest)
		} else if err == nil {
			err = g.header(ctx, line, rest)
		}
		if errors.Is(err, io.EOF) {
			return g.stats, nil
		}
		if err != nil {
			return g.stats, err
		}
	}
	return g.stats, ctx.Err()
}

// gitLog is a history that is being read.
type gitLog struct {
	scanner *Scanner
	in      *bufio.Reader
	buf     []byte
	found   func(Find)
	stats   Stats

	commit, path string
	skip         bool // the file is excluded
	message      int  // the line of the commit's message
	// Of the hunk: the next line's number, how many lines of it are left on each
	// side. A line begins with a mark for each parent.
	line, newLeft int
	oldLeft       []int
}

// next returns a line without its end, or the beginning of a long one, of which
// rest is what follows.
func (g *gitLog) next() (line []byte, rest io.Reader, err error) {
	line, err = g.in.ReadSlice('\n')
	g.stats.Bytes += int64(len(line))
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		line = bytes.Clone(line)
		return line, &lineReader{g: g}, nil
	case errors.Is(err, io.EOF) && len(line) > 0:
		return line, nil, nil
	}
	return bytes.TrimSuffix(line, []byte{'\n'}), nil, err
}

// lineReader reads to the end of the line.
type lineReader struct {
	g     *gitLog
	ended bool
}

func (l *lineReader) Read(p []byte) (int, error) {
	if l.ended {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) {
		if l.g.in.Buffered() == 0 {
			if _, err := l.g.in.Peek(1); err != nil {
				l.ended = true
				return n, err
			}
		}
		ready, err := l.g.in.Peek(min(l.g.in.Buffered(), len(p)-n))
		if err != nil {
			return n, err
		}
		end := bytes.IndexByte(ready, '\n')
		if l.ended = end >= 0; l.ended {
			ready = ready[:end]
		}
		n += copy(p[n:], ready)
		used := len(ready)
		if l.ended {
			used++
		}
		_, _ = l.g.in.Discard(used) // it is buffered
		l.g.stats.Bytes += int64(used)
		if l.ended {
			break
		}
	}
	return n, nil
}

// inHunk says whether the line belongs to the hunk, by what the hunk's own head
// promised: what a file contains can look like any head.
func (g *gitLog) inHunk(line []byte) bool {
	if g.newLeft <= 0 && !slices.ContainsFunc(g.oldLeft, func(n int) bool { return n > 0 }) {
		return len(g.oldLeft) > 0 && bytes.HasPrefix(line, []byte(`\`))
	}
	if len(line) > 0 && line[0] == '\\' || len(line) == 0 {
		return true
	}
	for _, mark := range line[:min(len(g.oldLeft), len(line))] {
		if mark != ' ' && mark != '+' && mark != '-' {
			g.newLeft, g.oldLeft = 0, nil
			return false
		}
	}
	return true
}

// content takes a line of a hunk.
func (g *gitLog) content(ctx context.Context, line []byte, rest io.Reader) error {
	if len(line) > 0 && line[0] == '\\' { // no newline at the end of the file
		return nil
	}
	n := min(len(g.oldLeft), len(line))
	marks := line[:n]
	removed := bytes.IndexByte(marks, '-') >= 0
	for i := range g.oldLeft {
		if i >= n || marks[i] == ' ' && !removed || marks[i] == '-' {
			g.oldLeft[i]--
		}
	}
	if removed {
		return g.drop(rest)
	}
	at := place{g.line, 1}
	g.line, g.newLeft = g.line+1, g.newLeft-1
	if n == 0 || bytes.Count(marks, []byte{'+'}) < n || g.skip {
		return g.drop(rest)
	}
	return g.scan(ctx, at, line[n:], rest)
}

// drop reads to the end of a long line that is not looked at.
func (g *gitLog) drop(rest io.Reader) error {
	if rest == nil {
		return nil
	}
	_, err := io.Copy(io.Discard, rest)
	return err
}

// scan looks into one line, or into a long one piece by piece.
func (g *gitLog) scan(ctx context.Context, at place, line []byte, rest io.Reader) error {
	tell := func(at place, secret token.Secret, p token.Parsed) {
		if at.line == 0 { // the head of a commit is no line of anything
			at.column = 0
		}
		g.found(Find{Path: g.path, Line: at.line, Column: at.column, Commit: g.commit, Parsed: p, Secret: secret})
	}
	if rest != nil {
		_, err := g.scanner.stream(ctx, io.MultiReader(bytes.NewReader(line), rest), g.buf, at, tell)
		return err
	}
	g.scanner.in(line, func(start int, secret token.Secret, p token.Parsed) {
		here := at
		here.pass(line[:start])
		tell(here, secret, p)
	})
	return nil
}

// header takes a line outside of hunks.
func (g *gitLog) header(ctx context.Context, line []byte, rest io.Reader) error {
	word, after, _ := bytes.Cut(line, []byte{' '})
	switch {
	case string(word) == "commit" && isHash(after):
		g.commit, g.path, g.message, g.skip = hash(after), "", 0, false
		g.stats.Commits++
	case string(word) == "diff":
		g.path, g.skip = "", false
	case string(word) == "+++":
		return errors.Join(g.enter(after), g.drop(rest))
	case len(word) >= 2 && strings.Trim(string(word), "@") == "" && g.commit+g.path != "":
		g.hunk(len(word)-1, after)
		return g.drop(rest)
	case bytes.HasPrefix(line, []byte("    ")) && g.path == "":
		g.message++
		return g.scan(ctx, place{g.message, 1}, line[4:], rest)
	case string(word) == "Binary", string(word) == "Author:":
		return g.scan(ctx, place{}, line, rest)
	}
	return g.drop(rest)
}

// isHash says whether a text is a commit's hash, also a short one: a pasted log may
// have those.
func isHash(text []byte) bool {
	h := hash(text)
	return len(h) >= 7 && strings.Trim(h, "0123456789abcdef") == ""
}

// hash drops what may stand behind a commit's hash: its names.
func hash(text []byte) string {
	h, _, _ := strings.Cut(string(text), " ")
	return h
}

// enter takes the name of the file whose lines follow.
func (g *gitLog) enter(name []byte) error {
	text := strings.TrimSuffix(string(name), "\t") // git marks the end of a name with blanks
	if strings.HasPrefix(text, `"`) {
		plain, err := strconv.Unquote(text) // git's quotes are Go's, with octal numbers
		if err != nil {
			return fmt.Errorf("the log names a file in a way that cannot be read: %w", err)
		}
		text = plain
	}
	if text == "/dev/null" {
		return nil
	}
	text = strings.TrimPrefix(text, "b/")
	g.path, g.skip = token.Redact(text), g.scanner.excludedBelow(text)
	if g.skip {
		return nil
	}
	g.scanner.in([]byte(text), func(_ int, secret token.Secret, p token.Parsed) {
		g.found(Find{Path: g.path, Commit: g.commit, Parsed: p, Secret: secret})
	})
	return nil
}

// hunk takes the head of a hunk: @@ -1,2 +3,4 @@, with one more @ and one more
// range for each parent of a merge.
func (g *gitLog) hunk(parents int, ranges []byte) {
	fields := strings.Fields(string(ranges))
	g.oldLeft, g.newLeft = nil, 0
	if len(fields) < parents+1 {
		return
	}
	old := make([]int, parents)
	for i := range old {
		_, old[i] = lines(fields[i], "-")
	}
	g.line, g.newLeft = lines(fields[parents], "+")
	g.oldLeft = old
}

// lines reads -1,2 or +1.
func lines(text, sign string) (first, n int) {
	from, count, several := strings.Cut(strings.TrimPrefix(text, sign), ",")
	first, err := strconv.Atoi(from)
	if err != nil {
		return 0, 0
	}
	if !several {
		return first, 1
	}
	n, err = strconv.Atoi(count)
	if err != nil {
		return first, 0
	}
	return first, n
}

// excludedBelow says whether a file or a folder that it stands in is excluded.
func (s *Scanner) excludedBelow(name string) bool {
	for i, c := range name {
		if c == '/' && s.excluded(name[:i]) {
			return true
		}
	}
	return s.excluded(name)
}
