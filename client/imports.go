package client

import (
	"context"
	"net/http"

	"github.com/tokenry/tokenry/api"
)

// ImportCalls bring the tokens of another system over, whose strings go on working.
type ImportCalls struct{ *line }

// ImportTokens makes tokens of what another system kept of its strings: at most 100 a
// call. What became of each stands in the answer, in the order of the request.
//
// Needs instance:admin. The client repeats it. What is there already is left as it is. Refusals of its own: already_exists for a format that says something else.
func (c ImportCalls) ImportTokens(ctx context.Context, ws string, in api.ImportTokens, opts ...CallOption) (api.ImportResults, error) {
	cl := with(http.MethodPost, in, opts...)
	cl.again = true
	return within[api.ImportResults](ctx, c.line, ws, cl, "tokens", "import")
}

// ImportFormats lists the formats of other systems whose strings are looked up.
//
// Needs instance:admin. The client repeats it.
func (c ImportCalls) ImportFormats(ctx context.Context) ([]api.ImportedFormat, error) {
	return whole(func(p api.Page) (api.List[api.ImportedFormat], error) {
		return page[api.ImportedFormat](ctx, c.line, Instance, values{}.page(p), "import-formats")
	})
}

// DeleteImportFormat ends the look-up of a format's strings: they are no tokens from then
// on, whatever became of the tokens themselves.
//
// Needs instance:admin. The client repeats it. Refusals of its own: not_found.
func (c ImportCalls) DeleteImportFormat(ctx context.Context, name string, opts ...CallOption) (api.ImportedFormat, error) {
	return within[api.ImportedFormat](ctx, c.line, Instance, with(http.MethodDelete, nil, opts...), "import-formats", name)
}
