#!/bin/sh
# Two routes of Skipper that ask one issuer about tokens, each with the credentials that its
# filter names: both ask with those of the route that was made last.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
golang github.com/valkey-io/valkey-go@v1.0.78 github.com/valkey-io/valkey-go/valkeyhook@v1.0.78 github.com/valkey-io/valkey-go/valkeyotel@v1.0.78 github.com/zalando/skipper@v0.27.0 <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/zalando/skipper/filters"
	"github.com/zalando/skipper/filters/auth"
	"github.com/zalando/skipper/filters/filtertest"
)

func main() {
	var s *httptest.Server
	var caller string
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/.well-known/openid-configuration" {
			fmt.Fprintf(w, `{"issuer":%q,"introspection_endpoint":%q}`, s.URL, s.URL+"/introspect")
			return
		}
		caller, _, _ = r.BasicAuth()
		fmt.Fprint(w, `{"active":true,"sub":"x","scope":"read"}`)
	}))
	made := func(client string) filters.Filter {
		f, err := auth.NewSecureOAuthTokenintrospectionAllKV(time.Second).CreateFilter([]any{s.URL, client, "secret", "scope", "read"})
		if err != nil {
			panic(err)
		}
		return f
	}
	asks := func(f filters.Filter) string {
		r, _ := http.NewRequest(http.MethodGet, "http://api.example.com/", nil)
		r.Header.Set("Authorization", "Bearer token")
		f.Request(&filtertest.Context{FRequest: r, FStateBag: map[string]any{}})
		return caller
	}
	read := made("reader")
	before := asks(read)
	write := made("writer")
	fmt.Printf("%s, then %s and %s", before, asks(read), asks(write))
}
GO
expect 'who the first route asks as, alone and beside the second' "$("$tmp/go/finding" 2>/dev/null)" 'reader, then writer and writer'
