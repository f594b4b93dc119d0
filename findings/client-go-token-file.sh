#!/bin/sh
# A token in a file (a kubeconfig's tokenFile), rotated: client-go goes on with the old one
# for most of a minute, also when it is refused.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
golang k8s.io/client-go@v0.34.2 <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
)

func main() {
	var over atomic.Value
	over.Store("none")
	var seen []string
	office := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		seen = append(seen, token)
		if token == over.Load() {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer office.Close()
	file := os.Args[1]
	write := func(token string) {
		if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
			panic(err)
		}
	}
	write("old")
	client, err := rest.HTTPClientFor(&rest.Config{Host: office.URL, BearerTokenFile: file})
	if err != nil {
		panic(err)
	}
	read := time.Now()
	ask := func() (string, int) {
		seen = nil
		r, err := client.Get(office.URL)
		if err != nil {
			panic(err)
		}
		_ = r.Body.Close()
		return strings.Join(seen, " then "), r.StatusCode
	}
	call := func(when string) {
		sent, status := ask()
		fmt.Printf("%s: sent %s, answered %d\n", when, sent, status)
	}
	call("before")
	write("new")
	call("after the file was replaced")
	over.Store("old")
	call("after the old token ended")
	call("the call behind it")
	for sent, _ := ask(); sent == "old"; sent, _ = ask() {
		time.Sleep(time.Second)
	}
	took := time.Since(read)
	fmt.Println("the new one is sent after 50 to 60 s:", took > 49*time.Second && took < time.Minute)
}
GO
"$tmp/go/finding" "$tmp/token" >"$tmp/out"
expect "seen" "$(sed -n 1p "$tmp/out")" "before: sent old, answered 200"
expect "seen" "$(sed -n 2p "$tmp/out")" "after the file was replaced: sent old, answered 200"
expect "seen" "$(sed -n 3p "$tmp/out")" "after the old token ended: sent old, answered 401"
expect "seen" "$(sed -n 4p "$tmp/out")" "the call behind it: sent old, answered 401"
expect "seen" "$(sed -n 5p "$tmp/out")" "the new one is sent after 50 to 60 s: true"
