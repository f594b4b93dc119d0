package door

import (
	"io"
	"net/http"
	"net/netip"

	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/input"
)

// HeaderRequestID names a request in its answer as the log, the audit and explain
// do. Nobody who asks can name their own request: what is searched by is ours.
const HeaderRequestID = "Tokenry-Request-Id"

// The doors that a request can come in by, as its name begins.
const (
	API   = "req_"
	Pages = "con_"
)

// unnamed ends the name of a request that was answered without randomness to draw
// one from: better an answer than a name.
const unnamed = "unknown"

// RequestID draws the name of a request that came in by a door. The room is used
// for it, and makes no garbage where it is used again; nil takes some.
func RequestID(rand io.Reader, by string, room *[ident.Length]byte) string {
	if room == nil {
		room = new([ident.Length]byte)
	}
	if ident.Fill(rand, room) != nil {
		return by + unnamed
	}
	return by + string(room[:])
}

// MaxAgent bounds what a program may call itself, in bytes. Browsers need some
// hundred; everything that is longer is somebody filling a table.
const MaxAgent = 300

// ClientOf is where a request comes from, under the name it was given.
func (ps Proxies) ClientOf(r *http.Request, requestID string) Client {
	addr, _ := ps.Client(r)
	return ClientAt(addr, r, requestID)
}

// ClientAt is ClientOf, where the address is known.
func ClientAt(addr netip.Addr, r *http.Request, requestID string) Client {
	return Client{Addr: addr, Agent: input.Clip(r.UserAgent(), MaxAgent), RequestID: requestID}
}
