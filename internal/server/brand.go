package server

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/tokenry/tokenry/internal/console"
)

// maxLogo bounds the logo, which stands in every page.
const maxLogo = 64 << 10

// product is how this deployment calls itself in the console.
func (c *Core) product() (console.Product, error) {
	p := console.Product{Name: c.config.BrandName}
	if c.config.BrandLogo == "" {
		return p, nil
	}
	b, err := os.ReadFile(c.config.BrandLogo)
	if err != nil {
		return p, fmt.Errorf("brand_logo: %w", err)
	}
	kind := imageType(b)
	if kind == "" || len(b) > maxLogo {
		return p, fmt.Errorf("brand_logo: %s must be an SVG, PNG, JPEG or WebP of at most 64 KiB", c.config.BrandLogo)
	}
	p.Logo = "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(b)
	return p, nil
}

// imageType is the type of an image that browsers draw; empty for anything else.
// An SVG is drawn as an image, in which no script runs.
func imageType(b []byte) string {
	switch kind := http.DetectContentType(b); kind {
	case "image/png", "image/jpeg", "image/webp":
		return kind
	}
	if strings.Contains(string(b[:min(len(b), 1024)]), "<svg") {
		return "image/svg+xml"
	}
	return ""
}
