package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"
	"golang.org/x/net/http/httpguts"
)

// hotRequest is one request of the hot listener as the doors read requests. It is used
// again: what they keep of a request they copy, as they have to.
type hotRequest struct {
	request http.Request
	url     url.URL
	header  http.Header
	// values are what the header's lists are cut from.
	values []string
	answer hotAnswer
}

// errUnread is a request that net/http would not have taken for the same one, if for one
// at all.
var errUnread = errors.New("the request is not framed as it must be")

// The versions that are spoken.
const http10, http11 = "HTTP/1.0", "HTTP/1.1"

// read takes over what fasthttp has read, by a law of its own: it is stricter than
// net/http in what lines may look like, so that there is nothing to read in two ways,
// and hands on the same as net/http does of what it takes. fasthttp has judged the
// framing already; here it is judged once more, by the bytes themselves.
func (h *hotRequest) read(in *fasthttp.Request) (status int, err error) {
	head := string(in.Header.RawHeaders()) // the one copy: all texts are parts of it
	clear(h.header)
	h.values = h.values[:0]
	f := framing{length: -1}
	for head != "\r\n" {
		l, ok := cutLine(&head)
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
	target := string(in.Header.RequestURI())
	r := &h.request
	*r = http.Request{
		Method: method(in.Header.Method()), URL: &h.url, RequestURI: target, Header: h.header, Host: f.host, Body: http.NoBody,
		Proto: http11, ProtoMajor: 1, ProtoMinor: 1, ContentLength: max(f.length, 0),
	}
	switch string(in.Header.Protocol()) {
	case http11:
		if !f.hosted {
			return http.StatusBadRequest, errUnread
		}
	case http10:
		r.Proto, r.ProtoMinor = http10, 0
	default:
		return http.StatusHTTPVersionNotSupported, errUnread
	}
	if f.chunked {
		r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
	}
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

// method spares a copy of the usual ones.
func method(m []byte) string {
	switch string(m) {
	case http.MethodGet:
		return http.MethodGet
	case http.MethodPost:
		return http.MethodPost
	}
	return string(m)
}

// open gives the request its body, which is read as it is asked for.
func (h *hotRequest) open(in *fasthttp.Request) {
	if h.request.ContentLength == 0 {
		return
	}
	if body := in.BodyStream(); body != nil {
		h.request.Body = io.NopCloser(body)
	}
}

// hotAnswer is the writer that the doors answer to.
type hotAnswer struct {
	header http.Header
	// lines are fields that need not go through the map.
	lines []byte
	out   *fasthttp.Response
	begun bool
}

// Lines is that of [door.Lined].
func (a *hotAnswer) Lines() *[]byte { return &a.lines }

// Header is what the answer will carry.
func (a *hotAnswer) Header() http.Header { return a.header }

// WriteHeader begins the answer with the header of now.
func (a *hotAnswer) WriteHeader(status int) {
	if a.begun {
		return
	}
	a.begun = true
	a.out.SetStatusCode(status)
	h := &a.out.Header
	for rest := a.lines; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(": "))
		h.AddBytesKV(name, value)
		rest = after
	}
	for name, values := range a.header {
		switch name {
		case "Content-Length": // it is counted
		case "Connection":
			h.SetConnectionClose()
		default:
			for _, v := range values {
				h.Add(name, v)
			}
		}
	}
}

// Write goes on with the answer.
func (a *hotAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.out.AppendBody(b)
	return len(b), nil
}
