package journal

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

// Journal is an open one. Any number of goroutines may put steps into it; the
// records belong to whoever works at their tokens.
type Journal struct {
	head    Head
	records []*Record

	mu sync.Mutex // guards f
	f  *os.File
}

// Head says what the journal is about.
func (j *Journal) Head() Head { return j.head }

// Records are the tokens in the order of the plan, each as its last step left it.
func (j *Journal) Records() []*Record { return j.records }

// Close ends the writing. The file stays.
func (j *Journal) Close() error { return j.f.Close() }

// version is that of the form of the file. Another one is refused, and not guessed at.
const version = 1

// Head says what a journal is about. The request of a token is found again by the
// server only from the same caller with the same body, so all of it has to be the
// same when a run goes on, but for the moment when it was begun.
type Head struct {
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
	Planned   = "planned"
	Rotating  = "rotating"  // the request is about to be sent
	Rotated   = "rotated"   // answered, and the delivery not ended
	Failed    = "failed"    // the delivery did not take the secret
	Delivered = "delivered" // the delivery ended well
	Gone      = "gone"      // revoked or deleted before its turn
)

// Record is what was done with one token.
type Record struct {
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

// Over says that nothing is left to be done with the token.
func (r *Record) Over() bool { return r.State == Delivered || r.State == Gone }

// Read opens a journal, and cuts a last line that was not written whole: the step
// that it told was not taken. The error is [fs.ErrNotExist] when there is none.
func Read(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	j := &Journal{f: f}
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

func (j *Journal) read(b []byte) error {
	lines := bytes.Split(b[:bytes.LastIndexByte(b, '\n')+1], []byte("\n"))
	if json.Unmarshal(lines[0], &j.head) != nil || j.head.Version != version {
		return errors.New("it is none of this version's")
	}
	known := map[string]*Record{}
	for _, line := range lines[1 : len(lines)-1] {
		r := new(Record)
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

// New writes a plan to a new file of mode 0600, in a folder of mode 0700 that is made
// when it is missing. Whoever reads the path sees the whole plan or none.
func New(path string, head Head, plan []*Record) (*Journal, error) {
	head.Version = version
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
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of %s: %w", path, err)
	}
	beside := path + ".new"
	if err := writeWhole(beside, b.Bytes()); err != nil {
		return nil, fmt.Errorf("write the journal: %w", err)
	}
	if err := os.Rename(beside, path); err != nil {
		return nil, fmt.Errorf("write the journal: %w", err)
	}
	return Read(path)
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

// Put writes a step down to the disk, and has when it returns; only then may the step
// be taken.
func (j *Journal) Put(r *Record) error {
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

// OtherError says that a journal was begun with something else than a run goes on
// with.
type OtherError struct{ Part, Was, Is string }

// Error names the part that differs.
func (e *OtherError) Error() string {
	return fmt.Sprintf("it was begun with another %s (%s, now %s)", e.Part, e.Was, e.Is)
}

// Fits refuses, with an [*OtherError], to go on with a journal of something else: the
// server would not know the requests again, and rotate twice.
func (j *Journal) Fits(head Head) error {
	was := j.head
	for _, part := range []OtherError{
		{"server", was.Server, head.Server}, {"workspace", was.Workspace, head.Workspace}, {"calling token", was.Caller, head.Caller},
		{"filter", string(was.Filter), string(head.Filter)}, {"way to rotate", string(was.Rotate), string(head.Rotate)},
	} {
		if part.Was != part.Is {
			return &part
		}
	}
	return nil
}
