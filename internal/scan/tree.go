package scan

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
	o := s.opener(ctx, s.buffer(), true, found)
	err = o.open(f, anywhere(f, info), token.Redact(name), maxNested)
	return o.stats, err
}

// anywhere is a file that can be read out of its order; nil for a pipe.
func anywhere(f *os.File, info fs.FileInfo) *sized {
	if !info.Mode().IsRegular() {
		return nil
	}
	return &sized{f, info.Size()}
}

// names tells the tokens that stand in a name.
func (s *Scanner) names(name, shown string, found func(Find)) {
	s.in([]byte(name), func(w token.Wrapped) {
		found(Find{Path: token.Redact(shown), Parsed: w.Parsed, Secret: w.Secret})
	})
}

// file is a file on its way through the workers.
type file struct {
	name  string // below the folder
	shown string
	named []Find // in its name
	// finds are those in it, as far as they are taken; closed at its end.
	finds chan Find
	// What follows is written before finds is closed.
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
		for _, one := range f.named {
			found(one)
		}
		if err := f.told(ctx, found); err != nil {
			return stats, err
		}
		stats.add(f.stats)
		if f.err != nil {
			s.trouble(f.shown, f.err)
		}
	}
	return stats, ctx.Err()
}

// told passes on what is found in a file, until its end.
func (f *file) told(ctx context.Context, found func(Find)) error {
	for {
		select {
		case one, more := <-f.finds:
			if !more {
				return nil
			}
			found(one)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
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
		f := &file{name: name, shown: filepath.Join(top, filepath.FromSlash(name)), finds: make(chan Find, 8), err: err}
		switch {
		case name != "." && (d.Name() == ".git" || s.excluded(name)):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case name != ".":
			s.names(d.Name(), f.shown, func(one Find) { f.named = append(f.named, one) })
		}
		if err == nil && d.Type().IsRegular() {
			return errors.Join(send(f, order), send(f, work))
		}
		close(f.finds)
		if f.err == nil && len(f.named) == 0 {
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
		close(f.finds)
	}
}

// read scans one file. What is no text is counted and not read on, unless it was asked
// for. Finds wait until it is the file's turn, so that few are held at once.
func (s *Scanner) read(ctx context.Context, root *os.Root, f *file, buf []byte) error {
	in, err := root.Open(filepath.FromSlash(f.name))
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	info, err := in.Stat()
	if err != nil {
		return err
	}
	o := s.opener(ctx, buf, false, func(one Find) {
		select {
		case f.finds <- one:
		case <-ctx.Done():
		}
	})
	err = o.open(in, anywhere(in, info), token.Redact(f.shown), maxNested)
	f.stats = o.stats
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
