// Package referencetest lets tests speak to their servers through a proxy that holds
// what is sent and answered against the document of the API (scripts/apidoc).
package referencetest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
)

// Through is the address by which a test speaks to a server: the server's own, unless
// TOKENRY_TEST_THROUGH is the address of somebody who answers another one for it.
func Through(server string) (string, error) {
	proxy := os.Getenv("TOKENRY_TEST_THROUGH")
	if proxy == "" {
		return server, nil
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, proxy+"?to="+url.QueryEscape(server), nil)
	if err != nil {
		return "", fmt.Errorf("TOKENRY_TEST_THROUGH: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("the proxy of TOKENRY_TEST_THROUGH: %w", err)
	}
	defer resp.Body.Close()
	address, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the proxy of TOKENRY_TEST_THROUGH answered %s: %s", resp.Status, address)
	}
	return string(address), err
}
