package httpapi

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/internal/door"
)

// headerLines are the header fields that many answers share. The slices are
// only read, so one of each serves all.
type headerLines struct {
	nosniff, policy, referrer, noStore, lasting, transport []string
	json, problem                                          []string
	// plain are those of an answer that nobody may keep, as they go over the wire.
	plain []byte
}

const (
	// bareCSP is for answers that are not pages: nothing may be loaded by them.
	bareCSP = "default-src 'none'; frame-ancestors 'none'"
)

func newHeaderLines(https bool) headerLines {
	l := headerLines{
		nosniff: []string{"nosniff"}, policy: []string{bareCSP}, referrer: []string{"no-referrer"},
		noStore: []string{"no-store"}, lasting: []string{"public, max-age=300"},
		json: []string{door.JSON}, problem: []string{door.Problem},
	}
	if https {
		l.transport = []string{door.StrictTransport}
	}
	h := http.Header{}
	l.write(h, false)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		l.plain = door.AppendField(l.plain, name, h[name][0])
	}
	return l
}

// write sets what every answer carries; a page has set its own policy before.
func (l *headerLines) write(h http.Header, lasting bool) {
	h["X-Content-Type-Options"] = l.nosniff
	h["Referrer-Policy"] = l.referrer
	if h["Content-Security-Policy"] == nil {
		h["Content-Security-Policy"] = l.policy
	}
	h["Cache-Control"] = l.noStore
	if lasting {
		h["Cache-Control"] = l.lasting
	}
	if l.transport != nil {
		h["Strict-Transport-Security"] = l.transport
	}
}

func (l *headerLines) media(h http.Header, media string) {
	switch media {
	case "":
	case door.JSON:
		h["Content-Type"] = l.json
	case door.Problem:
		h["Content-Type"] = l.problem
	default:
		h["Content-Type"] = []string{media}
	}
}

// headerText makes a text safe to stand in a header field, and tells it from
// any other text: what is not visible ASCII is percent-encoded as UTF-8, and so
// is the percent sign. Blanks inside a text stay. A reader gets the text back by
// percent-decoding once.
func headerText(s string) string {
	if plainHeader(s) {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; headerByte(c) && !(c == ' ' && (i == 0 || i == len(s)-1)) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func plainHeader(s string) bool {
	for i := range len(s) {
		if !headerByte(s[i]) {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[len(s)-1] != ' '
}

func headerByte(c byte) bool { return ' ' <= c && c <= '~' && c != '%' }
