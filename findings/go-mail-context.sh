#!/bin/sh
# The context of go-mail's DialAndSendWithContext bounds connecting. A server that falls silent
# in the middle of a mail is waited for until the client's own timeout, 15 s unless set.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
golang github.com/wneessen/go-mail@v0.8.1 <<'GO'
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

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
			go func() {
				fmt.Fprint(c, "220 x ESMTP\r\n")
				for s := bufio.NewScanner(c); s.Scan(); {
					if !strings.HasPrefix(s.Text(), "MAIL") { // from here on it is silent
						fmt.Fprint(c, "250 x\r\n")
					}
				}
			}()
		}
	}()
	at := l.Addr().(*net.TCPAddr)
	cl, err := mail.NewClient("127.0.0.1", mail.WithPort(at.Port), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO("x"), mail.WithTimeout(5*time.Second))
	if err != nil {
		panic(err)
	}
	m := mail.NewMsg()
	_, _ = m.From("a@example.com"), m.To("b@example.com")
	m.SetBodyString(mail.TypeTextPlain, "x")
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	err = cl.DialAndSendWithContext(ctx, m)
	fmt.Printf("an error %v; before the client's own 5 s: %v\n", err != nil, time.Since(begun) < 4*time.Second)
}
GO
expect "a context of 500 ms" "$("$tmp/go/finding")" "an error true; before the client's own 5 s: false"
