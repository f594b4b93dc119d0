package siem

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
)

// file appends one JSON object a line. It is opened for each batch, so whoever moves it
// away, as logrotate does, need tell nobody; and what counts as sent is on the disk.
type file struct{ path string }

func (f file) send(_ context.Context, b batch) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, r := range b.records {
		if err := enc.Encode(r); err != nil {
			return failed(err)
		}
	}
	if err := f.append(out.Bytes()); err != nil {
		why := failed(err)
		if why.Code == CodeUnreachable {
			why.Code, why.Detail = CodeUnwritable, "the file cannot be written"
		}
		return why
	}
	return nil
}

// append leaves a file that took only a part as it was: each row is one whole line.
func (f file) append(lines []byte) (err error) {
	out, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	info, err := out.Stat()
	if err != nil {
		return err
	}
	if torn(out, info) { // a crash left half a line
		lines = append([]byte{'\n'}, lines...)
	}
	if _, err := out.Write(lines); err != nil {
		if info.Mode().IsRegular() {
			_ = out.Truncate(info.Size()) // or the next begins a line
		}
		return err
	}
	if !info.Mode().IsRegular() {
		return nil // a pipe or a device has nothing to sync
	}
	return out.Sync()
}

// torn says that a file ends within a line.
func torn(f *os.File, info os.FileInfo) bool {
	var last [1]byte
	if info.Size() == 0 || !info.Mode().IsRegular() {
		return false
	}
	_, err := f.ReadAt(last[:], info.Size()-1)
	return err == nil && last[0] != '\n'
}
