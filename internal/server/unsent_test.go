package server_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Weakness: net/http reads what is left of a body before it answers. Attack:
// announce a body and never send it. What is proved: the answer comes all the
// same, in the form of each way to announce one, and the connection is not used
// for another request, for which the body could be taken.
func TestNoDoorOfAProxyWaitsForABody(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	type door struct{ method, path, headers, status string }
	var doors []door
	good := "Authorization: Bearer " + d.secret + "\r\n"
	for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PROPFIND", "HEAD"} {
		doors = append(doors,
			door{method, "/v1/forward-auth", good, "200"},
			door{method, "/v1/forward-auth?deny=403&workspace=a&workspace=b", good, "403"},
			door{method, "/v1/forward-auth", "", "401"},
			door{method, "/v1/ext-authz/none/x", good, "404"})
	}
	doors = append(doors,
		door{"POST", "/v1/verify", "", "401"}, door{"GET", "/healthz", "", "400"}, door{"GET", "/v1/whoami", good, "400"},
		door{"POST", "/oauth2/nothing", "", "404"}, door{"POST", "/v1/nothing", "", "404"}, door{"PUT", "/v1/verify", good, "405"})
	for _, announced := range []string{"Content-Length: 10", "Content-Length: 1000000", "Transfer-Encoding: chunked", "Content-Length: 10\r\nExpect: 100-continue"} {
		for _, c := range doors {
			if strings.HasPrefix(announced, "Transfer") && c.status == "400" {
				continue // whether anything comes in chunks is known by reading alone
			}
			name := fmt.Sprintf("%s %s with %s", c.method, c.path, announced)
			conn := raw(t, d.running)
			// The server itself would give up after 30 s.
			if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\n%s%s\r\n\r\n", c.method, c.path, c.headers, announced); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: c.method})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !strings.HasPrefix(resp.Status, c.status) || !resp.Close {
				t.Errorf("%s: %s, connection closed: %v", name, resp.Status, resp.Close)
			}
			_ = resp.Body.Close()
			_ = conn.Close()
		}
	}
}
