package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/token"
)

// TestListsAndFilesAreCompressed, for whoever takes them so, and hold the same.
func TestListsAndFilesAreCompressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 12 {
		w.issue("acme", object{"label": fmt.Sprintf("number %d", i)})
	}
	for _, path := range []string{ws + "/tokens", ws + "/tokens?format=csv", ws + "/audit", ws + "/audit/export", ws + "/audit/export?format=csv", "/openapi.json", "/docs"} {
		plain := w.as(w.root, "GET", path, nil, "Accept-Encoding", "identity").is(200)
		r := w.as(w.root, "GET", path, nil, "Accept-Encoding", "gzip").is(200)
		if r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Vary") != "Accept-Encoding" || plain.Header.Get("Vary") != "Accept-Encoding" || len(r.body) > len(plain.body)*2/3 {
			t.Errorf("%s: %d bytes of %d, %v", path, len(r.body), len(plain.body), r.Header)
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(r.body))
		w.must(err)
		b, err := io.ReadAll(z)
		if w.must(err); !bytes.Equal(b, plain.body) {
			t.Errorf("%s is another one compressed", path)
		}
	}
	refused := w.as(w.root, "GET", "/v1/workspaces/nowhere/audit/export", nil, "Accept-Encoding", "gzip")
	if refused.StatusCode != http.StatusNotFound || refused.Header.Get("Content-Encoding") != "" {
		t.Errorf("a refusal: %v", refused.Header)
	}
	made := w.as(w.root, "POST", ws+"/tokens", object{"label": "a", "description": strings.Repeat("long ", 150)}, "Accept-Encoding", "gzip").is(201)
	if made.Header.Get("Content-Encoding") != "" || len(made.body) < 1400 {
		t.Errorf("%d bytes with a secret: %v", len(made.body), made.Header)
	}
}

// TestNothingCompressedHoldsASecret: how long a compressed answer is tells what is in it
// (BREACH), so what is compressed has no field for one.
func TestNothingCompressedHoldsASecret(t *testing.T) {
	t.Parallel()
	private := regexp.MustCompile(`(?i)^(secret|password|cookie|session|link|access_token|user_code|device_code)$`)
	packed := 0
	for _, rt := range httpapi.Routes() {
		if !rt.Packs {
			continue
		}
		packed++
		if rt.Method != http.MethodGet {
			t.Errorf("%s %s is compressed", rt.Method, rt.Path)
		}
		for _, name := range fieldsOf(rt.Response, map[reflect.Type]bool{}) {
			if private.MatchString(name) {
				t.Errorf("%s has the field %q", rt.Pattern(), name)
			}
		}
	}
	if packed < 20 {
		t.Errorf("only %d routes are compressed", packed)
	}
}

// fieldsOf are the names on the wire of all that a type holds.
func fieldsOf(t reflect.Type, seen map[reflect.Type]bool) (out []string) {
	if t == nil || seen[t] {
		return nil
	}
	seen[t] = true
	if k := t.Kind(); k == reflect.Pointer || k == reflect.Slice || k == reflect.Map {
		return fieldsOf(t.Elem(), seen)
	} else if k != reflect.Struct {
		return nil
	}
	if t == reflect.TypeFor[token.Secret]() {
		return []string{"secret"}
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(append(out, name), fieldsOf(f.Type, seen)...)
	}
	return out
}
