#!/bin/sh
# A token that is answered with expires_in 0 is over. Go's x/oauth2 keeps it for good.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
listen
golang golang.org/x/oauth2@v0.36.0 <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	ts := (&clientcredentials.Config{ClientID: "a", ClientSecret: "s", TokenURL: os.Args[1]}).TokenSource(context.Background())
	for range 3 {
		t, err := ts.Token()
		if err != nil {
			panic(err)
		}
		fmt.Print("valid ", t.Valid(), ", ")
	}
}
GO
for n in 0 5 3600; do
	: >"$tmp/seen"
	printf '{"access_token":"a","token_type":"bearer","expires_in":%s}' $n >"$tmp/answer"
	said=$("$tmp/go/finding" "$url/token")
	case $n in
	0) want="valid true, valid true, valid true, asked 1" ;;
	5) want="valid false, valid false, valid false, asked 3" ;; # it takes ten seconds off
	*) want="valid true, valid true, valid true, asked 1" ;;
	esac
	expect "expires_in $n" "${said}asked $(wc -l <"$tmp/seen" | tr -d ' ')" "$want"
done
