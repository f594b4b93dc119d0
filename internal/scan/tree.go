package scan

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/tokenry/tokenry/token"
)

// IgnoreFile is the name of a file at the top of a scanned folder that says what
// to leave out: a pattern of [Scanner.Exclude] in each line, or locator:… for a
// token that is known; # begins a comment.
const IgnoreFile = ".tokenryignore"

// Path scans a file, or a folder with all below it.
func (s *Scanner) Path(ctx context.Context, name string, found func(Find)) (Stats, error) {
	info, err := os.Stat(name) // a path that was asked for may be a link
	if err != nil {
		return Stats{}, err
	}
	if info.IsDir() {
		return s.folder(ctx, name, found)
	}
	f, err := os.Open(name)
	if err != nil {
		return Stats{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	s.names(name, name, found)
	return s.Reader(ctx, f, name, found)
}

// names tells the tokens that stand in a name.
func (s *Scanner) names(name, shown string, found func(Find)) {
	s.in([]byte(name), func(_ int, secret token.Secret, p token.Parsed) {
		found(Find{Path: token.Redact(shown), Parsed: p, Secret: secret})
	})
}

// file is a file on its way through the workers.
type file struct {
	name  string // below the folder
	shown string
	done  chan struct{}
	// What follows is written before done is closed.
	finds []Find
	stats Stats
	err   error
}

// folder scans what is below a folder. It is opened once and everything is reached
// through it, so that what is swapped for a link meanwhile does not lead out. The
// finds are told by the caller's goroutine, in the order of the walk.
func (s *Scanner) folder(ctx context.Context, name string, found func(Find)) (stats Stats, err error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return stats, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	here, err := s.ignoring(root)
	if err != nil {
		return stats, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	order, work := make(chan *file, 1024), make(chan *file)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	for range here.workers() {
		workers.Go(func() { here.serve(ctx, root, work) })
	}
	workers.Go(func() { here.walk(ctx, root, name, order, work) })
	for f := range order {
		select {
		case <-f.done:
		case <-ctx.Done():
			return stats, ctx.Err()
		}
		stats.add(f.stats)
		for _, one := range f.finds {
			found(one)
		}
		if f.err != nil {
			s.trouble(f.shown, f.err)
		}
	}
	return stats, ctx.Err()
}

// workers is how many files are read at once.
func (s *Scanner) workers() int {
	if s.Workers > 0 {
		return s.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// walk puts every file into order and into work, by name.
func (s *Scanner) walk(ctx context.Context, root *os.Root, top string, order, work chan<- *file) {
	defer close(order)
	defer close(work)
	send := func(f *file, to chan<- *file) error {
		select {
		case to <- f:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	_ = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error { // what it cannot read it has told
		f := &file{name: name, shown: filepath.Join(top, filepath.FromSlash(name)), done: make(chan struct{}), err: err}
		switch {
		case name != "." && (d.Name() == ".git" || s.excluded(name)):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case name != ".":
			s.names(d.Name(), f.shown, func(one Find) { f.finds = append(f.finds, one) })
		}
		if err == nil && d.Type().IsRegular() {
			return errors.Join(send(f, order), send(f, work))
		}
		close(f.done)
		if f.err == nil && len(f.finds) == 0 {
			return ctx.Err()
		}
		return send(f, order)
	})
}

// serve reads files until there are no more.
func (s *Scanner) serve(ctx context.Context, root *os.Root, work <-chan *file) {
	buf := s.buffer()
	for f := range work {
		f.err = s.read(ctx, root, f, buf)
		close(f.done)
	}
}

// read scans one file. What is no text is counted and not read on, unless it was asked
// for.
func (s *Scanner) read(ctx context.Context, root *os.Root, f *file, buf []byte) error {
	in, err := root.Open(filepath.FromSlash(f.name))
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	var r io.Reader = in
	if !s.Binary {
		whole, isText, err := text(in, buf)
		if err != nil {
			return err
		}
		if r = whole; !isText {
			f.stats.Binary++
			return nil
		}
	}
	shown := token.Redact(f.shown)
	f.stats.Files++
	f.stats.Bytes, err = s.stream(ctx, r, buf, place{1, 1}, func(at place, secret token.Secret, p token.Parsed) {
		f.finds = append(f.finds, Find{Path: shown, Line: at.line, Column: at.column, Parsed: p, Secret: secret})
	})
	return err
}

// excluded says whether a name below the folder is left out. A pattern that is wrong
// matches nothing; [CheckPattern] tells of it before.
func (s *Scanner) excluded(name string) bool {
	for _, pattern := range s.Exclude {
		what := name
		if !strings.Contains(pattern, "/") {
			what = path.Base(name)
		}
		if ok, err := path.Match(strings.TrimPrefix(pattern, "/"), what); ok && err == nil {
			return true
		}
	}
	return false
}

// ignoring returns the scanner with what the folder's ignore file says besides.
func (s *Scanner) ignoring(root *os.Root) (*Scanner, error) {
	f, err := root.Open(IgnoreFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	out := *s
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if err := out.ignore(lines.Text()); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", IgnoreFile, n, err)
		}
	}
	return &out, lines.Err()
}

// ignore adds a line of an ignore file.
func (s *Scanner) ignore(line string) error {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	if locator, ok := strings.CutPrefix(line, "locator:"); ok {
		l, err := token.ParseLocator(locator)
		s.Locators = append(s.Locators[:len(s.Locators):len(s.Locators)], l)
		return err
	}
	line = strings.TrimSuffix(line, "/")
	s.Exclude = append(s.Exclude[:len(s.Exclude):len(s.Exclude)], line)
	return CheckPattern(line)
}

// CheckPattern says what is wrong with a pattern of [Scanner.Exclude].
func CheckPattern(pattern string) error {
	_, err := path.Match(pattern, "")
	return err
}
