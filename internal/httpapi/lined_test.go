package httpapi_test

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lined is a writer that takes fields as they go over the wire.
type lined struct {
	*httptest.ResponseRecorder
	fields []byte
}

func (l *lined) Lines() *[]byte { return &l.fields }

// TestLinesSayWhatTheHeaderSays: an answer has the same fields whether or not its writer takes
// lines, and none of them twice.
func TestLinesSayWhatTheHeaderSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.account("ci", "tickets:read")
	post := func(path, media, body string) *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), "POST", path, strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		r.Header.Set("Authorization", "Bearer "+w.root)
		return r
	}
	check := func(query string) *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), "GET", fa+query, nil)
		r.Header.Set("Authorization", "Bearer "+good)
		return r
	}
	for name, request := range map[string]func() *http.Request{
		"let through":     func() *http.Request { return check("?workspace=acme&scope=tickets:read") },
		"refused":         func() *http.Request { return check("?workspace=acme&scope=tickets:write") },
		"no such method":  func() *http.Request { return httptest.NewRequestWithContext(t.Context(), "GET", "/v1/verify", nil) },
		"verified":        func() *http.Request { return post("/v1/verify", "application/json", `{"token":"`+good+`"}`) },
		"not well-formed": func() *http.Request { return post("/v1/verify", "application/json", `{`) },
		"introspected": func() *http.Request {
			return post("/oauth2/introspect", "application/x-www-form-urlencoded", "token="+good)
		},
		"may be kept": func() *http.Request { return httptest.NewRequestWithContext(t.Context(), "GET", "/openapi.json", nil) },
	} {
		plain, with := httptest.NewRecorder(), &lined{ResponseRecorder: httptest.NewRecorder()}
		w.door.ServeHTTP(plain, request())
		w.door.ServeHTTP(with, request())
		fields, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(with.fields, "\r\n"...)))).ReadMIMEHeader()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for field, values := range with.Header() {
			fields[field] = append(fields[field], values...)
		}
		for _, all := range []http.Header{plain.Header(), http.Header(fields)} {
			if len(all["Tokenry-Request-Id"]) != 1 {
				t.Errorf("%s: %v", name, all)
			}
			delete(all, "Tokenry-Request-Id")
		}
		if diff := cmp.Diff(plain.Header(), http.Header(fields)); diff != "" || plain.Code != with.Code {
			t.Errorf("%s: %d, %d\n%s", name, plain.Code, with.Code, diff)
		}
	}
}
