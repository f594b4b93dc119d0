#!/bin/sh
# The deadline of a context does not end a command of go-redis, unless an option says so.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
golang github.com/redis/go-redis/v9@v9.23.0 <<'GO'
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// A server that takes commands and is silent.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
	}()
	for _, obeyed := range []bool{false, true} {
		r := redis.NewClient(&redis.Options{Addr: l.Addr().String(), ContextTimeoutEnabled: obeyed, MaxRetries: -1})
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		begun := time.Now()
		_ = r.Get(ctx, "k").Err()
		fmt.Printf("ContextTimeoutEnabled %v: ended within 2 s of a deadline of 200 ms: %v\n", obeyed, time.Since(begun) < 2*time.Second)
		cancel()
	}
}
GO
"$tmp/go/finding" >"$tmp/out"
expect "seen" "$(sed -n 1p "$tmp/out")" "ContextTimeoutEnabled false: ended within 2 s of a deadline of 200 ms: false"
expect "seen" "$(sed -n 2p "$tmp/out")" "ContextTimeoutEnabled true: ended within 2 s of a deadline of 200 ms: true"
