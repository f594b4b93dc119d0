package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/tokenry/tokenry/internal/finders"
	"github.com/tokenry/tokenry/internal/httpapi"
)

// github knows who signs reports of GitHub's secret scanning; nil takes none. The operator
// says where its keys are, so they may be anywhere.
func (c *Core) github() httpapi.SignedReports {
	const patience, longest = 5 * time.Second, 256 << 10
	if c.config.LeaksGitHubKeys == "" {
		return nil
	}
	asks := anywhere().Client(patience)
	return finders.NewGitHub(func(ctx context.Context, tag string) (body []byte, newTag string, err error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.config.LeaksGitHubKeys, nil)
		if err != nil {
			return nil, "", err
		}
		if tag != "" {
			req.Header.Set("If-None-Match", tag)
		}
		resp, err := asks.Do(req)
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address, in which something may be secret
		}
		if err != nil {
			return nil, "", err
		}
		defer func() { _ = resp.Body.Close() }()
		switch resp.StatusCode {
		case http.StatusOK:
			body, err = io.ReadAll(io.LimitReader(resp.Body, longest))
			return body, resp.Header.Get("ETag"), err
		case http.StatusNotModified:
			return nil, tag, nil
		}
		return nil, "", fmt.Errorf("GitHub's keys: %s", resp.Status)
	}, c.Now)
}
