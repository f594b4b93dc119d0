package httpapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"

	"github.com/tokenry/tokenry/api"
)

// pages are what is the same for every reader, made once.
type pages struct {
	openAPI, openAPI30, reference, codes []byte
	code                                 map[api.Code][]byte
	// policy is the CSP of the HTML pages: their own style and nothing else.
	policy []string
}

//go:embed pages.css
var pagesCSS string

//go:embed pages.html
var pagesHTML string

func newPages(routes []Route, base string) (pages, error) {
	p := pages{code: map[api.Code][]byte{}, policy: []string{pagePolicy()}}
	doc, err := newDocument(routes, base)
	if err != nil {
		return p, err
	}
	if p.openAPI, err = doc.json(); err != nil {
		return p, err
	}
	if p.openAPI30, err = downgrade(p.openAPI); err != nil {
		return p, err
	}
	t, err := template.New("pages").Parse(pagesHTML)
	if err != nil {
		return p, fmt.Errorf("pages: %w", err)
	}
	style := template.CSS(pagesCSS) //nolint:gosec // our own file
	render := func(name string, data map[string]any) []byte {
		var b bytes.Buffer
		data["Style"], data["Base"] = style, base
		if err == nil {
			err = t.ExecuteTemplate(&b, name, data)
		}
		return b.Bytes()
	}
	p.reference = render("reference", map[string]any{"Doc": doc})
	p.codes = render("codes", map[string]any{"Codes": api.Codes()})
	for _, i := range api.Codes() {
		p.code[i.Code] = render("code", map[string]any{"Code": i})
	}
	return p, err
}

// pagePolicy allows the one style sheet that stands in the pages, by its hash.
func pagePolicy() string {
	sum := sha256.Sum256([]byte(pagesCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
