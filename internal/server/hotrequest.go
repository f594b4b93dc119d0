package server

import (
	"errors"
	"golang.org/x/net/http/httpguts"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// hotRequest is one request of the hot listener as the doors read requests. It is used
// again: what they keep of a request they copy, as they have to.
type hotRequest struct {
	request http.Request
	url     url.URL
	header  http.Header
	// values are what the header's lists are cut from.
	values []string
	// ends says that the client sends no more on its connection.
	ends   bool
	answer hotAnswer
}

// errUnread is a request that net/http would not have taken for the same one, if for one
// at all.
var errUnread = errors.New("the request is not framed as it must be")

// The versions that are spoken.
const http10, http11 = "HTTP/1.0", "HTTP/1.1"

// read reads a head, from the first byte of its first line to the blank line that ends it,
// by a law that is stricter than net/http's in what lines may look like, so that there is
// nothing to read in two ways. Of what it takes it hands on the same as net/http does.
func (h *hotRequest) read(head string) (status int, err error) {
	clear(h.header)
	h.values = h.values[:0]
	f := framing{length: -1}
	first, rest, ok := strings.Cut(head, crlf)
	if !ok {
		return http.StatusBadRequest, errUnread
	}
	for rest != crlf {
		l, ok := cutLine(&rest)
		if !ok {
			return http.StatusBadRequest, errUnread
		}
		name, value := textproto.CanonicalMIMEHeaderKey(l.name), l.value
		if !f.take(name, value) {
			return f.refused, errUnread
		}
		if name != "Host" && name != "Transfer-Encoding" {
			h.add(name, value)
		}
	}
	h.request = http.Request{
		URL: &h.url, Header: h.header, Host: f.host, Body: http.NoBody, Proto: http11, ProtoMajor: 1, ProtoMinor: 1, ContentLength: max(f.length, 0),
	}
	if f.chunked {
		h.request.ContentLength, h.request.TransferEncoding = -1, []string{"chunked"}
	}
	return h.begin(first, f.hosted)
}

// begin reads the first line: three words with one blank between each.
func (h *hotRequest) begin(line string, hosted bool) (status int, err error) {
	method, rest, _ := strings.Cut(line, " ")
	target, version, _ := strings.Cut(rest, " ")
	r := &h.request
	r.Method, r.RequestURI = method, target
	switch version {
	case http11:
		if !hosted {
			return http.StatusBadRequest, errUnread
		}
	case http10:
		r.Proto, r.ProtoMinor = http10, 0
		if len(r.TransferEncoding) > 0 {
			return http.StatusNotImplemented, errUnread // it knows none
		}
	default:
		if _, _, ok := http.ParseHTTPVersion(version); ok {
			return http.StatusHTTPVersionNotSupported, errUnread
		}
		return http.StatusBadRequest, errUnread
	}
	if !httpguts.ValidHeaderFieldName(method) { // a method is such a word too
		return http.StatusBadRequest, errUnread
	}
	connection := h.header["Connection"]
	h.ends = httpguts.HeaderValuesContainsToken(connection, "close") || r.ProtoMinor == 0 && !httpguts.HeaderValuesContainsToken(connection, "keep-alive")
	return http.StatusBadRequest, h.aim(target)
}

// framing is what a request says of where it ends and for whom it is, each at most once.
type framing struct {
	host            string
	hosted, chunked bool
	length          int64
	// refused is the status of what is not taken.
	refused int
}

// take reads one line; false is one that no request may have.
func (f *framing) take(name, value string) bool {
	f.refused = http.StatusBadRequest
	switch name {
	case "Host":
		if f.hosted || !httpguts.ValidHostHeader(value) {
			return false
		}
		f.host, f.hosted = value, true
	case "Content-Length":
		if f.length >= 0 || f.chunked || len(value) > 18 || value == "" {
			return false
		}
		f.length = 0
		for _, c := range []byte(value) {
			if c < '0' || c > '9' {
				return false
			}
			f.length = f.length*10 + int64(c-'0')
		}
	case "Transfer-Encoding": // a length beside it is for whoever reads it otherwise
		f.refused = http.StatusNotImplemented
		if f.chunked || !strings.EqualFold(value, "chunked") {
			return false
		}
		if f.refused = http.StatusBadRequest; f.length >= 0 {
			return false
		}
		f.chunked = true
	}
	return true
}

// cutLine takes one line off a head: a name that is a token, a colon, a value, and both
// characters of its end. A line that goes on in the next one, or ends in half an end, is
// none.
func cutLine(head *string) (l line, ok bool) {
	end := strings.IndexByte(*head, '\n')
	if end < 1 || (*head)[end-1] != '\r' {
		return l, false
	}
	l.name, l.value, ok = strings.Cut((*head)[:end-1], ":")
	l.value = strings.Trim(l.value, " \t")
	*head = (*head)[end+1:]
	return l, ok && httpguts.ValidHeaderFieldName(l.name) && httpguts.ValidHeaderFieldValue(l.value)
}

// line is one of a head.
type line struct{ name, value string }

// add puts a line into the header.
func (h *hotRequest) add(name, value string) {
	if before, twice := h.header[name]; twice {
		h.header[name] = append(before[:len(before):len(before)], value)
		return
	}
	h.values = append(h.values, value)
	n := len(h.values)
	h.header[name] = h.values[n-1 : n : n]
}

// aim parses the target; nearly all are a plain path with a plain query.
func (h *hotRequest) aim(target string) error {
	if plainTarget(target) {
		h.url = url.URL{}
		h.url.Path, h.url.RawQuery, _ = strings.Cut(target, "?")
		return nil
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return errUnread
	}
	h.url = *u
	if u.Host != "" {
		h.request.Host = u.Host // as net/http does (RFC 9112, section 3.2.2)
	}
	return nil
}

// plainTarget says whether a target is read by cutting it at its question mark.
func plainTarget(target string) bool {
	if !strings.HasPrefix(target, "/v1/") && !strings.HasPrefix(target, "/oauth2/") || strings.HasSuffix(target, "?") {
		return false
	}
	for i := range len(target) {
		switch c := target[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("/-._~?&=:", c) >= 0:
		default:
			return false
		}
	}
	return true
}
