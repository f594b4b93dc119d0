// Package ident makes the names that are drawn at random: of tokens, webhooks,
// requests, runs, nodes. Its laws:
//
//   - A name is 80 bits of the randomness that is handed over, as 16 characters of
//     0–9 and a–v: 32 of them, so that five bits of a byte choose one without bias.
//     Two that are ever drawn are the same with a chance that nobody need plan for.
//   - A name tells one thing from another, and is shown, logged and sorted. It is
//     no secret: whatever opens something is made by who keeps its digest.
//   - Without randomness there is no name. Only a request is answered all the same,
//     under the name that says so.
package ident

import (
	"fmt"
	"io"
)

// Length is how many characters of a name are drawn.
const Length = 16

// New draws a name with a prefix that says of what it is.
func New(rand io.Reader, prefix string) (string, error) {
	var b [Length]byte
	if err := Fill(rand, &b); err != nil {
		return "", err
	}
	return prefix + string(b[:]), nil
}

// Fill draws the characters of a name into room that the caller has: whoever draws
// one for each request makes no garbage by it.
func Fill(rand io.Reader, room *[Length]byte) error {
	const alphabet = "0123456789abcdefghijklmnopqrstuv"
	if _, err := io.ReadFull(rand, room[:]); err != nil {
		return fmt.Errorf("draw a name: %w", err)
	}
	for i, v := range room {
		room[i] = alphabet[v&31]
	}
	return nil
}
