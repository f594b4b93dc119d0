package scan

import (
	"slices"

	"github.com/tokenry/tokenry/token"
)

// Find is one token string that was found.
type Find struct {
	// Path is the file, as it was named or walked to; empty for the message of a
	// commit. Token strings in it are masked.
	Path string
	// Line counts from 1, and so does Column, in Unicode code points. Both are 0
	// for a token that is part of the name itself, or of the head of a commit.
	Line, Column int
	// Commit is the commit that added the line; empty outside a history.
	Commit string
	// Parsed are the token's public parts.
	token.Parsed
	// Secret is the whole string, for a question to the server.
	Secret token.Secret
}

// Scanner says what to look for and where not to. The zero value looks for
// every prefix in every text file.
type Scanner struct {
	// Prefixes are those looked for; none means all.
	Prefixes []token.Prefix
	// Exclude are patterns of [path.Match]. One without a slash excludes what has
	// such a name at any depth, one with a slash what has such a path below the
	// scanned folder; either excludes all that is below a folder that it matches.
	Exclude []string
	// Locators are tokens that are known and not told.
	Locators []token.Locator
	// Binary also reads what holds NUL bytes.
	Binary bool
	// Workers is how many files are read at once; 0 means one for each processor.
	Workers int
	// Buffer is how many bytes of a file are held at once; 0 means 256 KiB. It is
	// never below 2 KiB.
	Buffer int
	// Unpacked is how many bytes are unpacked of one file, in all; 0 means 4 GiB.
	Unpacked int64
	// Trouble is told what could not be read; nil ignores it. It is called by
	// whoever calls the scanner's methods, one at a time.
	Trouble func(name string, err error)
}

// Stats is what a scan went through.
type Stats struct {
	Files, Binary, Commits int
	Bytes                  int64
}

// add adds what another scan went through.
func (s *Stats) add(o Stats) {
	s.Files, s.Binary, s.Commits, s.Bytes = s.Files+o.Files, s.Binary+o.Binary, s.Commits+o.Commits, s.Bytes+o.Bytes
}

const (
	usualBuffer   = 256 << 10
	usualUnpacked = 4 << 30
)

// buffer is what a reader holds at once: never less than two margins, so that a token is
// found wherever it ends.
func (s *Scanner) buffer() []byte {
	if s.Buffer == 0 {
		return make([]byte, usualBuffer)
	}
	return make([]byte, max(s.Buffer, 2*token.WrappedMargin))
}

// wanted says whether a token is one of those looked for.
func (s *Scanner) wanted(p token.Parsed) bool {
	return (len(s.Prefixes) == 0 || slices.Contains(s.Prefixes, p.Prefix)) && !slices.Contains(s.Locators, p.Locator)
}

// trouble tells what could not be read, without the tokens that may be in its name.
func (s *Scanner) trouble(name string, err error) {
	if s.Trouble != nil {
		s.Trouble(token.Redact(name), err)
	}
}

// in tells the tokens that stand in a short text, such as a name.
func (s *Scanner) in(text []byte, found func(token.Wrapped)) {
	for _, w := range token.FindWrapped(text) {
		if s.wanted(w.Parsed) {
			found(w)
		}
	}
}
