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
// the messages of the commits and the names of the files, newest first; then the
// messages of tags and the names of all references. That is what references and their
// logs lead to: branches, tags, notes, stashes, and what was reset or amended lately.
// A file is scanned whatever the repository says of it, so that no line of its own
// .gitattributes hides one. It runs git, so that the repository may have any shape git
// can read. Nothing that the repository's own settings name is executed.
func (s *Scanner) History(ctx context.Context, dir string, found func(Find)) (Stats, error) {
	stats, err := s.git(ctx, dir, func(ctx context.Context, out io.Reader) (Stats, error) { return s.GitLog(ctx, out, found) },
		"-c", "log.showSignature=false", "-c", "diff.suppressBlankEmpty=false", "-c", "diff.orderFile=/dev/null",
		"log", "-p", "--all", "--reflog", "--full-history", "--text", "-U0", "--inter-hunk-context=0", "--diff-merges=dense-combined",
		"--format=medium", "--encoding=UTF-8", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-abbrev-commit",
		"--no-decorate", "--no-mailmap", "--no-show-signature", "--no-relative", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/", "--")
	if err != nil {
		return stats, err
	}
	refs, err := s.git(ctx, dir, func(ctx context.Context, out io.Reader) (Stats, error) { return s.references(ctx, out, found) },
		"for-each-ref", "--format=%00%(refname) %(objectname)%0a%(if:equals=tag)%(objecttype)%(then)%(tagger)%0a%(contents)%(end)")
	stats.add(refs)
	return stats, err
}

// references scans the names of references, and who made which tag with what message:
// of each a zero, its name and hash, and for a tag the tagger and the message in the
// lines behind.
func (s *Scanner) references(ctx context.Context, r io.Reader, found func(Find)) (stats Stats, err error) {
	in, buf := bufio.NewReader(r), s.buffer()
	_, err = io.Copy(io.Discard, &piece{in: in, end: 0, read: &stats.Bytes}) // what is before the first
	for err == nil && ctx.Err() == nil {
		var name []byte
		name, err = io.ReadAll(&piece{in: in, end: '\n', read: &stats.Bytes})
		if err != nil || len(name) == 0 {
			break
		}
		ref, hash, _ := strings.Cut(string(name), " ")
		shown := token.Redact(ref)
		tell := func(at place, w token.Wrapped) {
			if at.line == 0 {
				at.column = 0
			}
			found(Find{Path: shown, Line: at.line, Column: at.column, Commit: hash, Parsed: w.Parsed, Secret: w.Secret})
		}
		s.in([]byte(ref), func(w token.Wrapped) { tell(place{}, w) })
		_, err = s.stream(ctx, &piece{in: in, end: 0, read: &stats.Bytes}, buf, place{0, 1}, tell)
	}
	return stats, errors.Join(ctx.Err(), err)
}

// git runs git and has its output read.
func (s *Scanner) git(ctx context.Context, dir string, read func(context.Context, io.Reader) (Stats, error), args ...string) (Stats, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	safe := []string{"--no-pager", "--no-replace-objects", "-C", dir, "-c", "core.quotePath=true", "-c", "core.fsmonitor=false"}
	cmd := exec.CommandContext(ctx, "git", append(safe, args...)...) //nolint:gosec // -C takes dir as a folder, whatever it looks like
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
	stats, err := read(ctx, out)
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
		line, rest, err := g.take()
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
	// back is a line that was read too much.
	back *read
}

// read is what [gitLog.next] answers.
type read struct {
	line []byte
	rest io.Reader
	err  error
}

// take returns the line that was read too much, or the next one.
func (g *gitLog) take() (line []byte, rest io.Reader, err error) {
	if b := g.back; b != nil {
		g.back = nil
		return b.line, b.rest, b.err
	}
	return g.next()
}

// next returns a line without its end, or the beginning of a long one, of which
// rest is what follows.
func (g *gitLog) next() (line []byte, rest io.Reader, err error) {
	line, err = g.in.ReadSlice('\n')
	g.stats.Bytes += int64(len(line))
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		line = bytes.Clone(line)
		return line, &piece{in: g.in, end: '\n', read: &g.stats.Bytes}, nil
	case errors.Is(err, io.EOF) && len(line) > 0:
		return line, nil, nil
	}
	return bytes.TrimSuffix(line, []byte{'\n'}), nil, err
}

