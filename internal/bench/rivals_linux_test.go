package bench_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
)

// partOf names, in the environment, what this binary is run as besides its tests: each
// server and the loader is a process of its own, pinned to a core of its own.
const partOf = "TOKENRY_BENCH_PART"

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(partOf) {
	case "":
		os.Exit(m.Run())
	case "loader":
		err = runLoader(os.Stdin, os.Stdout)
	case "bare":
		fields := identity()
		err = rival(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { maps.Copy(w.Header(), fields) }))
	case "hashing":
		err = rival(newHashing(1_000_000))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// rival serves a handler on a free port, which it prints, as plainly as net/http can:
// without time limits, bounds, counts and logs.
func rival(h http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, h)
}

// identity is as many header fields as forward-auth answers with, about as long.
func identity() http.Header {
	return http.Header{
		"Tokenry-Token-Id": {"ci@acme_0123456789abcdef"}, "Tokenry-Principal": {"ci@acme"}, "Tokenry-Principal-Type": {"service_account"},
		"Tokenry-Workspace": {"acme"}, "Tokenry-Scopes": {"tickets:read"}, "Tokenry-Expires-At": {"2027-01-01T00:00:00Z"},
		"Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"}, "X-Request-Id": {"req_0123456789abcdef"},
	}
}

// hashing is the least that a check of tokens can be: the digest of what is presented,
// looked up among very many entries without pointers.
type hashing struct {
	known  map[[16]byte]entry
	fields http.Header
}

type entry struct {
	expires int64
	owner   uint32
}

func newHashing(n int) *hashing {
	h := &hashing{known: make(map[[16]byte]entry, n), fields: identity()}
	for i := range n {
		h.known[digestOf(binary.AppendUvarint(nil, uint64(i)))] = entry{expires: int64(i), owner: uint32(i)}
	}
	return h
}

func digestOf(b []byte) (d [16]byte) {
	sum := sha256.Sum256(b)
	copy(d[:], sum[:])
	return d
}

// ServeHTTP answers 200 whatever it finds: only what it costs is asked.
func (h *hashing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	presented, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	e := h.known[digestOf([]byte(presented))]
	maps.Copy(w.Header(), h.fields)
	if e.owner == 1 { // what was found is looked at, or the compiler would not look
		w.Header()["Tokenry-Rare"] = nil
	}
}
