// Package assets holds the files that pages refer to.
//
// Laws of this package:
//
//   - Each is served by a name that follows from what is in it, so that a browser keeps
//     it for good and never shows an older one.
//   - Nothing comes from elsewhere.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/internal/door"
)

//go:embed pico.min.css
var picoCSS string

//go:embed app.css
var appCSS string

//go:embed htmx.min.js
var htmxJS string

//go:embed app.js
var appJS string

//go:embed passkey.js
var passkeyJS string

//go:embed logo.svg
var logoSVG string

// asset is one file that pages refer to, by a name that changes with it.
type asset struct {
	path, kind   string
	plain, small []byte
}

// Assets are all of them. A reader keeps a file for good, because a file that
// changed has another name.
type Assets struct {
	// Their addresses.
	CSS, HTMX, JS, Passkey, Logo string

	files map[string]asset
}

// New compresses them.
func New() (Assets, error) {
	a := Assets{files: map[string]asset{}}
	var err error
	add := func(name, kind, text string) string {
		if err != nil {
			return ""
		}
		var f asset
		if f, err = newAsset(name, kind, text); err != nil {
			return ""
		}
		a.files[f.path] = f
		return f.path
	}
	a.CSS = add("console.css", "text/css; charset=utf-8", layered())
	a.HTMX = add("htmx.js", "text/javascript; charset=utf-8", htmxJS)
	a.JS = add("console.js", "text/javascript; charset=utf-8", appJS)
	a.Passkey = add("passkey.js", "text/javascript; charset=utf-8", passkeyJS)
	a.Logo = add("logo.svg", "image/svg+xml", logoSVG)
	return a, err
}

// layered puts Pico below our own sheet, so that a plain selector of ours wins.
func layered() string {
	pico := strings.TrimPrefix(strings.TrimPrefix(picoCSS, "\ufeff"), `@charset "UTF-8";`)
	return "@layer pico,app;@layer pico{" + pico + "}" + appCSS
}

func newAsset(name, kind, text string) (asset, error) {
	sum := sha256.Sum256([]byte(text))
	f := asset{path: "/assets/" + hex.EncodeToString(sum[:6]) + "/" + name, kind: kind, plain: []byte(text)}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return f, err
	}
	if _, err := z.Write(f.plain); err != nil {
		return f, err
	}
	err = z.Close()
	f.small = b.Bytes()
	return f, err
}

// ServeHTTP answers a file of the current build.
func (a Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	h, body := w.Header(), f.plain
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if door.TakesGzip(r.Header) {
		h.Set("Content-Encoding", "gzip")
		body = f.small
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // whoever left does not want it
}