// piece reads up to a byte, which it takes and does not tell, and counts what it read.
type piece struct {
	in    *bufio.Reader
	end   byte
	read  *int64
	ended bool
}

func (l *piece) Read(p []byte) (int, error) {
	if l.ended {
		return 0, io.EOF
	}
	if l.in.Buffered() == 0 {
		if _, err := l.in.Peek(1); err != nil {
			l.ended = true
			return 0, err
		}
	}
	ready, err := l.in.Peek(min(l.in.Buffered(), len(p)))
	if err != nil {
		return 0, err
	}
	used := len(ready)
	if end := bytes.IndexByte(ready, l.end); end >= 0 {
		ready, used, l.ended = ready[:end], end+1, true
	}
	n := copy(p, ready)
	_, _ = l.in.Discard(used) // it is buffered
	*l.read += int64(used)
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

// content takes a line of a hunk, and with one that was added all added ones behind it:
// what is wrapped may go on in the next line.
func (g *gitLog) content(ctx context.Context, line []byte, rest io.Reader) error {
	at := place{g.line, 1}
	if text, ok := g.count(line); ok {
		return g.stream(ctx, at, &addition{g: g, line: text, rest: rest})
	}
	return g.drop(rest)
}

// count counts a line of a hunk, and answers what it adds to a file that is scanned.
func (g *gitLog) count(line []byte) (text []byte, added bool) {
	if len(line) > 0 && line[0] == '\\' { // no newline at the end of the file
		return nil, false
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
		return nil, false
	}
	g.line, g.newLeft = g.line+1, g.newLeft-1
	return line[n:], g.adds(line)
}

// adds says whether a line of the hunk is new to all parents, and wanted.
func (g *gitLog) adds(line []byte) bool {
	n := len(g.oldLeft)
	return n > 0 && len(line) >= n && bytes.Count(line[:n], []byte{'+'}) == n && !g.skip
}

// addition reads the lines that were added one behind the other.
type addition struct {
	g    *gitLog
	line []byte // what is left of the line
	rest io.Reader
	over bool
}

func (a *addition) Read(p []byte) (int, error) {
	switch {
	case a.over || len(p) == 0:
		return 0, io.EOF
	case len(a.line) > 0:
		n := copy(p, a.line)
		a.line = a.line[n:]
		return n, nil
	case a.rest != nil:
		n, err := a.rest.Read(p)
		if errors.Is(err, io.EOF) {
			a.rest, err = nil, nil
		}
		return n, err
	}
	p[0] = '\n'
	line, rest, err := a.g.next()
	if err != nil || !a.g.inHunk(line) || !a.g.adds(line) {
		a.over, a.g.back = true, &read{line, rest, err}
		return 1, nil //nolint:nilerr // what is put back is read again, with its error
	}
	a.line, _ = a.g.count(line)
	a.rest = rest
	return 1, nil
}

// drop reads to the end of a long line that is not looked at.
func (g *gitLog) drop(rest io.Reader) error {
	if rest == nil {
		return nil
	}
	_, err := io.Copy(io.Discard, rest)
	return err
}

// tell tells of a token in the file or message that is read.
func (g *gitLog) tell(at place, w token.Wrapped) {
	if at.line == 0 { // the head of a commit is no line of anything
		at.column = 0
	}
	g.found(Find{Path: g.path, Line: at.line, Column: at.column, Commit: g.commit, Parsed: w.Parsed, Secret: w.Secret})
}

func (g *gitLog) stream(ctx context.Context, at place, r io.Reader) error {
	_, err := g.scanner.stream(ctx, r, g.buf, at, g.tell)
	return err
}

// scan looks into one line, or into a long one piece by piece.
func (g *gitLog) scan(ctx context.Context, at place, line []byte, rest io.Reader) error {
	if rest != nil {
		return g.stream(ctx, at, io.MultiReader(bytes.NewReader(line), rest))
	}
	here, passed := at, 0
	g.scanner.in(line, func(w token.Wrapped) {
		here.pass(line[passed:w.Start])
		passed = w.Start
		g.tell(here, w)
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
	g.scanner.in([]byte(text), func(w token.Wrapped) {
		g.found(Find{Path: g.path, Commit: g.commit, Parsed: w.Parsed, Secret: w.Secret})
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
