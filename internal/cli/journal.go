package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// journal is what a rotation of many tokens has done so far: a head, then a line
// of JSON for each step, of which the last one about a token counts. The plan is
// there as a whole or not at all; a step is on the disk before it is taken. It
// holds no secret.
type journal struct {
	head    journalHead
	records []*record

	mu sync.Mutex // guards f
	f  *os.File
}

// journalHead says what the journal is about. The request of a token is found
// again by the server only from the same caller with the same body.
type journalHead struct {
	Version   int             `json:"version"`
	Server    string          `json:"server"`
	Workspace string          `json:"workspace"`
	Caller    string          `json:"caller"`
	Filter    json.RawMessage `json:"filter"`
	Rotate    json.RawMessage `json:"rotate"`
	Begun     time.Time       `json:"begun"`
}

// The states of a record, in their order.
const (
	statePlanned   = "planned"
	stateRotating  = "rotating"  // the request is about to be sent
	stateRotated   = "rotated"   // answered, and CMD not ended
	stateFailed    = "failed"    // CMD did not take the secret
	stateDelivered = "delivered" // CMD ended with 0
	stateGone      = "gone"      // revoked or deleted before its turn
)

// record is what was done with one token.
type record struct {
	Locator string `json:"locator"`
	ID      string `json:"id"`
	Label   string `json:"label"`
	Owner   string `json:"owner"`
	State   string `json:"state"`
	// Key names the request; At is when it was first sent.
	Key string    `json:"key"`
	At  time.Time `json:"at,omitzero"`
	// RotatedAt is what the server said of it: before, then after.
	RotatedAt *time.Time `json:"rotated_at"`
	Note      string     `json:"note,omitempty"`
}

func (r *record) over() bool { return r.State == stateDelivered || r.State == stateGone }

// readJournal reads a journal, and cuts a last line that was not written whole.
// The error is [fs.ErrNotExist] when there is none.
func readJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	j := &journal{f: f}
	b, err := io.ReadAll(f)
	if err == nil {
		err = j.read(b)
	}
	if err == nil {
		err = f.Truncate(int64(bytes.LastIndexByte(b, '\n') + 1))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the journal %s: %w", path, err), f.Close())
	}
	return j, nil
}

func (j *journal) read(b []byte) error {
	lines := bytes.Split(b[:bytes.LastIndexByte(b, '\n')+1], []byte("\n"))
	if json.Unmarshal(lines[0], &j.head) != nil || j.head.Version != 1 {
		return errors.New("it is none of this version's")
	}
	known := map[string]*record{}
	for _, line := range lines[1 : len(lines)-1] {
		r := new(record)
		if err := json.Unmarshal(line, r); err != nil {
			return err
		}
		if was := known[r.Locator]; was != nil {
			*was = *r
			continue
		}
		known[r.Locator] = r
		j.records = append(j.records, r)
	}
	return nil
}

// newJournal writes a plan to a new file of mode 0600.
func newJournal(path string, head journalHead, plan []*record) (*journal, error) {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	if err := lines.Encode(head); err != nil {
		return nil, err
	}
	for _, r := range plan {
		if err := lines.Encode(r); err != nil {
			return nil, err
		}
	}
	if err := makeFolder(path); err != nil {
		return nil, err
	}
	beside := path + ".new"
	if err := writeWhole(beside, b.Bytes()); err != nil {
		return nil, fmt.Errorf("write the journal: %w", err)
	}
	if err := os.Rename(beside, path); err != nil {
		return nil, fmt.Errorf("write the journal: %w", err)
	}
	return readJournal(path)
}

// writeWhole writes a file of mode 0600 down to the disk, over what an
// interrupted run left.
func writeWhole(path string, b []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// put writes a step down to the disk.
func (j *journal) put(r *record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err = j.f.Write(append(b, '\n')); err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// fits refuses to go on with a journal of something else: the server would not
// know the requests again, and rotate twice.
func (j *journal) fits(path string, head journalHead) error {
	was := j.head
	for _, part := range []struct{ name, was, is string }{
		{"server", was.Server, head.Server}, {"workspace", was.Workspace, head.Workspace}, {"calling token", was.Caller, head.Caller},
		{"filter", string(was.Filter), string(head.Filter)}, {"way to rotate", string(was.Rotate), string(head.Rotate)},
	} {
		if part.was != part.is {
			return usagef("the journal %s was begun with another %s (%s, now %s); go on with that, or give another --journal", path, part.name, part.was, part.is)
		}
	}
	return nil
}

// journalPath is where the journal of a filter on a server is, if it is not named.
func (a *app) journalPath(named string, name string) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	dir := a.setting("", "XDG_STATE_HOME", a.setting("", "LOCALAPPDATA", ""))
	if home, ok := a.Env("HOME"); dir == "" && ok && home != "" {
		dir = filepath.Join(home, ".local", "state")
	}
	if !filepath.IsAbs(dir) {
		return "", usagef("there is no folder to keep the journal in; name a file with --journal")
	}
	return filepath.Join(dir, "tokenry", "rotate-"+name+".journal"), nil
}

// rawJSON is a value of the wire as the journal keeps it.
func rawJSON(in any) json.RawMessage {
	b, err := json.Marshal(in)
	if err != nil {
		return json.RawMessage("null") // the types of the wire can all be written
	}
	return b
}
