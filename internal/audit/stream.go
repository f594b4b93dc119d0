package audit

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// longestRecord bounds what is read as one line of a stream.
const longestRecord = 64 << 20

// Stream checks rows as they were streamed, a [Record] a line: that each is as Tokenry wrote
// it, and that none is missing between the first and the last of its chain. A row may come
// again, since a stream hands on at least once. Only the keyring is needed.
type Stream struct {
	keys   *token.Keyring
	chains map[string]*streamed
	// wanted are heads that were noted before and have not been met.
	wanted map[string]bool
	// Torn counts lines that are no row, as one that a full disk cut short is; whatever
	// it lost came again, or is found missing.
	Torn int64
}

// streamed is how far one chain was checked.
type streamed struct {
	Chain
	last ledger.AuditRow
}

// NewStream has checked nothing yet. Heads that were noted before (see Chain.Head) must be
// in it.
func NewStream(keys *token.Keyring, expect ...string) *Stream {
	s := &Stream{keys: keys, chains: map[string]*streamed{}, wanted: map[string]bool{}}
	for _, head := range expect {
		s.wanted[head] = true
	}
	return s
}

// Check reads rows to the end. What stands before the first brace of a line, as the header
// of a syslog message does, is none of a row's. A name in another letter case, or twice,
// would let one reader see what another does not check.
func (s *Stream) Check(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), longestRecord)
	for lines.Scan() {
		var rec Record
		line := lines.Bytes()
		switch err := json.Unmarshal(line[max(bytes.IndexByte(line, '{'), 0):], &rec); {
		case len(line) == 0:
		case err != nil, rec.Action == "":
			s.Torn++
		default:
			s.record(rec)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a line is longer than %d bytes: %w", longestRecord, errNoRecord)
	}
	return lines.Err()
}

// record checks one row. Of a chain that is broken nothing more is looked at.
func (s *Stream) record(rec Record) {
	name := rec.Workspace
	if name == "" {
		name = Instance
	}
	c := s.chains[name]
	if c == nil {
		c = &streamed{Chain: Chain{Name: name}}
		s.chains[name] = c
	}
	switch {
	case c.Broken != "":
	case rec.Action == ActionGap && rec.Proof == nil:
		c.gap(rec)
	default:
		c.next(s.keys, rec)
		delete(s.wanted, name+"@"+strconv.FormatInt(rec.Sequence, 10)+":"+rec.Hash)
	}
}

// gap goes on behind rows that nobody streamed: that they were purged is this line's word,
// and that its hash is theirs is proved by the row that follows.
func (c *streamed) gap(rec Record) {
	if rec.Sequence <= c.last.Sequence {
		return
	}
	if hash, err := hex.DecodeString(rec.Hash); err == nil && (rec.First <= c.last.Sequence+1 || c.last.Sequence == 0) {
		c.last, c.Purged = ledger.AuditRow{Sequence: rec.Sequence, Hash: hash}, rec.Sequence
	}
}

func (c *streamed) next(keys *token.Keyring, rec Record) {
	at := "row " + strconv.FormatInt(rec.Sequence, 10)
	row, previous, err := rec.row()
	begins := c.last.Sequence == 0
	switch {
	case err != nil:
		c.Broken = at + ": " + err.Error()
	case begins && row.Sequence > 1:
		c.Skipped = row.Sequence - 1
	case row.Sequence > c.last.Sequence+1:
		c.Broken = fmt.Sprintf("row %d is missing", c.last.Sequence+1)
	case !begins && row.Sequence == c.last.Sequence+1 && string(previous) != string(c.last.Hash),
		row.Sequence == c.last.Sequence && string(row.Hash) != string(c.last.Hash):
		c.Broken = at + " does not follow the row before it: one of them is of another history"
	}
	if c.Broken != "" {
		return
	}
	before := ledger.AuditRow{Sequence: row.Sequence - 1, Hash: previous}
	if c.Check(keys, before, row); c.Broken == "" && row.Sequence > c.last.Sequence {
		c.last = row
		c.Rows++
		c.Head = headOf(c.Name, row)
	}
}

// Chains is what was found of each chain, and ErrBroken or ErrUnsure where one is not whole.
func (s *Stream) Chains() ([]Chain, error) {
	var chains []Chain
	for _, name := range slices.Sorted(maps.Keys(s.chains)) {
		chains = append(chains, s.chains[name].settle())
	}
	for _, head := range slices.Sorted(maps.Keys(s.wanted)) {
		chains = append(chains, Chain{Name: head, Broken: "the expected head is not in the stream"})
	}
	return chains, verdict(chains)
}
