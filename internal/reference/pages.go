package reference

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"

	"github.com/tokenry/tokenry/api"
)

// Pages are what is the same for every reader, made once.
type Pages struct {
	// OpenAPI is the document in the words of 3.1, OpenAPI30 in those of 3.0.
	OpenAPI, OpenAPI30 []byte
	// Calls is the reference as a page to read, Codes the list of all codes, and
	// Code the page of each.
	Calls, Codes []byte
	Code         map[api.Code][]byte
	// Policy is the CSP of the HTML pages: their own style and nothing else. That of
	// Calls is CallsPolicy: its own script besides, which asks this server alone.
	Policy, CallsPolicy string
}

//go:embed pages.css
var pagesCSS string

//go:embed pages.js
var pagesJS string

//go:embed pages.html
var pagesHTML string

// New draws the pages of an API under a base address.
func New(calls []Call, base string) (Pages, error) {
	p := Pages{Code: map[api.Code][]byte{}, Policy: pagePolicy(""), CallsPolicy: pagePolicy("; script-src " + source(pagesJS) + "; connect-src 'self'; require-trusted-types-for 'script'")}
	doc, err := newDocument(calls, base)
	if err != nil {
		return p, err
	}
	if p.OpenAPI, err = doc.json(); err != nil {
		return p, err
	}
	if p.OpenAPI30, err = downgrade(p.OpenAPI); err != nil {
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
	p.Calls = render("reference", map[string]any{"Doc": doc, "Script": template.JS(pagesJS)}) //nolint:gosec // our own file
	p.Codes = render("codes", map[string]any{"Codes": api.Codes()})
	for _, i := range api.Codes() {
		p.Code[i.Code] = render("code", map[string]any{"Code": i})
	}
	return p, err
}

// pagePolicy allows the one style sheet that stands in the pages, and what else is said.
func pagePolicy(more string) string {
	return "default-src 'none'; style-src " + source(pagesCSS) + more + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// source names what stands in a page by its hash.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
