package server

import (
	"bytes"
	"io"
	"net/http"
)

// linedAnswer is an answer of net/http with fields that it does not know of: their
// connection puts them behind its first line. net/http copies the map of an answer, sorts
// it and writes it field by field, which took a sixth of a verification's time.
type linedAnswer struct {
	http.ResponseWriter
	lines []byte
	// whole is what is written.
	whole []byte
}

// Lines is that of [door.Lined].
func (a *linedAnswer) Lines() *[]byte { return &a.lines }

// Unwrap is for [http.ResponseController].
func (a *linedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// begins says whether these are the first bytes of the answer that has the lines: one that
// only informs (1xx) has none.
func (a *linedAnswer) begins(p []byte) bool {
	const version = "HTTP/1.1 "
	return len(a.lines) > 0 && bytes.HasPrefix(p, []byte("HTTP/1.")) && len(p) > len(version) && p[len(version)] != '1'
}

// lining hands the hot doors such an answer, the connection's own: it has one request at a
// time, and each is answered before the next one is read.
func lining(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(connectionKey{}).(*connection)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		if c.lined == nil {
			c.lined = new(linedAnswer)
		}
		c.lined.ResponseWriter, c.lined.lines = w, c.lined.lines[:0] // none of another answer
		if isHot(r.URL.Path) {
			w = c.lined
		}
		next.ServeHTTP(w, r)
	})
}

// write writes the beginning of an answer with its lines.
func (a *linedAnswer) write(to io.Writer, p []byte) (int, error) {
	first := bytes.IndexByte(p, '\n') + 1
	a.whole = append(append(append(a.whole[:0], p[:first]...), a.lines...), p[first:]...)
	a.lines = a.lines[:0]
	n, err := to.Write(a.whole)
	if err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}
