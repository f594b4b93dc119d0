package httpapi

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/listing"
)

// stream writes an answer piece by piece. Once its first byte is out an error
// can only cut the connection, so that half an answer is not taken for all.
func (c *call) stream(a answer) error {
	c.s.lines.write(c.w.Header(), false)
	c.s.lines.media(c.w.Header(), a.media)
	w := &streamWriter{c: c, status: a.status}
	var to io.WriteCloser = w
	if c.route.Packs {
		to = c.s.packer.Stream(c.w.Header(), c.r, w)
	}
	err := a.stream(to)
	if err == nil {
		err = to.Close()
	}
	switch {
	case err != nil && c.status == 0:
		return err
	case err != nil:
		_ = c.turnedAway(err) // its sender learns it with the next call
		panic(http.ErrAbortHandler)
	case c.status == 0: // nothing to write is a whole answer too
		_, _ = w.Write(nil)
	}
	return nil
}

// streamWriter sends the status with the first byte, and every piece at once:
// one may hold a secret that is nowhere else.
type streamWriter struct {
	c      *call
	status int
}

// Close is for [door.Packer]: the call ends the answer.
func (w *streamWriter) Close() error { return nil }

func (w *streamWriter) Write(b []byte) (int, error) {
	// The stream may be long; a client that takes nothing of it is not waited for.
	_ = http.NewResponseController(w.c.w).SetWriteDeadline(w.c.s.now().Add(usualTime)) // a writer without one needs none
	if w.c.status == 0 {
		w.c.status = w.status
		w.c.w.WriteHeader(w.status)
	}
	n, err := w.c.w.Write(b)
	if err == nil {
		err = http.NewResponseController(w.c.w).Flush()
	}
	if errors.Is(err, http.ErrNotSupported) {
		err = nil
	}
	return n, err
}

// table streams a list as CSV. The first page is read before anything is
// written, so that a refusal is answered as one.
func table[T any](read func(authority.Page) ([]T, int64, error), head []string, row func(T) []string) answer {
	return answer{media: door.CSV, stream: func(w io.Writer) error {
		var out *door.Table // nil until there is something to answer
		for items, err := range authority.Pages(read) {
			if err != nil {
				return err
			}
			if out == nil {
				out = door.NewTable(w, head)
			}
			for _, item := range items {
				out.Row(row(item))
			}
			if err := out.Flush(); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (c *call) tokensCSV() (answer, error) {
	for _, name := range []string{"limit", "cursor"} {
		if c.text(name) != "" {
			return answer{}, badParam(name, "goes with format=json alone")
		}
	}
	f := c.tokenFilter()
	return table(func(p authority.Page) ([]api.Token, int64, error) {
		return c.s.authority.ListTokens(c.ctx, c.caller, c.path("ws"), f, p)
	}, listing.Head(), listing.Cells), nil
}

func eventColumns() []string {
	return []string{"sequence", "at", "revision", "workspace", "action", "actor", "actor_token", "on_behalf", "ip", "user_agent",
		"request_id", "target", "token", "before", "after", "hash"}
}

func eventRow(e api.AuditEvent) []string {
	return []string{strconv.FormatInt(e.Sequence, 10), door.Stamp(&e.At), strconv.FormatInt(e.Revision, 10), e.Workspace, e.Action,
		e.Actor, door.Text(e.ActorToken), door.Text(e.OnBehalf), door.Text(e.IP), door.Text(e.UserAgent), e.RequestID, e.Target, door.Text(e.Token),
		string(e.Before), string(e.After), e.Hash}
}

// ndjson streams a list as one JSON object a line, each written by add.
func ndjson[T any](read func(authority.Page) ([]T, int64, error), add func([]byte, *T) ([]byte, error)) answer {
	return answer{media: door.NDJSON, stream: func(w io.Writer) error {
		var lines []byte
		for items, err := range authority.Pages(read) {
			if err != nil {
				return err
			}
			lines = lines[:0]
			for i := range items {
				if lines, err = add(lines, &items[i]); err != nil {
					return err
				}
				lines = append(lines, '\n')
			}
			if _, err := w.Write(lines); err != nil {
				return err
			}
		}
		return nil
	}}
}
