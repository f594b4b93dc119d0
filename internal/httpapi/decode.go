package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/reference"
	"github.com/tokenry/tokenry/internal/strict"
)

// readBody reads the body into the call, within the route's bound.
func (c *call) readBody() error {
	limit := c.route.MaxBody
	switch {
	case c.r.ContentLength > 0 && limit == 0:
		return bodiless()
	case c.r.ContentLength > limit:
		return tooLarge(limit)
	}
	if c.r.ContentLength != 0 {
		c.limited = io.LimitedReader{R: c.r.Body, N: limit + 1}
		if _, err := c.body.ReadFrom(&c.limited); err != nil {
			return unreadable(err)
		}
		c.taken = c.limited.N > 0
	}
	switch n := int64(c.body.Len()); {
	case n == 0:
		return nil
	case limit == 0:
		return bodiless()
	case n > limit:
		return tooLarge(limit)
	}
	switch {
	case c.route.OAuth:
		return isForm(c.r.Header)
	case c.route.scim:
		return isSCIM(c.r.Header)
	}
	return isJSON(c.r.Header)
}

func bodiless() *api.Error { return api.Errorf(api.CodeInvalidRequest, "this call takes no body") }

func tooLarge(limit int64) *api.Error {
	return api.Errorf(api.CodeBodyTooLarge, "the body of this call has at most %d bytes", limit)
}

func unreadable(err error) *api.Error {
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return api.Errorf(api.CodeTimeout, "the body did not arrive in time").Wrap(err)
	case errors.As(err, &large):
		return tooLarge(large.Limit).Wrap(err)
	}
	return api.Errorf(api.CodeInvalidRequest, "the body ended early").Wrap(err)
}

// isJSON refuses any other content type, so that no form of another site is
// ever taken for a request, and any encoding on top.
func isJSON(h http.Header) error {
	lines, encodings := h["Content-Type"], h["Content-Encoding"]
	if len(lines) == 1 && len(encodings) == 0 && (lines[0] == door.JSON || jsonMedia(lines[0], door.JSON)) {
		return nil
	}
	return api.Errorf(api.CodeUnsupportedMediaType, "send Content-Type: application/json, and no Content-Encoding")
}

func jsonMedia(line, want string) bool {
	media, params, err := mime.ParseMediaType(line)
	charset, has := params["charset"]
	return err == nil && media == want && (!has || strings.EqualFold(charset, "utf-8"))
}

// decode reads the body into v: one JSON object in UTF-8, every name known, in
// its exact case and once, and nothing behind it.
func (c *call) decode(v any) error {
	body := c.body.Bytes()
	if len(body) == 0 && c.route.OptionalBody {
		return nil
	}
	if strict.TooDeep(body, maxJSONDeep) {
		return api.Errorf(api.CodeInvalidJSON, "the body is nested too deep")
	}
	return c.decodeWith(v, c.s.rich)
}

// decodePlain is decode for types without optional fields or maps, which cannot
// be nested deeper than they are.
func (c *call) decodePlain(v any) error { return c.decodeWith(v, c.s.plain) }

func (c *call) decodeWith(v any, o json.Options) error {
	err := strict.Read(c.body.Bytes(), v, o)
	if err == nil && c.route.Request != nil {
		err = reference.SaysEnough(jsontext.NewDecoder(bytes.NewReader(c.body.Bytes())), "", c.route.Request)
	}
	return err
}

// richOptions also read optional fields, at any depth as strictly as all else.
func richOptions() json.Options {
	return json.JoinOptions(strict.Options(), json.WithUnmarshalers(json.JoinUnmarshalers(
		strict.Optional[string](), strict.Optional[bool](), strict.Optional[[]string](), strict.Optional[[]int](), strict.Optional[[]api.Statement](),
		strict.Optional[api.Duration](), strict.Optional[time.Time](), strict.Optional[api.RateLimit](), strict.Optional[api.MaxTokens](),
		strict.Optional[api.SupportContact](), strict.Optional[api.Metadata](), strict.Optional[map[string]string](),
	)))
}
