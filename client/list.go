package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// values collects query parameters, without those that say nothing.
type values url.Values

func (v values) text(name, s string) values {
	if s != "" {
		v[name] = []string{s}
	}
	return v
}

// said adds a condition that is there, also an empty one, which the server refuses.
func (v values) said(name string, s api.Opt[string]) values {
	if s.Set {
		v[name] = []string{s.Value}
	}
	return v
}

func (v values) flag(name string, on bool) values {
	if on {
		v[name] = []string{"true"}
	}
	return v
}

func (v values) time(name string, t time.Time) values {
	if !t.IsZero() {
		v[name] = []string{t.UTC().Format(time.RFC3339Nano)}
	}
	return v
}

func listFilter(f api.ListFilter) values { return values{}.text("q", f.Query).text("only", f.Only) }

func (v values) page(p api.Page) values {
	if p.Limit != 0 {
		v["limit"] = []string{strconv.Itoa(p.Limit)}
	}
	return v.text("cursor", p.Cursor).text("include", p.Include)
}

// page asks for one page of a list of a workspace's things.
func page[T any](ctx context.Context, c *line, ws string, v values, segments ...string) (api.List[T], error) {
	return within[api.List[T]](ctx, c, ws, call{method: http.MethodGet, query: url.Values(v)}, segments...)
}

// each walks through a list, page by page. It ends at the first error, which it
// yields. Include is [api.Page.Include].
func each[T any](fetch func(api.Page) (api.List[T], error), include ...string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		at := api.Page{Limit: maxPage, Include: strings.Join(include, ",")}
		for {
			l, err := fetch(at)
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, item := range l.Items {
				if !yield(item, nil) {
					return
				}
			}
			if l.NextCursor == nil || *l.NextCursor == "" {
				return
			}
			if *l.NextCursor == at.Cursor {
				yield(*new(T), api.Errorf(api.CodeInternal, "the server's list broke off; read it again from the beginning"))
				return
			}
			at.Cursor = *l.NextCursor
		}
	}
}

// whole collects a list that is short by nature.
func whole[T any](fetch func(api.Page) (api.List[T], error)) ([]T, error) {
	var out []T
	for item, err := range each(fetch) {
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return out, nil
}

// maxPage is the largest page that the server gives.
const maxPage = 200
