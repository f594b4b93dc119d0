package client

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// problem reads an answer of 300 and above as the error that it is. What is not
// a problem of Tokenry's (a proxy's page, say) is told by its status alone.
func problem(resp *http.Response) *api.Error {
	var p api.Problem
	if t := mediaType(resp); t == "application/problem+json" || t == "application/json" {
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
		if err != nil || json.Unmarshal(b, &p) != nil {
			p = api.Problem{}
		}
	}
	if p.Code == "" || p.Code == api.CodeOK { // nobody of ours refuses with "ok"
		p = api.Problem{Code: codeOf(resp.StatusCode), Detail: "the server, or a proxy before it, answered " + resp.Status}
	}
	// A server of ours repeats no token; what stands before one may.
	p.Detail = token.Redact(p.Detail)
	e := p.Err()
	if wait, ok := retryAfter(resp.Header, resp.Header.Get("Date")); ok {
		e.RetryAfter = wait
	}
	return e
}

// codeOf is the code of an answer that names none.
func codeOf(status int) api.Code {
	switch status {
	case http.StatusUnauthorized:
		return api.CodeInvalidToken
	case http.StatusForbidden:
		return api.CodeForbidden
	case http.StatusNotFound:
		return api.CodeNotFound
	case http.StatusMethodNotAllowed:
		return api.CodeMethodNotAllowed
	case http.StatusRequestTimeout:
		return api.CodeTimeout
	case http.StatusRequestEntityTooLarge:
		return api.CodeBodyTooLarge
	case http.StatusRequestHeaderFieldsTooLarge:
		return api.CodeHeadersTooLarge
	case http.StatusTooManyRequests:
		return api.CodeRateLimited
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return api.CodeUnavailable
	}
	if status >= 500 {
		return api.CodeInternal
	}
	return api.CodeInvalidRequest
}

// retryAfter reads the header in both of its forms; a date is taken relative to
// the server's own clock.
func retryAfter(h http.Header, date string) (time.Duration, bool) {
	text := h.Get("Retry-After")
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(date)
	if err != nil {
		now = time.Now()
	}
	return max(at.Sub(now), 0), true
}

// redirectError says that the server sent us elsewhere.
type redirectError struct{ to string }

func (e *redirectError) Error() string {
	return "the server redirects to " + e.to + ", which was not followed, so that the token goes nowhere else; if that is the right address, use it as the base URL"
}

// sameOrigin lets a GET follow to the same scheme, host and port alone.
func sameOrigin(req *http.Request, via []*http.Request) error {
	first := via[0]
	if origin(req.URL) == origin(first.URL) && len(via) <= 3 && req.Method == first.Method &&
		(req.Method == http.MethodGet || req.Method == http.MethodHead) {
		return nil
	}
	req.Header.Del("Authorization")
	return &redirectError{to: origin(req.URL)}
}

func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
